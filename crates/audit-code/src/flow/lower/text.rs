//! What the text of a literal stands for.

use std::borrow::Cow;

/// Returns the content of a string with its escapes resolved, as far as they matter here.
pub(super) fn unescaped(content: &str) -> Cow<'_, str> {
    if !content.contains('\\') {
        return Cow::Borrowed(content);
    }
    let mut plain = String::with_capacity(content.len());
    let mut rest = content.chars();
    while let Some(one) = rest.next() {
        if one != '\\' {
            plain.push(one);
            continue;
        }
        match rest.next() {
            Some('n') => plain.push('\n'),
            Some('r') => plain.push('\r'),
            Some('t') => plain.push('\t'),
            Some('0') => plain.push('\0'),
            Some('\n') | None => {}
            Some(other) => plain.push(other),
        }
    }
    Cow::Owned(plain)
}

/// Returns the value of a whole number as it is written; `None` for one that is not whole or too large.
pub(super) fn integer(written: &str) -> Option<i64> {
    let written = written.trim_end_matches('n').replace('_', "").to_ascii_lowercase();
    match written.get(..2) {
        Some("0x") => i64::from_str_radix(&written[2..], 16).ok(),
        Some("0o") => i64::from_str_radix(&written[2..], 8).ok(),
        Some("0b") => i64::from_str_radix(&written[2..], 2).ok(),
        _ => written.parse().ok(),
    }
}
