//! The rules while they run: asked in time, and what they say brought to the engine.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use wardkit_alerting::rules::{EventRules, GroupView, RuleEffect, RuleGroups};
use wardkit_alerting::service::{Hook, HookEffects, Work};
use wardkit_alerting::{Effect, Engine, Input, Now, Record};
use wardkit_core::Event;
use wardkit_metrics::{Collector, Samples};
use wardkit_promql::{Labels, Source};

use super::lock;
use crate::telemetry::gauge;

/// The rules on metrics and on events.
#[derive(Debug)]
pub(crate) struct Rules {
    groups: Mutex<RuleGroups>,
    events: Mutex<EventRules>,
    /// As they were after the last evaluation: who looks does not wait for one.
    views: Mutex<Vec<GroupView>>,
    /// What recording rules found last.
    recorded: Mutex<BTreeMap<Labels, f64>>,
}

impl Rules {
    pub(crate) fn new((groups, events): (RuleGroups, EventRules)) -> Self {
        let views = Mutex::new(groups.views());
        let (groups, events) = (Mutex::new(groups), Mutex::new(events));
        Self { groups, events, views, recorded: Mutex::default() }
    }

    /// Returns the time since the host's start at which rules are to be asked.
    pub(crate) fn next_wake(&self) -> Option<Duration> {
        lock(&self.groups).next_wake()
    }

    /// Asks the rules that are due. Blocks.
    pub(crate) fn step(&self, now: Now, source: &dyn Source) -> Work {
        let mut groups = lock(&self.groups);
        let effects = groups.step(now, source);
        *lock(&self.views) = groups.views();
        drop(groups);
        self.work(effects, "rules")
    }

    /// Shows an event to the rules on events.
    pub(crate) fn observe(&self, event: &Event, now: Now) -> Work {
        let effects = lock(&self.events).observe(event, now);
        self.work(effects, "events")
    }

    /// Takes over other rules. Those that were there before keep their alerts. Blocks while rules are asked.
    pub(crate) fn replace(&self, (groups, events): (RuleGroups, EventRules), now: Now) -> Work {
        let mut held = lock(&self.groups);
        let effects = held.replace(groups, now);
        *lock(&self.views) = held.views();
        drop(held);
        lock(&self.events).replace(events);
        lock(&self.recorded).clear();
        self.work(effects, "rules")
    }

    /// Returns the groups as they are shown.
    pub(crate) fn views(&self) -> Vec<GroupView> {
        lock(&self.views).clone()
    }

    /// Sorts what rules want done, and keeps what they recorded.
    fn work(&self, effects: Vec<RuleEffect>, source: &str) -> Work {
        let (mut work, mut alerts) = (Work::default(), Vec::new());
        for effect in effects {
            match effect {
                RuleEffect::Alert(alert) => alerts.push(alert),
                RuleEffect::Record(record) => work.records.push(record),
                RuleEffect::Transition(transition) => work.transitions.push(transition),
                RuleEffect::Sample(labels, sample) => {
                    let mut recorded = lock(&self.recorded);
                    if sample.is_stale() {
                        recorded.remove(&labels);
                    } else if recorded.len() < MOST_RECORDED || recorded.contains_key(&labels) {
                        recorded.insert(labels, sample.value);
                    }
                }
                _ => {}
            }
        }
        if !alerts.is_empty() {
            work.inputs.push(Input::Alerts { source: source.to_owned(), alerts });
        }
        work
    }
}

/// Tells what recording rules found, so that it is measured, kept and shown like everything else.
pub(crate) struct Recorded(pub std::sync::Arc<Rules>);

impl Collector for Recorded {
    fn name(&self) -> &'static str {
        "rules"
    }

    fn collect(&mut self, out: &mut Samples) -> Result<(), wardkit_metrics::Error> {
        let recorded = lock(&self.0.recorded);
        let mut name = "";
        // Sorted by labels, hence by name only within what stands before it: a family may come twice.
        let mut sorted: Vec<_> = recorded.iter().collect();
        sorted.sort_by_key(|(labels, _)| labels.name().unwrap_or_default());
        for (labels, value) in sorted {
            let own = labels.name().unwrap_or_default();
            if own != name {
                name = own;
                out.family(gauge(name, "What a recording rule found."));
            }
            let nameless: Vec<_> = labels.iter().filter(|(key, _)| *key != Labels::NAME).collect();
            out.push(&nameless, *value);
        }
        Ok(())
    }
}

/// Gives the rules what an earlier run kept, and keeps what they want kept.
pub(crate) struct RulesHook {
    rules: std::sync::Arc<Rules>,
    boot_id: String,
}

impl RulesHook {
    pub(crate) fn new(rules: std::sync::Arc<Rules>, boot_id: String) -> Self {
        Self { rules, boot_id }
    }
}

impl Hook for RulesHook {
    fn restore(&mut self, now: Now, _: &Engine, records: &[Record]) -> HookEffects {
        lock(&self.rules.events).restore(records);
        let effects = lock(&self.rules.groups).restore(&self.boot_id, records, now);
        let work = self.rules.work(effects, "rules");
        HookEffects { inputs: work.inputs, records: work.records, transitions: work.transitions }
    }

    fn observe(&mut self, _: Now, _: &Engine, _: &[Effect]) -> HookEffects {
        HookEffects::default()
    }

    fn tick(&mut self, _: Now, _: &Engine) -> HookEffects {
        HookEffects::default()
    }

    fn next_wake(&self) -> Option<Duration> {
        None
    }

    fn records(&self) -> Vec<Record> {
        let mut records = lock(&self.rules.groups).records();
        records.extend(lock(&self.rules.events).records());
        records
    }
}

/// As many series as one program brings.
const MOST_RECORDED: usize = 10_000;
