//! Calls one after the other until somebody takes care.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use wardkit_core::{Severity, Timestamp};

use super::Engine;
use super::flush::SHORTEST_INTERVAL;
use super::group::{GroupId, Told};
use super::time::{Mono, Timer};
use super::view::{EscalationView, IncidentState, Suppressor};
use crate::escalation::Call;
use crate::{
    EscalationPolicy, EscalationStep, Fingerprint, Kind, NotificationKey, OnlyIf, ReceiverChannel,
};

/// How far an escalation is, as it is kept with its incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Escalation {
    pub(super) policy: String,
    /// The step that comes next.
    step: usize,
    /// How often all steps were gone through.
    round: u32,
    /// When the next step is due; none while somebody takes care, and after the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) due: Option<Mono>,
    /// Whether anybody was called in this round.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    reached: bool,
    /// Who was called: they hear what becomes of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    called: Vec<Called>,
}

/// A receiver that was called, and the person behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Called {
    receiver: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    person: Option<String>,
}

impl Engine {
    /// Begins the escalation of an incident that was opened, if a policy takes it.
    pub(super) fn begin_escalation(&mut self, id: GroupId) {
        let Some(policy) = self.policy(id) else {
            return;
        };
        let (name, delay) = (policy.name.clone(), policy.steps.first().map(|step| step.delay));
        let due = delay.map(|delay| self.mono().plus(delay));
        let Some(incident) = self.groups.get_mut(&id).and_then(|group| group.incident.as_mut())
        else {
            return;
        };
        // Those who were called before it was resolved and came back still hear of it.
        let called = incident.escalation.take().map(|old| old.called).unwrap_or_default();
        incident.escalation =
            Some(Escalation { policy: name, step: 0, round: 0, due, reached: false, called });
        self.await_step(id);
    }

    /// Stops an escalation: somebody takes care, or it is over.
    pub(super) fn pause_escalation(&mut self, id: GroupId) {
        if let Some(escalation) = self.escalation_mut(id) {
            escalation.due = None;
            self.timers.clear(Timer::Escalate(id));
        }
    }

    /// Goes on with the next step, after its whole delay: whoever was called last took care until now.
    pub(super) fn resume_escalation(&mut self, id: GroupId) {
        let Some((escalation, policy)) = self.escalation(id).zip(self.policy(id)) else {
            return;
        };
        let delay = policy.steps.get(escalation.step).map(|step| match escalation.step {
            0 if escalation.round > 0 => pause(policy, step),
            _ => step.delay,
        });
        let due = delay.map(|delay| self.mono().plus(delay));
        if let Some(escalation) = self.escalation_mut(id) {
            escalation.due = due;
        }
        self.await_step(id);
    }

    /// Makes the escalations fit a plan that may be another one, and waits for their steps.
    pub(super) fn refit_escalations(&mut self) {
        let ids: Vec<GroupId> = self.groups.keys().copied().collect();
        for id in ids {
            let Some(incident) = self.groups.get(&id).and_then(|group| group.open_incident())
            else {
                continue;
            };
            let attended = !is_unattended(incident.state);
            let now = incident.escalation.as_ref().map(|escalation| escalation.policy.as_str());
            match (now, self.policy(id)) {
                (Some(now), Some(policy)) if now == policy.name => self.await_step(id),
                (_, Some(_)) => {
                    self.begin_escalation(id);
                    if attended {
                        self.pause_escalation(id);
                    }
                    self.touched.groups.insert(id);
                }
                (Some(_), None) => {
                    self.pause_escalation(id);
                    let group = self.groups.get_mut(&id);
                    if let Some(incident) = group.and_then(|group| group.incident.as_mut()) {
                        incident.escalation = None;
                    }
                    self.touched.groups.insert(id);
                }
                (None, None) => {}
            }
        }
    }

    /// Takes the step that is due.
    pub(super) fn escalation_due(&mut self, id: GroupId) {
        let Some((escalation, policy)) = self.escalation(id).zip(self.policy(id)) else {
            return;
        };
        let (mut escalation, policy) = (escalation.clone(), policy.clone());
        let Some(due) = escalation.due else {
            return;
        };
        if due > self.mono() {
            return self.await_step(id);
        }
        let alerts = self.calling_alerts(id);
        if alerts.is_empty() || self.group_holder(id).is_some() {
            // All of it is held back: nobody is called, and the step stays due.
            self.timers.set(Timer::Escalate(id), self.mono().plus(LOOK_AGAIN));
            return;
        }
        escalation.due = self.take_steps(id, &mut escalation, &policy, &alerts);
        let ended = escalation.due.is_none();
        if let Some(kept) = self.escalation_mut(id) {
            *kept = escalation;
        }
        self.await_step(id);
        if ended {
            self.note_incident(id, "escalation.ended", "", "there is no further step");
        }
    }

