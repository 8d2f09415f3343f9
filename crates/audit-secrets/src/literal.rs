//! Quoted texts that programs hand over under a name without an assignment: `getenv("DB_PASSWORD", "x")`,
//! `password: str = "x"`, `if token == "x"`, `setPassword("x")`, `secret: env.SECRET || "x"`.
//!
//! Logs have none of these, so the table that masks logs does not look for them.

use std::ops::Range;

use aho_corasick::AhoCorasick;

/// A quoted text, and the name that it goes by.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Literal {
    pub(crate) name: Range<usize>,
    pub(crate) value: Range<usize>,
}

/// Finds names that may be those of secrets.
pub(crate) struct Literals {
    words: AhoCorasick,
}

impl Literals {
    pub(crate) fn new() -> Option<Self> {
        let words = AhoCorasick::builder().ascii_case_insensitive(true).build(WORDS).ok()?;
        Some(Self { words })
    }

    /// Returns the quoted texts beside such names, in order.
    pub(crate) fn find<'s>(&'s self, text: &'s str) -> impl Iterator<Item = Literal> + 's {
        let bytes = text.as_bytes();
        let mut until = 0;
        self.words.find_iter(bytes).filter_map(move |word| {
            if word.start() < until {
                return None;
            }
            let before =
                bytes[..word.start()].iter().rev().take(LONGEST).take_while(|byte| is_name(**byte));
            let start = word.start() - before.count();
            let rest = bytes[word.end()..].iter().take(LONGEST).take_while(|byte| is_name(**byte));
            let end = word.end() + rest.count();
            until = end;
            let value = value(bytes, end)?;
            Some(Literal { name: start..end, value })
        })
    }
}

/// Returns the quoted text that follows a name.
fn value(bytes: &[u8], end: usize) -> Option<Range<usize>> {
    let line = &bytes[end..bytes.len().min(end + FURTHEST)];
    let line = &line[..memchr::memchr(b'\n', line).unwrap_or(line.len())];
    let (first, behind) = line.split_first()?;
    let start = match first {
        // `getenv("NAME", "x")`, `define('NAME', 'x')`, `name="password" value="x"`.
        b'"' | b'\'' => {
            let next = behind.trim_ascii_start();
            let next = next
                .strip_prefix(b",")
                .or_else(|| next.strip_prefix(b"value="))
                .map(<[u8]>::trim_ascii_start);
            line.len() - next?.len()
        }
        // `setPassword("x")`.
        b'(' => 1,
        // `password: str = "x"`, and what a setting falls back to.
        b':' | b' ' | b'=' | b'!' | b'?' => {
            fallback(line).or_else(|| typed(line)).or_else(|| compared(line))?
        }
        // `.equals("x")` was taken for a part of the name.
        _ => return None,
    };
    quoted(bytes, end + start)
}

/// `token == "x"`, `token != 'x'`.
fn compared(line: &[u8]) -> Option<usize> {
    let begin = line.len() - line.trim_ascii_start().len();
    let signs = line[begin..].iter().take_while(|byte| matches!(byte, b'=' | b'!')).count();
    let end = begin + signs;
    let blanks = line[end..].iter().take_while(|byte| **byte == b' ').count();
    (2..=3).contains(&signs).then_some(end + blanks)
}

/// `: str = "x"`, `: Option<&'static str> = "x"`.
fn typed(line: &[u8]) -> Option<usize> {
    let rest = line.strip_prefix(b"?").unwrap_or(line).strip_prefix(b":")?;
    let equals = rest.iter().position(|byte| *byte == b'=')?;
    let is_type = |byte: &u8| byte.is_ascii_alphanumeric() || b" _.&<>[]|'?*".contains(byte);
    let is_typed = equals < LONGEST && rest[..equals].iter().all(is_type);
    let after = &rest[equals + 1..];
    is_typed.then(|| line.len() - after.trim_ascii_start().len())
}

/// `= env.SECRET || "x"`, `= os.environ.get("SECRET") or "x"`, `: env.SECRET ?? "x"`.
fn fallback(line: &[u8]) -> Option<usize> {
    [&b"|| "[..], b" or ", b"?? "].iter().find_map(|joint| {
        let at = memchr::memmem::find(line, joint)?;
        let is_setting = matches!(line.trim_ascii_start().first(), Some(b'=' | b':'));
        let end = at + joint.len();
        let blanks = line[end..].iter().take_while(|byte| **byte == b' ').count();
        is_setting.then_some(end + blanks)
    })
}

/// Returns the text within the quotes that begin here.
fn quoted(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let quote = *bytes.get(at).filter(|byte| matches!(byte, b'"' | b'\'' | b'`'))?;
    let start = at + 1;
    let rest = &bytes[start..bytes.len().min(start + LONGEST_VALUE)];
    let length = rest.iter().position(|byte| *byte == quote || *byte == b'\n')?;
    (rest[length] == quote).then_some(start..start + length)
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

const WORDS: [&str; 7] = ["passw", "passphrase", "pwd", "secret", "token", "key", "credential"];

/// No name is longer on either side of its word, and no type.
const LONGEST: usize = 48;
/// Between a name and its quoted text.
const FURTHEST: usize = 120;
/// A longer text is no password and no token.
const LONGEST_VALUE: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_text_is_found_however_it_is_handed_over() {
        let literals = Literals::new().unwrap_or_else(|| unreachable!("the words are few"));
        for text in [
            "os.getenv(\"DB_PASSWORD\", \"@\")",
            "define('DB_PASSWORD', '@');",
            "<property name=\"password\" value=\"@\"/>",
            "password: str = \"@\"",
            "const apiKey: string = '@'",
            "static TOKEN: &'static str = \"@\";",
            "if token == '@':",
            "if (password === \"@\") {",
            "account.setPassword(\"@\");",
            "secret: process.env.SECRET || '@',",
            "SECRET = os.environ.get('X') or \"@\"",
        ] {
            let text = text.replace('@', "gq7Zp41xWv");
            let found: Vec<_> = literals.find(&text).map(|one| &text[one.value]).collect();
            assert!(found.contains(&"gq7Zp41xWv"), "{text}: {found:?}");
        }
        for text in
            ["password", "token: str", "key == b", "secret(", "token = 'a", "key\n: x = 'b'"]
        {
            assert_eq!(literals.find(text).count(), 0, "{text}");
        }
    }
}
