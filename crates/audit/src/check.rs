//! A check, as the catalogue describes it.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Effort, Error, Kind, Severity};

/// One thing that is looked for, as data: everything that a report says of it but for what was found.
///
/// Exhaustive on purpose: whoever writes an engine writes them as literals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Check {
    /// Its name, for ever: `host-ssh-root-login`.
    pub id: Cow<'static, str>,
    /// The engine that looks for it.
    pub engine: EngineKind,
    /// The part of a bot's system that it is about.
    pub component: Cow<'static, str>,
    /// What is wrong when it fails.
    pub title: Cow<'static, str>,
    /// How much harm that can do.
    pub severity: Severity,
    /// What kind of trouble it is.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Why it matters.
    pub description: Cow<'static, str>,
    /// How it should be.
    pub expected: Cow<'static, str>,
    /// What to do.
    pub recommendation: Cow<'static, str>,
    /// How much work that is.
    pub effort: Effort,
    /// The weaknesses of the Common Weakness Enumeration.
    pub cwe: Cow<'static, [u16]>,
    /// Items of OWASP's lists, with the year: `A02:2025`, `LLM01:2026`.
    pub owasp: Cow<'static, [&'static str]>,
    /// The profiles that include it.
    pub profiles: Cow<'static, [Profile]>,
}

/// What looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum EngineKind {
    /// The audit itself: what is wrong with suppressions.
    Audit,
    /// Patterns over syntax trees.
    Ast,
    /// Where data flows within a file.
    Flow,
    /// Secrets in files.
    Secrets,
    /// Dependencies and what is known of them.
    Deps,
    /// Files of configuration.
    Conf,
    /// The host.
    Host,
    /// A running bot, over the network.
    Live,
    /// What other tools found.
    Import,
}

impl EngineKind {
    /// Each.
    pub const ALL: [Self; 9] = [
        Self::Audit,
        Self::Ast,
        Self::Flow,
        Self::Secrets,
        Self::Deps,
        Self::Conf,
        Self::Host,
        Self::Live,
        Self::Import,
    ];

    /// Returns the name, as the command line and reports have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Audit => "audit",
            Self::Ast => "ast",
            Self::Flow => "flow",
            Self::Secrets => "secrets",
            Self::Deps => "deps",
            Self::Conf => "conf",
            Self::Host => "host",
            Self::Live => "live",
            Self::Import => "import",
        }
    }
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for EngineKind {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let named = Self::ALL.into_iter().find(|one| one.as_str() == name);
        named.ok_or_else(|| Error::Unknown { what: "engine", name: name.to_owned() })
    }
}

/// A choice of checks for one purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Profile {
    /// What a bot's operator must put right, in a tree of sources.
    #[default]
    Ci,
    /// The host that a bot runs on.
    Host,
    /// What a bot with a language model has besides.
    Llm,
    /// Every check.
    Full,
}

impl Profile {
    /// Whether a check is in the profile.
    #[must_use]
    pub fn includes(self, check: &Check) -> bool {
        self == Self::Full || check.profiles.contains(&self)
    }
}

/// A check of an engine that lies in this crate, as its catalogue is written.
pub(crate) struct Entry {
    pub(crate) id: &'static str,
    pub(crate) component: &'static str,
    pub(crate) title: &'static str,
    pub(crate) severity: Severity,
    pub(crate) kind: Kind,
    pub(crate) description: &'static str,
    pub(crate) expected: &'static str,
    pub(crate) recommendation: &'static str,
    pub(crate) effort: Effort,
    pub(crate) cwe: &'static [u16],
    pub(crate) owasp: &'static [&'static str],
    pub(crate) profiles: &'static [Profile],
}

impl Entry {
    pub(crate) fn check(&self, engine: EngineKind) -> Check {
        Check {
            id: self.id.into(),
            engine,
            component: self.component.into(),
            title: self.title.into(),
            severity: self.severity,
            kind: self.kind,
            description: self.description.into(),
            expected: self.expected.into(),
            recommendation: self.recommendation.into(),
            effort: self.effort,
            cwe: self.cwe.into(),
            owasp: self.owasp.into(),
            profiles: self.profiles.into(),
        }
    }
}
