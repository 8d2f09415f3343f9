//! The envelope of everything that happens.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::{Error, Labels, Severity, Timestamp, Value};

/// Something that happened: what, when, where, how bad, to whom, with typed details.
///
/// Sensors make events, engines turn them into actions, and the result of an action comes back as a new event.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Event {
    /// When it happened.
    pub at: Timestamp,
    /// What happened, for programs: `service.restarted`.
    pub kind: EventKind,
    /// How much it matters.
    pub severity: Severity,
    /// The part that saw it.
    pub source: Cow<'static, str>,
    /// What it happened to: a path, a service, a user. Empty when it concerns the whole host.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "String::is_empty"))]
    pub subject: String,
    /// What happened, in one sentence for people. Empty when the kind says it all.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "String::is_empty"))]
    pub message: String,
    /// What it is grouped, routed and silenced by.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Labels::is_empty"))]
    pub labels: Labels,
    /// Typed details by name.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "BTreeMap::is_empty"))]
    pub details: BTreeMap<Cow<'static, str>, Value>,
}

impl Event {
    /// Creates an event without subject, message, labels and details.
    ///
    /// # Panics
    ///
    /// Panics when `kind`, which is part of the program, is no [`EventKind`].
    #[must_use]
    pub fn new(
        at: Timestamp,
        kind: &'static str,
        severity: Severity,
        source: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            at,
            kind: EventKind::from_static(kind),
            severity,
            source: source.into(),
            subject: String::new(),
            message: String::new(),
            labels: Labels::new(),
            details: BTreeMap::new(),
        }
    }

    /// Sets what it happened to.
    #[must_use]
    pub fn with_subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = subject.into();
        self
    }

    /// Sets the sentence for people.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    /// Sets the labels.
    #[must_use]
    pub fn with_labels(mut self, labels: Labels) -> Self {
        self.labels = labels;
        self
    }

    /// Adds a detail.
    #[must_use]
    pub fn with_detail(
        mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<Value>,
    ) -> Self {
        self.details.insert(name.into(), value.into());
        self
    }
}

/// The name of what happened: dotted, lower case, past tense, and stable, such as `integrity.file.changed`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventKind(Cow<'static, str>);

impl EventKind {
    /// Creates a kind from a literal.
    ///
    /// # Panics
    ///
    /// Panics when the literal is not of the form described at [`EventKind`]; in a constant, at compile time.
    #[must_use]
    pub const fn from_static(kind: &'static str) -> Self {
        assert!(is_kind(kind.as_bytes()), "an event kind is dotted lower-case words");
        Self(Cow::Borrowed(kind))
    }

    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for EventKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if is_kind(text.as_bytes()) {
            Ok(Self(Cow::Owned(text.to_owned())))
        } else {
            Err(Error::EventKind)
        }
    }
}

/// Two or more words of `[a-z][a-z0-9_]*` joined by dots, 128 bytes at most.
const fn is_kind(text: &[u8]) -> bool {
    let (mut index, mut dots, mut at_word_start) = (0, 0, true);
    while index < text.len() {
        match text[index] {
            b'a'..=b'z' => at_word_start = false,
            b'0'..=b'9' | b'_' if !at_word_start => {}
            b'.' if !at_word_start => {
                dots += 1;
                at_word_start = true;
            }
            _ => return false,
        }
        index += 1;
    }
    dots > 0 && !at_word_start && text.len() <= 128
}
