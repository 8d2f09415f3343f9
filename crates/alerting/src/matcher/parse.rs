//! The syntax of matchers as Alertmanager 0.25 reads it, its leniency included.

use super::{InvalidMatcher, MatchOp, Matcher, Matchers, is_name, shown};

/// The longest text of matchers, in bytes.
const MAX_TEXT: usize = 256 * 1024;

pub(super) fn matchers(text: &str) -> Result<Vec<Matcher>, InvalidMatcher> {
    if text.len() > MAX_TEXT {
        return Err(invalid(text, format!("longer than {MAX_TEXT} bytes")));
    }
    let inner = text.strip_prefix('{').unwrap_or(text);
    let inner = inner.strip_suffix('}').unwrap_or(inner);
    let mut parts = split(inner);
    if parts.last().is_some_and(|last| last.trim().is_empty()) {
        parts.pop();
    }
    if parts.len() > Matchers::MAX {
        return Err(invalid(text, format!("more than {} matchers", Matchers::MAX)));
    }
    parts.into_iter().map(matcher).collect()
}

/// Cuts at commas outside quotes.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut start) = (Vec::new(), 0);
    let (mut quoted, mut escaped) = (false, false);
    for (at, char) in text.char_indices() {
        match char {
            ',' if !quoted => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            // A comma in quotes leaves an escape pending, there as here.
            ',' => {}
            '"' if escaped => escaped = false,
            '"' => quoted = !quoted,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    parts.push(&text[start..]);
    parts
}

pub(super) fn matcher(text: &str) -> Result<Matcher, InvalidMatcher> {
    let trimmed = text.trim_matches(is_go_space);
    let end = trimmed
        .find(|char: char| !char.is_ascii_alphanumeric() && char != '_' && char != ':')
        .unwrap_or(trimmed.len());
    let (name, rest) = trimmed.split_at(end);
    if !is_name(name) {
        return Err(invalid(text, "it has no name of a label".to_owned()));
    }
    let rest = rest.trim_start_matches(is_go_space);
    let ops = [MatchOp::Regex, MatchOp::Equal, MatchOp::NotEqual, MatchOp::NotRegex];
    let found = ops.into_iter().find_map(|op| Some((op, rest.strip_prefix(op.as_str())?)));
    let Some((op, raw)) = found else {
        return Err(invalid(text, "none of =, !=, =~ and !~ follows the name".to_owned()));
    };
    let value = unquote(raw.trim_start_matches(is_go_space))
        .ok_or_else(|| invalid(text, "a double quote in the value has no backslash".to_owned()))?;
    Matcher::new(name, op, value)
        .map_err(|error| InvalidMatcher { matcher: shown(text.trim()), ..error })
}

fn unquote(raw: &str) -> Option<String> {
    let (raw, mut open) = match raw.strip_prefix('"') {
        Some(inner) => (inner, true),
        None => (raw, false),
    };
    let mut value = String::with_capacity(raw.len());
    let mut chars = raw.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\\' => match chars.next() {
                Some('n') => value.push('\n'),
                Some(escaped @ ('"' | '\\')) => value.push(escaped),
                other => value.extend(['\\'].into_iter().chain(other)),
            },
            // Only the closing one may stand alone.
            '"' if open && chars.peek().is_none() => open = false,
            '"' => return None,
            other => value.push(other),
        }
    }
    (!open).then_some(value)
}

/// What `\s` is in Go's regular expressions, which the syntax is defined by.
fn is_go_space(char: char) -> bool {
    matches!(char, ' ' | '\t' | '\n' | '\r' | '\u{c}')
}

fn invalid(text: &str, reason: String) -> InvalidMatcher {
    InvalidMatcher { matcher: shown(text.trim()), reason }
}
