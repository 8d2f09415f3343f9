//! Elements on their way through the operators.

use std::collections::HashSet;

use crate::{Element, EvalError, Labels};

use super::index::Prehashed;
use super::mismatch;

/// The elements of an instant vector.
#[derive(Debug, Default)]
pub(super) struct Vector {
    pub(super) elements: Vec<Element>,
    /// Whether it is known that no two elements are the same but for their names, so that dropping the name needs no look
    /// at all of them.
    pub(super) distinct_without_name: bool,
}

impl Vector {
    /// Creates the vector of one element without labels.
    pub(super) fn one(value: f64) -> Self {
        let elements = vec![Element::new(Labels::new(), value)];
        Self { elements, distinct_without_name: true }
    }

    /// Creates a vector, unless two elements have the same labels.
    pub(super) fn checked(elements: Vec<Element>) -> Result<Self, EvalError> {
        let vector = Self { elements, distinct_without_name: false };
        vector.check()?;
        Ok(vector)
    }

    /// Creates a vector of elements that have lost their names.
    pub(super) fn nameless(elements: Vec<Element>, distinct: bool) -> Result<Self, EvalError> {
        let vector = Self { elements, distinct_without_name: true };
        if !distinct {
            vector.check()?;
        }
        Ok(vector)
    }

    /// Changes the values, which thereby are no longer what the name says.
    pub(super) fn mapped(self, f: impl Fn(f64) -> f64) -> Result<Self, EvalError> {
        self.kept(|value| Some(f(value)))
    }

    /// Changes the values, or drops elements, and drops the names.
    pub(super) fn kept(mut self, f: impl Fn(f64) -> Option<f64>) -> Result<Self, EvalError> {
        self.elements.retain_mut(|element| {
            let Some(value) = f(element.value) else { return false };
            element.value = value;
            if element.labels.name().is_some() {
                element.labels = element.labels.without_name();
            }
            true
        });
        Self::nameless(self.elements, self.distinct_without_name)
    }

    /// Drops elements and changes the values of others, and leaves the names.
    pub(super) fn filtered(mut self, f: impl Fn(f64) -> Option<f64>) -> Self {
        self.elements.retain_mut(|element| match f(element.value) {
            Some(value) => {
                element.value = value;
                true
            }
            None => false,
        });
        self
    }

    fn check(&self) -> Result<(), EvalError> {
        let mut seen = HashSet::with_capacity_and_hasher(self.elements.len(), Prehashed::default());
        match self.elements.iter().find(|element| !seen.insert(&element.labels)) {
            None => Ok(()),
            Some(twice) => {
                let labels = &twice.labels;
                Err(mismatch(format!("two elements have the same labels {labels}")))
            }
        }
    }
}
