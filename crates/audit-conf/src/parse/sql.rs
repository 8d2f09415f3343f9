//! SQL as tokens of statements, in whatever dialect: migrations are judged by their words.

/// A statement.
#[derive(Debug, Default)]
pub(crate) struct Statement {
    pub(crate) at: usize,
    pub(crate) end: usize,
    pub(crate) tokens: Vec<Token>,
}

/// A word, number, name or sign; of texts only that there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// Words in capitals; names in quotes as they stand.
    pub(crate) text: String,
    pub(crate) at: usize,
}

impl Statement {
    /// Whether the words come one behind the other, somewhere.
    pub(crate) fn has(&self, words: &str) -> bool {
        self.find(words, 0).is_some()
    }

    pub(crate) fn begins(&self, words: &str) -> bool {
        self.find(words, 0) == Some(0)
    }

    /// Returns where the words begin, from a token on.
    pub(crate) fn find(&self, words: &str, from: usize) -> Option<usize> {
        let words: Vec<&str> = words.split(' ').collect();
        let tokens = self.tokens.get(from..)?;
        let is_it =
            |window: &[Token]| window.iter().zip(&words).all(|(token, word)| token.text == **word);
        tokens.windows(words.len()).position(is_it).map(|at| at + from)
    }

    pub(crate) fn text(&self, index: usize) -> &str {
        self.tokens.get(index).map_or("", |token| &token.text)
    }

    /// Reads a name with its schema from a token on; returns it in small letters, and the token behind it.
    pub(crate) fn name(&self, mut index: usize) -> (String, usize) {
        let mut name = self.text(index).to_lowercase();
        index += 1;
        while self.text(index) == "." {
            name = self.text(index + 1).to_lowercase();
            index += 2;
        }
        (name, index)
    }

    /// Returns the parts between the commas of the parentheses at a token, as ranges of tokens, and the token behind.
    pub(crate) fn parts(&self, open: usize) -> (Vec<std::ops::Range<usize>>, usize) {
        let mut parts = Vec::new();
        if self.text(open) != "(" {
            return (parts, open);
        }
        let (mut depth, mut start, mut index) = (1_usize, open + 1, open + 1);
        while index < self.tokens.len() {
            match self.text(index) {
                "(" => depth += 1,
                ")" if depth == 1 => break,
                ")" => depth -= 1,
                "," if depth == 1 => {
                    parts.push(start..index);
                    start = index + 1;
                }
                _ => {}
            }
            index += 1;
        }
        if start < index {
            parts.push(start..index);
        }
        (parts, index + 1)
    }
}

/// Splits a file into its statements. Comments and the insides of texts are no part of them.
pub(crate) fn statements(text: &str) -> Vec<Statement> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut statement = Statement::default();
    let mut at = 0;
    // A function's body that never ends makes none be looked for again: each look reads the rest of the file.
    let mut has_open_body = false;
    while let Some(byte) = bytes.get(at).copied() {
        let rest = &text[at..];
        let length = match byte {
            b if b.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            b'-' if rest.starts_with("--") => {
                at += memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
                continue;
            }
            b'/' if rest.starts_with("/*") => {
                at += rest.find("*/").map_or(rest.len(), |end| end + 2);
                continue;
            }
            b';' => {
                end_statement(&mut statement, &mut found, at);
                at += 1;
                continue;
            }
            b'\'' => quoted(rest, '\''),
            b'"' | b'`' => quoted(rest, byte as char),
            b'$' if !has_open_body && tag(rest).is_some() => dollar(rest).unwrap_or_else(|| {
                has_open_body = true;
                1
            }),
            b if b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80 => rest
                .find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$')
                .unwrap_or(rest.len()),
            _ => 1,
        };
        let length = length.max(rest.chars().next().map_or(1, char::len_utf8));
        let word = &rest[..length];
        let text = match byte {
            b'\'' => "''".to_owned(),
            b'"' | b'`' => word.trim_matches(byte as char).to_owned(),
            b'$' if length > 1 => "$$".to_owned(),
            _ => word.to_uppercase(),
        };
        if statement.tokens.is_empty() {
            statement.at = at;
        }
        statement.tokens.push(Token { text, at });
        at += length;
    }
    end_statement(&mut statement, &mut found, text.len());
    found
}

fn end_statement(statement: &mut Statement, found: &mut Vec<Statement>, end: usize) {
    let mut ended = std::mem::take(statement);
    if !ended.tokens.is_empty() {
        ended.end = end;
        found.push(ended);
    }
}

/// Returns how long a text in quotes is; a doubled quote does not end it.
fn quoted(text: &str, quote: char) -> usize {
    let mut at = 1;
    while let Some(end) = text[at..].find(quote) {
        at += end + 1;
        if !text[at..].starts_with(quote) {
            return at;
        }
        at += 1;
    }
    text.len()
}

/// Returns the `$tag$` that a text begins with.
fn tag(text: &str) -> Option<&str> {
    let inner = text[1..].bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let end = 1 + inner.count();
    text[end..].starts_with('$').then(|| &text[..=end])
}

/// Returns how long a text between `$tag$` and `$tag$` is.
fn dollar(text: &str) -> Option<usize> {
    let tag = tag(text)?;
    text[tag.len()..].find(tag).map(|length| length + 2 * tag.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_end_outside_of_texts_bodies_and_comments() {
        let text = "-- a;\nSELECT ';' /* ; */ FROM \"T;\"; CREATE f AS $x$ a; b $x$; drop table t";
        let found = statements(text);
        let shown: Vec<String> = found
            .iter()
            .map(|one| one.tokens.iter().map(|t| t.text.as_str()).collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(shown, ["SELECT '' FROM T;", "CREATE F AS $$", "DROP TABLE T"]);
        assert!(found[2].begins("DROP TABLE") && found[0].at == 6);
    }

    #[test]
    fn parts_are_between_commas_of_one_level() {
        let found = statements("CREATE TABLE a (x int, y numeric(1, 2))");
        assert_eq!(found[0].parts(3).0, [4..6, 7..14]);
        for text in ["'", "$", "$$", "$a", "/*", "(((", "é'é", "$é$"] {
            let _ = statements(text);
        }
        let _ = statements(&"$a$".repeat(20_001));
    }
}
