//! Splits the arguments of a command into words, minding quotes.

use super::problem::{CommandError, CommandProblem};

/// Quotation marks and what closes them. Phones replace the straight ones on their own.
const QUOTES: [(char, &[char]); 5] =
    [('"', &['"']), ('“', &['”', '"']), ('„', &['“', '”', '"']), ('«', &['»']), ('”', &['”'])];

/// A word of the arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) text: String,
    /// In quotes, dashes in front mean nothing.
    pub(super) quoted: bool,
}

/// What is left of the arguments.
pub(super) struct Tokens<'t> {
    rest: &'t str,
}

impl<'t> Tokens<'t> {
    pub(super) const fn new(text: &'t str) -> Self {
        Self { rest: text }
    }

    /// Takes the next word.
    pub(super) fn take(&mut self) -> Result<Option<Token>, CommandError> {
        self.rest = self.rest.trim_start();
        let Some(first) = self.rest.chars().next() else { return Ok(None) };
        if let Some((_, closing)) = QUOTES.iter().find(|(opening, _)| *opening == first) {
            let text = self.quoted(first, closing)?;
            return Ok(Some(Token { text, quoted: true }));
        }
        let end = self.rest.find(char::is_whitespace).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        // --name="two words"
        if let Some((name, value)) = word.split_once('=')
            && option_name(name).is_some()
            && value.starts_with(|c| QUOTES.iter().any(|(opening, _)| *opening == c))
        {
            self.rest = &self.rest[name.len() + 1..];
            let value = self.take()?.map(|token| token.text).unwrap_or_default();
            return Ok(Some(Token { text: format!("{name}={value}"), quoted: false }));
        }
        self.rest = rest;
        Ok(Some(Token { text: word.to_owned(), quoted: false }))
    }

    /// Takes all that is left, as it stands.
    pub(super) fn take_rest(&mut self) -> &'t str {
        std::mem::take(&mut self.rest).trim()
    }

    /// Returns what is left, without taking it.
    pub(super) fn peek(&self) -> &'t str {
        self.rest.trim_start()
    }

    fn quoted(&mut self, opening: char, closing: &[char]) -> Result<String, CommandError> {
        let body = &self.rest[opening.len_utf8()..];
        let mut text = String::new();
        let mut chars = body.char_indices();
        while let Some((at, c)) = chars.next() {
            if closing.contains(&c) {
                let rest = &body[at + c.len_utf8()..];
                if rest.starts_with(|c: char| !c.is_whitespace()) {
                    return Err(CommandError::new(
                        CommandProblem::UnclosedQuote,
                        "a quotation mark closes in the middle of a word; put a space after it",
                    ));
                }
                self.rest = rest;
                return Ok(text);
            }
            match c {
                '\\' => match chars.next() {
                    Some((_, next))
                        if next == '\\' || next == opening || closing.contains(&next) =>
                    {
                        text.push(next);
                    }
                    Some((_, next)) => text.extend(['\\', next]),
                    None => break,
                },
                _ => text.push(c),
            }
        }
        Err(CommandError::new(CommandProblem::UnclosedQuote, "a quotation mark is not closed"))
    }
}

/// Returns the name behind two dashes, or behind the one long dash that phones make of them.
pub(super) fn option_name(word: &str) -> Option<&str> {
    word.strip_prefix("--")
        .or_else(|| word.strip_prefix('—'))
        .filter(|name| !name.starts_with(['-', '—']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Option<Vec<String>> {
        let mut tokens = Tokens::new(text);
        let mut words = Vec::new();
        loop {
            match tokens.take() {
                Ok(Some(token)) => words.push(token.text),
                Ok(None) => return Some(words),
                Err(_) => return None,
            }
        }
    }

    #[test]
    fn quotes_of_every_kind_hold_words_together() {
        for (text, expected) in [
            ("a  b\tc\nd", Some(vec!["a", "b", "c", "d"])),
            ("\"a b\" c", Some(vec!["a b", "c"])),
            ("“a b” „c d“ «e f»", Some(vec!["a b", "c d", "e f"])),
            ("“a b\" c", Some(vec!["a b", "c"])),
            (r#""say \"hi\" \n \\""#, Some(vec![r#"say "hi" \n \"#])),
            ("it's don't", Some(vec!["it's", "don't"])),
            ("a\"b", Some(vec!["a\"b"])),
            ("\"\"", Some(vec![""])),
            ("--name=\"a b\" c", Some(vec!["--name=a b", "c"])),
            ("", Some(vec![])),
            ("\"a", None),
            ("\"a\\", None),
            ("\"a\"b", None),
        ] {
            assert_eq!(
                words(text),
                expected.map(|words| words.into_iter().map(str::to_owned).collect()),
                "{text}"
            );
        }
    }
}
