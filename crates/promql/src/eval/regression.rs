//! The straight line through the samples of a range.

use crate::Sample;

use super::math::{Sum, seconds};

/// Returns the slope, by the second, and where the line is at `at_ms`.
pub(super) fn line(samples: &[Sample], at_ms: i64) -> (f64, f64) {
    let first = samples.first().map_or(f64::NAN, |sample| sample.value);
    #[expect(clippy::float_cmp, reason = "values that never change are the same bits")]
    if samples.iter().all(|sample| sample.value == first) {
        return if first.is_infinite() { (f64::NAN, f64::NAN) } else { (0.0, first) };
    }
    let mut count = 0.0;
    let (mut x, mut y, mut xy, mut xx) = <(Sum, Sum, Sum, Sum)>::default();
    for sample in samples {
        let at = seconds(sample.at_ms.saturating_sub(at_ms));
        count += 1.0;
        x.add(at);
        y.add(sample.value);
        xy.add(at * sample.value);
        xx.add(at * at);
    }
    let (x, y, xy, xx) = (x.total(), y.total(), xy.total(), xx.total());
    let slope = (xy - x * y / count) / (xx - x * x / count);
    (slope, y / count - slope * x / count)
}
