//! Functions of one number, and how Prometheus adds up and compares.

use std::cmp::Ordering;

pub(super) fn function(name: &str) -> fn(f64) -> f64 {
    match name {
        "abs" => f64::abs,
        "acos" => f64::acos,
        "acosh" => f64::acosh,
        "asin" => f64::asin,
        "asinh" => f64::asinh,
        "atan" => f64::atan,
        "atanh" => f64::atanh,
        "ceil" => f64::ceil,
        "cos" => f64::cos,
        "cosh" => f64::cosh,
        "deg" => |value| value * 180.0 / std::f64::consts::PI,
        "exp" => f64::exp,
        "floor" => f64::floor,
        "ln" => f64::ln,
        "log10" => f64::log10,
        "log2" => f64::log2,
        "rad" => |value| value * std::f64::consts::PI / 180.0,
        "sgn" => sgn,
        "sin" => f64::sin,
        "sinh" => f64::sinh,
        "sqrt" => f64::sqrt,
        "tan" => f64::tan,
        "tanh" => f64::tanh,
        _ => |_| f64::NAN,
    }
}

fn sgn(value: f64) -> f64 {
    if value < 0.0 {
        -1.0
    } else if value > 0.0 {
        1.0
    } else {
        value
    }
}

/// The larger of two; NaN where one is and the other is not infinity.
pub(super) fn larger(a: f64, b: f64) -> f64 {
    let is_nan = (a.is_nan() || b.is_nan()) && a != f64::INFINITY && b != f64::INFINITY;
    if is_nan { f64::NAN } else { greater(a, b) }
}

/// The smaller of two; NaN where one is and the other is not the negative infinity.
pub(super) fn smaller(a: f64, b: f64) -> f64 {
    let is_nan = (a.is_nan() || b.is_nan()) && a != f64::NEG_INFINITY && b != f64::NEG_INFINITY;
    if is_nan { f64::NAN } else { -greater(-a, -b) }
}

/// Of the two zeros the one without a sign is the larger, which `f64::max` leaves open.
#[expect(clippy::float_cmp, reason = "the zeros are equal, and nothing is computed")]
fn greater(a: f64, b: f64) -> f64 {
    if a == b { if a.is_sign_negative() { b } else { a } } else { a.max(b) }
}

/// A sum that keeps what rounding takes away, as Neumaier does.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    pub(super) sum: f64,
    pub(super) lost: f64,
}

impl Sum {
    pub(super) fn add(&mut self, value: f64) {
        let total = self.sum + value;
        self.lost += if self.sum.abs() >= value.abs() {
            (self.sum - total) + value
        } else {
            (value - total) + self.sum
        };
        self.sum = total;
    }

    pub(super) fn total(self) -> f64 {
        self.sum + self.lost
    }

    /// The total, or the infinity that it has come to, from which nothing is lost.
    pub(super) fn total_or_infinite(self) -> f64 {
        if self.sum.is_infinite() { self.sum } else { self.total() }
    }
}

/// Whether a mean that is infinite stays as it is with one more value.
pub(super) fn mean_stays(mean: f64, value: f64) -> bool {
    mean.is_infinite()
        && ((value.is_infinite() && (mean > 0.0) == (value > 0.0)) || value.is_finite())
}

/// Compares for sorting: NaN is less than every number.
pub(super) fn nan_first(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan()))
}

/// Returns the quantile of values, between the two nearest ranks.
pub(super) fn quantile(q: f64, values: &mut [f64]) -> f64 {
    if values.is_empty() || q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    values.sort_by(|a, b| nan_first(*a, *b));
    let most = count(values.len() - 1);
    let rank = q * most;
    let weight = rank - rank.floor();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and the length"
    )]
    let lower = rank.floor() as usize;
    let upper = (lower + 1).min(values.len() - 1);
    values[lower.min(values.len() - 1)] * (1.0 - weight) + values[upper] * weight
}

#[expect(clippy::cast_precision_loss, reason = "nobody has 2^53 of anything")]
pub(super) fn count(count: usize) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "2^53 milliseconds are 285 000 years")]
pub(super) fn seconds(millis: i64) -> f64 {
    millis as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_zeros_the_one_without_a_sign_is_larger() {
        for (a, b) in [(0.0, -0.0), (-0.0, 0.0)] {
            assert!(larger(a, b).is_sign_positive() && smaller(a, b).is_sign_negative());
        }
        assert!(larger(-0.0, -0.0).is_sign_negative() && smaller(0.0, 0.0).is_sign_positive());
        assert!(larger(f64::NAN, 1.0).is_nan() && smaller(1.0, f64::NAN).is_nan());
    }
}
