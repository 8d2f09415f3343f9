//! What an argument may be.

use std::ops::RangeInclusive;
use std::time::Duration;

/// An argument of a command: its name, its kind and its bounds.
///
/// The constructors name the kind; the methods narrow it. Everything that has not to be there says so.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(try_from = "super::grammar::data::RawArgument")
)]
#[must_use]
pub struct Argument {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) about: String,
    pub(super) place: Place,
    pub(super) presence: Presence,
    pub(super) pattern: Option<String>,
    pub(super) most_chars: usize,
    pub(super) example: Option<String>,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Word,
    Text,
    Integer(RangeInclusive<i64>),
    Decimal(RangeInclusive<f64>),
    Duration(RangeInclusive<Duration>),
    Date,
    Choice(Vec<String>),
    User,
    Flag,
}

/// Where an argument stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// By its position.
    Position,
    /// After its name, as `--name value`.
    Option,
}

/// Whether an argument must be there.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Presence {
    Required,
    Optional,
    /// With what stands for it when it is missing.
    Default(String),
}

/// The most that a word has, unless its argument says otherwise: no name or code is longer.
const WORD_CHARS: usize = 64;

/// The most that a text has, unless its argument says otherwise.
const TEXT_CHARS: usize = 1000;

impl Argument {
    /// Returns an argument of one word, or several in quotes; at most 64 characters.
    pub fn word(name: impl Into<String>) -> Self {
        Self::new(name, Kind::Word)
    }

    /// Returns an argument that takes the rest of the message, quotes and all; at most 1000 characters. It is the last.
    pub fn text(name: impl Into<String>) -> Self {
        Self { most_chars: TEXT_CHARS, ..Self::new(name, Kind::Text) }
    }

    /// Returns an argument that is a whole number in a range.
    pub fn integer(name: impl Into<String>, range: RangeInclusive<i64>) -> Self {
        Self::new(name, Kind::Integer(range))
    }

    /// Returns an argument that is a number in a range, such as `2.5`.
    pub fn decimal(name: impl Into<String>, range: RangeInclusive<f64>) -> Self {
        Self::new(name, Kind::Decimal(range))
    }

    /// Returns an argument that is a span of time in a range, such as `1h30m`.
    pub fn duration(name: impl Into<String>, range: RangeInclusive<Duration>) -> Self {
        Self::new(name, Kind::Duration(range))
    }

    /// Returns an argument that is a day, such as `2026-02-28`.
    pub fn date(name: impl Into<String>) -> Self {
        Self::new(name, Kind::Date)
    }

    /// Returns an argument that is one of a list.
    pub fn choice<S: Into<String>>(
        name: impl Into<String>,
        choices: impl IntoIterator<Item = S>,
    ) -> Self {
        Self::new(name, Kind::Choice(choices.into_iter().map(Into::into).collect()))
    }

    /// Returns an argument that names a user: `@name`, a number, or a mention as Discord, Slack and Matrix write it.
    pub fn user(name: impl Into<String>) -> Self {
        Self::new(name, Kind::User)
    }

    /// Returns an option without a value, as `--name`; it need not be there.
    pub fn flag(name: impl Into<String>) -> Self {
        let flag = Self::new(name, Kind::Flag);
        Self { place: Place::Option, presence: Presence::Optional, ..flag }
    }

    /// Says what it is for, in the help.
    pub fn about(mut self, about: impl Into<String>) -> Self {
        self.about = about.into();
        self
    }

    /// Takes it by name instead of by position, as `--name value` or `--name=value`.
    pub const fn by_name(mut self) -> Self {
        self.place = Place::Option;
        self
    }

    /// Lets it be missing.
    pub fn optional(mut self) -> Self {
        self.presence = Presence::Optional;
        self
    }

    /// Lets it be missing, and says what it is then.
    pub fn or(mut self, default: impl Into<String>) -> Self {
        self.presence = Presence::Default(default.into());
        self
    }

    /// Takes only words and texts that match a pattern as a whole.
    pub fn matching(mut self, pattern: impl Into<String>) -> Self {
        self.pattern = Some(pattern.into());
        self
    }

    /// Takes words and texts of at most so many characters.
    pub const fn at_most(mut self, chars: usize) -> Self {
        self.most_chars = chars;
        self
    }

    /// Shows this value to whoever gave a wrong one.
    pub fn example(mut self, example: impl Into<String>) -> Self {
        self.example = Some(example.into());
        self
    }

    pub(super) fn new(name: impl Into<String>, kind: Kind) -> Self {
        Self {
            name: name.into(),
            kind,
            about: String::new(),
            place: Place::Position,
            presence: Presence::Required,
            pattern: None,
            most_chars: WORD_CHARS,
            example: None,
        }
    }
}
