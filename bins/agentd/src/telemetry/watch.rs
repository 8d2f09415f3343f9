//! Watching what was measured for the unusual, and memory for leaks.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use wardkit_core::{Event, Severity, Timestamp};
use wardkit_detect::anomaly::{Detector, Profile};
use wardkit_detect::leak::{LeakWatch, Verdict};
use wardkit_metrics::history::Selector;
use wardkit_metrics::{Collector, Error, Kind, Samples};

use super::{Moment, float, gauge, labels, lock};
use crate::config::DetectConfig;

/// Watches the series that the configuration chooses. It does no IO and has no clock.
pub(crate) struct Watch {
    selectors: Vec<Selector>,
    config: DetectConfig,
    watched: HashMap<String, Watched>,
    leaks: HashMap<String, (LeakWatch, bool)>,
    /// When the oldest process of each group began, by the group's labels.
    began: HashMap<String, f64>,
    /// Begin of the stretch whose mean is judged next.
    since: Option<Timestamp>,
    shown: Shown,
}

/// What is shown of the watch, by series.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown(Arc<Mutex<Scores>>);

#[derive(Debug, Default)]
struct Scores {
    levels: Vec<(String, f64)>,
    leaks: Vec<(String, f64)>,
    surplus: u64,
}

struct Watched {
    detector: Detector,
    /// The counter at the last moment.
    last: Option<(Timestamp, f64)>,
    sum: f64,
    count: u32,
    level: f64,
    told: Option<Timestamp>,
}

impl Watch {
    pub(crate) fn new(config: DetectConfig) -> Self {
        // What is no selector was refused with the configuration.
        let selectors = config.series.iter().filter_map(|series| series.parse().ok()).collect();
        Self {
            selectors,
            config,
            watched: HashMap::new(),
            leaks: HashMap::new(),
            began: HashMap::new(),
            since: None,
            shown: Shown::default(),
        }
    }

    pub(crate) fn shown(&self) -> Shown {
        self.shown.clone()
    }

    /// Takes a moment and returns what there is to tell.
    pub(crate) fn step(&mut self, moment: &Moment) -> Vec<Event> {
        self.leaks_of(moment);
        let mut surplus = 0;
        for family in moment.samples.families() {
            let wanted: Vec<_> = self
                .selectors
                .iter()
                .filter(|one| one.name().is_none_or(|name| name == family.name()))
                .collect();
            if wanted.is_empty() || !matches!(family.kind(), Kind::Counter | Kind::Gauge) {
                continue;
            }
            for sample in
                family.samples().filter(|one| wanted.iter().any(|it| it.matches(one.series)))
            {
                let room = self.watched.len() < self.config.max_series;
                match self.watched.entry(sample.series.to_owned()) {
                    Entry::Vacant(_) if !room => surplus += 1,
                    entry => entry.or_insert_with(Watched::new).add(
                        family.kind(),
                        moment.at,
                        sample.value,
                    ),
                }
            }
        }
        let since = *self.since.get_or_insert(moment.at);
        let is_due =
            moment.at.duration_since(since).is_none_or(|passed| passed >= self.config.every);
        if !is_due {
            return Vec::new();
        }
        self.since = Some(moment.at);
        let events = self.judge(moment.at);
        self.show(surplus);
        events
    }

