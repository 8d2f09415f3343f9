//! The values of steps from samples and rows.

use super::block::Row;
use super::query::{Aggregate, Point, timestamp};

/// Folds the samples of one series, which come in order, into a value a step.
#[derive(Debug)]
pub(super) struct Fold {
    from: i64,
    step: i64,
    aggregate: Aggregate,
    points: Vec<Point>,
    /// The step that is being filled, and what it holds.
    open: Option<(i64, Row)>,
    values: Vec<f64>,
    growth: Growth,
}

/// How a counter grew within a step.
#[derive(Debug, Default)]
struct Growth {
    /// The sample before, whichever step it was in.
    before: Option<(i64, f64)>,
    /// When what grew began to grow, and by how much it did.
    since: Option<i64>,
    sum: f64,
    until: i64,
}

impl Fold {
    /// Takes where the first step begins; samples before it only tell where a counter stood.
    pub(super) fn new(from: i64, step: i64, aggregate: Aggregate) -> Self {
        Self {
            from,
            step,
            aggregate,
            points: Vec::new(),
            open: None,
            values: Vec::new(),
            growth: Growth::default(),
        }
    }

    pub(super) fn push(&mut self, row: &Row) {
        let counts = row.count > 0.0 || matches!(self.aggregate, Aggregate::Count);
        if !counts {
            return;
        }
        if row.at < self.from {
            self.growth.before = Some((row.at, row.last));
            return;
        }
        let start = row.at - row.at.rem_euclid(self.step);
        match &mut self.open {
            Some((open, held)) if *open == start => held.add(row),
            _ => {
                self.close();
                self.open = Some((start, *row));
            }
        }
        match self.aggregate {
            Aggregate::Quantile(_) => self.values.push(row.sum / row.count),
            Aggregate::Increase | Aggregate::Rate => self.growth.add(row, start, self.step),
            _ => {}
        }
    }

    /// Returns the values.
    pub(super) fn finish(mut self) -> Vec<Point> {
        self.close();
        self.points
    }

    fn close(&mut self) {
        let Some((start, row)) = self.open.take() else { return };
        let value = match self.aggregate {
            Aggregate::Avg => Some(row.sum / row.count),
            Aggregate::Min => Some(row.min),
            Aggregate::Max => Some(row.max),
            Aggregate::Sum => Some(row.sum),
            Aggregate::Count => Some(row.count),
            Aggregate::Last => Some(row.last),
            Aggregate::Increase => Some(self.growth.sum),
            Aggregate::Rate => self.growth.rate(),
            Aggregate::Quantile(share) => quantile(&mut self.values, share),
        };
        self.values.clear();
        (self.growth.since, self.growth.sum) = (None, 0.0);
        self.points.extend(value.map(|value| Point { at: timestamp(start), value }));
    }
}

impl Growth {
    fn add(&mut self, row: &Row, start: i64, step: i64) {
        // What grew while nobody looked for long belongs to no step.
        let near = start.saturating_sub(step.max(LOOK_BACK));
        let before = self.before.filter(|(at, _)| *at >= near);
        let (since, stood) = before.unwrap_or((row.at, row.min));
        self.since.get_or_insert(since);
        self.until = row.at;
        self.before = Some((row.at, row.last));
        self.sum += if row.min >= stood {
            row.last - stood
        } else if row.last < row.max {
            // It fell below where it stood, so it started over; until then it had reached the largest value.
            (row.max - stood).max(0.0) + row.last
        } else {
            row.last
        };
    }

    fn rate(&self) -> Option<f64> {
        let millis = self.until - self.since?;
        (millis > 0).then(|| self.sum * 1000.0 / millis as f64)
    }
}

/// Returns the value at a share of sorted values, between two neighbours in proportion.
fn quantile(values: &mut [f64], share: f64) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let place = share.clamp(0.0, 1.0) * (values.len().checked_sub(1)? as f64);
    let (low, high) = (values.get(place.floor() as usize)?, values.get(place.ceil() as usize)?);
    // Equal ones may be infinite, and have no difference then.
    Some(if low == high { *low } else { low + (high - low) * place.fract() })
}

/// How far back the sample may lie from which a counter's growth is told.
pub(super) const LOOK_BACK: i64 = 300_000;
