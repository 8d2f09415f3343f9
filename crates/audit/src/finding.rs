//! What a check found.

use serde::{Deserialize, Serialize};

use crate::{Check, Effort, EngineKind, Kind, Severity, Status};

/// What a check found, with everything that a report says of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Finding {
    /// The check.
    pub id: String,
    /// The engine that looked.
    pub engine: EngineKind,
    /// The part of the system that it is about.
    pub component: String,
    /// What is wrong.
    pub title: String,
    /// How much harm it can do.
    pub severity: Severity,
    /// What kind of trouble it is.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Why it matters.
    pub description: String,
    /// How it is.
    pub current: String,
    /// How it should be.
    pub expected: String,
    /// Where, the place that matters first.
    pub files: Vec<Location>,
    /// What to do.
    pub recommendation: String,
    /// How much work that is.
    pub effort: Effort,
    /// Whether it is so, cannot be known, or is for a person to decide.
    pub status: Status,
    /// What was seen, one fact each. No secret is ever in it.
    pub evidence: Vec<String>,
    /// The weaknesses of the Common Weakness Enumeration.
    pub cwe: Vec<u16>,
    /// Items of OWASP's lists, with the year.
    pub owasp: Vec<String>,
    /// What stays the same while the finding does, wherever it moves to.
    pub fingerprint: String,
    /// The way from where data came in to where it does harm.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub code_flow: Vec<Step>,
    /// What the fingerprint is made of.
    #[serde(skip)]
    pub(crate) anchor: Anchor,
}

impl Finding {
    /// Creates a finding that has no place. `current` says how it is.
    #[must_use]
    pub fn new(check: &Check, status: Status, current: impl Into<String>) -> Self {
        Self {
            id: check.id.to_string(),
            engine: check.engine,
            component: check.component.to_string(),
            title: check.title.to_string(),
            severity: check.severity,
            kind: check.kind,
            description: check.description.to_string(),
            current: current.into(),
            expected: check.expected.to_string(),
            files: Vec::new(),
            recommendation: check.recommendation.to_string(),
            effort: check.effort,
            status,
            evidence: Vec::new(),
            cwe: check.cwe.to_vec(),
            owasp: check.owasp.iter().map(ToString::to_string).collect(),
            fingerprint: String::new(),
            code_flow: Vec::new(),
            anchor: Anchor::default(),
        }
    }

    /// Adds a place.
    #[must_use]
    pub fn at(mut self, location: Location) -> Self {
        self.files.push(location);
        self
    }

    /// Adds a fact that was seen.
    #[must_use]
    pub fn with_evidence(mut self, evidence: impl Into<String>) -> Self {
        self.evidence.push(evidence.into());
        self
    }

    /// Adds the way that data went.
    #[must_use]
    pub fn with_flow(mut self, steps: impl IntoIterator<Item = Step>) -> Self {
        self.code_flow.extend(steps);
        self
    }

    /// Says what the finding is about, in the words of what was audited: the text of the matched code or setting, and
    /// the name of the function around it. The fingerprint is made of them, so they hold no place, and of a secret only a
    /// keyed hash.
    #[must_use]
    pub fn about(mut self, text: impl Into<String>, within: impl Into<String>) -> Self {
        self.anchor = Anchor { text: text.into(), within: within.into() };
        self
    }

    /// Returns the path of the place that matters.
    #[must_use]
    pub fn path(&self) -> &str {
        self.files.first().map_or("", |location| &location.path)
    }
}

/// A place in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Location {
    /// The path from the root of what was audited; of a host's files from `/`, with it.
    pub path: String,
    /// The line, from one; without it the file as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The column in characters, from one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// The last line, when there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_line: Option<u32>,
}

impl Location {
    /// Creates the place of a whole file.
    #[must_use]
    pub fn file(path: impl Into<String>) -> Self {
        Self { path: path.into(), ..Self::default() }
    }

    /// Creates the place of a line.
    #[must_use]
    pub fn line(path: impl Into<String>, line: u32) -> Self {
        Self { path: path.into(), line: Some(line), ..Self::default() }
    }

    /// Adds the column and the last line.
    #[must_use]
    pub fn spanning(mut self, column: u32, end_line: u32) -> Self {
        (self.column, self.end_line) = (Some(column), Some(end_line));
        self
    }

    /// Returns the place as people write it: `bot.py:12`.
    #[must_use]
    pub fn shown(&self) -> String {
        self.line.map_or_else(|| self.path.clone(), |line| format!("{}:{line}", self.path))
    }
}

/// A step on the way of data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Step {
    /// Where.
    pub location: Location,
    /// What happens there.
    pub message: String,
}

impl Step {
    /// Creates a step.
    #[must_use]
    pub fn new(location: Location, message: impl Into<String>) -> Self {
        Self { location, message: message.into() }
    }
}

/// What a fingerprint is made of, besides the check and the path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Anchor {
    pub(crate) text: String,
    pub(crate) within: String,
}
