//! What is other than it was.

#[cfg(feature = "serde")]
mod json;

use std::fmt;
use std::path::PathBuf;

/// A path that is other than it was.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Change {
    /// The absolute path.
    pub path: PathBuf,
    /// What happened to it.
    pub kind: ChangeKind,
    /// What differs, in the order of [`Field::ALL`].
    pub fields: Vec<FieldChange>,
}

impl Change {
    /// Creates a change.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, kind: ChangeKind, fields: Vec<FieldChange>) -> Self {
        Self { path: path.into(), kind, fields }
    }

    /// Returns what changed of one field.
    #[must_use]
    pub fn field(&self, field: Field) -> Option<&FieldChange> {
        self.fields.iter().find(|change| change.field == field)
    }
}

/// What happened to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case")
)]
#[non_exhaustive]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It is other.
    Modified,
    /// It can no longer be read.
    Unreadable,
}

impl ChangeKind {
    /// Returns the name: `added`, `removed`, `modified`, `unreadable`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Modified => "modified",
            Self::Unreadable => "unreadable",
        }
    }
}

impl fmt::Display for ChangeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What changed of one field. A side that has no value is `None`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FieldChange {
    /// Which field.
    pub field: Field,
    /// What it was.
    pub old: Option<FieldValue>,
    /// What it is.
    pub new: Option<FieldValue>,
}

/// The value of a field, as it is reported.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(untagged))]
#[non_exhaustive]
pub enum FieldValue {
    /// A number.
    Number(u64),
    /// Anything else, as text: a mode in octal, a time in RFC 3339, a digest in hexadecimal digits. What is not UTF-8
    /// is escaped.
    Text(String),
    /// Extended attributes by name; what is not UTF-8 is escaped.
    Map(std::collections::BTreeMap<String, String>),
}

impl fmt::Display for FieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            // A file's owner chooses links' targets: what would steer a terminal or forge a line is escaped.
            Self::Text(text) => write!(f, "{}", text.escape_debug()),
            Self::Map(map) => {
                for (index, (name, value)) in map.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{}={}", name.escape_debug(), value.escape_debug())?;
                }
                Ok(())
            }
        }
    }
}

/// A field of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case")
)]
#[non_exhaustive]
pub enum Field {
    /// The digest of the content.
    Content,
    /// What it is.
    Type,
    /// The permission bits.
    Mode,
    /// The owner.
    Uid,
    /// The group.
    Gid,
    /// The size.
    Size,
    /// The number of names.
    Nlink,
    /// The number of the inode.
    Inode,
    /// The device it lies on.
    Dev,
    /// The device it is.
    Rdev,
    /// When its content changed.
    Mtime,
    /// When anything of it changed.
    Ctime,
    /// When it was made.
    Btime,
    /// The inode flags.
    Flags,
    /// The extended attributes.
    Xattrs,
    /// Where a symbolic link points to.
    Target,
}

impl Field {
    /// All fields, in the order of reports.
    pub const ALL: [Self; 16] = [
        Self::Content,
        Self::Type,
        Self::Mode,
        Self::Uid,
        Self::Gid,
        Self::Size,
        Self::Nlink,
        Self::Inode,
        Self::Dev,
        Self::Rdev,
        Self::Mtime,
        Self::Ctime,
        Self::Btime,
        Self::Flags,
        Self::Xattrs,
        Self::Target,
    ];

    /// Returns the name, as in reports and policies.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::Type => "type",
            Self::Mode => "mode",
            Self::Uid => "uid",
            Self::Gid => "gid",
            Self::Size => "size",
            Self::Nlink => "nlink",
            Self::Inode => "inode",
            Self::Dev => "dev",
            Self::Rdev => "rdev",
            Self::Mtime => "mtime",
            Self::Ctime => "ctime",
            Self::Btime => "btime",
            Self::Flags => "flags",
            Self::Xattrs => "xattrs",
            Self::Target => "target",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A set of fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fields(u32);

impl Fields {
    /// No field.
    pub const NONE: Self = Self(0);
    /// Every field.
    pub const ALL: Self = Self((1 << Field::ALL.len()) - 1);

    /// Returns the set with one field more.
    #[must_use]
    pub const fn with(self, field: Field) -> Self {
        Self(self.0 | 1 << field as u32)
    }

    /// Returns the set without a field.
    #[must_use]
    pub const fn without(self, field: Field) -> Self {
        Self(self.0 & !(1 << field as u32))
    }

    /// Returns the fields that are in one of two sets.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Tells whether a field is in the set.
    #[must_use]
    pub const fn contains(self, field: Field) -> bool {
        self.0 & 1 << field as u32 != 0
    }

    /// Returns the fields, in the order of reports.
    pub fn iter(self) -> impl Iterator<Item = Field> {
        Field::ALL.into_iter().filter(move |field| self.contains(*field))
    }
}

impl FromIterator<Field> for Fields {
    fn from_iter<I: IntoIterator<Item = Field>>(fields: I) -> Self {
        fields.into_iter().fold(Self::NONE, Self::with)
    }
}
