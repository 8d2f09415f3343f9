use serde::{Deserialize, Serialize};

use super::json::{self, UnknownFields};
use super::{FormatError, Id, ZonedTime};

/// A snapshot: one state of some paths of one host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// When it was begun.
    pub time: ZonedTime,
    /// The snapshot that unchanged files were found by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Id>,
    /// The tree of its root.
    pub tree: Id,
    /// What was to be backed up: absolute paths.
    #[serde(default, deserialize_with = "json::nullable")]
    pub paths: Vec<String>,
    /// The host.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hostname: String,
    /// Who made it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub username: String,
    /// The number of who made it.
    #[serde(default, skip_serializing_if = "json::is_zero")]
    pub uid: u32,
    /// The number of the group.
    #[serde(default, skip_serializing_if = "json::is_zero")]
    pub gid: u32,
    /// The patterns of what was left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "json::nullable")]
    pub excludes: Vec<String>,
    /// Labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "json::nullable")]
    pub tags: Vec<String>,
    /// The snapshot that this one was, before it was changed or copied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<Id>,
    /// The program that made it, and its version.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub program_version: String,
    /// Fields of other programs, which are kept.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

impl Snapshot {
    /// A snapshot of these paths, with all else empty.
    #[must_use]
    pub fn new(time: ZonedTime, tree: Id, paths: Vec<String>) -> Self {
        Self {
            time,
            parent: None,
            tree,
            paths,
            hostname: String::new(),
            username: String::new(),
            uid: 0,
            gid: 0,
            excludes: Vec::new(),
            tags: Vec::new(),
            original: None,
            program_version: String::new(),
            unknown: UnknownFields::default(),
        }
    }

    /// Reads the decoded file.
    ///
    /// # Errors
    ///
    /// When it is no snapshot.
    pub fn from_json(json: &[u8]) -> Result<Self, FormatError> {
        json::read("a snapshot", json)
    }

    /// The file, to be encoded and sealed.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        json::write(self)
    }
}
