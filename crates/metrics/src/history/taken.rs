//! Samples as they were taken, for those who ask for the latest of many series again and again.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::block::Row;
use super::index::Tier;
use super::query::{millis, timestamp};
use super::reader::{Reader, Scan, Shared};
use super::{Error, Point, Range, Series};

/// A series of the window by its key, and its samples in a range.
type Open = (Arc<str>, Vec<Point>);

impl Reader {
    /// Returns the samples of series as they were taken, sorted by key: those of the metric `name`, or of all, whose
    /// keys `wants` takes. Series without a sample in the range are left out.
    ///
    /// A range within the last hours is most often answered from memory alone. `wants` is called while nothing can be
    /// taken in.
    ///
    /// # Errors
    ///
    /// When there are more than `most` samples, or the index or a file cannot be read.
    pub fn samples(
        &self,
        name: Option<&str>,
        mut wants: impl FnMut(&str) -> bool,
        range: Range,
        most: usize,
    ) -> Result<Vec<Series>, Error> {
        let mut wants =
            |key: &str| name.is_none_or(|name| crate::series::name(key) == name) && wants(key);
        // The window first: what is written in between is then seen twice, and not missed.
        let open = self.0.open_points(&mut wants, range, most)?;
        if self.0.has_written(range)? {
            return self.written(name, wants, open, range, most);
        }
        let found = open.into_iter().filter(|(_, points)| !points.is_empty());
        let mut found: Vec<_> =
            found.map(|(key, points)| Series { key: key.to_string(), points }).collect();
        found.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(found)
    }

    /// Returns what is in blocks, with what is in the window behind it.
    fn written(
        &self,
        name: Option<&str>,
        mut wants: impl FnMut(&str) -> bool,
        open: Vec<Open>,
        range: Range,
        most: usize,
    ) -> Result<Vec<Series>, Error> {
        let mut chosen: BTreeMap<String, (Vec<u32>, Vec<Row>)> = BTreeMap::new();
        for (key, points) in open {
            let rows = points.iter().map(|point| Row::sample(millis(point.at), point.value));
            chosen.insert(key.to_string(), (Vec::new(), rows.collect()));
        }
        for (number, key) in self.0.index.series(name)? {
            if wants(&key) {
                chosen.entry(key).or_default().0.push(number);
            }
        }
        let mut scan = Scan::new(&self.0);
        let (mut found, mut seen) = (Vec::new(), 0);
        for (key, (numbers, rows)) in chosen {
            let plan = scan.plan_behind(rows, &numbers, (range.from, range.to))?;
            let mut points = Vec::new();
            scan.rows(&plan, (Tier::Raw, range.from, range.to), |row| {
                points.push(Point { at: timestamp(row.at), value: row.last });
            })?;
            seen += points.len();
            if seen > most {
                return Err(Error::TooMuch { limit: most, of: "samples" });
            }
            if !points.is_empty() {
                found.push(Series { key, points });
            }
        }
        Ok(found)
    }
}

impl Shared {
    /// Returns the wanted series of the window, in one pass over it, and their samples in the range.
    fn open_points(
        &self,
        mut wants: impl FnMut(&str) -> bool,
        range: Range,
        most: usize,
    ) -> Result<Vec<Open>, Error> {
        let window = self.window();
        let begin = window.ticks.partition_point(|at| *at < range.from);
        let (mut found, mut seen) = (Vec::new(), 0);
        for column in window.columns.iter().filter(|column| wants(&column.key)) {
            let mut points = Vec::new();
            // What is before the range has to be read for what follows, and needs no time.
            for (index, value) in column.samples() {
                if (index as usize) < begin {
                    continue;
                }
                match window.ticks.get(index as usize) {
                    Some(&at) if at < range.to => {
                        points.push(Point { at: timestamp(at), value });
                    }
                    _ => break,
                }
            }
            seen += points.len();
            if seen > most {
                return Err(Error::TooMuch { limit: most, of: "samples" });
            }
            found.push((Arc::clone(&column.key), points));
        }
        Ok(found)
    }

    /// Returns whether a block may have samples of the range.
    fn has_written(&self, range: Range) -> Result<bool, Error> {
        let segments = self.index.segments()?;
        let touches = |start, end| start < range.to && end >= range.from;
        Ok(segments.iter().any(|one| one.tier == Tier::Raw && touches(one.start, one.end)))
    }
}
