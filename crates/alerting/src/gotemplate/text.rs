//! The functions on texts that Prometheus and Alertmanager both have.

use super::functions::{one, text, two, wrong_count};
use super::value::Value;
use crate::matcher::GoRegex;

/// Calls a function; none when there is no such one here.
pub(super) fn call(name: &str, arguments: &[Value]) -> Option<Result<Value, String>> {
    Some(match name {
        "toUpper" => on_text(name, arguments, |text| Value::text(text.to_uppercase())),
        "toLower" => on_text(name, arguments, |text| Value::text(text.to_lowercase())),
        "title" => on_text(name, arguments, |text| Value::text(title(text))),
        "safeHtml" => on_text(name, arguments, |text| Value::Html(text.into())),
        "match" => two(name, arguments).and_then(|(pattern, subject)| {
            let regex = GoRegex::unanchored(text(pattern)?)?;
            Ok(Value::Bool(regex.is_match(text(subject)?.as_bytes())))
        }),
        "reReplaceAll" => replace(arguments),
        _ => return None,
    })
}

fn on_text(
    name: &str,
    arguments: &[Value],
    function: impl Fn(&str) -> Value,
) -> Result<Value, String> {
    Ok(function(text(one(name, arguments)?)?))
}

fn replace(arguments: &[Value]) -> Result<Value, String> {
    let [pattern, replacement, subject] = arguments else {
        return Err(wrong_count("reReplaceAll", 3, arguments));
    };
    let (regex, replacement) = (GoRegex::unanchored(text(pattern)?)?, text(replacement)?);
    let subject = text(subject)?;
    // Each match may put in the replacement, with groups that together are no longer than the match each time.
    let groups = replacement.matches('$').count();
    let most = subject.len().saturating_mul(groups) + (subject.len() + 1) * replacement.len();
    if most > MOST {
        return Err("the replacement may become too long".to_owned());
    }
    let replaced = regex.replace_all(subject.as_bytes(), replacement.as_bytes());
    Ok(Value::text(String::from_utf8_lossy(&replaced)))
}

/// The first letter of each word in upper case.
fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_word = false;
    for char in text.chars() {
        if in_word {
            out.push(char);
        } else {
            out.extend(char.to_uppercase());
        }
        in_word = char.is_alphanumeric()
            || char == '_'
            || (char == '\'' && in_word)
            || !(char.is_ascii() || char.is_whitespace());
    }
    out
}

/// In bytes, before anything is replaced.
const MOST: usize = 16 * 1024 * 1024;
