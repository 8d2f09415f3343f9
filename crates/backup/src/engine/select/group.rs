use std::collections::BTreeMap;
use std::str::FromStr;

use crate::format::{Id, Snapshot};

/// What the snapshots of a group have in common: their host and their paths, unless told otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "restic's three")]
pub struct GroupBy {
    /// The host.
    pub host: bool,
    /// All paths.
    pub paths: bool,
    /// All tags.
    pub tags: bool,
}

/// A text with a word that nothing can be grouped by.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot group by `{word}`: `host`, `paths` and `tags` are possible, with commas between")]
pub struct ParseGroupByError {
    word: String,
}

/// Snapshots that have something in common. What they were not grouped by is not told.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "restic's three, and the snapshots")]
pub struct SnapshotGroup<'a> {
    /// Their host.
    pub host: Option<&'a str>,
    /// Their paths, in order.
    pub paths: Option<Vec<&'a str>>,
    /// Their tags, in order.
    pub tags: Option<Vec<&'a str>>,
    /// The snapshots, in the order that they came in.
    pub snapshots: Vec<&'a (Id, Snapshot)>,
}

impl GroupBy {
    /// Divides snapshots into groups, in the order of hosts, paths and tags.
    #[must_use]
    pub fn group<'a>(
        self,
        snapshots: impl IntoIterator<Item = &'a (Id, Snapshot)>,
    ) -> Vec<SnapshotGroup<'a>> {
        let mut groups: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for snapshot in snapshots {
            let about = &snapshot.1;
            let host = self.host.then_some(about.hostname.as_str());
            let paths = self.paths.then(|| in_order(&about.paths));
            let tags = self.tags.then(|| in_order(&about.tags));
            groups.entry((host, paths, tags)).or_default().push(snapshot);
        }
        let groups = groups.into_iter();
        groups
            .map(|((host, paths, tags), snapshots)| SnapshotGroup { host, paths, tags, snapshots })
            .collect()
    }
}

impl Default for GroupBy {
    fn default() -> Self {
        Self { host: true, paths: true, tags: false }
    }
}

impl FromStr for GroupBy {
    type Err = ParseGroupByError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut by = Self { host: false, paths: false, tags: false };
        for word in text.split(',') {
            match word {
                "host" | "hosts" => by.host = true,
                "path" | "paths" => by.paths = true,
                "tag" | "tags" => by.tags = true,
                "" => {}
                _ => return Err(ParseGroupByError { word: word.to_owned() }),
            }
        }
        Ok(by)
    }
}

fn in_order(words: &[String]) -> Vec<&str> {
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    words.sort_unstable();
    words
}
