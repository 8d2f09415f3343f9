//! What is wrong with the arguments of a call.

use std::fmt;

use serde_json::Value;

/// What is wrong with the arguments of a call, in words that a model can act on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ToolError {
    /// They are too long.
    #[error("the arguments are too long; {most} bytes are the most")]
    TooLarge {
        /// The most bytes.
        most: usize,
    },
    /// They are too deep.
    #[error("the arguments are nested too deep; {most} levels are the most")]
    TooDeep {
        /// The most levels.
        most: usize,
    },
    /// They are no JSON.
    #[error("the arguments are no JSON, at line {line}, column {column}")]
    NotJson {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// A key stands twice.
    #[error("a key stands twice in the arguments")]
    RepeatedKey,
    /// They are no object.
    #[error("the arguments are no object")]
    NotAnObject,
    /// They do not hold to the schema.
    #[error("{}", Lines(.0))]
    Refused(Vec<ToolProblem>),
}

/// One thing that does not hold to the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolProblem {
    at: String,
    keyword: String,
    expected: Option<String>,
}

impl ToolProblem {
    pub(super) fn new(schema: &Value, instance: &str, place: &str) -> Self {
        let keyword = place.rsplit('/').next().unwrap_or_default().to_owned();
        // What the schema says, never what the arguments say. A long rule helps nobody.
        let expected = schema.pointer(place).map(Value::to_string).filter(|text| text.len() <= 120);
        Self { at: shown(instance), keyword, expected }
    }

    /// Returns where, as a pointer into the arguments; nothing for the whole. A key that is no plain name, which only
    /// the caller can have made up, is shown as `(…)`.
    #[must_use]
    pub fn at(&self) -> &str {
        &self.at
    }

    /// Returns the keyword of the schema that it breaks, such as `maximum`.
    #[must_use]
    pub fn keyword(&self) -> &str {
        &self.keyword
    }
}

impl fmt::Display for ToolProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = if self.at.is_empty() { "the arguments" } else { &self.at };
        write!(f, "{at} must hold to \"{}\"", self.keyword)?;
        match &self.expected {
            Some(expected) => write!(f, ": {expected}"),
            None => Ok(()),
        }
    }
}

/// Writes problems one a line.
struct Lines<'p>(&'p [ToolProblem]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

fn shown(pointer: &str) -> String {
    let plain = |part: &str| {
        part.len() <= 40
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
    };
    let parts: Vec<&str> =
        pointer.split('/').map(|part| if plain(part) { part } else { "(…)" }).collect();
    parts.join("/")
}
