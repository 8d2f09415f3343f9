//! What is wrong with a configuration, item by item.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

/// One item at fault.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Problem {
    /// The line it is on, from 1; none when the file does not mention the key.
    pub line: Option<usize>,
    /// The dotted key; empty when no key is to blame.
    pub key: String,
    /// What is wrong and what would be right.
    pub reason: String,
}

/// Shown as `file:line: key: reason`, like a compiler's message, so that editors jump to it.
pub(crate) struct InFile<'a>(pub &'a str, pub &'a Problem);

impl fmt::Display for InFile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(file, problem) = self;
        f.write_str(file)?;
        if let Some(line) = problem.line {
            write!(f, ":{line}")?;
        }
        if !problem.key.is_empty() {
            write!(f, ": {}", problem.key)?;
        }
        write!(f, ": {}", problem.reason)
    }
}

/// A configuration that is not accepted, with all that is wrong with it.
#[derive(Debug)]
pub(crate) struct BadConfig {
    /// The file, or the option that stands for it.
    pub file: PathBuf,
    /// All items at fault, in the order of the file.
    pub problems: Vec<Problem>,
}

impl BadConfig {
    /// Returns each item as `file:line: key: reason`.
    pub(crate) fn lines(&self) -> Vec<String> {
        let file = self.file.display().to_string();
        self.problems.iter().map(|problem| InFile(&file, problem).to_string()).collect()
    }
}

impl fmt::Display for BadConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join("\n"))
    }
}

impl std::error::Error for BadConfig {}
