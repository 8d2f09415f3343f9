//! One rule: which paths, what is looked at, how much it matters.

use std::fmt;
use std::str::FromStr;

use wardkit_core::Severity;

use super::Pattern;
use crate::{EntryKind, Error, Field, Fields, Take};

/// One rule of a [`Policy`](super::Policy): which paths, what is looked at, how much a change matters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    name: Option<String>,
    patterns: Vec<Pattern>,
    profile: Profile,
    narrowed: Fields,
    severity: Severity,
    reason: Option<String>,
    origin: Origin,
}

impl Rule {
    /// Creates a rule that compares all that the profile compares, with the profile's severity.
    #[must_use]
    pub fn new(patterns: impl IntoIterator<Item = Pattern>, profile: Profile) -> Self {
        Self {
            name: None,
            patterns: patterns.into_iter().collect(),
            profile,
            narrowed: Fields::ALL,
            severity: profile.severity(),
            reason: None,
            origin: Origin::Program,
        }
    }

    /// Creates the rule for what no rule covers.
    pub(super) fn rest() -> Self {
        Self { origin: Origin::Default, ..Self::new([], Profile::Static) }
    }

    /// Gives the rule a name, for reports and for what is accepted by rule.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Compares only those fields of the profile's that are in the set.
    #[must_use]
    pub fn with_fields(mut self, fields: Fields) -> Self {
        self.narrowed = fields;
        self
    }

    /// Sets how much a change matters.
    #[must_use]
    pub fn with_severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Says why the rule is there: an operator who meets it in a year wants to know.
    #[must_use]
    pub fn with_reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    #[cfg(feature = "policy")]
    pub(super) fn with_origin(mut self, origin: Origin) -> Self {
        self.origin = origin;
        self
    }

    /// Returns the name: the one that it was given, or else its first pattern. That of what no rule covers is `default`.
    #[must_use]
    pub fn name(&self) -> &str {
        let first = || self.patterns.first().map_or("default", Pattern::as_str);
        self.name.as_deref().unwrap_or_else(first)
    }

    /// Returns the patterns. A path that one of them covers is the rule's.
    #[must_use]
    pub fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    /// Returns the profile.
    #[must_use]
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// Returns what is compared of an entry of this kind.
    #[must_use]
    pub fn fields(&self, kind: EntryKind) -> Fields {
        self.profile.fields(kind).iter().filter(|field| self.narrowed.contains(*field)).collect()
    }

    /// Returns how much a change matters.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// Returns why the rule is there.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// Returns where the rule is written.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Returns what a scan takes of a path of this kind.
    pub(super) fn take(&self, kind: EntryKind) -> Take {
        let content = self.fields(kind).contains(Field::Content);
        match self.profile {
            Profile::Ignore => Take::Skip,
            Profile::Growing | Profile::Rotated if content => Take::Growing,
            _ if content => Take::Content,
            _ => Take::Metadata,
        }
    }

    pub(super) fn narrowed(&self) -> Fields {
        self.narrowed
    }
}

/// Where a rule is written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Origin {
    /// A program made it.
    Program,
    /// In this line of the policy, counted from 1.
    Line(usize),
    /// In the preset of this name.
    Preset(String),
    /// Nowhere: it stands for paths that no rule covers.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program => f.write_str("program"),
            Self::Line(line) => write!(f, "line {line}"),
            Self::Preset(name) => write!(f, "preset {name}"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// What may change about a path, and what may not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case")
)]
#[non_exhaustive]
pub enum Profile {
    /// Nothing may change. The time of the last access is not looked at.
    #[default]
    Static,
    /// Nothing may change, and a change is reported with a diff of the text, secrets masked.
    Config,
    /// A file may become longer: the bytes that it had must still be its first.
    Growing,
    /// As growing, and what it held may move to a rotated name beside it: `app.log.1`, `app.log.2.gz`.
    Rotated,
    /// Owner, permissions and type must stay; content and times may change.
    State,
    /// Not looked at.
    Ignore,
}

impl Profile {
    /// All profiles, the strictest first.
    pub const ALL: [Self; 6] =
        [Self::Static, Self::Config, Self::Growing, Self::Rotated, Self::State, Self::Ignore];

    /// Returns the name: `static`, `config`, `growing`, `rotated`, `state`, `ignore`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Static => "static",
            Self::Config => "config",
            Self::Growing => "growing",
            Self::Rotated => "rotated",
            Self::State => "state",
            Self::Ignore => "ignore",
        }
    }

    /// Returns what is compared of an entry of this kind.
    ///
    /// Of a growing or rotated file that is all: which of the differences may stand is decided by
    /// [`Policy::judge`](super::Policy::judge).
    #[must_use]
    pub fn fields(self, kind: EntryKind) -> Fields {
        match self {
            // A directory of logs changes with every log that comes and goes; those are entries of their own.
            Self::Growing | Self::Rotated if kind == EntryKind::Directory => {
                CHILDREN.into_iter().fold(Fields::ALL, Fields::without)
            }
            Self::Static | Self::Config | Self::Growing | Self::Rotated => Fields::ALL,
            Self::State => STATE.into_iter().collect(),
            Self::Ignore => Fields::NONE,
        }
    }

    /// Returns how much a change matters unless the rule says otherwise.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            Self::Static | Self::Config => Severity::Error,
            Self::Growing | Self::Rotated | Self::State => Severity::Warning,
            Self::Ignore => Severity::Info,
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Profile {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|profile| profile.as_str() == text);
        found.ok_or_else(|| Error::Profile(text.to_owned()))
    }
}

/// What changes of a directory when something in it comes or goes.
const CHILDREN: [Field; 4] = [Field::Size, Field::Mtime, Field::Ctime, Field::Nlink];

/// Who owns it, who may do what with it (access control lists and capabilities are extended attributes), what it is.
const STATE: [Field; 6] =
    [Field::Type, Field::Mode, Field::Uid, Field::Gid, Field::Rdev, Field::Xattrs];
