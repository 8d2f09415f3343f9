//! What the validator found.

use std::fmt;

use serde::Serialize;

use crate::Rule;

/// One thing that the validator has against a plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// Whether the plugin can be run with it.
    pub level: FindingLevel,
    /// What is wrong.
    pub message: String,
    /// Where: a key of the manifest, or a file with a part of it.
    pub at: String,
}

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FindingLevel {
    /// It is not run.
    Error,
    /// Whoever installs it has to know.
    Warning,
}

impl FindingLevel {
    /// Returns the name, which is also SARIF's.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

impl Finding {
    pub(crate) fn new(rule: Rule, at: impl Into<String>, message: impl Into<String>) -> Self {
        Self { rule, level: rule.level(), message: message.into(), at: at.into() }
    }

    /// Whether the plugin is not run with it.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.level == FindingLevel::Error
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (level, id) = (self.level.as_str(), self.rule.id());
        write!(f, "{level} {id} {}: {}", self.at, self.message)
    }
}