    /// Returns the alerts that people are called about. One that comes and goes is among them: somebody must take care
    /// of it, too, and an escalation has an end.
    fn calling_alerts(&self, id: GroupId) -> Vec<Fingerprint> {
        let calls = |alert: &&Fingerprint| {
            self.alerts.get(alert).is_some_and(|it| {
                let holder = self.holder_of(it);
                it.lasts() && holder.is_none_or(|holder| holder == Suppressor::Flapping)
            })
        };
        let alerts = self.groups.get(&id).map_or(&[][..], |group| &group.alerts);
        alerts.iter().filter(calls).copied().collect()
    }

    /// Takes the next step, and those behind it that do not wait for it. Returns when the one after is due.
    fn take_steps(
        &mut self,
        id: GroupId,
        escalation: &mut Escalation,
        policy: &EscalationPolicy,
        alerts: &[Fingerprint],
    ) -> Option<Mono> {
        let mut waits = false;
        while let Some(step) = policy.steps.get(escalation.step).filter(|_| !waits) {
            escalation.step += 1;
            let applies = self.applies(&step.only_if, id);
            let calls = if applies { self.plan.calls(step, self.now.wall) } else { Vec::new() };
            let name = format!("step {} of {}", escalation.step, policy.name);
            waits = !calls.is_empty() || !applies || !policy.skip_if_empty;
            if calls.is_empty() {
                let why = if applies { "reaches nobody" } else { "does not apply" };
                self.note_incident(id, "escalation.skipped", "", &format!("{name} {why}"));
            }
            self.call(id, escalation, calls, alerts, &name);
        }
        if let Some(next) = policy.steps.get(escalation.step) {
            return Some(self.mono().plus(next.delay));
        }
        if !escalation.reached {
            self.call_somebody(id, escalation, policy, alerts);
        }
        if escalation.round >= policy.repeat {
            return None;
        }
        escalation.round += 1;
        (escalation.step, escalation.reached) = (0, false);
        let first = policy.steps.first()?;
        Some(self.mono().plus(pause(policy, first)))
    }

    /// Nobody was called by any step: better the wrong one than none.
    fn call_somebody(
        &mut self,
        id: GroupId,
        escalation: &mut Escalation,
        policy: &EscalationPolicy,
        alerts: &[Fingerprint],
    ) {
        let message = format!("no step of the escalation {} reached anybody", policy.name);
        self.say("alerting.escalation.nobody", Severity::Error, &policy.name, message);
        let receiver = self.plan.route.receiver.clone();
        let call = Call { receiver, person: None };
        self.call(id, escalation, vec![call], alerts, "nobody was reached");
    }

    fn call(
        &mut self,
        id: GroupId,
        escalation: &mut Escalation,
        calls: Vec<Call>,
        alerts: &[Fingerprint],
        why: &str,
    ) {
        if calls.is_empty() {
            return;
        }
        let generation = self.next_generation(id);
        for Call { receiver, person } in calls {
            let Some(channels) = self.plan.receivers.get(&receiver).map(|one| one.channels.clone())
            else {
                continue;
            };
            let to = person.as_deref().map(|person| format!(" ({person})")).unwrap_or_default();
            self.note_incident(id, "escalation.called", "", &format!("{why}: {receiver}{to}"));
            for channel in channels {
                let by = self.key(id, generation, &channel.id, Kind::Escalation);
                let parts = [by.as_str(), person.as_deref().unwrap_or_default()];
                let word = NotificationKey::new(&parts);
                let word =
                    self.notification(id, channel.id.clone(), Kind::Escalation, word, alerts);
                if let Some(mut word) = word {
                    word.receiver.clone_from(&receiver);
                    word.person.clone_from(&person);
                    self.send(word);
                }
                self.remember_call(id, &channel, alerts);
            }
            escalation.reached = true;
            let called = Called { receiver, person };
            escalation.called.retain(|other| other.receiver != called.receiver);
            escalation.called.push(called);
        }
    }

