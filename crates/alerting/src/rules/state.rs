//! A rule with its alerts, and what one evaluation makes of them.

use std::collections::{BTreeMap, HashSet};

use wardkit_core::{Labels, Timestamp};
use wardkit_promql::{Element, Evaluator, Expr, Options, Sample, Source};

use super::AlertState;
use super::active::{Alerts, Found, Moment, Waits, update};
use super::config::OnNoData;
use super::foreign::{core_labels, found_labels};
use super::overlay::{Overlay, Recorded};
use super::rule::Rule;
use super::text::Scope;
use super::view::{RuleHealth, RuleKind, RuleView};

/// A rule with its state.
#[derive(Debug)]
pub(super) struct RuleState {
    pub rule: Rule,
    pub id: String,
    pub alerts: Alerts,
    pub health: RuleHealth,
    pub no_data: bool,
    pub last_evaluation: Option<Timestamp>,
    /// The series that were recorded last: those that are gone get a mark.
    recorded: HashSet<wardkit_promql::Labels>,
}

/// What an evaluation goes by.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub at: Moment,
    pub source: &'a dyn Source,
    pub options: Options,
    pub external_labels: &'a Labels,
    pub external_url: &'a str,
    /// The most alerts or samples; no limit when 0.
    pub limit: usize,
    /// The time since the last evaluation, and whether missing data only mean that nothing was measured yet.
    pub elapsed: i64,
    pub is_settling: bool,
}

/// What an evaluation brought beside the alerts.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub samples: Vec<(wardkit_promql::Labels, Sample)>,
    /// Alerts that are gone for good.
    pub gone: Vec<Labels>,
}

impl RuleState {
    pub(super) fn new(rule: Rule, id: String) -> Self {
        Self {
            rule,
            id,
            alerts: Alerts::new(),
            health: RuleHealth::Unknown,
            no_data: false,
            last_evaluation: None,
            recorded: HashSet::new(),
        }
    }

    /// Evaluates the rule. One that fails leaves its alerts as they were.
    pub(super) fn evaluate(&mut self, context: Context<'_>, recorded: &Recorded) -> Outcome {
        self.last_evaluation = Some(context.at.wall);
        let overlay = Overlay::new(context.source, recorded);
        let done = match self.rule.kind {
            RuleKind::Recording => self.record(context, &overlay),
            RuleKind::Alerting => self.alert(context, &overlay),
        };
        match done {
            Ok(outcome) => {
                self.health = RuleHealth::Ok;
                outcome
            }
            Err(reason) => {
                self.health = RuleHealth::Error(reason);
                Outcome::default()
            }
        }
    }

    fn record(&mut self, context: Context<'_>, overlay: &Overlay<'_>) -> Result<Outcome, String> {
        let found = query(&self.rule.expr, context, overlay)?;
        self.no_data = found.is_empty() && overlay.is_without_data();
        let at_ms = context.at.ms();
        let mut samples = Vec::with_capacity(found.len());
        let mut now = HashSet::with_capacity(found.len());
        for element in found {
            let mut labels = element.labels.with(wardkit_promql::Labels::NAME, &self.rule.name);
            for (name, text) in &self.rule.labels {
                labels = labels.with(name, text.source());
            }
            if !now.insert(labels.clone()) {
                return Err(format!("two results have the labels {labels}"));
            }
            samples.push((labels, Sample::new(at_ms, element.value)));
        }
        if context.limit > 0 && samples.len() > context.limit {
            let (count, limit) = (samples.len(), context.limit);
            return Err(format!("{count} series, and the group's limit is {limit}"));
        }
        self.end(&mut samples, now, at_ms);
        Ok(Outcome { samples, gone: Vec::new() })
    }

    fn alert(&mut self, context: Context<'_>, overlay: &Overlay<'_>) -> Result<Outcome, String> {
        let found = query(&self.rule.expr, context, overlay)?;
        let held = match &self.rule.held_by {
            Some(expr) => query(expr, context, overlay)?,
            None => Vec::new(),
        };
        let is_missing = overlay.is_without_data();
        self.no_data = is_missing && found.is_empty();
        let is_kept = self.no_data && self.rule.on_no_data == OnNoData::Keep;
        if is_missing && (is_kept || context.is_settling) {
            // Nobody knows what is: nothing resolves, and nothing comes nearer to firing.
            self.alerts.values_mut().for_each(|alert| alert.pause(context.elapsed));
            return Ok(Outcome { samples: self.samples(context.at.ms()), gone: Vec::new() });
        }
        let mut all = self.found(found, context, overlay)?;
        for (labels, found) in self.found(held, context, overlay)? {
            let fires = self.alerts.get(&labels).is_some_and(|alert| {
                matches!(alert.state, AlertState::Firing | AlertState::Recovering)
            });
            if fires {
                all.entry(labels).or_insert(found);
            }
        }
        let count = all.len();
        if context.limit > 0 && count > context.limit {
            return Err(format!("{count} alerts, and the group's limit is {}", context.limit));
        }
        let waits = Waits { hold: self.rule.hold, keep_firing_for: self.rule.keep_firing_for };
        let gone = update(&mut self.alerts, all, waits, context.at);
        Ok(Outcome { samples: self.samples(context.at.ms()), gone })
    }

