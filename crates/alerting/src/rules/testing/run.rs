//! Lets rules run over the series of a test.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use wardkit_core::{Labels as CoreLabels, Timestamp};
use wardkit_promql::{Evaluator, Expr, Labels, MemorySource, Options, Sample};

use super::input::{AlertCase, ExpressionCase, Test, TestFile};
use super::{TestFailure, TestReport, metric, series};
use crate::rules::active::Moment;
use crate::rules::config::RulesConfig;
use crate::rules::effect::RuleEffect;
use crate::rules::file::print_period;
use crate::rules::overlay::Recorded;
use crate::rules::view::RuleHealth;
use crate::rules::{AlertState, RuleGroups};

/// Runs all tests of a file.
pub(super) fn run(file: &TestFile, rule_files: &[(String, String)], report: &mut TestReport) {
    for (index, test) in file.tests.iter().enumerate() {
        let messages = match Run::new(file, test, rule_files) {
            Ok(mut run) => run.run(test, file.evaluation_interval),
            Err(messages) => messages,
        };
        report.failures.extend(messages.into_iter().map(|message| TestFailure {
            test: index + 1,
            name: test.name.clone(),
            message,
        }));
    }
}

/// A test under way.
struct Run {
    groups: RuleGroups,
    /// Which group is evaluated when.
    order: Vec<usize>,
    data: MemorySource,
    /// What is not in the data yet, the latest first.
    coming: Vec<(Labels, Vec<Sample>)>,
    options: Options,
}

/// Labels and annotations of an alert that fires.
type Firing = (BTreeMap<String, String>, BTreeMap<String, String>);

impl Run {
    fn new(
        file: &TestFile,
        test: &Test,
        rule_files: &[(String, String)],
    ) -> Result<Self, Vec<String>> {
        let mut config = RulesConfig { default_rules: false, ..RulesConfig::default() };
        config.external_labels.clone_from(&test.external_labels);
        config.interval = file.evaluation_interval;
        let groups = RuleGroups::load(&config, &test.external_url, rule_files);
        let mut groups = groups
            .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        let mut all: BTreeMap<Labels, Vec<Sample>> = BTreeMap::new();
        let mut total = 0;
        for (metric, values) in &test.input_series {
            let (labels, samples) = samples(metric, values, test.interval)
                .map_err(|reason| vec![format!("input series {metric:?}: {reason}")])?;
            total += samples.len();
            if total > MOST_SAMPLES {
                return Err(vec![format!(
                    "the input series have more than {MOST_SAMPLES} samples"
                )]);
            }
            all.insert(labels, samples);
        }
        let place = |name: &str| {
            // A group that is not named goes with the first, as in promtool.
            file.group_eval_order.iter().position(|own| own == name).unwrap_or(0)
        };
        let (states, _) = groups.parts();
        let mut order: Vec<usize> = (0..states.len()).collect();
        order.sort_by_key(|&index| place(&states[index].name));
        let mut options = Options::default();
        options.subquery_step = file.evaluation_interval;
        let coming = all.into_iter().collect();
        Ok(Self { groups, order, data: MemorySource::new(), coming, options })
    }

    /// Runs the rules at each step, looks at the alerts on the way and at the expressions in the end.
    fn run(&mut self, test: &Test, interval: Duration) -> Vec<String> {
        if let Some(case) = test.alerts.iter().find(|case| case.alertname.is_empty()) {
            let at = print_period(case.eval_time);
            return vec![format!("alert_rule_test at {at}: alertname must be set")];
        }
        if test.end().as_millis() / interval.as_millis().max(1) > MOST_STEPS {
            return vec![format!("the test has more than {MOST_STEPS} evaluations")];
        }
        let mut failures = Vec::new();
        let mut at = Duration::ZERO;
        while at <= test.end() {
            self.load(millis(at));
            let errors = self.evaluate(at);
            if !errors.is_empty() {
                failures.extend(errors);
                return failures;
            }
            for case in &test.alerts {
                // It is asked at its time, and answered by the evaluation before.
                if at <= case.eval_time && case.eval_time < at + interval {
                    failures.extend(self.check_alerts(case));
                }
            }
            at += interval;
        }
        failures.extend(test.expressions.iter().filter_map(|case| self.check_expression(case)));
        failures
    }

    /// Brings the samples up to a time.
    fn load(&mut self, now_ms: i64) {
        for (labels, samples) in &mut self.coming {
            while let Some(sample) = samples.pop_if(|sample| sample.at_ms <= now_ms) {
                self.data.append(labels, sample);
            }
        }
        self.coming.retain(|(_, samples)| !samples.is_empty());
    }

