//! What a grammar must hold to before it judges anybody.

use std::collections::HashSet;

use regex::{Regex, RegexBuilder};

use crate::Error;
use crate::command::argument::{Argument, Kind, Place, Presence};
use crate::command::grammar::{Command, Grammar};
use crate::command::value;

/// A pattern for an argument is small; one that needs more is better a type.
const PATTERN_BYTES: usize = 256 * 1024;

/// No platform shows longer names.
const NAME_BYTES: usize = 32;

/// Checks how commands are addressed.
pub(super) fn addressing(grammar: &Grammar) -> Result<(), Error> {
    let prefix = &grammar.prefix;
    let legal = !prefix.is_empty()
        && prefix.len() <= 8
        && !prefix.contains(|c: char| c.is_whitespace() || c.is_control());
    if !legal {
        return Err(wrong("prefix", "a prefix has one to eight bytes and no spaces"));
    }
    Ok(())
}

/// Checks the name of a command or argument.
pub(super) fn name(name: &str) -> Result<(), Error> {
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
    if name.is_empty()
        || name.len() > NAME_BYTES
        || !name.bytes().all(legal)
        || name.starts_with('-')
    {
        return Err(wrong(
            name,
            "a name is of lower-case letters, digits, - and _, at most 32 of them",
        ));
    }
    Ok(())
}

/// Checks the arguments of a command, and returns their patterns.
pub(super) fn arguments(command: &Command) -> Result<Vec<Option<Regex>>, Error> {
    let mut names = HashSet::new();
    let mut optional = false;
    let mut text = false;
    let mut patterns = Vec::with_capacity(command.arguments.len());
    for argument in &command.arguments {
        let at = &argument.name;
        name(at)?;
        if !names.insert(at) {
            return Err(wrong(at, "two arguments of one command have this name"));
        }
        if argument.place == Place::Position {
            if text {
                return Err(wrong(at, "a text takes all that follows, so it is the last argument"));
            }
            if optional && argument.presence == Presence::Required {
                return Err(wrong(
                    at,
                    "an argument that must be there stands before those that need not",
                ));
            }
            optional |= argument.presence != Presence::Required;
            text |= argument.kind == Kind::Text;
        }
        patterns.push(one(argument)?);
    }
    Ok(patterns)
}

fn one(argument: &Argument) -> Result<Option<Regex>, Error> {
    let at = &argument.name;
    let filled = match &argument.kind {
        Kind::Integer(range) => !range.is_empty(),
        Kind::Decimal(range) => !range.is_empty(),
        Kind::Duration(range) => !range.is_empty(),
        Kind::Choice(choices) => {
            !choices.is_empty() && choices.iter().all(|choice| !choice.is_empty())
        }
        Kind::Word | Kind::Text => argument.most_chars > 0,
        Kind::Date | Kind::User | Kind::Flag => true,
    };
    if !filled {
        return Err(wrong(at, "no value can be in its range or list"));
    }
    if argument.kind == Kind::Flag
        && (argument.place != Place::Option || argument.presence != Presence::Optional)
    {
        return Err(wrong(at, "a flag is there or not: it has no place and no default"));
    }
    let pattern = match &argument.pattern {
        None => None,
        Some(_) if !matches!(argument.kind, Kind::Word | Kind::Text) => {
            return Err(wrong(at, "only words and texts have a pattern"));
        }
        Some(pattern) => {
            Some(whole(pattern).ok_or_else(|| wrong(at, "the pattern is none, or too large"))?)
        }
    };
    for (value, reason) in [
        (default(argument), "the default does not hold to its own argument"),
        (argument.example.as_deref(), "the example does not hold to its own argument"),
    ] {
        if value.is_some_and(|value| value::read(argument, pattern.as_ref(), value).is_err()) {
            return Err(wrong(at, reason));
        }
    }
    Ok(pattern)
}

const fn default(argument: &Argument) -> Option<&str> {
    match &argument.presence {
        Presence::Default(default) => Some(default.as_str()),
        Presence::Required | Presence::Optional => None,
    }
}

/// Compiles a pattern to match a value as a whole.
fn whole(pattern: &str) -> Option<Regex> {
    let compile = |pattern: &str| {
        RegexBuilder::new(pattern)
            .size_limit(PATTERN_BYTES)
            .dfa_size_limit(PATTERN_BYTES)
            .build()
            .ok()
    };
    // Alone first: "a)|(b" would be whole only inside the brackets.
    compile(pattern)?;
    compile(&format!(r"\A(?:{pattern})\z"))
}

fn wrong(at: &str, reason: &'static str) -> Error {
    Error::Grammar { at: at.to_owned(), reason }
}
