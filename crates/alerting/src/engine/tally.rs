//! How alerts were dealt with since the program started, in numbers that only grow.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Serialize;
use wardkit_core::{Labels, Timestamp};

use super::group::IncidentId;

/// Incidents since the start, in numbers that only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct IncidentTotals {
    /// Opened, and opened again.
    pub opened: u64,
    /// Acknowledged for the first time since they were opened.
    pub acknowledged: u64,
    /// From being opened to that, all together.
    pub acknowledge_seconds: f64,
    /// Resolved.
    pub resolved: u64,
    /// From being opened to that, all together.
    pub resolve_seconds: f64,
    /// Resolved within five minutes without anybody having acknowledged them.
    pub noise: u64,
}

/// How often alerts of one name did something since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RuleTotals {
    /// The name; `(others)` for those beyond the first hundred.
    pub name: String,
    /// They fired.
    pub fired: u64,
    /// They began to come and go.
    pub flapped: u64,
}

/// Counts. What it remembers beside numbers is of open incidents.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) incidents: IncidentTotals,
    /// When incidents that came back did.
    reopened: BTreeMap<IncidentId, Timestamp>,
    attended: BTreeSet<IncidentId>,
    rules: BTreeMap<String, (u64, u64)>,
}

impl Tally {
    pub(super) fn opened(&mut self, id: IncidentId, at: Timestamp, before: Timestamp) {
        self.incidents.opened += 1;
        if before != at {
            self.reopened.insert(id, at);
        }
    }

    pub(super) fn acknowledged(&mut self, id: IncidentId, opened: Timestamp, at: Timestamp) {
        if self.attended.insert(id) {
            self.incidents.acknowledged += 1;
            self.incidents.acknowledge_seconds += self.lasted(id, opened, at).as_secs_f64();
        }
    }

    pub(super) fn resolved(&mut self, id: IncidentId, opened: Timestamp, at: Timestamp) {
        let lasted = self.lasted(id, opened, at);
        self.incidents.resolved += 1;
        self.incidents.resolve_seconds += lasted.as_secs_f64();
        self.incidents.noise += u64::from(!self.attended.contains(&id) && lasted < NOISE);
        self.forget(id);
    }

    pub(super) fn forget(&mut self, id: IncidentId) {
        self.reopened.remove(&id);
        self.attended.remove(&id);
    }

    pub(super) fn fired(&mut self, labels: &Labels) {
        self.count(labels, |(fired, _)| *fired += 1);
    }

    pub(super) fn flapped(&mut self, labels: &Labels) {
        self.count(labels, |(_, flapped)| *flapped += 1);
    }

    pub(super) fn rules(&self) -> Vec<RuleTotals> {
        let of = |(name, &(fired, flapped)): (&String, &(u64, u64))| RuleTotals {
            name: name.clone(),
            fired,
            flapped,
        };
        self.rules.iter().map(of).collect()
    }

    fn lasted(&self, id: IncidentId, opened: Timestamp, at: Timestamp) -> Duration {
        let since = self.reopened.get(&id).copied().unwrap_or(opened);
        at.duration_since(since).unwrap_or_default()
    }

    fn count(&mut self, labels: &Labels, add: impl FnOnce(&mut (u64, u64))) {
        let name = labels.value("alertname").unwrap_or_default();
        let is_known = self.rules.contains_key(name) || self.rules.len() < MOST_RULES;
        let name = if is_known { name } else { OTHERS };
        if let Some(totals) = self.rules.get_mut(name) {
            add(totals);
        } else {
            let mut totals = (0, 0);
            add(&mut totals);
            self.rules.insert(name.to_owned(), totals);
        }
    }
}

/// What is over sooner, without anybody having cared, was noise.
pub(crate) const NOISE: Duration = Duration::from_mins(5);
/// Names come with alerts of others: each is a series.
const MOST_RULES: usize = 100;
const OTHERS: &str = "(others)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_beyond_the_first_hundred_are_counted_together() {
        let mut tally = Tally::default();
        for n in 0..150 {
            let labels = Labels::from_pairs([("alertname", format!("A{n:03}").as_str())]).unwrap();
            tally.fired(&labels);
            tally.fired(&labels);
            tally.flapped(&labels);
        }
        let rules = tally.rules();
        assert_eq!(rules.len(), 101);
        assert_eq!(
            (rules[0].name.as_str(), rules[0].fired, rules[0].flapped),
            ("(others)", 100, 50)
        );
        assert_eq!((rules[1].name.as_str(), rules[1].fired, rules[1].flapped), ("A000", 2, 1));
    }
}
