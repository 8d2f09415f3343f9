//! What is made of the samples of one series in a range.

use crate::ast::Call;
use crate::function::Over;
use crate::{Element, EvalError, Sample};

use super::math::{Sum, count, mean_stays, quantile, seconds};
use super::regression::line;
use super::vector::Vector;
use super::{Evaluation, mismatch};

/// A range at one time.
struct Range<'a> {
    samples: &'a [Sample],
    from_ms: i64,
    to_ms: i64,
    at_ms: i64,
    /// The scalars of the call.
    params: [f64; 2],
}

impl Evaluation<'_> {
    pub(super) fn over(&self, over: Over, call: &Call, at_ms: i64) -> Result<Vector, EvalError> {
        let is_range = |node: &&crate::ast::Node| node.value_type() == crate::ValueType::Matrix;
        let range = call.args.iter().find(is_range);
        let range = range.ok_or_else(|| mismatch("a range is missing"))?;
        let mut params = [f64::NAN; 2];
        let scalars = call.args.iter().filter(|arg| !is_range(arg));
        for (param, arg) in params.iter_mut().zip(scalars) {
            *param = self.scalar(arg, at_ms)?;
        }
        let mut elements = Vec::new();
        self.each_range(range, at_ms, |labels, samples, (from_ms, to_ms)| {
            let range = Range { samples, from_ms, to_ms, at_ms, params };
            if let Some(value) = range.value(over)? {
                let labels =
                    if over == Over::Last { labels.clone() } else { labels.without_name() };
                elements.push(Element::new(labels, value));
            }
            Ok(())
        })?;
        let distinct = is_one_name(range);
        if over == Over::Last {
            return Ok(Vector { elements, distinct_without_name: distinct });
        }
        Vector::nameless(elements, distinct)
    }
}

/// Whether all series of a range have one name.
fn is_one_name(range: &crate::ast::Node) -> bool {
    match range.bare() {
        crate::ast::Node::Select(select) => select.selector.name().is_some(),
        _ => false,
    }
}

impl Range<'_> {
    fn value(&self, over: Over) -> Result<Option<f64>, EvalError> {
        let values = || self.samples.iter().map(|sample| sample.value);
        let pairs = || self.samples.windows(2).map(|pair| (pair[0].value, pair[1].value));
        let how_many = |n: usize| Ok(Some(count(n)));
        match over {
            Over::Rate | Over::Increase | Over::Delta => Ok(self.extrapolated(over)),
            Over::Irate | Over::Idelta => Ok(self.between_last(over)),
            Over::Deriv => Ok(self.slope(self.samples.first().map_or(0, |s| s.at_ms)).map(|l| l.0)),
            Over::PredictLinear => {
                Ok(self.slope(self.at_ms).map(|(slope, now)| slope * self.params[0] + now))
            }
            Over::HoltWinters => self.smoothed(),
            Over::Avg => Ok(Some(mean(values()))),
            Over::Sum => {
                let mut sum = Sum::default();
                values().for_each(|value| sum.add(value));
                Ok(Some(sum.total_or_infinite()))
            }
            Over::Count => how_many(self.samples.len()),
            Over::Max => Ok(values().reduce(|a, b| if b > a || a.is_nan() { b } else { a })),
            Over::Min => Ok(values().reduce(|a, b| if b < a || a.is_nan() { b } else { a })),
            Over::Last => Ok(values().next_back()),
            Over::Present => Ok(Some(1.0)),
            #[expect(clippy::float_cmp, reason = "a change of any size is one")]
            Over::Changes => {
                how_many(pairs().filter(|(a, b)| a != b && !(a.is_nan() && b.is_nan())).count())
            }
            Over::Resets => how_many(pairs().filter(|(a, b)| b < a).count()),
            Over::Quantile => {
                let mut values: Vec<f64> = values().collect();
                Ok(Some(quantile(self.params[0], &mut values)))
            }
            Over::Stdvar => Ok(Some(variance(values()))),
            Over::Stddev => Ok(Some(variance(values()).sqrt())),
        }
    }

    /// Returns the increase as if the samples reached to both ends of the range, where they nearly do.
    fn extrapolated(&self, over: Over) -> Option<f64> {
        let [first, .., last] = self.samples else { return None };
        let is_counter = over != Over::Delta;
        let mut change = last.value - first.value;
        if is_counter {
            let resets = self.samples.windows(2).filter(|pair| pair[1].value < pair[0].value);
            resets.for_each(|pair| change += pair[0].value);
        }
        let mut to_start = seconds(first.at_ms - self.from_ms);
        let to_end = seconds(self.to_ms - last.at_ms);
        let sampled = seconds(last.at_ms - first.at_ms);
        let between = sampled / count(self.samples.len() - 1);
        if is_counter && change > 0.0 && first.value >= 0.0 {
            // A counter was not below zero.
            let to_zero = sampled * (first.value / change);
            to_start = if to_zero < to_start { to_zero } else { to_start };
        }
        let limit = between * 1.1;
        let mut covered = sampled;
        for gap in [to_start, to_end] {
            covered += if gap < limit { gap } else { between / 2.0 };
        }
        let mut factor = covered / sampled;
        if over == Over::Rate {
            factor /= seconds(self.to_ms - self.from_ms);
        }
        Some(change * factor)
    }

    fn between_last(&self, over: Over) -> Option<f64> {
        let [.., before, last] = self.samples else { return None };
        let took = last.at_ms - before.at_ms;
        if took == 0 {
            return None;
        }
        if over == Over::Idelta {
            return Some(last.value - before.value);
        }
        let is_reset = last.value < before.value;
        let change = if is_reset { last.value } else { last.value - before.value };
        Some(change / seconds(took))
    }

    fn slope(&self, at_ms: i64) -> Option<(f64, f64)> {
        (self.samples.len() > 1).then(|| line(self.samples, at_ms))
    }

    /// Returns the value smoothed by Holt's two parameters.
    fn smoothed(&self) -> Result<Option<f64>, EvalError> {
        let [factor, trend_factor] = self.params;
        for (what, factor) in [("smoothing", factor), ("trend", trend_factor)] {
            if factor <= 0.0 || factor >= 1.0 {
                return Err(mismatch(format!("the {what} factor {factor} is not between 0 and 1")));
            }
        }
        let [first, second, ..] = self.samples else { return Ok(None) };
        let (mut before, mut now) = (0.0, first.value);
        let mut trend = second.value - first.value;
        for (index, sample) in self.samples[1..].iter().enumerate() {
            if index > 0 {
                trend = trend_factor * (now - before) + (1.0 - trend_factor) * trend;
            }
            let next = factor * sample.value + (1.0 - factor) * (now + trend);
            (before, now) = (now, next);
        }
        Ok(Some(now))
    }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let mut mean = Sum::default();
    let mut count = 0.0;
    for value in values {
        count += 1.0;
        if !mean_stays(mean.sum, value) {
            mean.add(value / count - mean.sum / count);
        }
    }
    mean.total_or_infinite()
}

fn variance(values: impl Iterator<Item = f64>) -> f64 {
    let (mut mean, mut squares) = (Sum::default(), Sum::default());
    let mut count = 0.0;
    for value in values {
        count += 1.0;
        let delta = value - mean.total();
        mean.add(delta / count);
        squares.add(delta * (value - mean.total()));
    }
    squares.total() / count
}
