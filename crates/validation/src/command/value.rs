//! From a word to a typed value.

use regex::Regex;

use super::argument::{Argument, Kind};
use super::invocation::{UserRef, Value};
use super::problem::{CommandError, CommandProblem};
use crate::{Untrusted, duration};

/// Reads a value as its argument declares it.
pub(super) fn read(
    argument: &Argument,
    pattern: Option<&Regex>,
    text: &str,
) -> Result<Value, CommandError> {
    let value = match &argument.kind {
        Kind::Word | Kind::Text => {
            let fits = !text.is_empty() && text.chars().nth(argument.most_chars).is_none();
            (fits && pattern.is_none_or(|pattern| pattern.is_match(text)))
                .then(|| Value::Text(Untrusted::new(text.to_owned())))
        }
        Kind::Integer(range) => plain_number(text, false)
            .and_then(|text| text.parse().ok())
            .filter(|number| range.contains(number))
            .map(Value::Integer),
        Kind::Decimal(range) => plain_number(text, true)
            .and_then(|text| text.parse().ok())
            .filter(|number| range.contains(number))
            .map(Value::Decimal),
        Kind::Duration(range) => {
            duration::parse(text).filter(|duration| range.contains(duration)).map(Value::Duration)
        }
        Kind::Date => text.parse().ok().map(Value::Date),
        Kind::Choice(choices) => {
            let chosen = choices.iter().find(|choice| choice.eq_ignore_ascii_case(text));
            chosen.map(|choice| Value::Choice(choice.clone()))
        }
        Kind::User => UserRef::parse(text).map(Value::User),
        Kind::Flag => text.is_empty().then_some(Value::Flag),
    };
    value.ok_or_else(|| {
        let mut message = format!("\"{}\" must be {}", argument.name, expected(argument));
        if let Some(example) = example(argument) {
            message.push_str(", for example ");
            message.push_str(&example);
        }
        CommandError::new(CommandProblem::WrongValue, message).of_argument(&argument.name)
    })
}

/// Returns the text when it is digits, with a sign or a point: Rust's own parser also takes `inf`, `1e9` and `+1`.
fn plain_number(text: &str, point: bool) -> Option<&str> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let all = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    (text.len() <= 32 && all(whole) && all(part) && (point || !digits.contains('.')))
        .then_some(text)
}

/// Says what a value must be.
pub(super) fn expected(argument: &Argument) -> String {
    match &argument.kind {
        Kind::Word | Kind::Text => {
            let what =
                if argument.kind == Kind::Word { "one word or a text in quotes" } else { "a text" };
            let form =
                if argument.pattern.is_some() { " of the form that the help shows" } else { "" };
            format!("{what}{form}, of at most {} characters", argument.most_chars)
        }
        Kind::Integer(range) => format!("a whole number from {} to {}", range.start(), range.end()),
        Kind::Decimal(range) => format!("a number from {} to {}", range.start(), range.end()),
        Kind::Duration(range) => {
            format!(
                "a span of time from {} to {}",
                duration::write(*range.start()),
                duration::write(*range.end())
            )
        }
        Kind::Date => "a day as year-month-day".to_owned(),
        Kind::Choice(choices) => format!("one of {}", choices.join(", ")),
        Kind::User => "a user: a mention, @name or a number".to_owned(),
        Kind::Flag => "without a value".to_owned(),
    }
}

/// Returns a value that would do.
pub(super) fn example(argument: &Argument) -> Option<String> {
    if argument.example.is_some() {
        return argument.example.clone();
    }
    match &argument.kind {
        Kind::Integer(range) => Some(range.start().to_string()),
        Kind::Decimal(range) => Some(range.start().to_string()),
        Kind::Duration(range) => Some(duration::write(*range.start())),
        Kind::Date => Some("2026-02-28".to_owned()),
        Kind::User => Some("@name".to_owned()),
        Kind::Word | Kind::Text | Kind::Choice(_) | Kind::Flag => None,
    }
}
