//! Which alerts silence others.

use std::collections::{BTreeSet, HashMap};

use wardkit_core::Labels;

use crate::{Fingerprint, InhibitRule};

/// The rules, with the alerts that last and silence others by the labels that must be alike.
#[derive(Debug, Default)]
pub(super) struct Inhibitor {
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    rule: InhibitRule,
    sources: HashMap<Vec<Box<str>>, Sources>,
}

/// An alert that matches both sides of a rule neither silences itself nor another such one: so says Alertmanager, and
/// so two alerts of a rule with equal sides do not make each other vanish.
#[derive(Debug, Default)]
struct Sources {
    one_sided: BTreeSet<Fingerprint>,
    two_sided: BTreeSet<Fingerprint>,
}

impl Inhibitor {
    pub(super) fn new(rules: &[InhibitRule]) -> Self {
        let rules = rules.iter().map(|rule| Rule { rule: rule.clone(), sources: HashMap::new() });
        Self { rules: rules.collect() }
    }

    /// Takes note of an alert that lasts.
    pub(super) fn insert(&mut self, fingerprint: Fingerprint, labels: &Labels) {
        for rule in self.rules.iter_mut().filter(|rule| rule.rule.source.matches(labels)) {
            let sources = rule.sources.entry(alike(&rule.rule, labels)).or_default();
            if rule.rule.target.matches(labels) {
                sources.two_sided.insert(fingerprint);
            } else {
                sources.one_sided.insert(fingerprint);
            }
        }
    }

    /// Takes note of the end of an alert.
    pub(super) fn remove(&mut self, fingerprint: Fingerprint, labels: &Labels) {
        for rule in self.rules.iter_mut().filter(|rule| rule.rule.source.matches(labels)) {
            let key = alike(&rule.rule, labels);
            if let Some(sources) = rule.sources.get_mut(&key) {
                sources.one_sided.remove(&fingerprint);
                sources.two_sided.remove(&fingerprint);
                if sources.one_sided.is_empty() && sources.two_sided.is_empty() {
                    rule.sources.remove(&key);
                }
            }
        }
    }

    /// Returns an alert that silences one with these labels. One that is silenced itself silences all the same, so
    /// that a cycle silences all that are in it.
    pub(super) fn source(&self, labels: &Labels) -> Option<Fingerprint> {
        self.rules.iter().find_map(|rule| rule.source(labels))
    }
}

impl Rule {
    fn source(&self, labels: &Labels) -> Option<Fingerprint> {
        if self.sources.is_empty() || !self.rule.target.matches(labels) {
            return None;
        }
        let sources = self.sources.get(&alike(&self.rule, labels))?;
        let both = || self.rule.source.matches(labels);
        sources.one_sided.first().or_else(|| sources.two_sided.first().filter(|_| !both())).copied()
    }
}

/// A label that is missing has the empty value, on both sides.
fn alike(rule: &InhibitRule, labels: &Labels) -> Vec<Box<str>> {
    rule.equal.iter().map(|name| labels.value(name).unwrap_or_default().into()).collect()
}
