//! Metrics worked out from others.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use super::{AggregateConfig, AggregateOp};
use crate::samples::escape;
use crate::{Counter, Error, Family, FamilyView, Kind, Labelled, Registry, Samples, series};

/// Metrics worked out from others, at each interval.
#[derive(Debug)]
pub struct Aggregates {
    aggregates: Vec<Aggregate>,
    overflowed: Labelled<Counter, 1>,
}

#[derive(Debug)]
struct Aggregate {
    config: AggregateConfig,
    above: Growths,
    below: Growths,
    /// By the kept labels as they are printed, how much was grown at which time, oldest first.
    windows: BTreeMap<String, VecDeque<Grown>>,
}

#[derive(Clone, Copy, Debug)]
struct Grown {
    at: Duration,
    above: f64,
    below: f64,
}

/// How much each counter grew since it was seen last, by the hash of its series.
#[derive(Debug, Default)]
struct Growths {
    last: HashMap<u64, (f64, u64)>,
    round: u64,
    hashes: RandomState,
}

/// The values of one group: their sum, least, greatest, and how many there are.
#[derive(Clone, Copy, Debug)]
struct Values {
    sum: f64,
    least: f64,
    greatest: f64,
    count: u64,
}

impl Aggregates {
    /// Creates the aggregates. What they have no room for the registry counts.
    ///
    /// # Errors
    ///
    /// When the registry has the name of that count for another metric.
    pub fn new(declared: &[AggregateConfig], registry: &Registry) -> Result<Self, Error> {
        let aggregates = declared.iter().map(|config| Aggregate {
            config: AggregateConfig {
                of_where: as_printed(&config.of_where),
                over_where: as_printed(&config.over_where),
                ..config.clone()
            },
            above: Growths::default(),
            below: Growths::default(),
            windows: BTreeMap::new(),
        });
        let overflowed = super::overflow(registry)?;
        Ok(Self { aggregates: aggregates.collect(), overflowed })
    }

    /// Works out all aggregates from the samples of this moment and appends them.
    ///
    /// `now` is [`Clock::uptime`](wardkit_core::Clock::uptime). A ratio without anything below the line, and growth
    /// while there is nothing to compare with, gives no sample.
    pub fn step(&mut self, now: Duration, samples: &Samples, out: &mut Samples) {
        for aggregate in &mut self.aggregates {
            aggregate.step(now, samples, &self.overflowed, out);
        }
    }
}

impl Aggregate {
    fn step(
        &mut self,
        now: Duration,
        samples: &Samples,
        overflowed: &Labelled<Counter, 1>,
        out: &mut Samples,
    ) {
        let config = &self.config;
        let is_growth = match config.op {
            AggregateOp::Rate => true,
            AggregateOp::Ratio => {
                is_counter(samples, &config.of) && is_counter(samples, &config.over)
            }
            _ => false,
        };
        let over = if config.op == AggregateOp::Ratio { config.over.as_str() } else { "" };
        let mut surplus = 0;
        let mut groups = BTreeMap::new();
        let sides = [
            (config.of.as_str(), &config.of_where, &mut self.above),
            (over, &config.over_where, &mut self.below),
        ];
        for (side, (name, filter, growths)) in sides.into_iter().enumerate() {
            growths.round += 1;
            for (series, value) in matching(samples, name, filter) {
                let value = if is_growth { growths.grown(series, value) } else { value };
                let key = kept_labels(series, &config.by);
                if groups.len() >= MOST_GROUPS && !groups.contains_key(&key) {
                    surplus += 1;
                    continue;
                }
                let group: &mut [Values; 2] = groups.entry(key).or_default();
                group[side].add(value);
            }
            growths.forget_unseen();
        }
        if surplus > 0 {
            overflowed.with([&config.name]).add(surplus);
        }
        if is_growth {
            self.windows.retain(|key, _| groups.contains_key(key));
        }
        let kind = if config.name.ends_with("_total") { Kind::Counter } else { Kind::Gauge };
        out.family(Family { name: &config.name, help: &config.help, kind });
        for (labels, values) in groups {
            let result = if is_growth {
                let window = self.windows.entry(labels.clone()).or_default();
                config.grown(window, now, &values)
            } else {
                config.value(&values)
            };
            if let Some(value) = result {
                out.push_text(&labels, value);
            }
        }
    }
}

impl AggregateConfig {
    /// Works out a value from those of this moment.
    fn value(&self, [above, below]: &[Values; 2]) -> Option<f64> {
        let is_there = above.count > 0;
        is_there
            .then(|| match self.op {
                AggregateOp::Avg => above.sum / to_f64(above.count),
                AggregateOp::Min => above.least,
                AggregateOp::Max => above.greatest,
                AggregateOp::Count => to_f64(above.count),
                AggregateOp::Ratio => above.sum / below.sum,
                AggregateOp::Sum | AggregateOp::Rate => above.sum,
            })
            .filter(|_| self.op != AggregateOp::Ratio || (below.count > 0 && below.sum != 0.0))
    }

