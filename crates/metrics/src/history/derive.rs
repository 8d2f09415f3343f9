//! Makes rows a minute of samples, and rows a quarter of an hour of those, some series at a time.

use std::sync::Arc;

use super::block::{self, Row};
use super::column;
use super::reader::{Plan, Scan};
use super::store::History;
use super::{Error, SegmentState, Tier};

/// How far the rows go.
#[derive(Debug)]
pub(super) struct Derive {
    /// Up to when there are rows a minute, and a quarter of an hour.
    until: [Option<i64>; 2],
    job: Option<Job>,
}

/// A stretch of time of which rows are being made.
#[derive(Debug)]
struct Job {
    coarse: Tier,
    start: i64,
    series: Vec<(u32, String)>,
}

impl Derive {
    /// Begins where the latest rows are; those of that stretch of time are looked at again.
    pub(super) fn new<'a>(segments: &(impl Iterator<Item = &'a SegmentState> + Clone)) -> Self {
        // What a clock that was ahead left behind does not count.
        let latest = segments.clone().filter(|state| state.tier == Tier::Raw);
        let latest = latest.max_by_key(|state| state.segment).map_or(i64::MIN, |state| state.end);
        let until = [Tier::Minute, Tier::Quarter].map(|tier| {
            let ends =
                segments.clone().filter(|state| state.tier == tier && state.start <= state.end);
            let end = ends.map(|state| state.end).filter(|end| *end <= latest).max()?;
            Some(end - end.rem_euclid(span(tier)))
        });
        Self { until, job: None }
    }
}

impl History {
    /// Makes the rows of some series, if rows are due.
    pub(super) fn derive_some(&mut self, now: i64) -> Result<(), Error> {
        if self.derive.job.is_none() {
            self.derive.job = self.due(now)?;
        }
        let Some(mut job) = self.derive.job.take() else { return Ok(()) };
        let rest = job.series.split_off(job.series.len().min(SERIES_A_CALL));
        let written = self.write_rows(&job);
        if written.is_err() {
            job.series.extend(rest);
            self.derive.job = Some(job);
            return written;
        }
        if rest.is_empty() {
            let end = job.start + span(job.coarse);
            self.derive.until[place(job.coarse)] = Some(end);
            self.count_disk();
        } else {
            self.derive.job = Some(Job { series: rest, ..job });
        }
        self.tell_index()
    }

    /// Returns the next stretch of time of which there are samples and no rows.
    fn due(&mut self, now: i64) -> Result<Option<Job>, Error> {
        let open = self.shared.window().ticks.first().copied().unwrap_or(now);
        for (coarse, fine) in [(Tier::Minute, Tier::Raw), (Tier::Quarter, Tier::Minute)] {
            let ready = match fine {
                Tier::Raw => open,
                _ => self.derive.until[place(fine)].unwrap_or(i64::MIN),
            };
            let from = self.derive.until[place(coarse)].unwrap_or(i64::MIN);
            let finer = self.segments.known.values();
            let finer = finer.filter(|state| state.tier == fine && state.start <= state.end);
            let later = finer.filter(|state| state.end >= from).map(|state| state.start.max(from));
            let Some(first) = later.min() else { continue };
            let start = first - first.rem_euclid(span(coarse));
            let end = start.saturating_add(span(coarse));
            if end > ready {
                continue;
            }
            let mut series = self.shared.index.present(fine, start, end - 1)?;
            let there = self.shared.index.present(coarse, start, end - 1)?;
            let there: std::collections::HashSet<u32> =
                there.into_iter().map(|(number, _)| number).collect();
            series.retain(|(number, _)| !there.contains(number));
            return Ok(Some(Job { coarse, start, series }));
        }
        Ok(None)
    }

    fn write_rows(&mut self, job: &Job) -> Result<(), Error> {
        if job.series.is_empty() {
            return Ok(());
        }
        let shared = Arc::clone(&self.shared);
        let (coarse, start, end) = (job.coarse, job.start, job.start + span(job.coarse));
        let mut scan = Scan::new(&shared);
        let reference = self.retention.reference_at(end);
        let keep = self.config.keep(coarse);
        let segment = self.segments.writable(&shared.dir, coarse, (start, end), keep, reference)?;
        let mut batch = segment.batch(0);
        let names = job.series.iter().map(|(number, key)| (*number, key.as_str().into()));
        batch.names(names.collect())?;
        for (number, _) in &job.series {
            let plan = Plan::of_blocks(&shared, *number, (start, end))?;
            let rows = fold(&mut scan, &plan, (finer(coarse), start, end), coarse.width())?;
            let (Some(first), Some(last)) = (rows.first(), rows.last()) else { continue };
            batch.block(*number, (first.at, last.at), |out, _| {
                block::encode_rows(*number, coarse.width(), &rows, out);
            })?;
        }
        let written = batch.finish()?;
        self.segments.wrote(written);
        Ok(())
    }
}

fn fold(
    scan: &mut Scan<'_>,
    plan: &Plan,
    piece: (Tier, i64, i64),
    width: i64,
) -> Result<Vec<Row>, Error> {
    let mut rows: Vec<Row> = Vec::new();
    scan.rows(plan, piece, |row| {
        let at = row.at - row.at.rem_euclid(width);
        match rows.last_mut() {
            Some(open) if open.at == at => open.add(row),
            _ => rows.push(Row { at, ..*row }),
        }
    })?;
    for row in &mut rows {
        row.sum = column::sum_of_decimals(row.sum, [row.min, row.max, row.last]);
    }
    Ok(rows)
}

/// How much time the rows of one block tell of: enough of them that a block's head weighs little.
const fn span(coarse: Tier) -> i64 {
    match coarse {
        Tier::Raw | Tier::Minute => 12 * 3_600_000,
        Tier::Quarter => 7 * 24 * 3_600_000,
    }
}

const fn finer(coarse: Tier) -> Tier {
    match coarse {
        Tier::Raw | Tier::Minute => Tier::Raw,
        Tier::Quarter => Tier::Minute,
    }
}

const fn place(coarse: Tier) -> usize {
    match coarse {
        Tier::Raw | Tier::Minute => 0,
        Tier::Quarter => 1,
    }
}

/// Some milliseconds of work, so that no interval is missed for it.
const SERIES_A_CALL: usize = 200;
