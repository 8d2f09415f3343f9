//! Incidents: who knows, who takes care, when it is over.

use std::sync::Arc;
use std::time::Duration;

use wardkit_core::Severity;

use super::Engine;
use super::effect::{Cancel, Effect, Refusal};
use super::escalate::is_unattended;
use super::group::{GroupId, Incident, IncidentId, Told};
use super::input::{Escalate, Fate, IncidentAction};
use super::silences::MAX_TEXT;
use super::time::Timer;
use super::view::IncidentState;
use crate::{AckToken, ChannelId, Fingerprint, Kind, NotificationKey, Urgency};

impl Engine {
    /// Opens the incident of a group, or opens it again when it was resolved a short while ago.
    pub(super) fn open_incident(&mut self, id: GroupId) {
        let now = self.mono();
        let wall = self.now.wall;
        let Some(group) = self.groups.get_mut(&id) else {
            return;
        };
        let what = match &mut group.incident {
            Some(incident) if incident.is_open() => return,
            Some(incident) if incident.until.is_some_and(|until| now < until) => {
                incident.state = IncidentState::Reopened;
                (incident.resolved_at, incident.until) = (None, None);
                incident.by.clear();
                "incident.reopened"
            }
            other => {
                let name = |attempt| IncidentId::of(id, wall, group.generation, attempt);
                let mut attempt = 0;
                while self.incidents.contains_key(&name(attempt)) {
                    attempt += 1;
                }
                let incident = name(attempt);
                if let Some(old) = other.take() {
                    self.incidents.remove(&old.id);
                }
                self.incidents.insert(incident, id);
                *other = Some(Incident {
                    id: incident,
                    state: IncidentState::Triggered,
                    opened_at: wall,
                    resolved_at: None,
                    until: None,
                    by: String::new(),
                    escalation: None,
                    used: Vec::new(),
                });
                "incident.opened"
            }
        };
        if let Some(incident) = self.groups.get(&id).and_then(|group| group.incident.as_ref()) {
            self.tally.opened(incident.id, wall, incident.opened_at);
        }
        self.timers.clear(Timer::Forget(id));
        self.note_incident(id, what, "", "");
        self.begin_escalation(id);
    }

    /// Resolves the incident of a group when none of its alerts lasts.
    pub(super) fn resolve_incident_if_over(&mut self, id: GroupId, by: &str) {
        let Some(group) = self.groups.get(&id) else {
            return;
        };
        let lasts = |alert: &Fingerprint| self.alerts.get(alert).is_some_and(|alert| alert.lasts());
        if group.open_incident().is_none() || group.alerts.iter().any(lasts) {
            return;
        }
        let (now, wall) = (self.mono(), self.now.wall);
        let reopen = self.config.reopen_within;
        if let Some(incident) = self.groups.get_mut(&id).and_then(|group| group.incident.as_mut()) {
            incident.state = IncidentState::Resolved;
            incident.resolved_at = Some(wall);
            incident.until = Some(now.plus(reopen));
            self.tally.resolved(incident.id, incident.opened_at, wall);
        }
        self.timers.clear(Timer::Unattended(id));
        self.pause_escalation(id);
        self.note_incident(id, "incident.resolved", by, "");
        self.cancel_calls(id, "the incident is resolved");
    }

    /// Lets a group without alerts go, or wait for whether its incident comes back.
    pub(super) fn rest(&mut self, id: GroupId) {
        self.timers.clear(Timer::Flush(id));
        let until = self.groups.get(&id).and_then(|group| group.incident.as_ref()?.until);
        match until {
            Some(until) if until > self.mono() => self.timers.set(Timer::Forget(id), until),
            _ => self.forget(id),
        }
    }

    pub(super) fn forget(&mut self, id: GroupId) {
        if self.groups.get(&id).is_some_and(|group| !group.alerts.is_empty()) {
            return;
        }
        if let Some(group) = self.groups.remove(&id)
            && let Some(incident) = group.incident
        {
            self.incidents.remove(&incident.id);
            self.tally.forget(incident.id);
        }
        self.storm.held.remove(&id);
        let timers = [Timer::Flush, Timer::Unattended, Timer::Escalate, Timer::Forget];
        for timer in timers.map(|timer| timer(id)) {
            self.timers.clear(timer);
        }
        self.touched.groups.insert(id);
    }

