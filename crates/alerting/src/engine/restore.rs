//! The state after a restart.

use std::time::Duration;

use wardkit_core::Severity;

use super::config::EngineConfig;
use super::group::GroupId;
use super::kept;
use super::time::{Mono, Timer};
use super::view::{IncidentState, Silence};
use super::{ANCHOR_AT_REST, Effect, Engine};
use crate::{Anchor, Matchers, Now, Plan, Record, Space};

impl Engine {
    /// Creates an engine with what another one had kept: the records of the spaces alert, group, incident, silence and
    /// meta; others are ignored. The effects belong into a commit before anything else.
    ///
    /// A record that cannot be read is left out, and an event says so.
    #[must_use]
    pub fn restore(
        plan: Plan,
        config: EngineConfig,
        boot_id: &str,
        records: &[Record],
        now: Now,
    ) -> (Self, Vec<Effect>) {
        let mut engine = Self::new(plan, config, boot_id);
        engine.now = now;
        let read = |record: &&Record| record.space == Space::Meta && record.key == kept::ANCHOR;
        let anchor = records.iter().rev().find(read).and_then(|record| record.value.as_deref());
        let anchor = anchor.and_then(|value| serde_json::from_slice::<Anchor>(value).ok());
        let moved = engine.moved(anchor.as_ref());
        for record in records {
            if let Some(value) = &record.value
                && engine.read(record, value, moved).is_none()
            {
                let message =
                    format!("a record of the space {} cannot be read", record.space.as_str());
                engine.say("alerting.state.unreadable", Severity::Error, &record.key, message);
            }
        }
        engine.arm();
        engine.reroute();
        // How long after the last anchor the other one ran on is not known; the next anchor was not written.
        let alive = anchor.map_or(Mono::default(), |anchor| Mono::of(anchor.boot));
        let alive = moved.map_or(alive, |(from, to)| alive.moved(from, to));
        engine.resume(alive.plus(ANCHOR_AT_REST));
        if moved.is_some() {
            engine.touched.alerts.extend(engine.alerts.keys());
            engine.touched.groups.extend(engine.groups.keys());
        }
        let effects = engine.finish();
        (engine, effects)
    }

    /// Returns all that is kept, for a store that begins anew.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        let alerts = self.alerts.iter().map(|(&fingerprint, alert)| {
            kept::alert_record(fingerprint, Some(alert), self.flaps.ring(fingerprint))
        });
        let groups = self.groups.iter().map(|(&id, group)| kept::group_record(id, Some(group)));
        let silences = self
            .silences
            .iter()
            .map(|silence| kept::record(Space::Silence, &silence.id, Some(silence)));
        let parents = self.parents.iter().map(|(name, children)| {
            kept::record(Space::Meta, &format!("{}{name}", kept::PARENT), Some(children))
        });
        let anchor = std::iter::once(self.anchor_record());
        alerts.chain(groups).chain(silences).chain(parents).chain(anchor).collect()
    }

    /// Returns from where to where times since the boot are moved when they are another run's: waits go on from when
    /// it was last written down what time it was.
    fn moved(&self, anchor: Option<&Anchor>) -> Option<(Mono, Mono)> {
        let anchor = anchor?;
        let same = anchor.boot_id == self.boot_id && anchor.boot <= self.now.boot;
        (!same).then(|| (Mono::of(anchor.boot), self.mono()))
    }

    fn read(&mut self, record: &Record, value: &[u8], moved: Option<(Mono, Mono)>) -> Option<()> {
        let place = |at: Mono| moved.map_or(at, |(from, to)| at.moved(from, to));
        match record.space {
            Space::Alert => {
                let (fingerprint, mut alert, ring) = kept::read_alert(value)?;
                // While nothing ran, nobody could bring it.
                alert.expires = place(alert.expires).max(self.mono().plus(GRACE));
                self.alerts.insert(fingerprint, Box::new(alert));
                if let Some(ring) = ring {
                    let ring = moved.map_or(ring, |(from, to)| ring.moved(from, to));
                    self.flaps.put(fingerprint, ring);
                }
            }
            Space::Group => {
                let mut group = kept::read_group(value)?;
                let id = GroupId::parse(&record.key)?;
                group.next = place(group.next);
                for told in &mut group.told {
                    told.at = place(told.at);
                }
                if let Some(incident) = &mut group.incident {
                    incident.until = incident.until.map(place);
                    if let Some(escalation) = &mut incident.escalation {
                        escalation.due = escalation.due.map(place);
                    }
                    self.incidents.insert(incident.id, id);
                }
                self.groups.insert(id, Box::new(group));
            }
            Space::Silence => {
                let silence: Silence = serde_json::from_slice(value).ok()?;
                self.silences.put(silence, self.config.silence_retention);
            }
            Space::Meta => {
                if let Some(parent) = record.key.strip_prefix(kept::PARENT) {
                    let children: Matchers = serde_json::from_slice(value).ok()?;
                    self.parents.insert(parent.to_owned(), children);
                }
            }
            Space::Incident | Space::Escalation | Space::Rule => {}
        }
        Some(())
    }

    fn arm(&mut self) {
        let period = self.config.flapping.unwrap_or_default().period;
        let now = self.mono();
        for (&fingerprint, alert) in &self.alerts {
            if alert.ended_at.is_none() || alert.dismissed {
                self.timers.set(Timer::Expire(fingerprint), alert.expires);
            }
            if alert.flapping {
                self.timers.set(Timer::Flap(fingerprint), now.plus(period));
            }
        }
        for (&id, group) in &self.groups {
            let Some(incident) = &group.incident else {
                continue;
            };
            match (incident.until, incident.state) {
                (Some(until), IncidentState::Acked | IncidentState::Snoozed) => {
                    self.timers.set(Timer::Unattended(id), until);
                }
                (Some(until), IncidentState::Resolved) => self.timers.set(Timer::Forget(id), until),
                _ => {}
            }
        }
        self.silences.skip_past(self.now.wall);
    }
}

/// How long after a restart an alert lasts at least: time for whoever brings it to bring it again.
const GRACE: Duration = Duration::from_mins(5);
