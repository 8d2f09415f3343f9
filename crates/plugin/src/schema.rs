//! What goes into a plugin and what comes out, held to its schema.

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::Value;

use crate::Error;

/// A JSON Schema of draft 2020-12. References lead only within it, and patterns run in linear time.
pub struct JsonSchema {
    what: &'static str,
    validator: Validator,
}

impl JsonSchema {
    /// Reads a schema. `what` says whose it is: `input` or `output`.
    ///
    /// # Errors
    ///
    /// When it is no JSON, no schema, too large, or leads elsewhere.
    pub fn parse(what: &'static str, bytes: &[u8]) -> Result<Self, Error> {
        let wrong = |reason: &str| Error::Schema { what, reason: reason.to_owned() };
        if bytes.len() > MOST_BYTES {
            return Err(wrong("it is too large"));
        }
        let schema: Value = serde_json::from_slice(bytes).map_err(|_| wrong("it is no JSON"))?;
        check_references(&schema).map_err(wrong)?;
        if !jsonschema::draft202012::meta::is_valid(&schema) {
            return Err(wrong("it is no schema of draft 2020-12"));
        }
        let patterns = PatternOptions::regex().size_limit(PATTERN).dfa_size_limit(PATTERN);
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_pattern_options(patterns)
            .build(&schema)
            .map_err(|_| wrong("a reference leads nowhere, or a pattern is none or too large"))?;
        Ok(Self { what, validator })
    }

    /// Holds bytes to it, and returns what they say.
    ///
    /// # Errors
    ///
    /// When they are no JSON, or not what the schema says. The error shows nothing of them but where.
    pub fn check(&self, bytes: &[u8]) -> Result<Value, Error> {
        let wrong = |reason: String| Error::Data { what: self.what, reason };
        let value: Value =
            serde_json::from_slice(bytes).map_err(|_| wrong("it is no JSON".to_owned()))?;
        let problem = self.validator.iter_errors(&value).next().map(|error| {
            let at = error.instance_path().as_str();
            let at = if at.is_empty() { "the whole" } else { at };
            format!("{at} does not hold to {}", error.schema_path().as_str())
        });
        problem.map_or(Ok(value), |problem| Err(wrong(problem)))
    }
}

/// Shows whose it is; the schema itself may be long.
impl std::fmt::Debug for JsonSchema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JsonSchema").field("what", &self.what).finish_non_exhaustive()
    }
}

fn check_references(schema: &Value) -> Result<(), &'static str> {
    match schema {
        Value::Object(map) => {
            let references = ["$ref", "$dynamicRef"].iter().filter_map(|key| map.get(*key));
            let mut texts = references.filter_map(Value::as_str);
            if texts.any(|text| !text.starts_with('#')) {
                return Err("a reference leads out of it");
            }
            map.values().try_for_each(check_references)
        }
        Value::Array(list) => list.iter().try_for_each(check_references),
        _ => Ok(()),
    }
}

const MOST_BYTES: usize = 64 * 1024;

/// A pattern of a field is small.
const PATTERN: usize = 256 * 1024;
