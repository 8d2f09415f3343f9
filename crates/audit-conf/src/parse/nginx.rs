//! Configurations of nginx: directives with their blocks.

/// A directive, its words, and what is in its block.
#[derive(Debug, Default)]
pub(crate) struct Directive {
    pub(crate) at: usize,
    /// The name first.
    pub(crate) words: Vec<String>,
    pub(crate) block: Vec<Directive>,
}

impl Directive {
    pub(crate) fn name(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    pub(crate) fn value(&self) -> &str {
        self.words.get(1).map_or("", String::as_str)
    }

    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Directive> {
        self.block.iter().filter(move |one| one.name() == name)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }
}

/// Reads a file as one directive without words. What is nested deeper than nginx itself would go is cut off.
pub(crate) fn nginx(text: &str) -> Directive {
    let mut open = vec![Directive::default()];
    let mut words = Vec::new();
    let mut at = 0;
    let mut rest = text;
    let mut offset = 0;
    while let Some((token, start, length)) = next(rest) {
        let place = offset + start;
        offset += start + length;
        rest = &rest[start + length..];
        match token {
            Token::Word(word) => {
                if words.is_empty() {
                    at = place;
                }
                words.push(word);
            }
            Token::End => {
                finish(&mut open, Directive { at, words: take(&mut words), block: Vec::new() });
            }
            Token::Open if open.len() < DEEPEST => {
                open.push(Directive { at, words: take(&mut words), block: Vec::new() });
            }
            Token::Open => words.clear(),
            Token::Close => {
                words.clear();
                if open.len() > 1
                    && let Some(closed) = open.pop()
                {
                    finish(&mut open, closed);
                }
            }
        }
    }
    while open.len() > 1 {
        if let Some(closed) = open.pop() {
            finish(&mut open, closed);
        }
    }
    open.pop().unwrap_or_default()
}

fn take(words: &mut Vec<String>) -> Vec<String> {
    std::mem::take(words)
}

fn finish(open: &mut [Directive], directive: Directive) {
    if let Some(parent) = open.last_mut()
        && !directive.words.is_empty()
    {
        parent.block.push(directive);
    }
}

enum Token {
    Word(String),
    Open,
    Close,
    End,
}

/// Returns the next token, where it begins and how long it is.
fn next(text: &str) -> Option<(Token, usize, usize)> {
    let mut start = 0;
    loop {
        let rest = &text[start..];
        let blank = rest.len() - rest.trim_start().len();
        start += blank;
        let rest = &text[start..];
        if !rest.starts_with('#') {
            break;
        }
        start += rest.find('\n').unwrap_or(rest.len());
    }
    let rest = &text[start..];
    let first = rest.chars().next()?;
    let token = match first {
        '{' => (Token::Open, 1),
        '}' => (Token::Close, 1),
        ';' => (Token::End, 1),
        '"' | '\'' => {
            let inner = &rest[1..];
            let end = inner.find(first).unwrap_or(inner.len());
            let length = (end + 2).min(rest.len());
            (Token::Word(inner[..end].to_owned()), length)
        }
        _ => {
            let ends = |c: char| c.is_whitespace() || matches!(c, ';' | '{' | '}');
            // `${name}` is a variable and no block.
            let mut end = rest.find(ends).unwrap_or(rest.len());
            while rest[..end].ends_with('$') && rest[end..].starts_with('{') {
                let close = rest[end..].find('}').map_or(rest.len(), |close| end + close + 1);
                end = rest[close..].find(ends).map_or(rest.len(), |more| close + more);
            }
            (Token::Word(rest[..end].to_owned()), end)
        }
    };
    Some((token.0, start, token.1))
}

/// http, server, location, if; a few more where locations nest.
const DEEPEST: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_nest_and_variables_are_words() {
        let text = "http { # c\n server { listen 80; location /a { proxy_pass http://${x}/; } } }";
        let read = nginx(text);
        let server = &read.block[0].block[0];
        assert_eq!(
            (server.name(), server.all("listen").next().map(Directive::value)),
            ("server", Some("80"))
        );
        assert_eq!(server.block[1].block[0].value(), "http://${x}/");
        assert_eq!(server.at, 12);
    }

    #[test]
    fn what_is_no_configuration_is_read_to_its_end() {
        for text in ["}}}}", "{{{{", "a \"", "\"", "a ${", "é;", &"a {".repeat(100_000)] {
            let _ = nginx(text);
        }
    }
}