    /// Who was called knows what lasts: they are told its news and its end.
    fn remember_call(&mut self, id: GroupId, channel: &ReceiverChannel, alerts: &[Fingerprint]) {
        let hash = |alert: &Fingerprint| {
            Some(self.alerts.get(alert)?.told_as(*alert, channel.send_resolved))
        };
        let mut firing: Vec<u64> = alerts.iter().filter_map(hash).collect();
        let before = self.groups.get(&id).and_then(|group| group.told(&channel.id));
        firing.extend(before.map_or(&[][..], |told| &told.firing));
        firing.sort_unstable();
        firing.dedup();
        let resolved = before.map(|told| told.resolved.clone()).unwrap_or_default();
        let at = self.mono();
        self.remember_told(id, Told { firing, resolved, at, ..Told::of(channel.id.clone()) });
    }

    fn applies(&self, only_if: &OnlyIf, id: GroupId) -> bool {
        let interval = |name: &String| {
            let intervals = self.plan.intervals.get(name);
            intervals.is_some_and(|all| all.iter().any(|one| one.contains(self.now.wall)))
        };
        let many = |(count, within): (usize, Duration)| {
            let since = self.now.wall.saturating_sub(within);
            let alerts = self.groups.get(&id).map_or(&[][..], |group| &group.alerts);
            let began = |alert: &&Fingerprint| {
                let alert = self.alerts.get(alert);
                alert
                    .is_some_and(|it| it.lasts() && Timestamp::from_unix_nanos(it.episode) >= since)
            };
            alerts.iter().filter(began).count() >= count
        };
        (only_if.intervals.is_empty() || only_if.intervals.iter().any(interval))
            && only_if.urgency.is_none_or(|urgency| self.urgency(id) >= urgency)
            && only_if.at_least.is_none_or(many)
    }

    /// Returns the channels of those who were called, when the group is a policy's.
    pub(super) fn called_channels(&self, id: GroupId) -> Option<Vec<ReceiverChannel>> {
        self.policy(id)?;
        let called = self.escalation(id).map_or(&[][..], |escalation| &escalation.called);
        let receivers = called.iter().filter_map(|one| self.plan.receivers.get(&one.receiver));
        let mut channels: Vec<ReceiverChannel> = Vec::new();
        for channel in receivers.flat_map(|receiver| &receiver.channels) {
            if !channels.iter().any(|other| other.id == channel.id) {
                channels.push(channel.clone());
            }
        }
        Some(channels)
    }

    /// Returns the receiver and the person that a channel was called for.
    pub(super) fn called_for(
        &self,
        id: GroupId,
        channel: &crate::ChannelId,
    ) -> Option<(String, Option<String>)> {
        let called = &self.escalation(id)?.called;
        let has = |one: &&Called| {
            let receiver = self.plan.receivers.get(&one.receiver);
            receiver.is_some_and(|it| it.channels.iter().any(|other| other.id == *channel))
        };
        called.iter().find(has).map(|one| (one.receiver.clone(), one.person.clone()))
    }

    pub(super) fn escalation_view(&self, escalation: &Escalation) -> EscalationView {
        let policy = self.plan.escalations.get(&escalation.policy);
        EscalationView {
            policy: escalation.policy.clone(),
            steps: policy.map_or(0, |policy| policy.steps.len()),
            next_step: escalation.step + 1,
            round: escalation.round,
            next_at: escalation.due.map(|due| self.wall_at(due)),
            called: escalation.called.iter().map(|one| one.receiver.clone()).collect(),
        }
    }

    fn await_step(&mut self, id: GroupId) {
        match self.escalation(id).and_then(|escalation| escalation.due) {
            Some(due) => self.timers.set(Timer::Escalate(id), due),
            None => self.timers.clear(Timer::Escalate(id)),
        }
    }

    fn policy(&self, id: GroupId) -> Option<&EscalationPolicy> {
        self.plan.escalations.get(self.node(id)?.route.escalation.as_deref()?)
    }

    fn escalation(&self, id: GroupId) -> Option<&Escalation> {
        self.groups.get(&id)?.incident.as_ref()?.escalation.as_ref()
    }

    fn escalation_mut(&mut self, id: GroupId) -> Option<&mut Escalation> {
        let escalation = self.groups.get_mut(&id)?.incident.as_mut()?.escalation.as_mut()?;
        self.touched.groups.insert(id);
        Some(escalation)
    }
}

pub(super) const fn is_unattended(state: IncidentState) -> bool {
    matches!(state, IncidentState::Triggered | IncidentState::Reopened)
}

/// Returns how long it is from the last step to the first one of the next round.
fn pause(policy: &EscalationPolicy, first: &EscalationStep) -> Duration {
    policy.repeat_delay.max(first.delay).max(SHORTEST_INTERVAL)
}

/// How often it is looked whether what is held back still is, while a step is due.
const LOOK_AGAIN: Duration = Duration::from_secs(10);
