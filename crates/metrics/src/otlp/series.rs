//! Takes the text of series apart, and puts the series of a histogram together.

use std::collections::HashMap;

use super::Cow;
use crate::series::{self, unescaped};
use crate::{FamilyView, Kind};

/// Names and values, without their escapes.
pub(super) type Labels<'a> = Vec<(&'a str, Cow<'a, str>)>;

/// A point of one kind.
#[derive(Debug, PartialEq)]
pub(super) enum Shape {
    Gauge(f64),
    Counter(f64),
    Histogram { count: u64, sum: Option<f64>, bounds: Vec<f64>, counts: Vec<u64> },
    Summary { count: u64, sum: Option<f64>, quantiles: Vec<(f64, f64)> },
}

/// Returns the points of a family.
pub(super) fn shapes(family: FamilyView<'_>) -> Vec<(Labels<'_>, Shape)> {
    match family.kind() {
        Kind::Gauge | Kind::Untyped => plain(family, Shape::Gauge),
        Kind::Counter => plain(family, Shape::Counter),
        Kind::Histogram => {
            let parts = parts(family, "le");
            parts.into_iter().map(|(labels, parts)| (labels, parts.histogram())).collect()
        }
        Kind::Summary => {
            let parts = parts(family, "quantile");
            parts.into_iter().map(|(labels, parts)| (labels, parts.summary())).collect()
        }
    }
}

fn plain(family: FamilyView<'_>, shape: fn(f64) -> Shape) -> Vec<(Labels<'_>, Shape)> {
    family.samples().map(|sample| (labels(sample.series), shape(sample.value))).collect()
}

/// Returns the labels of a series. What is no series has none.
fn labels(series: &str) -> Labels<'_> {
    series::labels(series).map(|(name, value)| (name, unescaped(value))).collect()
}

/// What several series say of one point.
#[derive(Debug, Default)]
struct Parts {
    count: Option<f64>,
    sum: Option<f64>,
    at: Vec<(f64, f64)>,
}

/// Gathers the series that differ in `label` and in the suffix of their names only.
fn parts<'a>(family: FamilyView<'a>, label: &str) -> Vec<(Labels<'a>, Parts)> {
    let mut found: Vec<(Labels<'a>, Parts)> = Vec::new();
    let mut places: HashMap<Labels<'a>, usize> = HashMap::new();
    for sample in family.samples() {
        let mut labels = labels(sample.series);
        let at = labels.iter().position(|(name, _)| *name == label);
        let at = at.map(|at| labels.remove(at).1);
        let place = *places.entry(labels.clone()).or_insert_with(|| {
            found.push((labels, Parts::default()));
            found.len() - 1
        });
        let parts = &mut found[place].1;
        let name = series::name(sample.series);
        if let Some(at) = at {
            // `+Inf` is read as infinity; what is no number is no bucket.
            parts.at.extend(at.parse().ok().map(|at: f64| (at, sample.value)));
        } else if name.ends_with("_sum") {
            parts.sum = Some(sample.value);
        } else if name.ends_with("_count") {
            parts.count = Some(sample.value);
        }
    }
    found
}

impl Parts {
    fn histogram(mut self) -> Shape {
        self.at.retain(|(bound, _)| !bound.is_nan());
        self.at.sort_by(|one, other| one.0.total_cmp(&other.0));
        self.at.dedup_by(|one, other| one.0.total_cmp(&other.0).is_eq());
        let is_all = |bound: f64| bound.is_infinite() && bound > 0.0;
        let all = self.at.pop_if(|(bound, _)| is_all(*bound)).map(|(_, count)| count);
        let count = self.count.or(all).unwrap_or_default();
        let mut below = 0;
        let counts: Vec<u64> = self
            .at
            .iter()
            .map(|(_, count)| *count)
            .chain([all.unwrap_or(count)])
            .map(|count| {
                let more = whole(count).saturating_sub(below);
                below += more;
                more
            })
            .collect();
        let bounds = self.at.into_iter().map(|(bound, _)| bound).collect();
        // The protocol wants the buckets to add up.
        Shape::Histogram { count: below, sum: self.sum, bounds, counts }
    }

    fn summary(self) -> Shape {
        let count = whole(self.count.unwrap_or_default());
        Shape::Summary { count, sum: self.sum, quantiles: self.at }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a count is whole")]
#[expect(clippy::cast_sign_loss, reason = "a count is not negative; what is gives zero")]
fn whole(count: f64) -> u64 {
    count as u64
}
