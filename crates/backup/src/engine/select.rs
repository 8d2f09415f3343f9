//! Which snapshots are meant.

mod group;
mod tags;

pub use group::{GroupBy, ParseGroupByError, SnapshotGroup};
pub use tags::TagList;

use crate::format::{Id, Snapshot};

/// Which snapshots are looked at. Without any condition, all are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SnapshotFilter {
    /// Only those of one of these hosts.
    pub hosts: Vec<String>,
    /// Only those that have all tags of one of these lists.
    pub tags: Vec<TagList>,
    /// Only those that were made of all of these paths, which are absolute.
    pub paths: Vec<String>,
}

/// Why it is not clear which snapshot is meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SelectError {
    /// The name is neither `latest` nor the beginning of an id.
    #[error("`{name}` is not a snapshot: `latest` or the first digits of an id are needed")]
    NotAnId {
        /// The name.
        name: String,
    },
    /// No id begins with this.
    #[error("there is no snapshot `{prefix}`")]
    NotFound {
        /// The beginning.
        prefix: String,
    },
    /// Several ids begin with this.
    #[error("`{prefix}` is the beginning of {} snapshots", ids.len())]
    Ambiguous {
        /// The beginning.
        prefix: String,
        /// The ids, in their order.
        ids: Vec<Id>,
    },
    /// No snapshot meets the conditions that `latest` was asked with.
    #[error("no snapshot is of these hosts, tags and paths")]
    NoneMatches,
}

impl SnapshotFilter {
    /// Whether there is no condition.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a snapshot meets all conditions.
    #[must_use]
    pub fn matches(&self, snapshot: &Snapshot) -> bool {
        (self.hosts.is_empty() || self.hosts.contains(&snapshot.hostname))
            && (self.tags.is_empty() || self.tags.iter().any(|tags| tags.are_of(snapshot)))
            && self.paths.iter().all(|path| snapshot.paths.contains(path))
    }

    /// The newest snapshot that meets the conditions.
    #[must_use]
    pub fn latest<'a>(&self, snapshots: &'a [(Id, Snapshot)]) -> Option<&'a (Id, Snapshot)> {
        let matching = snapshots.iter().filter(|(_, snapshot)| self.matches(snapshot));
        matching.max_by_key(|(id, snapshot)| {
            let time = snapshot.time.timestamp();
            (time.seconds(), time.nanoseconds(), *id)
        })
    }

    /// The snapshot of this name: `latest` of those that meet the conditions, or the first digits of an id, whatever the
    /// conditions are.
    ///
    /// # Errors
    ///
    /// When there is none, or more than one.
    pub fn find<'a>(
        &self,
        snapshots: &'a [(Id, Snapshot)],
        name: &str,
    ) -> Result<&'a (Id, Snapshot), SelectError> {
        if name == "latest" {
            return self.latest(snapshots).ok_or(SelectError::NoneMatches);
        }
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if name.is_empty() || name.len() > 64 || !name.bytes().all(is_digit) {
            return Err(SelectError::NotAnId { name: name.to_owned() });
        }
        let found = snapshots.iter().filter(|(id, _)| id.to_string().starts_with(name));
        match found.collect::<Vec<_>>()[..] {
            [] => Err(SelectError::NotFound { prefix: name.to_owned() }),
            [found] => Ok(found),
            ref several => {
                let mut ids: Vec<Id> = several.iter().map(|(id, _)| *id).collect();
                ids.sort_unstable();
                Err(SelectError::Ambiguous { prefix: name.to_owned(), ids })
            }
        }
    }

    /// The snapshots of these names, each once; without names, all that meet the conditions.
    ///
    /// # Errors
    ///
    /// When a name is not that of one snapshot.
    pub fn find_all<'a>(
        &self,
        snapshots: &'a [(Id, Snapshot)],
        names: &[impl AsRef<str>],
    ) -> Result<Vec<&'a (Id, Snapshot)>, SelectError> {
        if names.is_empty() {
            let matching = snapshots.iter().filter(|(_, snapshot)| self.matches(snapshot));
            return Ok(matching.collect());
        }
        let mut found: Vec<&(Id, Snapshot)> = Vec::new();
        for name in names {
            let snapshot = self.find(snapshots, name.as_ref())?;
            if !found.iter().any(|(id, _)| *id == snapshot.0) {
                found.push(snapshot);
            }
        }
        Ok(found)
    }
}