    /// Looks at the memory of agentd and of each group of processes.
    fn leaks_of(&mut self, moment: &Moment) {
        let of = |name: &'static str| {
            let named = moment.samples.families().filter(move |family| family.name() == name);
            named.flat_map(|family| family.samples())
        };
        for sample in of(BEGAN) {
            let began = self.began.insert(labels(sample.series).to_owned(), sample.value);
            // The kernel's clock of when it booted moves a little.
            if began.is_some_and(|began| (sample.value - began).abs() > SAME_START) {
                self.restarted(labels(sample.series));
            }
        }
        let mut told = HashSet::new();
        for sample in of(ANONYMOUS) {
            told.insert(labels(sample.series));
            self.leak(sample.series, moment.at, sample.value);
        }
        // Files that are mapped come and go without a leak: second best.
        for sample in of(RESIDENT).filter(|sample| !told.contains(labels(sample.series))) {
            self.leak(sample.series, moment.at, sample.value);
        }
        for sample in of(OWN) {
            self.leak(sample.series, moment.at, sample.value);
        }
    }

    /// Begins anew with a group: it warms up again.
    fn restarted(&mut self, group: &str) {
        for (series, (watch, told)) in &mut self.leaks {
            if labels(series) == group {
                watch.restarted();
                *told = false;
            }
        }
    }

    fn leak(&mut self, series: &str, at: Timestamp, bytes: f64) {
        if self.leaks.len() >= MOST_LEAKS && !self.leaks.contains_key(series) {
            return;
        }
        if let Some((watch, _)) = self.leaks.get_mut(series) {
            watch.push(at, bytes);
        } else {
            let mut watch = LeakWatch::new();
            watch.push(at, bytes);
            self.leaks.insert(series.to_owned(), (watch, false));
        }
    }

    fn judge(&mut self, at: Timestamp) -> Vec<Event> {
        let mut events = Vec::new();
        for (series, watched) in &mut self.watched {
            events.extend(watched.judge(series, at, &self.config));
        }
        // A series that is gone leaves its place to another.
        self.watched.retain(|_, watched| watched.last.is_some_and(|(seen, _)| is_fresh(seen, at)));
        for (series, (watch, told)) in &mut self.leaks {
            let Verdict::Leaking(leak) = watch.verdict() else {
                *told = false;
                continue;
            };
            if !std::mem::replace(told, true) {
                let event = Event::new(at, "detect.leak.found", Severity::Warning, "detect");
                events.push(event.with_subject(series).with_message(leak.to_string()));
            }
        }
        events
    }

    fn show(&self, surplus: u64) {
        let mut levels: Vec<_> =
            self.watched.iter().map(|(series, one)| (series.clone(), one.level)).collect();
        levels.sort_by(|a, b| a.0.cmp(&b.0));
        let leaking = |told: bool| f64::from(u8::from(told));
        let mut leaks: Vec<_> =
            self.leaks.iter().map(|(series, (_, told))| (series.clone(), leaking(*told))).collect();
        leaks.sort_by(|a, b| a.0.cmp(&b.0));
        *lock(&self.shown.0) = Scores { levels, leaks, surplus };
    }
}

impl Watched {
    fn new() -> Self {
        Self {
            detector: Detector::new(Profile::Small),
            last: None,
            sum: 0.0,
            count: 0,
            level: 0.0,
            told: None,
        }
    }

    fn add(&mut self, kind: Kind, at: Timestamp, value: f64) {
        let last = self.last.replace((at, value));
        let value = match (kind, last) {
            (Kind::Counter, Some((before, total))) => {
                let Some(passed) = at.duration_since(before).filter(|passed| !passed.is_zero())
                else {
                    return;
                };
                // A counter that fell began anew: how much it counted in between nobody knows.
                if value < total {
                    return;
                }
                (value - total) / passed.as_secs_f64()
            }
            (Kind::Counter, None) => return,
            _ => value,
        };
        self.sum += value;
        self.count += 1;
    }

    fn judge(&mut self, series: &str, at: Timestamp, config: &DetectConfig) -> Option<Event> {
        if self.count == 0 {
            return None;
        }
        let value = self.sum / f64::from(self.count);
        (self.sum, self.count) = (0.0, 0);
        let score = self.detector.push(Some(at), value);
        self.level = score.level;
        if score.value < config.threshold {
            return None;
        }
        let is_quiet =
            |told: Timestamp| at.duration_since(told).is_some_and(|passed| passed < config.quiet);
        if self.told.is_some_and(is_quiet) {
            return None;
        }
        self.told = Some(at);
        let event = Event::new(at, "detect.anomaly.found", Severity::Notice, "detect")
            .with_subject(series)
            .with_message(score.reason.to_string());
        Some(event.with_detail("score", score.value).with_detail("value", value))
    }
}

impl Collector for Shown {
    fn name(&self) -> &'static str {
        "detect"
    }

    fn collect(&mut self, out: &mut Samples) -> Result<(), Error> {
        let scores = lock(&self.0);
        let help = "How unusual the series is, from 0 to 1.";
        out.family(gauge("agentd_detect_anomaly_score", help));
        for (series, level) in &scores.levels {
            out.push(&[("series", series)], *level);
        }
        let help = "Whether the memory of the series grows and gives nothing back.";
        out.family(gauge("agentd_detect_leak", help));
        for (series, leaks) in &scores.leaks {
            out.push(&[("series", series)], *leaks);
        }
        let help = "Series that are chosen and not watched, because there are too many.";
        out.single(gauge("agentd_detect_overflow_series", help), float(scores.surplus));
        Ok(())
    }
}

fn is_fresh(seen: Timestamp, now: Timestamp) -> bool {
    now.duration_since(seen).is_none_or(|passed| passed < GONE)
}

/// Whose memory is watched for leaks.
const ANONYMOUS: &str = "process_group_anonymous_memory_bytes";
const RESIDENT: &str = "process_group_resident_memory_bytes";
const OWN: &str = "process_resident_memory_bytes";
const BEGAN: &str = "process_group_oldest_start_time_seconds";
/// Seconds.
const SAME_START: f64 = 5.0;
const MOST_LEAKS: usize = 256;
/// What is away for longer comes back as another.
const GONE: Duration = Duration::from_mins(10);

#[cfg(test)]
mod tests;
