//! A command that holds to its grammar.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::Date;
use crate::Untrusted;

/// A command that holds to its grammar, with its values.
///
/// Names are those of the declaration. A getter gives `None` for what is missing and for what is of another kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Invocation {
    pub(super) command: String,
    pub(super) values: BTreeMap<String, Value>,
}

/// A value of an argument.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(Untrusted<String>),
    Integer(i64),
    Decimal(f64),
    Duration(Duration),
    Date(Date),
    Choice(String),
    User(UserRef),
    Flag,
}

impl Invocation {
    /// Returns the declared name of the command, also when an alias was typed.
    #[must_use]
    pub fn command(&self) -> &str {
        &self.command
    }

    /// Returns a word or text. It is as untrusted as the message: only its length and pattern are known.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&Untrusted<String>> {
        match self.values.get(name)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns a whole number.
    #[must_use]
    pub fn integer(&self, name: &str) -> Option<i64> {
        match self.values.get(name)? {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// Returns a number.
    #[must_use]
    pub fn decimal(&self, name: &str) -> Option<f64> {
        match self.values.get(name)? {
            Value::Decimal(number) => Some(*number),
            _ => None,
        }
    }

    /// Returns a span of time.
    #[must_use]
    pub fn duration(&self, name: &str) -> Option<Duration> {
        match self.values.get(name)? {
            Value::Duration(duration) => Some(*duration),
            _ => None,
        }
    }

    /// Returns a day.
    #[must_use]
    pub fn date(&self, name: &str) -> Option<Date> {
        match self.values.get(name)? {
            Value::Date(date) => Some(*date),
            _ => None,
        }
    }

    /// Returns a choice, in the words of the declaration.
    #[must_use]
    pub fn choice(&self, name: &str) -> Option<&str> {
        match self.values.get(name)? {
            Value::Choice(choice) => Some(choice),
            _ => None,
        }
    }

    /// Returns a user.
    #[must_use]
    pub fn user(&self, name: &str) -> Option<&UserRef> {
        match self.values.get(name)? {
            Value::User(user) => Some(user),
            _ => None,
        }
    }

    /// Returns whether a flag stands there.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.values.get(name), Some(Value::Flag))
    }
}

/// Whom a command is about. Whether that user exists, and may be touched, is the bot's to know.
#[derive(Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UserRef {
    /// A name, without its at sign: letters, digits, underscores, and for Matrix a colon and the server.
    Name(String),
    /// The platform's identifier: digits, or letters and digits for Slack.
    Id(String),
}

/// Hides who it is: a log need not know.
impl fmt::Debug for UserRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name(_) => "Name(..)",
            Self::Id(_) => "Id(..)",
        })
    }
}

impl UserRef {
    /// Reads a mention.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let digits =
            |text: &str| (1..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        if digits(text) {
            return Some(Self::Id(text.to_owned()));
        }
        if let Some(inner) = text.strip_prefix("<@").and_then(|text| text.strip_suffix('>')) {
            let id = inner.strip_prefix('!').unwrap_or(inner);
            let slack = (8..=20).contains(&id.len())
                && id.starts_with(['U', 'W'])
                && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
            return (digits(id) || slack).then(|| Self::Id(id.to_owned()));
        }
        let name = text.strip_prefix('@')?;
        let (local, server) = match name.split_once(':') {
            Some((local, server)) => (local, Some(server)),
            None => (name, None),
        };
        let plain = |text: &str, extra: &[u8]| {
            (1..=64).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || extra.contains(&b))
        };
        // What begins with a dot or a dash is a path or an option to whoever takes the name on.
        let begins = local.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        let known =
            begins && plain(local, b"_.-=") && server.is_none_or(|server| plain(server, b".-:"));
        known.then(|| Self::Name(name.to_owned()))
    }
}
