use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use crate::format::Snapshot;

/// Tags that a snapshot has to have all of: `a,b`. The empty text stands for snapshots without any.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TagList(Vec<String>);

impl TagList {
    /// These tags.
    #[must_use]
    pub fn new(tags: impl IntoIterator<Item = String>) -> Self {
        Self(tags.into_iter().collect())
    }

    /// The tags.
    #[must_use]
    pub fn tags(&self) -> &[String] {
        &self.0
    }

    /// Whether the snapshot has all of them.
    #[must_use]
    pub fn are_of(&self, snapshot: &Snapshot) -> bool {
        for tag in &self.0 {
            if tag.is_empty() && snapshot.tags.is_empty() {
                return true;
            }
            if !snapshot.tags.contains(tag) {
                return false;
            }
        }
        true
    }
}

impl FromStr for TagList {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.split(',').map(|tag| tag.trim().to_owned()).collect()))
    }
}

impl fmt::Display for TagList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}]", self.0.join(", "))
    }
}
