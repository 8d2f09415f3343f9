//! The values of a policy.

use std::path::PathBuf;
use std::time::Duration;

/// Checks a directory to look at; `below` is the one that a preset is for.
pub(super) fn root(text: &str, below: Option<&str>) -> Result<PathBuf, String> {
    if !text.starts_with('/') || text.contains('\0') {
        return Err("must be an absolute path: \"/etc\"".to_owned());
    }
    let names: Vec<&str> = text.split('/').filter(|name| !name.is_empty()).collect();
    if names.iter().any(|name| matches!(*name, "." | "..")) {
        return Err("must be without `.` and `..`".to_owned());
    }
    let mut root = PathBuf::from(below.unwrap_or("/"));
    root.extend(names);
    Ok(root)
}

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.len() - text.trim_start_matches(|digit: char| digit.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => 0,
    };
    let period = number.parse::<u64>().ok().and_then(|number| number.checked_mul(seconds));
    match period {
        Some(period) if period > 0 => Ok(Duration::from_secs(period)),
        _ => Err("must be a number and one of s, m, h, d, w: \"24h\"".to_owned()),
    }
}

/// Spells a directory as a pattern that covers it and nothing else; `/` itself adds nothing.
pub(super) fn escaped(root: &str) -> String {
    let mut escaped = String::new();
    for character in root.trim_end_matches('/').chars() {
        if matches!(character, '*' | '?' | '[' | ']' | '{' | '}' | '\\') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// Returns what else could have been meant.
pub(super) fn instead(text: &str, known: &[&str]) -> String {
    let near = |name: &&&str| strsim::levenshtein(text, name) <= 2;
    // A long text is near none, and comparing it costs its length.
    match known
        .iter()
        .filter(|_| text.len() <= 40)
        .filter(near)
        .min_by_key(|name| strsim::levenshtein(text, name))
    {
        Some(name) => format!(", did you mean {name}?"),
        None => format!(": {}", known.join(", ")),
    }
}

/// A name that does not fill the screen.
pub(super) fn shortened(key: &str) -> String {
    match key.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &key[..end]),
        None => key.to_owned(),
    }
}

/// Checks the name of a rule.
pub(super) fn named(name: &str) -> Result<&str, String> {
    let is_sound =
        !name.trim().is_empty() && !name.starts_with('/') && !name.contains(char::is_control);
    is_sound.then_some(name).ok_or_else(|| "must be a word or two, and no path".to_owned())
}
