//! What is wrong with a message that should be a command.

use std::fmt;

/// The kind of thing that is wrong with a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CommandProblem {
    /// The message does not start with the prefix: it is talk.
    NotACommand,
    /// The command names another bot.
    OtherBot,
    /// The message is longer than the grammar allows.
    TooLong,
    /// The message has control characters, or such that turn or hide text.
    ControlCharacter,
    /// There is no command of that name.
    UnknownCommand,
    /// The caller has none of the roles that the command asks for.
    Forbidden,
    /// A quotation mark is not closed.
    UnclosedQuote,
    /// An argument is missing.
    MissingArgument,
    /// There are more arguments than the command has.
    TooManyArguments,
    /// The command has no option of that name.
    UnknownOption,
    /// An option stands twice.
    RepeatedOption,
    /// An option has no value, or a flag has one.
    OptionValue,
    /// A value is not of its argument's kind, or out of its bounds.
    WrongValue,
}

/// Why a message is no command, in words for whoever typed it. It shows nothing of the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandError {
    pub(super) problem: CommandProblem,
    pub(super) text: String,
    pub(super) argument: Option<String>,
    pub(super) suggestion: Option<String>,
    pub(super) usage: Option<String>,
}

impl CommandError {
    pub(super) fn new(problem: CommandProblem, text: impl Into<String>) -> Self {
        Self { problem, text: text.into(), argument: None, suggestion: None, usage: None }
    }

    pub(super) fn of_argument(mut self, name: &str) -> Self {
        self.argument = Some(name.to_owned());
        self
    }

    pub(super) fn suggesting(mut self, name: Option<String>) -> Self {
        self.suggestion = name;
        self
    }

    /// Returns what kind of thing is wrong.
    #[must_use]
    pub const fn problem(&self) -> CommandProblem {
        self.problem
    }

    /// Returns whether the message was meant for this bot. If not, a bot keeps silent.
    #[must_use]
    pub const fn is_addressed(&self) -> bool {
        !matches!(self.problem, CommandProblem::NotACommand | CommandProblem::OtherBot)
    }

    /// Returns the declared name of the argument that is wrong.
    #[must_use]
    pub fn argument(&self) -> Option<&str> {
        self.argument.as_deref()
    }

    /// Returns the declared name that may have been meant.
    #[must_use]
    pub fn suggestion(&self) -> Option<&str> {
        self.suggestion.as_deref()
    }

    /// Returns how the command is written.
    #[must_use]
    pub fn usage(&self) -> Option<&str> {
        self.usage.as_deref()
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        if let Some(suggestion) = &self.suggestion {
            write!(f, "; did you mean {suggestion}?")?;
        }
        Ok(())
    }
}

impl std::error::Error for CommandError {}