    pub(super) fn act(&mut self, id: &str, by: &str, action: IncidentAction) {
        let group = IncidentId::parse(id).and_then(|incident| self.incidents.get(&incident));
        let Some(&group) = group else {
            return self.refuse(Refusal::NoIncident { id: id.to_owned() });
        };
        if self.groups.get(&group).is_none_or(|group| group.open_incident().is_none()) {
            return self.refuse(Refusal::IncidentResolved { id: id.to_owned() });
        }
        match action {
            IncidentAction::Acknowledge { hold, comment } => {
                let hold = hold.or_else(|| self.ack_hold(group));
                self.attend(group, IncidentState::Acked, hold, by);
                self.note_incident(group, "incident.acknowledged", by, &comment);
                self.cancel_calls(group, "somebody takes care");
            }
            IncidentAction::Snooze { hold, comment } => {
                self.attend(group, IncidentState::Snoozed, Some(hold), by);
                self.note_incident(group, "incident.snoozed", by, &comment);
                self.cancel_calls(group, "snoozed");
            }
            // Nobody takes care already: no step waits longer for it.
            IncidentAction::Unacknowledge if self.is_unattended(group) => {}
            IncidentAction::Unacknowledge => {
                self.attend(group, IncidentState::Triggered, None, "");
                self.note_incident(group, "incident.unacknowledged", by, "");
            }
            IncidentAction::Resolve { comment } => self.dismiss(group, by, &comment),
        }
    }

    /// Acknowledges by a link, unless that did so before.
    pub(super) fn acknowledge(&mut self, token: AckToken, by: &str) {
        let id = token.incident();
        let group = IncidentId::parse(&id).and_then(|incident| self.incidents.get(&incident));
        let group = group.and_then(|group| self.groups.get_mut(group));
        let incident = group.and_then(|group| group.incident.as_mut());
        if let Some(incident) = incident.filter(|incident| incident.is_open()) {
            if incident.used.contains(&token.nonce) {
                return self.refuse(Refusal::LinkUsed);
            }
            incident.used.push(token.nonce);
        }
        let comment = "by a link".to_owned();
        self.act(&id, by, IncidentAction::Acknowledge { hold: None, comment });
    }

    fn attend(&mut self, id: GroupId, state: IncidentState, hold: Option<Duration>, by: &str) {
        let until = hold.map(|hold| self.mono().plus(hold));
        if let Some(incident) = self.groups.get_mut(&id).and_then(|group| group.incident.as_mut()) {
            incident.state = state;
            incident.until = until;
            cut(by).clone_into(&mut incident.by);
            if state == IncidentState::Acked {
                self.tally.acknowledged(incident.id, incident.opened_at, self.now.wall);
            }
        }
        match until {
            Some(until) => self.timers.set(Timer::Unattended(id), until),
            None => self.timers.clear(Timer::Unattended(id)),
        }
        if is_unattended(state) {
            self.resume_escalation(id);
        } else {
            self.pause_escalation(id);
        }
    }

    /// A critical incident that somebody took and forgot comes back by itself.
    fn ack_hold(&self, id: GroupId) -> Option<Duration> {
        (self.urgency(id) == Urgency::Critical).then_some(self.config.ack_timeout).flatten()
    }

    fn is_unattended(&self, id: GroupId) -> bool {
        let incident = self.groups.get(&id).and_then(|group| group.open_incident());
        incident.is_some_and(|incident| is_unattended(incident.state))
    }

    pub(super) fn urgency(&self, id: GroupId) -> Urgency {
        let alerts = self.groups.get(&id).map_or(&[][..], |group| &group.alerts);
        let lasting = alerts.iter().filter_map(|alert| self.alerts.get(alert));
        lasting.map(|alert| alert.urgency).max().unwrap_or_default()
    }

    /// Ends the alerts of an incident because somebody says so.
    fn dismiss(&mut self, id: GroupId, by: &str, comment: &str) {
        let alerts = self.groups.get(&id).map(|group| group.alerts.clone()).unwrap_or_default();
        for fingerprint in alerts {
            let Some(alert) = self.alerts.get_mut(&fingerprint) else {
                continue;
            };
            alert.flapping = false;
            self.timers.clear(Timer::Flap(fingerprint));
            if alert.ended_at.is_none() {
                alert.dismissed = true;
                self.end(fingerprint, self.now.wall, cut(comment), by);
            }
        }
        self.resolve_incident_if_over(id, by);
    }

    /// Nobody takes care any more: the incident is as it was before, and those who knew of it are told again.
    pub(super) fn unattended(&mut self, id: GroupId) {
        let Some(incident) = self.groups.get(&id).and_then(|group| group.open_incident()) else {
            return;
        };
        let why = match incident.state {
            IncidentState::Acked => "the acknowledgement ran out",
            IncidentState::Snoozed => "the snooze ran out",
            _ => return,
        };
        self.attend(id, IncidentState::Triggered, None, "");
        self.note_incident(id, "incident.unattended", "", why);
        self.remind(id);
    }

