//! What a metric is declared to be, and which declarations are sound.

use std::sync::Arc;

use crate::instrument::Bounds;
use crate::{Error, Kind};

/// What a metric was declared to be.
#[derive(Debug)]
pub(super) struct Declared {
    pub(super) name: Box<str>,
    pub(super) help: Box<str>,
    pub(super) labels: Box<[Box<str>]>,
    pub(super) bounds: Arc<Bounds>,
}

impl Declared {
    pub(super) fn new(
        prefix: &str,
        name: &str,
        help: &str,
        labels: &[&str],
        bounds: Bounds,
    ) -> Self {
        let separator = if prefix.is_empty() { "" } else { "_" };
        Self {
            name: [prefix, separator, name].concat().into(),
            help: help.into(),
            labels: labels.iter().map(|label| Box::from(*label)).collect(),
            bounds: Arc::new(bounds),
        }
    }

    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.labels == other.labels && self.bounds == other.bounds
    }
}

/// Tells whether a metric's series would have names of another's: those of a histogram have suffixes, and a counter is
/// to OpenMetrics what its name says without one.
pub(super) fn clashes(name: &str, kind: Kind, known: impl Fn(&str) -> Option<Kind>) -> bool {
    let adds = |suffix: &str, shorter: Kind| suffix == "_total" || shorter == Kind::Histogram;
    ["_total", "_bucket", "_sum", "_count"].into_iter().any(|suffix| {
        let shorter = name.strip_suffix(suffix).and_then(&known);
        shorter.is_some_and(|shorter| adds(suffix, shorter))
            || (adds(suffix, kind) && known(&[name, suffix].concat()).is_some())
    })
}

pub(super) fn check_names(name: &str, labels: &[&str]) -> Result<(), Error> {
    if !is_name(name) {
        return Err(Error::BadName { name: name.to_owned() });
    }
    for (at, label) in labels.iter().enumerate() {
        if !is_name(label) || label.starts_with("__") {
            return Err(refused(name, "a label has a name that Prometheus does not take"));
        }
        if *label == "overflow" {
            return Err(refused(name, "`overflow` is the label of what there is no room for"));
        }
        if labels[..at].contains(label) {
            return Err(refused(name, "two of its labels have one name"));
        }
    }
    Ok(())
}

/// Tells whether this can be the name of a metric or a label. Colons are for the operator's recording rules.
pub(super) fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(|byte| !byte.is_ascii_digit())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

pub(super) fn refused(name: &str, reason: &'static str) -> Error {
    Error::BadMetric { name: name.to_owned(), reason }
}
