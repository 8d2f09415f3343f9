//! What comes again: a shape that is folded out of a series and carried on behind its end.

use crate::stats::{daily_slope, index, number};

/// The seasons of a series, none to two.
#[derive(Clone, Debug, Default)]
pub(super) struct Season(Vec<Shape>);

/// A shape over one period.
#[derive(Clone, Debug)]
struct Shape {
    /// Hours.
    period: f64,
    /// Hours of the history: the phase at its end.
    seen: f64,
    /// The mean of each part of the period, around zero.
    parts: Vec<f64>,
}

impl Season {
    /// Takes the seasons out of a series.
    pub(super) fn take_from(hours: &mut [Option<f64>]) -> Self {
        let mut season = Self::default();
        let seen = number(hours.len());
        let short: Vec<f64> = periods(hours.len()).collect();
        let weekly = if seen >= 2.0 * WEEK { &[WEEK][..] } else { &[] };
        for (candidates, least) in [(&short[..], 0.35), (weekly, 0.5)] {
            let line = daily_slope(hours);
            let straight = hours.iter().enumerate();
            let straight: Vec<Option<f64>> = straight
                .map(|(hour, value)| value.map(|value| value - line * number(hour)))
                .collect();
            let shapes = candidates.iter().filter_map(|period| Shape::fold(&straight, *period));
            let Some((shape, explained)) = shapes.max_by(|a, b| a.1.total_cmp(&b.1)) else {
                continue;
            };
            if explained < least {
                continue;
            }
            for (hour, value) in hours.iter_mut().enumerate() {
                *value = value.map(|value| value - shape.at(number(hour)));
            }
            season.0.push(shape);
        }
        season
    }

    /// Returns what the seasons add so many hours after the last of the history.
    pub(super) fn ahead(&self, hours: f64) -> f64 {
        self.0.iter().map(|shape| shape.at(shape.seen - 1.0 + hours)).sum()
    }
}

impl Shape {
    /// Folds a series over a period. Also returns the share of its variance that the shape explains.
    fn fold(hours: &[Option<f64>], period: f64) -> Option<(Self, f64)> {
        // An hour each; two hours of a week, so that two weeks fill them.
        let hours_each = if period > LONGEST { 2.0 } else { 1.0 };
        let count = index((period / hours_each).round()).clamp(2, MOST_PARTS);
        let mut parts = [(0.0, 0.0); MOST_PARTS];
        let (mut sum, mut squares, mut all) = (0.0, 0.0, 0.0);
        for (hour, value) in hours.iter().enumerate() {
            let Some(value) = value else { continue };
            let part = &mut parts[part(number(hour), period, count)];
            *part = (part.0 + value, part.1 + 1.0);
            (sum, squares, all) = (sum + value, squares + value * value, all + 1.0);
        }
        let parts = &parts[..count];
        // Each part must have been seen twice, or it is not known to come again.
        if parts.iter().any(|part| part.1 < 2.0) || all <= 2.0 * number(count) {
            return None;
        }
        let mean = sum / all;
        let total = squares - all * mean * mean;
        let rest = squares - parts.iter().map(|part| part.0 * part.0 / part.1).sum::<f64>();
        let explained = 1.0 - (rest / (all - number(count))) / (total / (all - 1.0));
        let parts = parts.iter().map(|part| part.0 / part.1 - mean).collect();
        let seen = number(hours.len());
        explained.is_finite().then_some((Self { period, seen, parts }, explained))
    }

    fn at(&self, hour: f64) -> f64 {
        self.parts[part(hour, self.period, self.parts.len())]
    }
}

/// Returns the part of the period in which an hour lies.
fn part(hour: f64, period: f64, count: usize) -> usize {
    // What divides evenly must not fall to the part before by the last bit.
    let periods = hour / period + 1e-9;
    index((periods - number(index(periods))) * number(count)).min(count - 1)
}

/// Returns the periods that are tried: those of up to two days of which enough were seen, so close to each other that
/// the ends of the history do not run apart by more than a part, and the day.
fn periods(seen: usize) -> impl Iterator<Item = f64> {
    let seen = number(seen);
    let longest = (seen / 3.0).min(LONGEST);
    let step = 1.0 / (4.0 * seen);
    let count = index((1.0 / SHORTEST - 1.0 / longest) / step);
    (0..=count).map(move |at| 1.0 / (1.0 / longest + number(at) * step)).chain([24.0])
}

/// A shape has at most so many parts: those of a week.
const MOST_PARTS: usize = 84;

/// Hours of the shortest period: shorter ones do not matter to a forecast.
const SHORTEST: f64 = 4.0;

/// Hours of the longest but the week: what is slower cannot be told from wandering.
const LONGEST: f64 = 48.0;

/// Hours of a week.
const WEEK: f64 = 168.0;
