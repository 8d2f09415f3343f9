//! A body that was read.

use crate::Kind;

/// A body that was read: families and their samples, bounded by what may be kept.
#[derive(Clone, Debug, Default)]
pub struct Pushed {
    /// What follows the families' names, of every sample that is kept.
    pub(super) text: String,
    pub(super) families: Vec<Building>,
}

/// A family and its samples.
#[derive(Clone, Debug)]
pub(super) struct Building {
    pub(super) name: String,
    pub(super) help: String,
    pub(super) kind: Kind,
    pub(super) samples: Vec<Sample>,
    pub(super) surplus: usize,
}

/// A sample, by where its rest stands in the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Samples that make up one histogram or one summary have the same; every other one has 0.
    pub(super) group: u64,
    /// The upper bound of a bucket of a histogram.
    pub(super) bound: Option<f64>,
    /// Where it stands in the body, from 1.
    pub(super) line: usize,
    pub(super) value: f64,
}

impl Pushed {
    /// Returns the families, in the order in which they begin.
    #[must_use]
    pub fn families(&self) -> impl ExactSizeIterator<Item = PushedFamily<'_>> {
        self.families.iter().map(|family| PushedFamily { text: &self.text, family })
    }
}

/// A family of a body.
#[derive(Clone, Copy, Debug)]
pub struct PushedFamily<'a> {
    text: &'a str,
    family: &'a Building,
}

impl<'a> PushedFamily<'a> {
    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &'a str {
        &self.family.name
    }

    /// Returns what it means, as the body says; empty when it does not.
    #[must_use]
    pub fn help(&self) -> &'a str {
        &self.family.help
    }

    /// Returns what it measures.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.family.kind
    }

    /// Returns how many samples were left out because the family has too many.
    #[must_use]
    pub fn surplus(&self) -> usize {
        self.family.surplus
    }

    /// Returns the samples: what follows the family's name, with the labels sorted, and the value.
    #[must_use]
    pub fn samples(&self) -> impl ExactSizeIterator<Item = (&'a str, f64)> + use<'a> {
        let text = self.text;
        self.family.samples.iter().map(move |sample| (sample.rest(text), sample.value))
    }
}

impl Sample {
    pub(super) fn rest<'a>(&self, text: &'a str) -> &'a str {
        &text[self.start..self.end]
    }
}
