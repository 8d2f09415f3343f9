//! Whether the samples of a histogram make one: readers of OpenMetrics refuse a whole page for one that does not.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::Reason;
use super::body::{Building, Sample};

/// Puts the samples of each histogram of a family together, buckets in the order of their bounds.
///
/// Sum and count are kept together or not at all: readers of OpenMetrics take no sum that is negative or no number, none
/// beside a bound below zero, and neither of them alone. The count is there in the last bucket as well.
///
/// # Errors
///
/// Returns the line and what is wrong there with the histogram.
pub(super) fn make_whole(family: &mut Building, text: &str) -> Result<(), (usize, Reason)> {
    in_order(&mut family.samples, |sample| (sample.group, sample.bound));
    let mut whole = Vec::with_capacity(family.samples.len());
    for samples in family.samples.chunk_by(|one, next| one.group == next.group) {
        let (buckets, parts) = samples.split_at(samples.partition_point(|it| it.bound.is_some()));
        if !buckets.last().is_some_and(|last| last.bound == Some(f64::INFINITY)) {
            // Its other buckets may be among those that had no room.
            if family.surplus == 0 {
                return Err((samples[0].line, Reason::LastBucket));
            }
            family.surplus += samples.len();
            continue;
        }
        check(buckets, parts, text)?;
        whole.extend_from_slice(buckets);
        let is_usable = |part: &Sample| part.value >= 0.0;
        let from_zero = buckets[0].bound.is_some_and(|bound| bound >= 0.0);
        if parts.len() == 2 && parts.iter().all(is_usable) && from_zero {
            whole.extend_from_slice(parts);
        }
    }
    family.samples = whole;
    Ok(())
}

/// Sorts samples by the group that they are of, the one that begins first first, and by their bounds; those without one
/// come last.
pub(super) fn in_order<T>(samples: &mut [T], key: impl Fn(&T) -> (u64, Option<f64>)) {
    let mut begins = HashMap::new();
    for (at, sample) in samples.iter().enumerate() {
        begins.entry(key(sample).0).or_insert(at);
    }
    samples.sort_by(|one, other| {
        let ((one_group, one), (other_group, other)) = (key(one), key(other));
        begins[&one_group].cmp(&begins[&other_group]).then(match (one, other) {
            (Some(one), Some(other)) => one.total_cmp(&other),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        })
    });
}

fn check(buckets: &[Sample], parts: &[Sample], text: &str) -> Result<(), (usize, Reason)> {
    for (lower, upper) in buckets.iter().zip(&buckets[1..]) {
        if lower.bound == upper.bound {
            return Err((lower.line.max(upper.line), Reason::Duplicate));
        }
        if upper.value < lower.value {
            return Err((upper.line, Reason::Falling));
        }
    }
    let all = buckets.last().map(|last| last.value);
    let counts = parts.iter().filter(|part| part.rest(text).starts_with("_count"));
    match counts.into_iter().find(|count| Some(count.value) != all) {
        Some(count) => Err((count.line, Reason::OtherCount)),
        None => Ok(()),
    }
}