    /// Adds what was grown to a group's window, and works out the growth over it.
    fn grown(
        &self,
        window: &mut VecDeque<Grown>,
        now: Duration,
        [above, below]: &[Values; 2],
    ) -> Option<f64> {
        let before = window.back().copied().unwrap_or(Grown { at: now, above: 0.0, below: 0.0 });
        let grown =
            Grown { at: now, above: before.above + above.sum, below: before.below + below.sum };
        // So many steps a window are enough, however often it is called: the newest takes the last one's place.
        let too_soon = window.len() >= 2
            && now.saturating_sub(window[window.len() - 2].at) < self.window / STEPS;
        if too_soon {
            window.pop_back();
        }
        window.push_back(grown);
        while window.len() > 2 && now.saturating_sub(window[1].at) >= self.window {
            window.pop_front();
        }
        let first = window.front()?;
        let time = now.saturating_sub(first.at).as_secs_f64();
        let above = grown.above - first.above;
        let below = grown.below - first.below;
        match self.op {
            AggregateOp::Rate => (time > 0.0).then(|| above / time),
            _ => (below > 0.0).then(|| above / below),
        }
    }
}

impl Growths {
    /// Returns by how much a counter grew. One that is seen for the first time did not: nobody knows since when it
    /// counts. One that is lower than before began anew at nothing.
    fn grown(&mut self, series: &str, value: f64) -> f64 {
        if !value.is_finite() {
            return 0.0;
        }
        let round = self.round;
        let key = self.hashes.hash_one(series);
        let Some(last) = self.last.get_mut(&key) else {
            if self.last.len() < MOST_SERIES {
                self.last.insert(key, (value, round));
            }
            return 0.0;
        };
        let (before, _) = std::mem::replace(last, (value, round));
        if value >= before { value - before } else { value.max(0.0) }
    }

    fn forget_unseen(&mut self) {
        self.last.retain(|_, (_, round)| *round == self.round);
    }
}

impl Default for Values {
    fn default() -> Self {
        Self { sum: 0.0, least: f64::INFINITY, greatest: f64::NEG_INFINITY, count: 0 }
    }
}

impl Values {
    /// Adds a value; what is no number counts for nothing, or one broken series would hide all others.
    fn add(&mut self, value: f64) {
        if value.is_nan() {
            return;
        }
        self.sum += value;
        self.least = self.least.min(value);
        self.greatest = self.greatest.max(value);
        self.count += 1;
    }
}

/// Returns the samples of a name with these labels. The name may be that of a histogram's part: `…_count`.
fn matching<'a>(
    samples: &'a Samples,
    name: &'a str,
    filter: &'a BTreeMap<String, String>,
) -> impl Iterator<Item = (&'a str, f64)> {
    families_of(samples, name)
        .flat_map(|family| family.samples())
        .filter(move |sample| {
            series::name(sample.series) == name
                && filter.iter().all(|(label, value)| {
                    let found = series::labels(sample.series).find(|(name, _)| name == label);
                    found.map_or("", |(_, value)| value) == value
                })
        })
        .map(|sample| (sample.series, sample.value))
}

fn families_of<'a>(samples: &'a Samples, name: &'a str) -> impl Iterator<Item = FamilyView<'a>> {
    let has = |family: &FamilyView<'_>, rest: &str| match rest {
        "" => true,
        "_bucket" | "_sum" | "_count" => {
            matches!(family.kind(), Kind::Histogram | Kind::Summary)
        }
        _ => false,
    };
    samples.families().filter(move |family| {
        name.strip_prefix(family.name()).is_some_and(|rest| has(family, rest))
    })
}

fn is_counter(samples: &Samples, name: &str) -> bool {
    families_of(samples, name).any(|family| {
        let is_part = family.name() != name;
        family.kind() == Kind::Counter || is_part
    })
}

/// Returns a filter whose values are as they stand in series: with escapes.
fn as_printed(filter: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let printed = filter.iter().map(|(name, value)| {
        let mut text = String::new();
        escape(value, &mut text);
        (name.clone(), text)
    });
    printed.collect()
}

/// Returns the labels that are kept, as they are printed.
fn kept_labels(series: &str, by: &[String]) -> String {
    let mut text = String::new();
    for kept in by {
        let Some((name, value)) = series::labels(series).find(|(name, _)| name == kept) else {
            continue;
        };
        text.push(if text.is_empty() { '{' } else { ',' });
        for part in [name, "=\"", value, "\""] {
            text.push_str(part);
        }
    }
    if !text.is_empty() {
        text.push('}');
    }
    text
}

#[expect(clippy::cast_precision_loss, reason = "no count comes near 2^53")]
fn to_f64(count: u64) -> f64 {
    count as f64
}

/// Series of one aggregate. What is worked out from more is no summary.
const MOST_GROUPS: usize = 1000;

/// Counters whose growth is followed, as many as a family may have.
const MOST_SERIES: usize = 20_000;

/// Moments of a window that are remembered.
const STEPS: u32 = 60;
