//! Which alerts come and go.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::config::Flapping;
use super::time::Mono;
use crate::Fingerprint;

/// The last states of each alert that has changed.
#[derive(Debug, Default)]
pub(super) struct Flaps(BTreeMap<Fingerprint, Ring>);

/// The last 21 states of an alert, the latest in the lowest bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ring {
    bits: u32,
    last: Mono,
    /// When it was last told that the alert flaps.
    pub(super) told: Option<Mono>,
}

impl Flaps {
    /// Notes a change and returns how much of the last states were changes, in percent.
    pub(super) fn change(
        &mut self,
        alert: Fingerprint,
        now: Mono,
        rule: &Flapping,
        room: usize,
    ) -> f64 {
        if self.0.len() >= room && !self.0.contains_key(&alert) {
            self.0.retain(|_, ring| ring.told.is_some() || !ring.is_calm(now, rule));
            if self.0.len() >= room {
                return 0.0;
            }
        }
        let ring = self.0.entry(alert).or_insert(Ring { last: now, ..Ring::default() });
        ring.settle(now, rule);
        ring.push(ring.bits & 1 == 0);
        ring.last = now;
        ring.changes()
    }

    /// Returns how much of the last states were changes, in percent.
    pub(super) fn changes(&mut self, alert: Fingerprint, now: Mono, rule: &Flapping) -> f64 {
        self.0.get_mut(&alert).map_or(0.0, |ring| {
            ring.settle(now, rule);
            ring.changes()
        })
    }

    pub(super) fn ring(&self, alert: Fingerprint) -> Option<&Ring> {
        self.0.get(&alert)
    }

    pub(super) fn ring_mut(&mut self, alert: Fingerprint) -> Option<&mut Ring> {
        self.0.get_mut(&alert)
    }

    pub(super) fn put(&mut self, alert: Fingerprint, ring: Ring) {
        self.0.insert(alert, ring);
    }
}

impl Ring {
    #[must_use]
    pub(super) fn moved(self, origin: Mono, to: Mono) -> Self {
        let told = self.told.map(|told| told.moved(origin, to));
        Self { last: self.last.moved(origin, to), told, ..self }
    }

    /// Adds the states that have lasted since the last one: the first period is that one's own.
    fn settle(&mut self, now: Mono, rule: &Flapping) {
        let period = rule.period.as_nanos().max(1);
        let periods = now.since(self.last).as_nanos() / period;
        let Some(unchanged) = periods.checked_sub(1).filter(|&more| more > 0) else {
            return;
        };
        for _ in 0..unchanged.min(u128::from(STATES)) {
            self.push(self.bits & 1 == 1);
        }
        let added = u64::try_from(unchanged * period).unwrap_or(u64::MAX);
        self.last = self.last.plus(std::time::Duration::from_nanos(added));
    }

    fn push(&mut self, state: bool) {
        self.bits = (self.bits << 1 | u32::from(state)) & MASK;
    }

    /// The latest change counts one and a half times as much as the oldest.
    fn changes(self) -> f64 {
        let changed = self.bits ^ (self.bits >> 1);
        let weighted = (0..STATES - 1)
            .filter(|place| changed >> place & 1 == 1)
            .map(|place| LATEST - (LATEST - OLDEST) * f64::from(place) / f64::from(STATES - 2));
        weighted.sum::<f64>() * 100.0 / f64::from(STATES - 1)
    }

    fn is_calm(&self, now: Mono, rule: &Flapping) -> bool {
        let mut settled = *self;
        settled.settle(now, rule);
        settled.changes() < f64::from(rule.low)
    }
}

/// As many as Nagios looks at.
const STATES: u32 = 21;
const MASK: u32 = (1 << STATES) - 1;
/// What the latest and the oldest change count, so that twenty changes are 100 %.
const LATEST: f64 = 1.2;
const OLDEST: f64 = 0.8;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use wardkit_core::Labels;

    use super::*;

    fn alert() -> Fingerprint {
        Fingerprint::of(&Labels::new())
    }

    fn after(changes: u32, every: Duration) -> f64 {
        let mut flaps = Flaps::default();
        let mut percent = 0.0;
        for number in 0..changes {
            let now = Mono::default().plus(every * number);
            percent = flaps.change(alert(), now, &Flapping::default(), 10);
        }
        percent
    }

    #[test]
    fn changes_count_more_the_later_they_are_and_the_closer_they_follow() {
        let second = Duration::from_secs(1);
        assert!((after(1, second) - 6.0).abs() < 0.01);
        assert!((after(20, second) - 100.0).abs() < 0.01);
        assert!(after(9, second) > 50.0 && after(8, second) < 50.0);
        // One that changes every five minutes has four calm states between.
        assert!(after(50, Duration::from_mins(5)) < 28.0);
        assert!(after(50, Duration::from_mins(30)) < 7.0);
    }

    #[test]
    fn an_alert_calms_down_when_it_keeps_its_state() {
        let mut flaps = Flaps::default();
        let rule = Flapping::default();
        for second in 0..20 {
            let now = Mono::default().plus(Duration::from_secs(second));
            flaps.change(alert(), now, &rule, 10);
        }
        let minute = |minutes| Mono::default().plus(Duration::from_mins(minutes));
        assert!(flaps.changes(alert(), minute(8), &rule) > 50.0);
        assert!(flaps.changes(alert(), minute(20), &rule) < 25.0);
        assert!(flaps.changes(alert(), minute(60), &rule).abs() < 0.01);
    }
}
