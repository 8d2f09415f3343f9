//! The data of rules: what the history keeps.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use wardkit_core::Timestamp;
use wardkit_metrics::history::{Error, Point, Range, Reader, labels_of};
use wardkit_promql::{Labels, Sample, Selector, Series, Source, SourceError, Want, Window};

use crate::app::App;

/// Hands out what the history keeps. While there is no history, every question fails: an alert must not end because its
/// data is not there yet.
pub(crate) struct HistorySource {
    app: App,
    /// Labels by the keys of series: they are read once, and not at each evaluation.
    labels: Mutex<HashMap<String, Labels>>,
}

impl HistorySource {
    pub(crate) fn new(app: &App) -> Self {
        Self { app: app.clone(), labels: Mutex::default() }
    }

    /// Returns a source that reads what is asked for more than once only once: for the rules of one moment.
    pub(crate) fn reading_once(&self) -> ReadingOnce<'_> {
        ReadingOnce { source: self, read: RefCell::default(), samples: Cell::default() }
    }

    fn read(
        &self,
        reader: &Reader,
        selector: &Selector,
        window: &Window,
    ) -> Result<Vec<Series>, SourceError> {
        let mut known = self.labels.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() > MOST_KNOWN {
            known.clear();
        }
        let mut labels = |key: &str| -> Labels {
            if let Some(labels) = known.get(key) {
                return labels.clone();
            }
            let labels = read(key);
            known.insert(key.to_owned(), labels.clone());
            labels
        };
        let range =
            Range::new(timestamp(window.from_ms), timestamp(window.to_ms.saturating_add(1)));
        let wants = |key: &str| selector.matches(&labels(key));
        let found = reader.samples(selector.name(), wants, range, window.max_samples);
        let found = found.map_err(|error| refused(error, window))?;
        let sample = |point: &Point| {
            Sample::new(point.at.as_unix_nanos().div_euclid(NANOS_PER_MILLI), point.value)
        };
        let series = found.iter().map(|series| {
            Series::new(labels(&series.key), series.points.iter().map(sample).collect())
        });
        Ok(series.collect())
    }
}

impl Source for HistorySource {
    fn select(&self, selector: &Selector, window: &Window) -> Result<Vec<Series>, SourceError> {
        let Some(reader) = self.app.telemetry.history() else {
            return Err(SourceError::new("there is no history of metrics yet").transient());
        };
        self.read(&reader, selector, window)
    }
}

/// What was read for the rules of one moment: two hundred rules on one metric read it once.
pub(crate) struct ReadingOnce<'a> {
    source: &'a HistorySource,
    /// By the selector as it is written.
    read: RefCell<HashMap<String, Vec<Read>>>,
    /// How many samples that is.
    samples: Cell<usize>,
}

/// What a selector finds in a window.
struct Read {
    window: Window,
    series: Vec<Series>,
}

impl Source for ReadingOnce<'_> {
    fn select(&self, selector: &Selector, window: &Window) -> Result<Vec<Series>, SourceError> {
        let mut all = self.read.borrow_mut();
        let reads = all.entry(selector.to_string()).or_default();
        if let Some(read) = reads.iter().find(|read| covers(&read.window, window)) {
            return within(&read.series, window);
        }
        let series = self.source.select(selector, window)?;
        let count: usize = series.iter().map(|one| one.samples.len()).sum();
        if self.samples.get() + count > MOST_SAMPLES {
            return Ok(series);
        }
        self.samples.set(self.samples.get() + count);
        let found = within(&series, window);
        reads.push(Read { window: *window, series });
        found
    }
}

fn covers(outer: &Window, inner: &Window) -> bool {
    outer.from_ms <= inner.from_ms && outer.to_ms >= inner.to_ms
}

/// Returns what of series lies in a window.
fn within(all: &[Series], window: &Window) -> Result<Vec<Series>, SourceError> {
    let (mut found, mut count) = (Vec::with_capacity(all.len()), 0);
    for Series { labels, samples } in all {
        let end = samples.partition_point(|sample| sample.at_ms <= window.to_ms);
        let begin = samples[..end].partition_point(|sample| sample.at_ms < window.from_ms);
        let begin =
            if window.want == Want::Latest { begin.max(end.saturating_sub(1)) } else { begin };
        count += end - begin;
        if count > window.max_samples {
            return Err(SourceError::too_many(window));
        }
        if begin < end {
            found.push(Series::new(labels.clone(), samples[begin..end].to_vec()));
        }
    }
    Ok(found)
}

fn refused(error: Error, window: &Window) -> SourceError {
    match error {
        Error::TooMuch { .. } => SourceError::too_many(window),
        error => SourceError::new("the history cannot be read").with_cause(error).transient(),
    }
}

fn read(key: &str) -> Labels {
    let name = key.split_once('{').map_or(key, |(name, _)| name);
    let pairs: Vec<_> = labels_of(key).collect();
    let pairs = pairs.iter().map(|(name, value)| (*name, &**value));
    std::iter::once((Labels::NAME, name)).chain(pairs).collect()
}

fn timestamp(millis: i64) -> Timestamp {
    Timestamp::from_unix_nanos(millis.saturating_mul(NANOS_PER_MILLI))
}

const NANOS_PER_MILLI: i64 = 1_000_000;
/// Far more series than the history takes: those that are gone go with the rest.
const MOST_KNOWN: usize = 50_000;
/// What is held for the rules of one moment, in samples of 16 bytes. What is beyond is read as often as it is asked for.
const MOST_SAMPLES: usize = 1_000_000;

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn the_key_of_a_series_becomes_labels() {
        for (key, labels) in [
            ("up", r#"{__name__="up"}"#),
            (r#"m{b="x\"y",a="\\"}"#, r#"{__name__="m", a="\\", b="x\"y"}"#),
            (r#"m{a=""}"#, r#"{__name__="m"}"#),
        ] {
            assert_eq!(read(key).to_string(), labels);
        }
    }
}