    /// Evaluates the groups once, and returns what failed.
    fn evaluate(&mut self, at: Duration) -> Vec<String> {
        let wall = Timestamp::UNIX_EPOCH.saturating_add(at);
        let moment = Moment { wall, boot: wall.as_unix_nanos() };
        let mut recorded = Recorded::default();
        let (groups, manner) = self.groups.parts();
        let mut new = Vec::new();
        let mut errors = Vec::new();
        for &index in &self.order {
            let group = &mut groups[index];
            new.extend(group.evaluate(moment, &self.data, manner, &mut recorded));
            for rule in &group.rules {
                if let RuleHealth::Error(reason) = &rule.health {
                    let (name, at) = (&rule.rule.name, print_period(at));
                    errors.push(format!("rule {name} at {at}: {reason}"));
                }
            }
        }
        for effect in new {
            if let RuleEffect::Sample(labels, sample) = effect {
                self.data.append(&labels, sample);
            }
        }
        errors
    }

    fn check_alerts(&mut self, case: &AlertCase) -> Option<String> {
        let (groups, _) = self.groups.parts();
        let rules = groups.iter().flat_map(|group| &group.rules);
        let rules = rules.filter(|rule| rule.rule.name == case.alertname);
        let alerts = rules.flat_map(|rule| &rule.alerts).filter(|(_, alert)| {
            matches!(alert.state, AlertState::Firing | AlertState::Recovering)
        });
        let mut got: Vec<Firing> =
            alerts.map(|(labels, alert)| (pairs(labels), alert.annotations.clone())).collect();
        let mut expected = case.expected.clone();
        for (labels, _) in &mut expected {
            labels.insert("alertname".to_owned(), case.alertname.clone());
        }
        got.sort();
        expected.sort();
        (got != expected).then(|| {
            let (name, at) = (&case.alertname, print_period(case.eval_time));
            let (expected, got) = (shown(&expected), shown(&got));
            format!("alertname: {name}, time: {at}\n  exp: {expected}\n  got: {got}")
        })
    }

    fn check_expression(&self, case: &ExpressionCase) -> Option<String> {
        let at = print_period(case.eval_time);
        let head = format!("expr: {:?}, time: {at}", case.expr);
        let mut got = match self.query(case) {
            Ok(got) => got,
            Err(reason) => return Some(format!("{head}: {reason}")),
        };
        let mut expected = Vec::new();
        for (labels, value) in &case.expected {
            match metric::whole(labels) {
                Ok(labels) => expected.push((labels, *value)),
                Err(reason) => return Some(format!("{head}: labels {labels:?}: {reason}")),
            }
        }
        got.sort_by(|a, b| a.0.cmp(&b.0));
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        #[expect(clippy::float_cmp, reason = "promtool wants the very number, and no NaN")]
        let is_same = got.len() == expected.len()
            && got.iter().zip(&expected).all(|(a, b)| a.0 == b.0 && a.1 == b.1);
        let list = |samples: &[(Labels, f64)]| {
            let samples = samples.iter().map(|(labels, value)| format!("{labels} {value}"));
            samples.collect::<Vec<_>>().join(", ")
        };
        (!is_same).then(|| format!("{head}\n  exp: {}\n  got: {}", list(&expected), list(&got)))
    }

    fn query(&self, case: &ExpressionCase) -> Result<Vec<(Labels, f64)>, String> {
        let expr = Expr::parse(&case.expr).map_err(|error| error.to_string())?;
        let evaluator = Evaluator::new(&self.data).with_options(self.options);
        let value = evaluator.instant(&expr, millis(case.eval_time));
        let value = value.map_err(|error| error.to_string())?;
        let kind = value.value_type();
        let elements = value.into_elements();
        let elements =
            elements.ok_or_else(|| format!("it comes to a {kind}, not an instant vector"))?;
        Ok(elements.into_iter().map(|one| (one.labels, one.value)).collect())
    }
}

/// Returns the samples of a series, the latest first.
fn samples(
    metric: &str,
    values: &str,
    interval: Duration,
) -> Result<(Labels, Vec<Sample>), String> {
    // Each stands in its own line of a script there, which a line break would end.
    let line = format!("{metric} {values}");
    let line = line.trim();
    if line.contains('\n') || line.starts_with('#') || line.is_empty() {
        return Err("a series stands in one line".to_owned());
    }
    let (labels, values) = series::read(line)?;
    let mut samples = Vec::new();
    let mut seen = BTreeSet::new();
    let step = millis(interval);
    let mut at_ms = 0_i64;
    for value in values {
        // Of two at one time the first stays.
        if let Some(value) = value.filter(|_| seen.insert(at_ms)) {
            samples.push(Sample::new(at_ms, value));
        }
        at_ms = at_ms.saturating_add(step);
    }
    samples.reverse();
    Ok((labels, samples))
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn pairs(labels: &CoreLabels) -> BTreeMap<String, String> {
    labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn shown(alerts: &[Firing]) -> String {
    let map = |map: &BTreeMap<String, String>| {
        let pairs = map.iter().map(|(name, value)| format!("{name}={value:?}"));
        format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
    };
    let alerts = alerts.iter().map(|(labels, annotations)| {
        format!("\n    labels {} annotations {}", map(labels), map(annotations))
    });
    let text: String = alerts.collect();
    if text.is_empty() { "none".to_owned() } else { text }
}

/// Evaluations of one test: two years of minutes.
const MOST_STEPS: u128 = 1_000_000;
const MOST_SAMPLES: usize = 10_000_000;
