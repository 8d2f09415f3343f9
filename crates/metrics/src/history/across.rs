//! Answers across series: what several make together, and which are the largest.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use wardkit_core::Timestamp;

use super::selector::labels_of;
use super::{Point, Series};

/// How the values of several series at the same step become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Combine {
    /// Their sum.
    Sum,
    /// Their mean.
    Avg,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// How many there are.
    Count,
}

/// Combines series into one for each set of values that these labels have; without labels into one at all. The keys of
/// what comes out are those labels alone, `{handler="start"}`, sorted.
#[must_use]
pub fn combine(series: &[Series], by: &[&str], how: Combine) -> Vec<Series> {
    let mut groups: BTreeMap<String, BTreeMap<Timestamp, (f64, u32)>> = BTreeMap::new();
    for one in series {
        let group = groups.entry(group_of(&one.key, by)).or_default();
        for point in &one.points {
            let held = group.entry(point.at);
            held.and_modify(|(value, count)| {
                *value = match how {
                    Combine::Sum | Combine::Avg => *value + point.value,
                    Combine::Min => value.min(point.value),
                    Combine::Max => value.max(point.value),
                    Combine::Count => *value,
                };
                *count += 1;
            })
            .or_insert((point.value, 1));
        }
    }
    let value = |(value, count): (f64, u32)| match how {
        Combine::Avg => value / f64::from(count),
        Combine::Count => f64::from(count),
        Combine::Sum | Combine::Min | Combine::Max => value,
    };
    let points = |group: BTreeMap<Timestamp, (f64, u32)>| {
        group.into_iter().map(|(at, held)| Point { at, value: value(held) }).collect()
    };
    groups.into_iter().map(|(key, group)| Series { key, points: points(group) }).collect()
}

/// Returns the series with the largest mean of their values, the largest first.
#[must_use]
pub fn top(mut series: Vec<Series>, most: usize) -> Vec<Series> {
    let mean = |one: &Series| {
        let sum: f64 = one.points.iter().map(|point| point.value).sum();
        // Without values, or with one that is no number, a series is below every other.
        let mean = sum / one.points.len() as f64;
        if mean.is_nan() { f64::NEG_INFINITY } else { mean }
    };
    series.sort_by(|a, b| mean(b).total_cmp(&mean(a)));
    series.truncate(most);
    series
}

fn group_of(key: &str, by: &[&str]) -> String {
    let mut group = String::from("{");
    for (label, value) in labels_of(key).filter(|(label, _)| by.contains(label)) {
        let comma = if group.len() == 1 { "" } else { "," };
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        // Writing to a String cannot fail.
        let _ = write!(group, "{comma}{label}=\"{value}\"");
    }
    group.push('}');
    group
}
