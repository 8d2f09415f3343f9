//! The commands that a bot has, as data.

#[cfg(feature = "serde")]
pub(super) mod data;

use super::Argument;

/// The commands that a bot has, and how they are addressed. [`InputValidator::new`](super::InputValidator::new) checks
/// it once and for all.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, rename_all = "kebab-case", deny_unknown_fields))]
#[non_exhaustive]
pub struct Grammar {
    /// What a command starts with: `/` unless it is set.
    pub prefix: String,
    /// The bot's name, for commands such as `/help@ShopBot`. A command that names any other bot is not for this one.
    pub bot: Option<String>,
    /// The most bytes that a command has: 4096 unless it is set, the most that Telegram delivers.
    pub max_bytes: usize,
    /// The commands.
    pub commands: Vec<Command>,
}

impl Default for Grammar {
    fn default() -> Self {
        Self { prefix: "/".to_owned(), bot: None, max_bytes: 4096, commands: Vec::new() }
    }
}

impl Grammar {
    /// Returns the grammar of no command at all.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a command.
    #[must_use]
    pub fn command(mut self, command: Command) -> Self {
        self.commands.push(command);
        self
    }

    /// Sets what a command starts with.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets the bot's name.
    #[must_use]
    pub fn bot(mut self, name: impl Into<String>) -> Self {
        self.bot = Some(name.into());
        self
    }
}

/// A command: its names, who may give it, and its arguments in order.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case", deny_unknown_fields))]
#[must_use]
pub struct Command {
    pub(super) name: String,
    #[cfg_attr(feature = "serde", serde(default))]
    pub(super) about: String,
    #[cfg_attr(feature = "serde", serde(default))]
    pub(super) aliases: Vec<String>,
    #[cfg_attr(feature = "serde", serde(default))]
    pub(super) roles: Vec<String>,
    #[cfg_attr(feature = "serde", serde(default))]
    pub(super) arguments: Vec<Argument>,
}

impl Command {
    /// Returns a command without arguments that everybody may give.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            about: String::new(),
            aliases: Vec::new(),
            roles: Vec::new(),
            arguments: Vec::new(),
        }
    }

    /// Says what it does, in the help.
    pub fn about(mut self, about: impl Into<String>) -> Self {
        self.about = about.into();
        self
    }

    /// Lets it be called by another name too.
    pub fn alias(mut self, name: impl Into<String>) -> Self {
        self.aliases.push(name.into());
        self
    }

    /// Lets only callers with this role give it, or with another one that is named so.
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.roles.push(role.into());
        self
    }

    /// Adds an argument.
    pub fn argument(mut self, argument: Argument) -> Self {
        self.arguments.push(argument);
        self
    }

    pub(super) fn allows(&self, roles: &[&str]) -> bool {
        self.roles.is_empty() || self.roles.iter().any(|role| roles.contains(&role.as_str()))
    }
}
