//! A group with its state: when it is due, and what its evaluation brings.

use std::collections::BTreeMap;
use std::time::Duration;

use wardkit_core::{Labels, Timestamp};
use wardkit_promql::{Options, Source};

use super::AlertState;
use super::active::{Active, Boot, Moment, nanos};
use super::effect::RuleEffect;
use super::keep::{alert_record, gone_record, group_record, no_group_record};
use super::overlay::Recorded;
use super::rule::{Group, Rule};
use super::state::{Context, Outcome, RuleState};
use super::view::{GroupView, RuleHealth, RuleKind};
use crate::{Alert, Record, Transition};

/// A group with its state.
#[derive(Debug)]
pub(super) struct GroupState {
    pub file: String,
    pub name: String,
    pub id: String,
    pub interval: Duration,
    pub limit: usize,
    pub rules: Vec<RuleState>,
    pub last: Option<Moment>,
    pub due: Boot,
    /// Until when missing data only mean that nothing was measured yet.
    pub settles: Option<Boot>,
    /// When what is kept of it was written last.
    pub kept: Option<Boot>,
}

/// What all groups go by.
#[derive(Debug)]
pub(super) struct Manner {
    pub external_labels: Labels,
    pub external_url: String,
    pub resend_delay: Duration,
    pub options: Options,
    pub boot_id: String,
}

impl GroupState {
    pub(super) fn new(group: Group, interval: Duration) -> Self {
        let id = group.id();
        let mut counts = BTreeMap::new();
        let state = |rule: Rule| {
            let first = rule.id(&id, 0);
            let nth = counts.entry(first).or_insert(0_usize);
            let own = rule.id(&id, *nth);
            *nth += 1;
            RuleState::new(rule, own)
        };
        let rules = group.rules.into_iter().map(state).collect();
        Self {
            file: group.file,
            name: group.name,
            id,
            interval: group.interval.unwrap_or(interval),
            limit: group.limit,
            rules,
            last: None,
            due: Boot::MIN,
            settles: None,
            kept: None,
        }
    }

    /// Evaluates the group, when it is due.
    pub(super) fn step(
        &mut self,
        at: Moment,
        source: &dyn Source,
        manner: &Manner,
        recorded: &mut Recorded,
    ) -> Vec<RuleEffect> {
        if at.boot < self.due {
            return Vec::new();
        }
        // At its own pace, but never twice for what was missed.
        let interval = nanos(self.interval).max(1);
        let next = self.due.max(at.boot.saturating_sub(interval)).saturating_add(interval);
        self.due = if next > at.boot { next } else { at.boot.saturating_add(interval) };
        self.notice_gaps(at, interval, manner.options.lookback);
        self.evaluate(at, source, manner, recorded)
    }

    /// Takes time out of every `for` in which nothing was evaluated, and waits for data after such a time and after
    /// the wall's clock was set.
    fn notice_gaps(&mut self, at: Moment, interval: Boot, lookback: Duration) {
        let Some(last) = self.last else { return };
        let gap = at.boot.saturating_sub(last.boot);
        let by_wall = at.wall.as_unix_nanos().saturating_sub(last.wall.as_unix_nanos());
        let is_late = gap > interval.saturating_mul(3);
        if is_late {
            self.pause(gap.saturating_sub(interval));
        }
        if is_late || by_wall.saturating_sub(gap).saturating_abs() > nanos(CLOCK_WAS_SET) {
            self.settles = Some(at.boot.saturating_add(nanos(lookback)));
        }
    }

    pub(super) fn pause(&mut self, by: Boot) {
        for alert in self.rules.iter_mut().flat_map(|rule| rule.alerts.values_mut()) {
            alert.pause(by);
        }
    }

    /// Evaluates the rules, one after the other.
    pub(super) fn evaluate(
        &mut self,
        at: Moment,
        source: &dyn Source,
        manner: &Manner,
        recorded: &mut Recorded,
    ) -> Vec<RuleEffect> {
        let last = self.last.replace(at);
        let elapsed = last.map_or(0, |last| at.boot.saturating_sub(last.boot).max(0));
        let is_late = elapsed > nanos(self.interval).saturating_mul(3);
        let context = Context {
            at,
            source,
            options: manner.options,
            external_labels: &manner.external_labels,
            external_url: &manner.external_url,
            limit: self.limit,
            // The rest of a gap is taken out already.
            elapsed: if is_late { nanos(self.interval) } else { elapsed },
            is_settling: self.settles.is_some_and(|settles| at.boot < settles),
        };
        let mut effects = Vec::new();
        for rule in &mut self.rules {
            let before = (rule.health.clone(), rule.no_data);
            let Outcome { samples, gone } = rule.evaluate(context, recorded);
            for labels in gone {
                effects.push(RuleEffect::Record(gone_record(&rule.id, &labels)));
            }
            bring(rule, at, self.interval, manner, &mut effects);
            for (labels, sample) in samples {
                recorded.add(labels.clone(), sample);
                effects.push(RuleEffect::Sample(labels, sample));
            }
            effects.extend(told(rule, &self.name, before, at.wall).map(RuleEffect::Transition));
        }
        self.keep(at, manner, &mut effects);
        effects
    }

