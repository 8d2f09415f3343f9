//! A source in memory.

use std::collections::BTreeMap;

use crate::{Labels, Sample, Selector, Series, Source, SourceError, Want, Window};

/// A [`Source`] in memory: for tests, for embedding, and as the example of one.
///
/// Series are found by their names, then one by one; it keeps what it is given until [`MemorySource::forget_before`].
#[derive(Clone, Debug, Default)]
pub struct MemorySource {
    names: BTreeMap<String, BTreeMap<Labels, Vec<Sample>>>,
}

impl MemorySource {
    /// Creates an empty source.
    #[must_use]
    pub const fn new() -> Self {
        Self { names: BTreeMap::new() }
    }

    /// Adds a sample; one of the same series and time is replaced.
    pub fn append(&mut self, labels: &Labels, sample: Sample) {
        let name = labels.name().unwrap_or_default();
        if !self.names.contains_key(name) {
            self.names.insert(name.to_owned(), BTreeMap::new());
        }
        let Some(series) = self.names.get_mut(name) else { return };
        match series.get_mut(labels) {
            Some(samples) => insert(samples, sample),
            None => drop(series.insert(labels.clone(), vec![sample])),
        }
    }

    /// Says that a series ended at this time: nothing is found from then on.
    pub fn end(&mut self, labels: &Labels, at_ms: i64) {
        self.append(labels, Sample::new(at_ms, Sample::STALE));
    }

    /// Forgets all samples before this time, and the series that have no others.
    pub fn forget_before(&mut self, at_ms: i64) {
        self.names.retain(|_, series| {
            series.retain(|_, samples| {
                samples.drain(..samples.partition_point(|sample| sample.at_ms < at_ms));
                !samples.is_empty()
            });
            !series.is_empty()
        });
    }

    /// Returns the number of series.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.values().map(BTreeMap::len).sum()
    }

    /// Returns whether there is no series.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

impl Source for MemorySource {
    fn select(&self, selector: &Selector, window: &Window) -> Result<Vec<Series>, SourceError> {
        let mut found = Vec::new();
        let mut count = 0;
        let mut add = |series: &BTreeMap<Labels, Vec<Sample>>| {
            for (labels, samples) in series.iter().filter(|(labels, _)| selector.matches(labels)) {
                let samples = in_window(samples, window);
                count += samples.len();
                if count > window.max_samples {
                    return Err(SourceError::too_many(window));
                }
                if !samples.is_empty() {
                    found.push(Series::new(labels.clone(), samples.to_vec()));
                }
            }
            Ok(())
        };
        match selector.name() {
            Some(name) => self.names.get(name).map_or(Ok(()), &mut add)?,
            None => self.names.values().try_for_each(&mut add)?,
        }
        Ok(found)
    }
}

fn insert(samples: &mut Vec<Sample>, sample: Sample) {
    if samples.last().is_none_or(|last| last.at_ms < sample.at_ms) {
        return samples.push(sample);
    }
    match samples.binary_search_by_key(&sample.at_ms, |own| own.at_ms) {
        Ok(at) => samples[at] = sample,
        Err(at) => samples.insert(at, sample),
    }
}

fn in_window<'a>(samples: &'a [Sample], window: &Window) -> &'a [Sample] {
    let end = match samples.last() {
        Some(last) if last.at_ms > window.to_ms => {
            samples.partition_point(|sample| sample.at_ms <= window.to_ms)
        }
        _ => samples.len(),
    };
    let samples = &samples[..end];
    match window.want {
        Want::Latest => samples.last().map_or(&[], |last| {
            if last.at_ms < window.from_ms { &[] } else { std::slice::from_ref(last) }
        }),
        Want::All => &samples[samples.partition_point(|sample| sample.at_ms < window.from_ms)..],
    }
}
