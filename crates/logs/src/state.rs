//! How far the files were read: what a restart goes on from.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// How far the files were read. Kept across a restart, nothing is missed and nothing comes twice.
///
/// Lines handed out after it was taken come again: at least once, never not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case", default)
)]
#[non_exhaustive]
pub struct State {
    /// By path: the file that it names, last, and before it those that it named and that may still be written to.
    pub files: BTreeMap<PathBuf, Vec<Checkpoint>>,
}

/// How far one file was read, and by what it is known again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case", default)
)]
#[non_exhaustive]
pub struct Checkpoint {
    /// The device.
    pub device: u64,
    /// The inode, which may be another file's by now.
    pub inode: u64,
    /// Where the first byte stands that was not handed out.
    pub offset: u64,
    /// Whether that is within a line whose beginning was handed out, cut.
    pub is_within: bool,
    /// How many bytes of the file's beginning are known.
    pub head_length: u16,
    /// Their hash.
    pub head_hash: u64,
    /// How many bytes before the offset are known.
    pub tail_length: u16,
    /// Their hash.
    pub tail_hash: u64,
}