    /// Keeps when the group was evaluated, while there is an alert whose `for` is counted by it.
    fn keep(&mut self, at: Moment, manner: &Manner, effects: &mut Vec<RuleEffect>) {
        let alerts = self.rules.iter().flat_map(|rule| rule.alerts.values());
        let lasts = alerts.into_iter().any(|alert| !alert.is_over());
        if !lasts {
            if self.kept.take().is_some() {
                effects.push(RuleEffect::Record(no_group_record(&self.id)));
            }
            return;
        }
        let is_recent =
            self.kept.is_some_and(|kept| at.boot.saturating_sub(kept) < nanos(KEEP_EVERY));
        // What changed is counted from this evaluation, so that both are written together.
        let is_new = effects.iter().any(|effect| matches!(effect, RuleEffect::Record(_)));
        if is_new || !is_recent {
            self.kept = Some(at.boot);
            effects.push(RuleEffect::Record(group_record(&self.id, &manner.boot_id, at)));
        }
    }

    /// Returns all that is kept of the group: nothing while it has no alerts.
    pub(super) fn records(&self, last: Moment, boot_id: &str) -> Vec<Record> {
        let mut records = Vec::new();
        for rule in &self.rules {
            let lasting = rule.alerts.iter().filter(|(_, alert)| !alert.is_over());
            let row = |(labels, alert)| alert_record(&rule.id, boot_id, labels, alert);
            records.extend(lasting.map(row));
        }
        if !records.is_empty() {
            records.push(group_record(&self.id, boot_id, last));
        }
        records
    }

    pub(super) fn view(&self) -> GroupView {
        GroupView {
            file: self.file.clone(),
            name: self.name.clone(),
            interval: self.interval.as_secs_f64(),
            last_evaluation: self.last.map(|last| last.wall),
            rules: self.rules.iter().map(RuleState::view).collect(),
        }
    }
}

/// Brings the alerts of a rule that are due, and keeps those that changed.
fn bring(
    rule: &mut RuleState,
    at: Moment,
    interval: Duration,
    manner: &Manner,
    effects: &mut Vec<RuleEffect>,
) {
    let (id, expr) = (&rule.id, &rule.rule.expr);
    for (labels, alert) in &mut rule.alerts {
        if std::mem::take(&mut alert.is_changed) {
            let record = alert_record(id, &manner.boot_id, labels, alert);
            effects.push(RuleEffect::Record(record));
        }
        if !alert.is_due(at.boot, manner.resend_delay) {
            continue;
        }
        alert.sent = Some(at.boot);
        // Four times may be missed before it counts as over.
        let valid = manner.resend_delay.max(interval).saturating_mul(4);
        let ends_at = alert.resolved_at.unwrap_or_else(|| at.wall.saturating_add(valid));
        let url = || generator_url(&manner.external_url, &expr.to_string());
        effects.push(RuleEffect::Alert(brought(labels, alert, ends_at, manner, url)));
    }
}

/// Returns an alert as it is brought to the engine.
pub(super) fn brought(
    labels: &Labels,
    alert: &Active,
    ends_at: Timestamp,
    manner: &Manner,
    generator_url: impl FnOnce() -> String,
) -> Alert {
    let mut labels = labels.clone();
    for (name, value) in manner.external_labels.iter() {
        if labels.value(name).is_none() {
            // One too many is left out: the alert matters more.
            let _ = labels.insert(name, value);
        }
    }
    Alert {
        labels,
        annotations: alert.annotations.clone(),
        starts_at: alert.fired_at.unwrap_or(alert.since_wall),
        ends_at: Some(ends_at),
        generator_url: generator_url(),
    }
}

/// Returns where the expression can be looked at, as Prometheus has it.
fn generator_url(external_url: &str, expr: &str) -> String {
    if external_url.is_empty() {
        return String::new();
    }
    let mut url = format!("{}/graph?g0.expr=", external_url.trim_end_matches('/'));
    for byte in expr.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                url.push(char::from(byte));
            }
            b' ' => url.push('+'),
            _ => {
                url.push('%');
                for digit in [byte >> 4, byte & 15] {
                    url.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
                }
            }
        }
    }
    url + "&g0.tab=1"
}

/// Says what changed in how a rule goes.
fn told(
    rule: &RuleState,
    group: &str,
    (health, no_data): (RuleHealth, bool),
    at: Timestamp,
) -> Option<Transition> {
    let (what, why) = match (&health, &rule.health) {
        (RuleHealth::Error(before), RuleHealth::Error(now)) if before == now => return None,
        (_, RuleHealth::Error(reason)) => ("rule.failed", reason.clone()),
        (RuleHealth::Error(_), _) => ("rule.recovered", String::new()),
        _ if rule.rule.kind == RuleKind::Recording => return None,
        _ => match (no_data, rule.no_data) {
            (false, true) if has_alerts(rule) => ("rule.data_lost", NO_DATA.to_owned()),
            (true, false) if has_alerts(rule) => ("rule.data_returned", String::new()),
            _ => return None,
        },
    };
    Some(Transition {
        at,
        what: what.to_owned(),
        subject: format!("{group}/{}", rule.rule.name),
        incident: String::new(),
        by: String::new(),
        why,
        labels: Labels::new(),
    })
}

fn has_alerts(rule: &RuleState) -> bool {
    rule.alerts.values().any(|alert| alert.state >= AlertState::Pending)
}

const NO_DATA: &str = "none of its series has a sample";
/// Clocks drift, but not that much between two evaluations.
const CLOCK_WAS_SET: Duration = Duration::from_secs(30);
/// A restart costs an alert that much of its `for` at most.
const KEEP_EVERY: Duration = Duration::from_secs(15);
