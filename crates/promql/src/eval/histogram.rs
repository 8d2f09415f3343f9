//! Quantiles of histograms whose buckets are counters with a label `le`.

use crate::{Element, EvalError};

use super::index::{Counted, Index};
use super::vector::Vector;

struct Bucket {
    bound: f64,
    count: f64,
}

pub(super) fn quantiles(q: f64, vector: Vector) -> Result<Vector, EvalError> {
    let le = [LE.to_owned()];
    let mut index = Index::new(Counted { listed: false, labels: &le });
    // Prometheus tells two histograms apart by their names, which the result loses.
    let mut names: Vec<Vec<(Option<String>, Vec<Bucket>)>> = Vec::new();
    for Element { labels, value } in vector.elements {
        let Some(bound) = labels.value(LE).and_then(|bound| bound.parse().ok()) else { continue };
        let number = index.number(&labels);
        names.resize_with(names.len().max(number + 1), Vec::new);
        let bucket = Bucket { bound, count: value };
        let name = labels.name();
        match names[number].iter_mut().find(|(own, _)| own.as_deref() == name) {
            Some((_, buckets)) => buckets.push(bucket),
            None => names[number].push((name.map(str::to_owned), vec![bucket])),
        }
    }
    let keys = index.into_keys();
    let mut elements = Vec::with_capacity(keys.len());
    for (labels, names) in keys.into_iter().zip(names) {
        for (_, buckets) in names {
            elements.push(Element::new(labels.clone(), quantile(q, buckets)));
        }
    }
    Vector::nameless(elements, false)
}

fn quantile(q: f64, mut buckets: Vec<Bucket>) -> f64 {
    if q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    buckets.sort_by(|a, b| a.bound.total_cmp(&b.bound));
    if buckets.last().is_none_or(|last| last.bound != f64::INFINITY) {
        return f64::NAN;
    }
    let buckets = sound(buckets);
    let [.., before_last, last] = buckets.as_slice() else { return f64::NAN };
    if last.count == 0.0 {
        return f64::NAN;
    }
    let mut rank = q * last.count;
    let at = buckets[..buckets.len() - 1]
        .partition_point(|bucket| bucket.count < rank || bucket.count.is_nan());
    if at == buckets.len() - 1 {
        return before_last.bound;
    }
    let Bucket { bound: end, mut count } = buckets[at];
    if at == 0 && end <= 0.0 {
        return end;
    }
    let mut start = 0.0;
    if at > 0 {
        let before = &buckets[at - 1];
        start = before.bound;
        count -= before.count;
        rank -= before.count;
    }
    start + (end - start) * (rank / count)
}

/// Merges buckets of one bound, and lets no count be smaller than that before it: scrapes and rates are not atomic.
fn sound(buckets: Vec<Bucket>) -> Vec<Bucket> {
    let mut merged: Vec<Bucket> = Vec::with_capacity(buckets.len());
    for bucket in buckets {
        #[expect(clippy::float_cmp, reason = "bounds are the same or they are not")]
        match merged.last_mut() {
            Some(last) if last.bound == bucket.bound => last.count += bucket.count,
            _ => merged.push(bucket),
        }
    }
    let mut most = f64::NAN;
    for bucket in &mut merged {
        if most.is_nan() || bucket.count > most {
            most = bucket.count;
        } else if bucket.count < most {
            bucket.count = most;
        }
    }
    merged
}

const LE: &str = "le";
