//! What is wrong with a rule.

use std::fmt;

use serde::Serialize;

/// One thing that is wrong with a file of rules, or with a rule of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RuleProblem {
    /// The file; empty for rules of the program's own configuration.
    pub file: String,
    /// The line, from 1 on; 0 when there is none.
    pub line: usize,
    /// The column, from 1 on.
    pub column: usize,
    /// The group; empty when it is about none.
    pub group: String,
    /// Which rule of the group, from 1 on; 0 when it is about none.
    pub rule: usize,
    /// The name of the rule.
    pub name: String,
    /// The key; empty when it is about none.
    pub key: String,
    /// Why it is refused.
    pub reason: String,
}

impl RuleProblem {
    /// Creates a problem of a file, at a place.
    pub(super) fn new(line: usize, column: usize, reason: impl Into<String>) -> Self {
        Self {
            file: String::new(),
            line,
            column,
            group: String::new(),
            rule: 0,
            name: String::new(),
            key: String::new(),
            reason: reason.into(),
        }
    }

    /// Says which key it is about.
    pub(super) fn with_key(mut self, key: impl Into<String>) -> Self {
        self.key = key.into();
        self
    }
}

impl fmt::Display for RuleProblem {
    /// Writes one line: `FILE:LINE:COLUMN: group "a", rule 1 "Down": expr: 1:4: unexpected end`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.file.is_empty() {
            write!(f, "{}:", self.file)?;
            if self.line > 0 {
                write!(f, "{}:{}:", self.line, self.column)?;
            }
            f.write_str(" ")?;
        }
        if self.rule > 0 {
            if !self.group.is_empty() {
                write!(f, "group {:?}, ", self.group)?;
            }
            write!(f, "rule {}", self.rule)?;
            if !self.name.is_empty() {
                write!(f, " {:?}", self.name)?;
            }
            f.write_str(": ")?;
        } else if !self.group.is_empty() {
            write!(f, "group {:?}: ", self.group)?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        // One line, whatever was quoted in the reason.
        f.write_str(&self.reason.replace(['\n', '\r'], " "))
    }
}

impl std::error::Error for RuleProblem {}
