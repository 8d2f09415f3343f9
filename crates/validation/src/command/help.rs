//! How commands are written, in words for people.

use std::fmt::Write as _;

use super::Command;
use super::argument::{Argument, Kind, Place, Presence};
use super::value;

/// Returns how a command is written, on one line: options first, since a text takes all that follows.
pub(super) fn usage(prefix: &str, command: &Command) -> String {
    let mut line = format!("{prefix}{}", command.name);
    let (named, placed): (Vec<_>, Vec<_>) =
        command.arguments.iter().partition(|argument| argument.place == Place::Option);
    for argument in named.into_iter().chain(placed) {
        let name = &argument.name;
        let form = match (argument.place, &argument.kind) {
            (Place::Option, Kind::Flag) => format!("--{name}"),
            (Place::Option, _) => format!("--{name} <{name}>"),
            (Place::Position, Kind::Choice(choices)) if choices.len() <= 4 => {
                format!("<{}>", choices.join("|"))
            }
            (Place::Position, _) => format!("<{name}>"),
        };
        let optional = argument.presence != Presence::Required;
        let _ = if optional { write!(line, " [{form}]") } else { write!(line, " {form}") };
    }
    line
}

/// Returns the help of one command.
pub(super) fn details(prefix: &str, command: &Command) -> String {
    let mut text = usage(prefix, command);
    if !command.about.is_empty() {
        let _ = write!(text, "\n{}", command.about);
    }
    for argument in &command.arguments {
        let _ = write!(text, "\n  {}: {}", argument.name, describe(argument));
    }
    if !command.aliases.is_empty() {
        let names: Vec<String> =
            command.aliases.iter().map(|alias| format!("{prefix}{alias}")).collect();
        let _ = write!(text, "\nalso: {}", names.join(", "));
    }
    text
}

fn describe(argument: &Argument) -> String {
    let mut text =
        if argument.about.is_empty() { String::new() } else { format!("{}; ", argument.about) };
    text.push_str(&value::expected(argument));
    if let Some(example) = value::example(argument) {
        let _ = write!(text, ", for example {example}");
    }
    if let Presence::Default(default) = &argument.presence {
        let _ = write!(text, "; {default} when missing");
    }
    text
}
