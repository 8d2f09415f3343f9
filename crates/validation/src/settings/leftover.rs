//! What examples and tools leave behind in a configuration.

use super::SettingFault;

/// Values that stand for a value.
const PLACEHOLDERS: [&str; 22] = [
    "changeme",
    "todo",
    "tbd",
    "fixme",
    "placeholder",
    "dummy",
    "example",
    "replaceme",
    "fillme",
    "fillin",
    "insert",
    "xxx",
    "xxxx",
    "yourtoken",
    "yourkey",
    "secret",
    "password",
    "none",
    "null",
    "nil",
    "undefined",
    "nan",
];

/// What a placeholder such as `your-token-here` begins with, and what others end with.
const STARTS: [&str; 6] = ["your", "changeme", "replace", "insert", "enter", "putyour"];
const ENDS: [&str; 9] = ["here", "token", "key", "secret", "password", "name", "id", "url", "me"];

/// Says what was left behind in a value.
pub(super) fn find(value: &str) -> Option<SettingFault> {
    if is_unexpanded(value) {
        return Some(SettingFault::Unexpanded);
    }
    if is_quoted(value) {
        return Some(SettingFault::Quoted);
    }
    is_placeholder(value).then_some(SettingFault::Placeholder)
}

fn is_unexpanded(value: &str) -> bool {
    let name = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
            && !text.starts_with(|c: char| c.is_ascii_digit())
    };
    value.contains("${")
        || value.contains("$(")
        || (value.contains("{{") && value.contains("}}"))
        || value.strip_prefix('$').is_some_and(name)
        || value.strip_prefix('%').and_then(|value| value.strip_suffix('%')).is_some_and(name)
}

fn is_quoted(value: &str) -> bool {
    [('"', '"'), ('\'', '\''), ('`', '`'), ('“', '”'), ('„', '“'), ('«', '»')].iter().any(
        |(opening, closing)| {
            value.strip_prefix(*opening).is_some_and(|rest| rest.ends_with(*closing))
        },
    )
}

fn is_placeholder(value: &str) -> bool {
    let bracketed = (value.starts_with('<') && value.ends_with('>'))
        || (value.starts_with('[') && value.ends_with(']'));
    let inner = value.trim_matches(['<', '>', '[', ']']);
    let spoken = inner
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'_' | b'-' | b'.' | b'/'));
    if bracketed && spoken && inner.bytes().any(|b| b.is_ascii_alphabetic()) {
        return true;
    }
    if matches!(value, "..." | "…") || (value.len() >= 3 && value.bytes().all(|b| b == b'*')) {
        return true;
    }
    if value.len() > 64 {
        return false;
    }
    let mut plain = value.to_ascii_lowercase();
    plain.retain(|c| !matches!(c, ' ' | '_' | '-'));
    let separated = plain.len() < value.len();
    let crosses = plain.len() >= 3 && plain.bytes().all(|b| b == b'x');
    crosses
        || PLACEHOLDERS.contains(&plain.as_str())
        || (separated
            && STARTS.iter().any(|start| plain.starts_with(start))
            && ENDS.iter().any(|end| plain.ends_with(end)))
}