    /// Makes alerts of what an expression found.
    fn found(
        &self,
        elements: Vec<Element>,
        context: Context<'_>,
        overlay: &Overlay<'_>,
    ) -> Result<BTreeMap<Labels, Found>, String> {
        let ask = |text: &str| {
            let expr = Expr::parse(text).map_err(|error| error.to_string())?;
            let elements = query(&expr, context, overlay)?;
            Ok(elements.iter().map(|one| (found_labels(&one.labels), one.value)).collect())
        };
        let scope = Scope {
            external_labels: context.external_labels,
            external_url: context.external_url,
            query: &ask,
        };
        let mut all = BTreeMap::new();
        for element in elements {
            let found = found_labels(&element.labels);
            let render = |text: &super::text::Text| text.render(&found, element.value, scope);
            let mut labels = element.labels.without_name();
            for (name, text) in &self.rule.labels {
                labels = labels.with(name, &render(text));
            }
            let labels = core_labels(&labels.with(ALERT_NAME, &self.rule.name))?;
            let annotations = self.rule.annotations.iter();
            let annotations = annotations.map(|(name, text)| (name.clone(), render(text)));
            let found = Found { annotations: annotations.collect(), value: element.value };
            if all.contains_key(&labels) {
                return Err(format!("two results have the labels {labels}"));
            }
            all.insert(labels, found);
        }
        Ok(all)
    }

    /// Returns what Prometheus records of alerts: `ALERTS`, and since when each was found.
    fn samples(&mut self, at_ms: i64) -> Vec<(wardkit_promql::Labels, Sample)> {
        let mut samples = Vec::new();
        let mut now = HashSet::new();
        for (labels, alert) in &self.alerts {
            let state = match alert.state {
                AlertState::Pending => "pending",
                AlertState::Firing | AlertState::Recovering => "firing",
                AlertState::Resolved | AlertState::Inactive => continue,
            };
            let labels = wardkit_promql::Labels::from(labels);
            let name = wardkit_promql::Labels::NAME;
            let alerts = labels.with(name, "ALERTS").with("alertstate", state);
            let since = labels.with(name, "ALERTS_FOR_STATE");
            #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are exact")]
            let active_at = alert.since_wall.as_unix_seconds() as f64;
            for (labels, value) in [(alerts, 1.0), (since, active_at)] {
                now.insert(labels.clone());
                samples.push((labels, Sample::new(at_ms, value)));
            }
        }
        self.end(&mut samples, now, at_ms);
        samples
    }

    /// Marks the series that are gone.
    fn end(
        &mut self,
        samples: &mut Vec<(wardkit_promql::Labels, Sample)>,
        now: HashSet<wardkit_promql::Labels>,
        at_ms: i64,
    ) {
        let mut gone: Vec<_> = self.recorded.difference(&now).cloned().collect();
        gone.sort();
        samples.extend(gone.into_iter().map(|labels| (labels, Sample::new(at_ms, Sample::STALE))));
        self.recorded = now;
    }

    pub(super) fn view(&self) -> RuleView {
        let texts = |texts: &BTreeMap<String, super::text::Text>| {
            let texts = texts.iter();
            texts.map(|(name, text)| (name.clone(), text.source().to_owned())).collect()
        };
        let lasting = self.alerts.iter().filter(|(_, alert)| !alert.is_over());
        let alerts: Vec<_> = lasting.map(|(labels, alert)| alert.view(labels)).collect();
        RuleView {
            name: self.rule.name.clone(),
            kind: self.rule.kind,
            expr: self.rule.expr.to_string(),
            hold: self.rule.hold.as_secs_f64(),
            keep_firing_for: self.rule.keep_firing_for.as_secs_f64(),
            labels: texts(&self.rule.labels),
            annotations: texts(&self.rule.annotations),
            state: alerts.iter().map(|alert| alert.state).max().unwrap_or_default(),
            health: self.health.clone(),
            no_data: self.no_data,
            last_evaluation: self.last_evaluation,
            alerts,
        }
    }
}

fn query(expr: &Expr, context: Context<'_>, source: &dyn Source) -> Result<Vec<Element>, String> {
    let evaluator = Evaluator::new(source).with_options(context.options);
    let value = evaluator.instant(expr, context.at.ms()).map_err(|error| chain(&error))?;
    let kind = value.value_type();
    value.into_elements().ok_or_else(|| format!("it comes to a {kind}, not an instant vector"))
}

/// Returns an error with its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text += ": ";
        text += &error.to_string();
        cause = error.source();
    }
    text
}

const ALERT_NAME: &str = "alertname";
