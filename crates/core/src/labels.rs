//! Names and values that say what an event or a measurement is about.

use std::collections::BTreeMap;
use std::fmt;

use crate::Error;

/// A small sorted set of `name = value` pairs, with the limits that keep hostile input from filling memory.
///
/// Names follow Prometheus: `[a-zA-Z_][a-zA-Z0-9_]*`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Labels(BTreeMap<String, String>);

impl Labels {
    /// The most pairs a set holds.
    pub const MAX_PAIRS: usize = 64;
    /// The longest name, in bytes.
    pub const MAX_NAME: usize = 128;
    /// The longest value, in bytes.
    pub const MAX_VALUE: usize = 1024;

    /// Creates an empty set.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Adds a pair and returns the value it replaces.
    ///
    /// # Errors
    ///
    /// Returns [`Error`] when the name is malformed or too long, the value too long, or the set full.
    pub fn insert(
        &mut self,
        name: &str,
        value: impl Into<String>,
    ) -> Result<Option<String>, Error> {
        let value = value.into();
        if !is_label_name(name) {
            return Err(Error::LabelName);
        }
        if value.len() > Self::MAX_VALUE {
            return Err(Error::LabelValue);
        }
        if self.0.len() >= Self::MAX_PAIRS && !self.0.contains_key(name) {
            return Err(Error::LabelsFull);
        }
        Ok(self.0.insert(name.to_owned(), value))
    }

    /// Builds a set from pairs; a later pair replaces an earlier one of the same name.
    ///
    /// # Errors
    ///
    /// Returns [`Error`] as [`Labels::insert`] does.
    pub fn from_pairs<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, Error> {
        let mut labels = Self::new();
        for (name, value) in pairs {
            labels.insert(name, value)?;
        }
        Ok(labels)
    }

    /// Returns the value of `name`.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Returns the pairs, sorted by name.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns the number of pairs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there is no pair.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (index, (name, value)) in self.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            // Debug escapes quotes, newlines and control characters, so that no value forges a log line.
            write!(f, "{comma}{name}={value:?}")?;
        }
        f.write_str("}")
    }
}

fn is_label_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    name.len() <= Labels::MAX_NAME
        && bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Labels {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pairs = BTreeMap::<String, String>::deserialize(deserializer)?;
        let borrowed = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Self::from_pairs(borrowed).map_err(serde::de::Error::custom)
    }
}
