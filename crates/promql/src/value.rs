//! What an expression comes to.

use std::fmt;

use crate::{Labels, Series};

/// What an expression comes to at one time.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number without labels.
    Scalar(f64),
    /// Numbers with labels, no labels twice.
    Vector(Vec<Element>),
    /// Series with their samples in a range.
    Matrix(Vec<Series>),
    /// A text.
    String(String),
}

/// A number with labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    /// What it is a number of.
    pub labels: Labels,
    /// The number.
    pub value: f64,
}

impl Element {
    /// Creates an element.
    #[must_use]
    pub const fn new(labels: Labels, value: f64) -> Self {
        Self { labels, value }
    }
}

/// The types of PromQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// A number without labels.
    Scalar,
    /// Numbers with labels.
    Vector,
    /// Series with their samples in a range.
    Matrix,
    /// A text.
    String,
}

impl Value {
    /// Returns its type.
    #[must_use]
    pub const fn value_type(&self) -> ValueType {
        match self {
            Self::Scalar(_) => ValueType::Scalar,
            Self::Vector(_) => ValueType::Vector,
            Self::Matrix(_) => ValueType::Matrix,
            Self::String(_) => ValueType::String,
        }
    }

    /// Returns the elements of a vector, and a scalar as the one without labels: what a rule makes alerts of.
    #[must_use]
    pub fn into_elements(self) -> Option<Vec<Element>> {
        match self {
            Self::Vector(elements) => Some(elements),
            Self::Scalar(value) => Some(vec![Element::new(Labels::new(), value)]),
            Self::Matrix(_) | Self::String(_) => None,
        }
    }
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scalar => "scalar",
            Self::Vector => "instant vector",
            Self::Matrix => "range vector",
            Self::String => "string",
        })
    }
}
