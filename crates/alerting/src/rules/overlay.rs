//! The samples that a step recorded, before whoever keeps samples has them.

use std::cell::Cell;
use std::collections::BTreeMap;

use wardkit_promql::{Labels, Sample, Selector, Series, Source, SourceError, Window};

/// What was recorded in this step, by the name of the metric: the rules that follow already see it.
#[derive(Debug, Default)]
pub(super) struct Recorded(BTreeMap<String, BTreeMap<Labels, Sample>>);

impl Recorded {
    pub(super) fn add(&mut self, labels: Labels, sample: Sample) {
        let name = labels.name().unwrap_or_default().to_owned();
        self.0.entry(name).or_default().insert(labels, sample);
    }

    fn matching(&self, selector: &Selector, window: &Window) -> Vec<(&Labels, Sample)> {
        let mut found = Vec::new();
        let all = self.0.iter().filter(|(name, _)| selector.name().is_none_or(|own| own == *name));
        for (labels, sample) in all.flat_map(|(_, series)| series) {
            if window.contains(sample.at_ms) && selector.matches(labels) {
                found.push((labels, *sample));
            }
        }
        found
    }
}

/// A source with what was recorded on top of it. It notices whether there is any data.
pub(super) struct Overlay<'a> {
    source: &'a dyn Source,
    recorded: &'a Recorded,
    asked: Cell<bool>,
    found: Cell<bool>,
}

impl<'a> Overlay<'a> {
    pub(super) const fn new(source: &'a dyn Source, recorded: &'a Recorded) -> Self {
        Self { source, recorded, asked: Cell::new(false), found: Cell::new(false) }
    }

    /// Returns whether series were asked for and none of them had a sample.
    pub(super) const fn is_without_data(&self) -> bool {
        self.asked.get() && !self.found.get()
    }
}

impl Source for Overlay<'_> {
    fn select(&self, selector: &Selector, window: &Window) -> Result<Vec<Series>, SourceError> {
        let mut all = self.source.select(selector, window)?;
        let recorded = self.recorded.matching(selector, window);
        if !recorded.is_empty() {
            let places = all.iter().enumerate();
            let places: BTreeMap<_, _> =
                places.map(|(index, series)| (series.labels.clone(), index)).collect();
            for (labels, sample) in recorded {
                match places.get(labels) {
                    Some(&index) => put(&mut all[index].samples, sample),
                    None => all.push(Series::new(labels.clone(), vec![sample])),
                }
            }
        }
        let has_data = |series: &Series| series.samples.last().is_some_and(|last| !last.is_stale());
        self.asked.set(true);
        self.found.set(self.found.get() || all.iter().any(has_data));
        Ok(all)
    }
}

/// Adds a sample that is as late as any; one of the same time stays, as whoever keeps samples refuses the second.
fn put(samples: &mut Vec<Sample>, sample: Sample) {
    if samples.last().is_none_or(|last| last.at_ms < sample.at_ms) {
        samples.push(sample);
    }
}
