//! The words in which findings are graded.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Error;

/// How much harm a finding can do.
///
/// Exhaustive on purpose: whoever decides by it has to decide for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Severity {
    /// It is worth knowing.
    Low,
    /// It helps an attack, or fails now and then.
    Medium,
    /// It is an attack's way in, or loses data.
    High,
    /// Whoever can reach the bot owns it, or its host.
    Critical,
}

impl Severity {
    /// Each, the gravest first.
    pub const ALL: [Self; 4] = [Self::Critical, Self::High, Self::Medium, Self::Low];

    /// Returns the name, as reports print it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "Low",
            Self::Medium => "Medium",
            Self::High => "High",
            Self::Critical => "Critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Severity {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let named = Self::ALL.into_iter().find(|one| one.as_str().eq_ignore_ascii_case(name));
        named.ok_or_else(|| Error::Unknown { what: "severity", name: name.to_owned() })
    }
}

/// What kind of trouble a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Kind {
    /// It does not do what it should.
    Bug,
    /// It takes longer, or more, than it need.
    Performance,
    /// Somebody can use it against the bot.
    Security,
    /// Two places say different things.
    Consistency,
    /// It could be better.
    Enhancement,
}

impl Kind {
    /// Returns the name, as reports print it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bug => "Bug",
            Self::Performance => "Performance",
            Self::Security => "Security",
            Self::Consistency => "Consistency",
            Self::Enhancement => "Enhancement",
        }
    }
}

/// How much work it is to put a finding right.
///
/// Exhaustive on purpose: the roadmap has a place for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Effort {
    /// Within the hour.
    Small,
    /// Within the day.
    Medium,
    /// Longer.
    Large,
}

impl Effort {
    /// Returns the name, as reports print it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Small => "Small",
            Self::Medium => "Medium",
            Self::Large => "Large",
        }
    }
}

/// How a check ended.
///
/// Exhaustive on purpose: a report that knows not what to do with one of them would be wrong. Ordered by what decides
/// when a check ends in several ways: the last wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// There is nothing here that it could judge.
    NotApplicable,
    /// It looked, and all is well.
    Pass,
    /// No machine can decide it: a person has to, with the evidence.
    Manual,
    /// It could not look.
    Unknown,
    /// It found something.
    Fail,
}

impl Status {
    /// Returns the name, as reports print it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotApplicable => "not-applicable",
            Self::Pass => "pass",
            Self::Manual => "manual",
            Self::Unknown => "unknown",
            Self::Fail => "fail",
        }
    }

    /// Whether somebody has to look at it: it failed, could not be judged, or is for a person to judge.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Manual | Self::Unknown | Self::Fail)
    }
}