    /// Tells the channels of a group again what lasts.
    fn remind(&mut self, id: GroupId) {
        if self.group_holder(id).is_some() {
            return;
        }
        let alerts = self.told_alerts(id);
        if alerts.is_empty() {
            return;
        }
        let generation = self.next_generation(id);
        let at = self.mono();
        for channel in self.channels_of(id) {
            let hash = |alert: &Fingerprint| {
                Some(self.alerts.get(alert)?.told_as(*alert, channel.send_resolved))
            };
            let mut firing: Vec<_> = alerts.iter().filter_map(hash).collect();
            let before = self.groups.get(&id).and_then(|group| group.told(&channel.id));
            firing.extend(before.map_or(&[][..], |told| &told.firing));
            firing.sort_unstable();
            firing.dedup();
            let resolved = before.map(|told| told.resolved.clone()).unwrap_or_default();
            let key = self.key(id, generation, &channel.id, Kind::Reminder);
            let told = Told { firing, resolved, at, ..Told::of(channel.id.clone()) };
            self.remember_told(id, told);
            self.tell(id, channel.id, Kind::Reminder, key, &alerts);
        }
    }

    /// Returns the alerts of a group that last and that nothing holds back.
    pub(super) fn told_alerts(&self, id: GroupId) -> Vec<Fingerprint> {
        let fires = |alert: &&Fingerprint| {
            let alert = self.alerts.get(alert);
            alert.is_some_and(|it| it.ended_at.is_none() && self.holder_of(it).is_none())
        };
        let alerts = self.groups.get(&id).map_or(&[][..], |group| &group.alerts);
        alerts.iter().filter(fires).copied().collect()
    }

    /// What was to call somebody and has not left yet need not any more.
    pub(super) fn cancel_calls(&mut self, id: GroupId, why: &str) {
        let incident = self.groups.get(&id).map(|group| group.incident_key()).unwrap_or_default();
        let kinds = vec![Kind::Escalation, Kind::Reminder];
        self.out.push(Effect::Cancel(Cancel { incident, kinds, why: why.to_owned() }));
    }

    pub(super) fn escalate(&mut self, wish: &Escalate) {
        let incident = IncidentId::parse(&wish.incident);
        let group = incident.and_then(|incident| self.incidents.get(&incident)).copied();
        let Some(id) = group else {
            return self.refuse(Refusal::NoIncident { id: wish.incident.clone() });
        };
        let Some(receiver) = self.plan.receivers.get(&wish.receiver) else {
            return self.refuse(Refusal::NoReceiver { name: wish.receiver.clone() });
        };
        let channels = receiver.channels.clone();
        let Some(group) = self.groups.get(&id) else {
            return;
        };
        let unattended = group.open_incident().is_some_and(|it| is_unattended(it.state));
        let alerts = self.told_alerts(id);
        if !unattended || alerts.is_empty() {
            return;
        }
        let person = wish.person.as_deref().unwrap_or_default();
        for channel in channels {
            let parts = [&wish.incident, &*wish.step, channel.id.as_str(), person, "escalation"];
            let key = NotificationKey::new(&parts);
            let word = self.notification(id, channel.id, Kind::Escalation, key, &alerts);
            if let Some(mut word) = word {
                word.receiver.clone_from(&wish.receiver);
                word.person.clone_from(&wish.person);
                self.send(word);
            }
        }
    }

    /// A channel that was not reached does not know what lasts, and is not told its end.
    pub(super) fn delivered(
        &mut self,
        incident: &str,
        channel: &ChannelId,
        kind: Kind,
        fate: Fate,
    ) {
        let told_by =
            matches!(kind, Kind::Group | Kind::Escalation | Kind::Reminder | Kind::Digest);
        // Who is not reminded knows from before.
        let changes_nothing =
            fate == Fate::Sent || (fate == Fate::Cancelled && kind != Kind::Escalation);
        if changes_nothing || !told_by {
            return;
        }
        let group = IncidentId::parse(incident).and_then(|id| self.incidents.get(&id)).copied();
        let Some(id) = group else {
            return;
        };
        let told = self.groups.get_mut(&id).map(|group| group.told.iter_mut());
        if let Some(told) = told.into_iter().flatten().find(|told| told.channel == *channel) {
            self.touched.groups.insert(id);
            match fate {
                Fate::Rerouted(by) => told.by = Some(by),
                Fate::Dead => {
                    told.dead = true;
                    let message = format!("{channel} was not reached about incident {incident}");
                    self.say("alerting.delivery.died", Severity::Error, channel.as_str(), message);
                }
                Fate::Sent | Fate::Cancelled => told.dead = true,
            }
        }
    }

    pub(super) fn note_incident(&mut self, id: GroupId, what: &str, by: &str, why: &str) {
        let Some(group) = self.groups.get(&id) else {
            return;
        };
        let (labels, incident) = (Arc::clone(&group.labels), group.incident_key());
        let mut transition = self.transition(what, &*incident, &labels);
        transition.incident = incident;
        (transition.by, transition.why) = (cut(by).to_owned(), cut(why).to_owned());
        self.note(transition);
        self.touched.groups.insert(id);
    }
}

/// Cuts what somebody says to what is kept of it.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT)]
}
