//! What is known of a package: advisories, in the form in which the index keeps them.

pub(crate) mod osv;
pub(crate) mod rustsec;

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use wardkit_audit::Severity;

use crate::Ecosystem;
use crate::version::{compare, is_version};

/// What one advisory says of one package.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Advisory {
    /// Its name.
    #[serde(rename = "i")]
    pub id: String,
    /// Other names of the same.
    #[serde(rename = "a", default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// One line of what it is about.
    #[serde(rename = "s", default, skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// How much harm it can do, when it says.
    #[serde(rename = "g", default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// What it tells.
    #[serde(rename = "k", default)]
    pub kind: AdvisoryKind,
    /// The versions that are concerned, as ranges.
    #[serde(rename = "r", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) ranges: Vec<Range>,
    /// The versions that are concerned and in no range.
    #[serde(rename = "v", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) versions: Vec<String>,
    /// Weaknesses by the Common Weakness Enumeration.
    #[serde(rename = "c", default, skip_serializing_if = "Vec::is_empty")]
    pub cwe: Vec<u16>,
    /// Where there is more.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// What an advisory tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum AdvisoryKind {
    /// Something that an attack can use.
    #[default]
    #[serde(rename = "v")]
    Vulnerability,
    /// A package that was made to do harm.
    #[serde(rename = "m")]
    Malicious,
    /// Nobody takes care of the package.
    #[serde(rename = "u")]
    Unmaintained,
    /// Its interface allows what must not happen; whether it does is up to those who call it.
    #[serde(rename = "s")]
    Unsound,
    /// Something else that is worth knowing.
    #[serde(rename = "n")]
    Notice,
    /// The version was taken back.
    #[serde(rename = "y")]
    Yanked,
}

/// A range of versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Range {
    /// What happened, version by version.
    #[serde(rename = "e")]
    Events(Vec<Event>),
    /// All but these, as Cargo writes requirements.
    #[serde(rename = "b")]
    AllBut { patched: Vec<String>, unaffected: Vec<String> },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Event {
    #[serde(rename = "i")]
    Introduced(String),
    #[serde(rename = "f")]
    Fixed(String),
    #[serde(rename = "l")]
    LastAffected(String),
    #[serde(rename = "x")]
    Limit(String),
}

impl Advisory {
    /// Whether a version is concerned. `None` where nobody can tell, because it is no version.
    #[must_use]
    pub fn concerns(&self, ecosystem: Ecosystem, version: &str) -> Option<bool> {
        let is_same = |other: &String| {
            other == version || compare(ecosystem, other, version) == Some(Ordering::Equal)
        };
        if self.versions.iter().any(is_same) {
            return Some(true);
        }
        if self.ranges.is_empty() {
            return Some(false);
        }
        if !is_version(ecosystem, version) {
            return None;
        }
        Some(self.ranges.iter().any(|range| range.has(ecosystem, version)))
    }

    /// Returns the nearest version that is not concerned any more.
    #[must_use]
    pub fn fixed_after(&self, ecosystem: Ecosystem, version: &str) -> Option<&str> {
        let later = self.ranges.iter().flat_map(Range::fixed).filter(|fixed| {
            compare(ecosystem, fixed, version) == Some(Ordering::Greater)
                && self.concerns(ecosystem, fixed) == Some(false)
        });
        later.min_by(|a, b| compare(ecosystem, a, b).unwrap_or(Ordering::Equal))
    }

    /// Leaves out the versions that a range has already: lists of Python's versions are most of what OSV exports.
    pub(crate) fn compact(&mut self, ecosystem: Ecosystem) {
        let ranges = &self.ranges;
        self.versions.retain(|version| {
            !is_version(ecosystem, version)
                || !ranges.iter().any(|range| range.has(ecosystem, version))
        });
    }
}

impl Range {
    fn has(&self, ecosystem: Ecosystem, version: &str) -> bool {
        match self {
            Self::Events(events) => within(ecosystem, events, version),
            Self::AllBut { patched, unaffected } => {
                let meets = |wanted: &String| rustsec::meets(wanted, version);
                !patched.iter().chain(unaffected).any(meets)
            }
        }
    }

    fn fixed(&self) -> Vec<&str> {
        match self {
            Self::Events(events) => {
                let fixed = events.iter().filter_map(|event| match event {
                    Event::Fixed(version) => Some(version.as_str()),
                    _ => None,
                });
                fixed.collect()
            }
            Self::AllBut { patched, .. } => {
                patched.iter().filter_map(|wanted| rustsec::least(wanted)).collect()
            }
        }
    }
}

/// OSV's own algorithm: the events in the order of their versions, the last that is not above it decides.
fn within(ecosystem: Ecosystem, events: &[Event], version: &str) -> bool {
    let order = |other: &str| {
        if other == "0" { Some(Ordering::Greater) } else { compare(ecosystem, version, other) }
    };
    let limits = events.iter().filter_map(|event| match event {
        Event::Limit(limit) if limit != "*" => Some(limit),
        _ => None,
    });
    let mut limits = limits.peekable();
    if limits.peek().is_some() && !limits.any(|limit| order(limit) == Some(Ordering::Less)) {
        return false;
    }
    // Nearer to the version is later; of two at the same version, an end counts.
    let mut latest: Option<(&str, bool)> = None;
    for event in events {
        let (at, begins, counts) = match event {
            Event::Introduced(at) => (at, true, order(at).is_some_and(Ordering::is_ge)),
            Event::Fixed(at) => (at, false, order(at).is_some_and(Ordering::is_ge)),
            Event::LastAffected(at) => (at, false, order(at).is_some_and(Ordering::is_gt)),
            Event::Limit(_) => continue,
        };
        if !counts {
            continue;
        }
        let is_later = latest.is_none_or(|(before, _)| {
            let between = match (at.as_str(), before) {
                ("0", "0") => Some(Ordering::Equal),
                ("0", _) => Some(Ordering::Less),
                (_, "0") => Some(Ordering::Greater),
                (at, before) => compare(ecosystem, at, before),
            };
            match between {
                Some(Ordering::Greater) => true,
                Some(Ordering::Equal) => !begins,
                _ => false,
            }
        });
        if is_later {
            latest = Some((at, begins));
        }
    }
    latest.is_some_and(|(_, begins)| begins)
}

#[cfg(test)]
mod tests;
