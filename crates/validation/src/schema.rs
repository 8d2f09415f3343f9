//! Arguments that a language model gives to a tool: checked by JSON Schema, and typed by the sink of each field.

mod arguments;
mod load;
mod problem;
mod strict;

use std::fmt;

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::Value;

pub use arguments::ToolArguments;
pub use load::ToolSink;
pub use problem::{ToolError, ToolProblem};

use crate::Error;

/// The schema of a tool's arguments, with the sink of each field that has one.
///
/// A model writes what its reader wrote for it: arguments are as untrusted as a message. `x-sink` on a field says where
/// it goes, and from then on the field comes out as that sink's type and in no other way. Fields without it come out as
/// [`Untrusted`](crate::Untrusted) texts, numbers and switches. What the tool answers is untrusted again, since the
/// pages and files behind it were written by others: give it on as `Untrusted::new(answer)`.
///
/// The draft is 2020-12. References lead only within the schema, patterns run in linear time, and a schema that says
/// `x-sink` where it would not be followed is refused when it is loaded.
///
/// ```
/// use wardkit_validation::{Root, ToolSchema, UrlPolicy};
///
/// let schema = ToolSchema::parse(r#"{
///     "type": "object",
///     "properties": {
///         "page": {"type": "string", "x-sink": "url"},
///         "save-as": {"type": "string", "x-sink": "path"},
///         "lines": {"type": "integer", "minimum": 1, "maximum": 100}
///     },
///     "required": ["page"],
///     "additionalProperties": false
/// }"#)?;
///
/// let call = schema.check(r#"{"page": "https://example.org/", "save-as": "../../etc/passwd", "lines": 5}"#)?;
/// let page = call.url("/page", &UrlPolicy::default())?;
/// assert_eq!(page.host(), "example.org");
/// let downloads = Root::open(std::env::temp_dir())?;
/// assert!(call.path("/save-as", &downloads).is_err());
/// assert!(call.text("/save-as").is_err());
/// assert_eq!(call.integer("/lines")?, 5);
///
/// let error = schema.check(r#"{"page": "https://example.org/", "lines": 500}"#).unwrap_err();
/// assert_eq!(error.to_string(), "/lines must hold to \"maximum\": 100");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ToolSchema {
    validator: Validator,
    schema: Value,
    max_bytes: usize,
}

/// The most bytes of arguments, and of a schema.
const MAX_BYTES: usize = 64 * 1024;

/// A pattern of a field is small.
const PATTERN_BYTES: usize = 256 * 1024;

impl ToolSchema {
    /// Reads a schema.
    ///
    /// # Errors
    ///
    /// It is no JSON or no schema of draft 2020-12, leads elsewhere, names an unknown sink, or names a sink where it
    /// would not be followed.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |reason| Error::ToolSchema { at: String::new(), reason };
        let schema = strict::parse(text, MAX_BYTES)
            .map_err(|_| wrong("it is no JSON, too large or too deep, or has a key twice"))?;
        load::check(&schema)?;
        if !jsonschema::draft202012::meta::is_valid(&schema) {
            return Err(wrong("it is no schema of draft 2020-12"));
        }
        let patterns =
            PatternOptions::regex().size_limit(PATTERN_BYTES).dfa_size_limit(PATTERN_BYTES);
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_pattern_options(patterns)
            .build(&schema)
            .map_err(|_| wrong("a reference leads nowhere, or a pattern is none or too large"))?;
        Ok(Self { validator, schema, max_bytes: MAX_BYTES })
    }

    /// Takes arguments of at most so many bytes instead of 64 KiB.
    #[must_use]
    pub const fn at_most(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Checks the arguments of a call, as the model wrote them.
    ///
    /// # Errors
    ///
    /// What is wrong, in words that a model can act on. They show nothing of the arguments' values.
    pub fn check(&self, arguments: &str) -> Result<ToolArguments<'_>, ToolError> {
        let value = strict::parse(arguments, self.max_bytes)?;
        if !value.is_object() {
            return Err(ToolError::NotAnObject);
        }
        let problems: Vec<ToolProblem> = self
            .validator
            .iter_errors(&value)
            .take(MOST_PROBLEMS)
            .map(|error| {
                ToolProblem::new(
                    &self.schema,
                    error.instance_path().as_str(),
                    error.schema_path().as_str(),
                )
            })
            .collect();
        if problems.is_empty() {
            Ok(ToolArguments::new(&self.schema, value))
        } else {
            Err(ToolError::Refused(problems))
        }
    }
}

/// A model needs no more to see what it did wrong.
const MOST_PROBLEMS: usize = 16;

/// Shows that it is one, and not what is in it: it may be long.
impl fmt::Debug for ToolSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolSchema").field("max_bytes", &self.max_bytes).finish_non_exhaustive()
    }
}
