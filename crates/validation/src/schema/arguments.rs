//! Arguments that hold to their schema, each field as the type of its sink.

use std::fmt;

use serde_json::Value;

use super::load::{ToolSink, sink_of};
use crate::{Accept, Arg, Error, Program, Root, SafePath, SafeUrl, Untrusted, UrlPolicy};

/// Arguments that hold to their schema.
///
/// Fields are named by pointer: `/page`, `/files/0/name`. A field with an `x-sink` comes out as the type of that sink
/// only.
#[derive(Clone, PartialEq)]
pub struct ToolArguments<'s> {
    schema: &'s Value,
    value: Value,
}

impl<'s> ToolArguments<'s> {
    pub(super) const fn new(schema: &'s Value, value: Value) -> Self {
        Self { schema, value }
    }

    /// Returns whether there is a value at a place that is not null.
    #[must_use]
    pub fn has(&self, at: &str) -> bool {
        self.value.pointer(at).is_some_and(|value| !value.is_null())
    }

    /// Returns how many items the list at a place has, 0 when there is none.
    #[must_use]
    pub fn len(&self, at: &str) -> usize {
        self.value.pointer(at).and_then(Value::as_array).map_or(0, Vec::len)
    }

    /// Returns a field with `"x-sink": "path"`.
    ///
    /// # Errors
    ///
    /// The field is missing or goes elsewhere, or the root refuses it.
    pub fn path(&self, at: &str, root: &Root) -> Result<SafePath, Error> {
        self.accept(at, ToolSink::Path, root)
    }

    /// Returns a field with `"x-sink": "url"`.
    ///
    /// # Errors
    ///
    /// The field is missing or goes elsewhere, or the policy refuses it.
    pub fn url(&self, at: &str, policy: &UrlPolicy) -> Result<SafeUrl, Error> {
        self.accept(at, ToolSink::Url, policy)
    }

    /// Returns a field with `"x-sink": "argv"`.
    ///
    /// # Errors
    ///
    /// The field is missing or goes elsewhere, or the program refuses it.
    pub fn arg(&self, at: &str, program: &Program) -> Result<Arg, Error> {
        self.accept(at, ToolSink::Argv, program)
    }

    /// Returns a field as what its sink makes of it, for any sink.
    ///
    /// # Errors
    ///
    /// The field is missing, has another `x-sink` or none, or the sink refuses it.
    pub fn accept<S: Accept<str> + ?Sized>(
        &self,
        at: &str,
        sink: ToolSink,
        accept: &S,
    ) -> Result<S::Safe, Error> {
        let text = self.string(at)?;
        match sink_of(self.schema, at) {
            Some(found) if found == sink => accept.accept(text),
            Some(_) => Err(wrong(at, "goes to another sink, as its schema says")),
            None => Err(wrong(at, "has no x-sink in its schema")),
        }
    }

    /// Returns a text without `x-sink`.
    ///
    /// # Errors
    ///
    /// The field is missing, is no text, or has an `x-sink`.
    pub fn text(&self, at: &str) -> Result<Untrusted<&str>, Error> {
        let text = self.string(at)?;
        match sink_of(self.schema, at) {
            None => Ok(Untrusted::new(text)),
            Some(_) => Err(wrong(
                at,
                "has an x-sink in its schema, and comes out as that sink's type only",
            )),
        }
    }

    /// Returns a whole number.
    ///
    /// # Errors
    ///
    /// The field is missing or is none that fits.
    pub fn integer(&self, at: &str) -> Result<i64, Error> {
        let value = self.value(at)?;
        // To JSON Schema 5.0 is a whole number too.
        let whole = |number: f64| {
            #[expect(clippy::cast_possible_truncation, reason = "whole, and within 2^53")]
            (number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0)
                .then_some(number as i64)
        };
        value
            .as_i64()
            .or_else(|| value.as_f64().filter(|_| value.is_f64()).and_then(whole))
            .ok_or_else(|| wrong(at, "is no whole number that fits"))
    }

    /// Returns a number.
    ///
    /// # Errors
    ///
    /// The field is missing or is none.
    pub fn number(&self, at: &str) -> Result<f64, Error> {
        self.value(at)?.as_f64().ok_or_else(|| wrong(at, "is no number"))
    }

    /// Returns a switch.
    ///
    /// # Errors
    ///
    /// The field is missing or is none.
    pub fn switch(&self, at: &str) -> Result<bool, Error> {
        self.value(at)?.as_bool().ok_or_else(|| wrong(at, "is neither true nor false"))
    }

    fn value(&self, at: &str) -> Result<&Value, Error> {
        self.value
            .pointer(at)
            .filter(|value| !value.is_null())
            .ok_or_else(|| wrong(at, "is missing"))
    }

    fn string(&self, at: &str) -> Result<&str, Error> {
        self.value(at)?.as_str().ok_or_else(|| wrong(at, "is no text"))
    }
}

/// Hides the values: a log is a sink too.
impl fmt::Debug for ToolArguments<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ToolArguments(..)")
    }
}

fn wrong(at: &str, reason: &'static str) -> Error {
    Error::ToolArgument { at: at.to_owned(), reason }
}
