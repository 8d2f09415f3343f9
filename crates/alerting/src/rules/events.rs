//! Rules on events: what happened becomes an alert without being measured.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use wardkit_core::{Event, Labels, Severity, Timestamp};

use super::config::{EventRuleConfig, RulesConfig};
use super::effect::RuleEffect;
use super::event_defaults::default_event_rules;
use super::native::is_label_name;
use super::pattern::EventPattern;
use super::problem::RuleProblem;
use crate::{Alert, Annotations, Fingerprint, Now, Record, Space};

/// The rules on events, with the alerts that last.
#[derive(Debug)]
pub struct EventRules {
    rules: Vec<Rule>,
    external_labels: Labels,
    active: BTreeMap<String, Lasting>,
}

#[derive(Debug)]
struct Rule {
    name: String,
    kinds: Vec<EventPattern>,
    min_severity: Severity,
    resolved_by: Vec<EventPattern>,
    lasts: Duration,
    labels: Labels,
    annotations: Annotations,
}

/// An alert that an event brought.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Lasting {
    rule: String,
    source: String,
    subject: String,
    labels: Labels,
    annotations: Annotations,
    starts_at: Timestamp,
    ends_at: Timestamp,
}

impl EventRules {
    /// Creates the rules of a configuration, and those that come with the program.
    ///
    /// # Errors
    ///
    /// Returns everything that is wrong with them.
    pub fn new(config: &RulesConfig) -> Result<Self, Vec<RuleProblem>> {
        let (mut rules, mut problems) = (Vec::new(), Vec::new());
        let off: BTreeSet<&String> = config.default_rules_off.iter().collect();
        let defaults = default_event_rules().into_iter();
        let defaults = defaults.filter(|rule| config.default_rules && !off.contains(&rule.name));
        rules.extend(defaults.filter_map(|rule| Rule::new(&rule).ok()));
        for (index, rule) in config.event_rule.iter().enumerate() {
            match Rule::new(rule) {
                Ok(rule) => rules.push(rule),
                Err((key, reason)) => problems.push(RuleProblem {
                    group: "events".to_owned(),
                    rule: index + 1,
                    name: rule.name.clone(),
                    ..RuleProblem::new(0, 0, reason).with_key(key)
                }),
            }
        }
        let pairs = config.external_labels.iter();
        let pairs = pairs.map(|(name, value)| (name.as_str(), value.as_str()));
        let external_labels = Labels::from_pairs(pairs);
        match external_labels {
            Ok(external_labels) if problems.is_empty() => {
                Ok(Self { rules, external_labels, active: BTreeMap::new() })
            }
            Ok(_) => Err(problems),
            Err(error) => {
                let problem = RuleProblem::new(0, 0, error.to_string());
                problems.push(problem.with_key("external-labels"));
                Err(problems)
            }
        }
    }

    /// Takes an event in, and returns what is to be done: an alert that begins, lasts longer or ends.
    #[must_use]
    pub fn observe(&mut self, event: &Event, now: Now) -> Vec<RuleEffect> {
        let mut effects = self.forget(now.wall);
        let kind = event.kind.as_str();
        for index in 0..self.rules.len() {
            let rule = &self.rules[index];
            if rule.resolved_by.iter().any(|pattern| pattern.matches(kind)) {
                let ended = self.end(index, event, now.wall);
                effects.extend(ended);
            } else if event.severity >= rule.min_severity
                && rule.kinds.iter().any(|pattern| pattern.matches(kind))
            {
                let begun = self.begin(index, event, now.wall);
                effects.extend(begun);
            }
        }
        effects
    }

    /// Takes over what another run of the program had kept; records of other spaces and rules are ignored.
    pub fn restore(&mut self, records: &[Record]) {
        for record in records {
            let is_own = record.space == Space::Rule && record.key.starts_with(KEYS);
            let Some(value) = record.value.as_deref().filter(|_| is_own) else { continue };
            if let Ok(lasting) = serde_json::from_slice(value) {
                self.active.insert(record.key.clone(), lasting);
            }
        }
    }

    /// Takes over the alerts of the rules before a reload. Alerts of rules that are gone end when their time is over.
    pub fn replace(&mut self, new: Self) {
        let active = std::mem::take(&mut self.active);
        *self = new;
        self.active = active;
    }

