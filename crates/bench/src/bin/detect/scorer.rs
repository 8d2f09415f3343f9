//! The rules of the benchmark, version 1.1: one threshold for the whole corpus; in each window the earliest detection
//! counts, the more the earlier it is; other detections cost, a little less right after a window; the first rows of a
//! series are free.

use std::collections::HashMap;

use crate::corpus::Series;

/// What counts how much.
#[derive(Clone, Copy)]
pub(crate) struct Weights {
    false_row: f64,
    missed: f64,
}

impl Weights {
    pub(crate) const STANDARD: Self = Self { false_row: 0.11, missed: 1.0 };
    pub(crate) const LOW_FP: Self = Self { false_row: 0.22, missed: 1.0 };
    pub(crate) const LOW_FN: Self = Self { false_row: 0.11, missed: 2.0 };
}

/// A score, where 100 is perfect and 0 never says anything.
#[derive(Clone, Copy)]
pub(crate) struct Outcome {
    pub(crate) score: f64,
    pub(crate) threshold: f64,
    pub(crate) hits: usize,
    pub(crate) false_rows: usize,
}

/// A row that counts.
struct Point {
    score: f64,
    window: Option<(usize, usize)>,
    worth: f64,
}

/// Scores with the threshold given, or with the best one.
pub(crate) fn score(
    corpus: &[Series],
    scores: &[Vec<f64>],
    weights: Weights,
    fixed: Option<f64>,
) -> Outcome {
    let mut points: Vec<Point> = Vec::new();
    for (series, (rows, scores)) in corpus.iter().zip(scores).enumerate() {
        add(series, rows, scores, &mut points);
    }
    points.sort_by(|one, other| other.score.total_cmp(&one.score));
    let windows: usize = corpus.iter().map(|series| series.windows.len()).sum();
    #[expect(clippy::cast_precision_loss, reason = "hundreds")]
    let windows = windows as f64;
    let outcome = |sum: f64, threshold, hits, false_rows| {
        let score = 100.0 * (sum + weights.missed * windows) / ((1.0 + weights.missed) * windows);
        Outcome { score, threshold, hits, false_rows }
    };
    let (mut sum, mut hit, mut false_rows) = (-weights.missed * windows, HashMap::new(), 0);
    let mut best = outcome(sum, f64::INFINITY, 0, 0);
    for (index, point) in points.iter().enumerate() {
        if fixed.is_some_and(|fixed| point.score < fixed) {
            break;
        }
        match point.window {
            None => {
                sum += weights.false_row * point.worth;
                false_rows += 1;
            }
            Some(window) => {
                let so_far = hit.entry(window).or_insert(-weights.missed);
                let better = point.worth.max(*so_far);
                sum += better - *so_far;
                *so_far = better;
            }
        }
        let is_last_of_its_score =
            points.get(index + 1).is_none_or(|next| next.score < point.score);
        let now = outcome(sum, point.score, hit.len(), false_rows);
        if fixed.is_none() && is_last_of_its_score && now.score > best.score {
            best = now;
        }
    }
    fixed.map_or(best, |fixed| outcome(sum, fixed, hit.len(), false_rows))
}

#[expect(clippy::cast_precision_loss, reason = "rows are thousands")]
fn add(index: usize, series: &Series, scores: &[f64], points: &mut Vec<Point>) {
    let free = (series.rows.len() * 15 / 100).min(750);
    let (mut next, mut last) = (0, None);
    for (row, score) in scores.iter().enumerate() {
        let (window, worth) = match series.windows.get(next) {
            Some((first, end)) if row >= *first => {
                let place = (end + 1 - row) as f64 / (end + 1 - first) as f64;
                let window = (index, next);
                if row == *end {
                    last = Some((*end, (end - first) as f64));
                    next += 1;
                }
                (Some(window), curve(-place) / curve(-1.0))
            }
            _ => (None, last.map_or(-1.0, |(end, length)| curve((row - end) as f64 / length))),
        };
        if row >= free {
            points.push(Point { score: *score, window, worth });
        }
    }
}

/// Falls from one, at the beginning of a window, through zero at its end.
fn curve(place: f64) -> f64 {
    if place > 3.0 { -1.0 } else { 2.0 / (1.0 + (5.0 * place).exp()) - 1.0 }
}