    /// Returns all that is kept, for a store that begins anew.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        self.active.iter().map(|(key, lasting)| record(key, Some(lasting))).collect()
    }

    fn begin(&mut self, index: usize, event: &Event, now: Timestamp) -> Vec<RuleEffect> {
        let rule = &self.rules[index];
        let mut subject = event.subject.clone();
        let mut labels = rule.labels_of(event, &subject, &self.external_labels);
        let of_rule = self.active.values().filter(|lasting| lasting.rule == rule.name).count();
        if of_rule >= MOST && !self.active.contains_key(&key(&labels)) {
            // One alert for all that there is no room for.
            OTHERS.clone_into(&mut subject);
            labels = rule.labels_of(event, &subject, &self.external_labels);
        }
        let ends_at = now.saturating_add(rule.lasts);
        let annotations = rule.annotations_of(event);
        let key = key(&labels);
        let starts_at = self.active.get(&key).map_or(event.at.min(now), |known| known.starts_at);
        let source = event.source.clone().into_owned();
        let rule = rule.name.clone();
        let lasting = Lasting { rule, source, subject, labels, annotations, starts_at, ends_at };
        let effects = vec![
            RuleEffect::Alert(lasting.alert(ends_at)),
            RuleEffect::Record(record(&key, Some(&lasting))),
        ];
        self.active.insert(key, lasting);
        effects
    }

    fn end(&mut self, index: usize, event: &Event, now: Timestamp) -> Vec<RuleEffect> {
        let rule = &self.rules[index];
        let is_meant = |lasting: &Lasting| {
            lasting.rule == rule.name
                && lasting.source == event.source
                && (lasting.subject == event.subject || event.subject.is_empty())
        };
        let keys = self.active.iter().filter(|(_, lasting)| is_meant(lasting));
        let keys: Vec<String> = keys.map(|(key, _)| key.clone()).collect();
        let mut effects = Vec::new();
        for key in keys {
            if let Some(lasting) = self.active.remove(&key) {
                effects.push(RuleEffect::Alert(lasting.alert(now)));
                effects.push(RuleEffect::Record(record(&key, None)));
            }
        }
        effects
    }

    /// Forgets alerts whose time is over: the engine has ended them.
    fn forget(&mut self, now: Timestamp) -> Vec<RuleEffect> {
        let over = self.active.extract_if(.., |_, lasting| lasting.ends_at <= now);
        over.map(|(key, _)| RuleEffect::Record(record(&key, None))).collect()
    }
}

impl Lasting {
    fn alert(&self, ends_at: Timestamp) -> Alert {
        Alert {
            labels: self.labels.clone(),
            annotations: self.annotations.clone(),
            starts_at: self.starts_at,
            ends_at: Some(ends_at),
            generator_url: String::new(),
        }
    }
}

impl Rule {
    fn new(config: &EventRuleConfig) -> Result<Self, (String, String)> {
        let wrong = |key: &str, reason: &str| Err((key.to_owned(), reason.to_owned()));
        if config.name.is_empty() {
            return wrong("name", "an alert needs a name");
        }
        if config.kind.is_empty() {
            return wrong("kind", "it names no event");
        }
        if config.lasts.is_zero() {
            return wrong("lasts", "an alert must last for a while");
        }
        let patterns = |key: &str, kinds: &[String]| {
            let patterns = kinds.iter().map(|kind| EventPattern::new(kind));
            let patterns: Option<Vec<_>> = patterns.collect();
            let reason = "an event's kind is dotted lower-case words, or * for any word";
            patterns.ok_or_else(|| (key.to_owned(), reason.to_owned()))
        };
        let names = config.labels.keys().chain(config.annotations.keys());
        for name in names {
            if !is_label_name(name) || name == "__name__" {
                let reason = format!("{name:?} is not a name that a label can have");
                return Err(("labels".to_owned(), reason));
            }
        }
        let pairs = config.labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let labels = Labels::from_pairs(pairs);
        Ok(Self {
            name: config.name.clone(),
            kinds: patterns("kind", &config.kind)?,
            min_severity: config.min_severity,
            resolved_by: patterns("resolved-by", &config.resolved_by)?,
            lasts: config.lasts,
            labels: labels.map_err(|error| ("labels".to_owned(), error.to_string()))?,
            annotations: config.annotations.clone(),
        })
    }

    /// Returns the labels of the alert that an event brings. What has no room is left out, the rule's own first in.
    fn labels_of(&self, event: &Event, subject: &str, external: &Labels) -> Labels {
        let mut labels = self.labels.clone();
        let source: &str = &event.source;
        let own = [
            ("alertname", self.name.as_str()),
            ("source", source),
            ("subject", subject),
            ("severity", event.severity.as_str()),
        ];
        let more = event.labels.iter().chain(external.iter());
        for (name, value) in own.into_iter().chain(more) {
            if labels.value(name).is_none() && !value.is_empty() {
                let mut end = value.len().min(Labels::MAX_VALUE);
                while !value.is_char_boundary(end) {
                    end -= 1;
                }
                let _ = labels.insert(name, &value[..end]);
            }
        }
        labels
    }

    fn annotations_of(&self, event: &Event) -> Annotations {
        let mut annotations = self.annotations.clone();
        let mut add = |name: &str, text: &str| {
            if !text.is_empty() {
                annotations.entry(name.to_owned()).or_insert_with(|| text.to_owned());
            }
        };
        add("summary", &event.message);
        add("kind", event.kind.as_str());
        annotations
    }
}

fn record(key: &str, lasting: Option<&Lasting>) -> Record {
    let value = lasting.and_then(|lasting| serde_json::to_vec(lasting).ok());
    Record { space: Space::Rule, key: key.to_owned(), value }
}

fn key(labels: &Labels) -> String {
    format!("{KEYS}{}", Fingerprint::of(labels))
}

const KEYS: &str = "event/";
/// The subjects of one rule, so that a storm of events fills no memory and no inbox.
const MOST: usize = 500;
const OTHERS: &str = "(others)";
