//! Alerts that are brought, and alerts that end.

use std::sync::Arc;

use wardkit_core::{Severity, Timestamp};

use super::effect::Refusal;
use super::group::{Group, GroupId, group_labels};
use super::storm::Turn;
use super::time::{Mono, Timer};
use super::tracked::{Said, Tracked};
use super::{Engine, Suppressor};
use crate::{Alert, Fingerprint, GroupBy, RouteId, Urgency};

/// Where an alert belongs.
pub(super) struct Target {
    pub(super) group: GroupId,
    pub(super) route: RouteId,
    pub(super) labels: Arc<wardkit_core::Labels>,
    pub(super) wait: std::time::Duration,
}

impl Engine {
    pub(super) fn take_alerts(&mut self, source: &str, alerts: Vec<Alert>) {
        for (index, alert) in alerts.into_iter().enumerate() {
            match self.take_alert(source, index, alert) {
                Ok(()) => self.accepted += 1,
                Err(refusal) => {
                    self.refused += 1;
                    self.say_refused(source, &refusal);
                    self.refuse(refusal);
                }
            }
        }
        self.judge_storm();
    }

    fn take_alert(&mut self, source: &str, index: usize, alert: Alert) -> Result<(), Refusal> {
        self.check(index, &alert)?;
        let fingerprint = alert.fingerprint();
        if alert.has_ended(self.now.wall) {
            let at = alert.ends_at.unwrap_or(self.now.wall);
            self.bring_end(fingerprint, at, alert, source);
        } else if self.alerts.contains_key(&fingerprint) {
            self.bring_again(fingerprint, alert, source);
        } else {
            let urgency = Urgency::of(&alert.labels);
            self.check_room(index, urgency)?;
            let tracked = self.tracked(alert, urgency);
            self.alerts.insert(fingerprint, Box::new(tracked));
            self.begin_spell(fingerprint, source);
        }
        Ok(())
    }

    fn check(&self, index: usize, alert: &Alert) -> Result<(), Refusal> {
        if alert.labels.is_empty() {
            return Err(Refusal::NoLabels { index });
        }
        if alert.ends_at.is_some_and(|end| end < alert.starts_at) {
            return Err(Refusal::EndsBeforeStart { index });
        }
        let said = alert.annotations.iter().map(|(name, value)| name.len() + value.len());
        let limit = self.config.max_annotations;
        if said.sum::<usize>().saturating_add(alert.generator_url.len()) > limit {
            return Err(Refusal::TooLong { index, limit });
        }
        Ok(())
    }

    /// The last tenth is for critical alerts: a storm of others does not keep them out.
    fn check_room(&self, index: usize, urgency: Urgency) -> Result<(), Refusal> {
        let limit = self.config.max_alerts;
        let room = if urgency == Urgency::Critical { limit } else { limit - limit / 10 };
        if self.alerts.len() < room { Ok(()) } else { Err(Refusal::TooManyAlerts { index, limit }) }
    }

    /// Says at most once a minute that there is no room: those who bring alerts are told each time.
    fn say_refused(&mut self, source: &str, refusal: &Refusal) {
        if refusal.is_transient() && self.storm.may_complain(self.mono()) {
            let message = format!("alerts are refused: {refusal}");
            self.say("alerting.alerts.refused", Severity::Error, source, message);
        }
    }

    fn tracked(&self, alert: Alert, urgency: Urgency) -> Tracked {
        let expires = self.expires(&alert);
        Tracked {
            urgency,
            said: Said::new(alert.annotations, alert.generator_url),
            starts_at: alert.starts_at,
            ended_at: None,
            updated_at: self.now.wall,
            expires,
            explicit_end: alert.ends_at.is_some(),
            episode: self.now.wall.as_unix_nanos(),
            dismissed: false,
            flapping: false,
            groups: Vec::new(),
            held_by: None,
            labels: Arc::new(alert.labels),
        }
    }

    /// Whoever brings an alert says its end by the wall; how long that is, the boot's clock tells, so that a wall that
    /// is set does not end everything at once.
    fn expires(&self, alert: &Alert) -> Mono {
        let lasts = match alert.ends_at {
            Some(end) => end.duration_since(self.now.wall).unwrap_or_default(),
            None => self.plan.resolve_timeout.unwrap_or(RESOLVE_TIMEOUT),
        };
        self.mono().plus(lasts)
    }

    fn bring_again(&mut self, fingerprint: Fingerprint, alert: Alert, source: &str) {
        let expires = self.expires(&alert);
        let wall = self.now.wall;
        let Some(known) = self.alerts.get_mut(&fingerprint) else {
            return;
        };
        known.updated_at = wall;
        if let Some(ended_at) = known.ended_at {
            if known.dismissed && alert.starts_at <= ended_at {
                known.expires = known.expires.max(expires);
                return;
            }
            let overlaps = alert.starts_at < ended_at;
            let starts_at = known.starts_at;
            let urgency = known.urgency;
            let (groups, held_by) = (std::mem::take(&mut known.groups), known.held_by.take());
            let flapping = known.flapping;
            let mut tracked = self.tracked(alert, urgency);
            if overlaps {
                tracked.starts_at = tracked.starts_at.min(starts_at);
            }
            (tracked.groups, tracked.held_by, tracked.flapping) = (groups, held_by, flapping);
            self.alerts.insert(fingerprint, Box::new(tracked));
            self.begin_spell(fingerprint, source);
            return;
        }
        // An end that somebody named holds unless a later one is named.
        let stays = known.explicit_end && known.expires > expires;
        if !stays {
            known.expires = expires;
            if known.explicit_end != alert.ends_at.is_some() {
                known.explicit_end = alert.ends_at.is_some();
                self.touched.alerts.insert(fingerprint);
            }
        }
        let said = Said::new(alert.annotations, alert.generator_url);
        if alert.starts_at < known.starts_at || said != known.said {
            known.starts_at = known.starts_at.min(alert.starts_at);
            known.said = said;
            self.touched.alerts.insert(fingerprint);
        }
        let expires = known.expires;
        self.timers.set(Timer::Expire(fingerprint), expires);
    }

    fn bring_end(&mut self, fingerprint: Fingerprint, at: Timestamp, alert: Alert, source: &str) {
        let Some(known) = self.alerts.get_mut(&fingerprint) else {
            return;
        };
        known.updated_at = self.now.wall;
        let said = Said::new(alert.annotations, alert.generator_url);
        if known.dismissed {
            known.dismissed = false;
            self.touched.alerts.insert(fingerprint);
            self.timers.clear(Timer::Expire(fingerprint));
            self.release(fingerprint);
        } else if known.ended_at.is_none() {
            known.said = said;
            known.starts_at = known.starts_at.min(alert.starts_at);
            self.end(fingerprint, at, "", source);
        }
    }

    /// Begins a spell of an alert: it is new, or lasts again.
    fn begin_spell(&mut self, fingerprint: Fingerprint, source: &str) {
        let Some(alert) = self.alerts.get(&fingerprint) else {
            return;
        };
        let labels = Arc::clone(&alert.labels);
        self.timers.set(Timer::Expire(fingerprint), alert.expires);
        self.inhibitor.insert(fingerprint, &labels);
        self.storm.count(self.mono());
        self.tally.fired(&labels);
        let mut fired = self.transition("alert.fired", fingerprint.to_string(), &labels);
        source.clone_into(&mut fired.by);
        self.note(fired);
        self.touched.alerts.insert(fingerprint);
        self.note_change(fingerprint);
        self.join(fingerprint);
    }

    /// Puts an alert that fires into its groups and makes them tell it in time.
    fn join(&mut self, fingerprint: Fingerprint) {
        let Some(alert) = self.alerts.get(&fingerprint) else {
            return;
        };
        let (starts_at, urgency) = (alert.starts_at, alert.urgency);
        let labels = Arc::clone(&alert.labels);
        let held = self.holder(fingerprint).is_some();
        let targets = self.targets(&labels);
        let ids: Vec<_> = targets.iter().map(|target| target.group).collect();
        for target in targets {
            let now = self.mono();
            let wall = self.now.wall;
            let group = self.group_for(&target);
            if group.alerts.is_empty() {
                group.flushed = false;
                group.next = now.plus(target.wait);
            }
            // A group that has waited holds news back for the group's interval, but not what is critical. An alert that
            // has lasted longer than a group waits has waited elsewhere.
            if group.flushed && urgency == Urgency::Critical {
                group.next = group.next.min(now.plus(target.wait));
            } else if !group.flushed && starts_at.saturating_add(target.wait) <= wall {
                group.next = now;
            }
            group.insert(fingerprint);
            let next = group.next;
            // Its alerts are not kept with a group, but when there is news, it must be known when it is told.
            let is_changed = group.kept != Some((group.flushed, next));
            self.timers.set(Timer::Flush(target.group), next);
            self.timers.clear(Timer::Forget(target.group));
            if is_changed {
                self.touched.groups.insert(target.group);
            }
            if !held {
                self.open_incident(target.group);
            }
        }
        if let Some(alert) = self.alerts.get_mut(&fingerprint) {
            alert.groups = ids;
        }
    }

    pub(super) fn targets(&self, labels: &Arc<wardkit_core::Labels>) -> Vec<Target> {
        let nodes = self.router.route(labels);
        let target = |node: &crate::RouteNode| {
            let labels = group_labels(&node.route.group_by, labels);
            Target {
                // Where each alert is its own group, its labels are the group's.
                group: GroupId::of(&node.id, &labels),
                route: node.id.clone(),
                wait: node.route.group_wait,
                labels: if node.route.group_by == GroupBy::All {
                    Arc::clone(&labels)
                } else {
                    labels
                },
            }
        };
        nodes.into_iter().map(target).collect()
    }

    pub(super) fn group_for(&mut self, target: &Target) -> &mut Group {
        let next = self.mono().plus(target.wait);
        self.groups.entry(target.group).or_insert_with(|| {
            Box::new(Group::new(target.route.clone(), Arc::clone(&target.labels), next))
        })
    }

    pub(super) fn expire(&mut self, fingerprint: Fingerprint) {
        let Some(alert) = self.alerts.get(&fingerprint) else {
            return;
        };
        if alert.expires > self.mono() {
            let expires = alert.expires;
            self.timers.set(Timer::Expire(fingerprint), expires);
        } else if alert.dismissed {
            self.bring_end_of_dismissed(fingerprint);
        } else {
            self.end(fingerprint, self.now.wall, "nobody brings it any more", "");
        }
    }

    fn bring_end_of_dismissed(&mut self, fingerprint: Fingerprint) {
        if let Some(alert) = self.alerts.get_mut(&fingerprint) {
            alert.dismissed = false;
        }
        self.touched.alerts.insert(fingerprint);
        self.release(fingerprint);
    }

    /// Ends an alert that lasts. It stays until its groups have told its end.
    pub(super) fn end(&mut self, fingerprint: Fingerprint, at: Timestamp, why: &str, by: &str) {
        let Some(alert) = self.alerts.get_mut(&fingerprint) else {
            return;
        };
        alert.ended_at = Some(at);
        let (labels, groups) = (Arc::clone(&alert.labels), alert.groups.clone());
        if !alert.dismissed {
            self.timers.clear(Timer::Expire(fingerprint));
        }
        self.inhibitor.remove(fingerprint, &labels);
        let mut resolved = self.transition("alert.resolved", fingerprint.to_string(), &labels);
        (resolved.why, resolved.by) = (why.to_owned(), by.to_owned());
        self.note(resolved);
        self.touched.alerts.insert(fingerprint);
        self.note_change(fingerprint);
        for group in groups {
            // News: when it is told must be known after a restart.
            self.touched.groups.insert(group);
            self.resolve_incident_if_over(group, "");
        }
        self.note_silenced_end(&labels);
    }

    /// Forgets an alert that is over, once no group has to tell its end.
    pub(super) fn release(&mut self, fingerprint: Fingerprint) {
        let over = |alert: &Tracked| {
            alert.groups.is_empty() && alert.ended_at.is_some() && !alert.dismissed
        };
        if self.alerts.get(&fingerprint).is_some_and(|alert| over(alert)) {
            self.alerts.remove(&fingerprint);
            self.timers.clear(Timer::Expire(fingerprint));
            self.timers.clear(Timer::Flap(fingerprint));
            self.touched.alerts.insert(fingerprint);
        }
    }

    /// Puts off the ends of alerts that nobody could bring while nothing ran.
    pub(super) fn put_off_ends(&mut self, by: std::time::Duration) {
        for (&fingerprint, alert) in &mut self.alerts {
            if self.timers.is_set(Timer::Expire(fingerprint)) {
                alert.expires = alert.expires.plus(by);
                self.timers.set(Timer::Expire(fingerprint), alert.expires);
            }
        }
    }

    fn judge_storm(&mut self) {
        let limit = self.config.storm_alerts_per_minute;
        match self.storm.judge(self.mono(), limit) {
            Some(Turn::Begins(alerts)) => {
                let message =
                    format!("{alerts} new alerts in a minute; digests until it calms down");
                self.say("alerting.storm.began", Severity::Warning, "", message);
                let began = self.transition("storm.began", "", &wardkit_core::Labels::new());
                self.note(began);
                let at = self.mono().plus(self.config.digest_interval);
                self.timers.set(Timer::Digest, at);
            }
            Some(Turn::Ends) => {
                self.say("alerting.storm.ended", Severity::Info, "", String::new());
                let ended = self.transition("storm.ended", "", &wardkit_core::Labels::new());
                self.note(ended);
            }
            None => {}
        }
    }

    pub(super) fn storm_may_end(&mut self) {
        self.judge_storm();
    }

    /// Notes for the history what holds an alert back, when that has changed.
    pub(super) fn note_holder(&mut self, fingerprint: Fingerprint, holder: Option<&Suppressor>) {
        let Some(alert) = self.alerts.get_mut(&fingerprint) else {
            return;
        };
        if alert.held_by.as_deref() == holder {
            return;
        }
        alert.held_by = holder.cloned().map(Box::new);
        let labels = Arc::clone(&alert.labels);
        let what = if holder.is_some() { "alert.suppressed" } else { "alert.unsuppressed" };
        let mut transition = self.transition(what, fingerprint.to_string(), &labels);
        transition.why = holder.map(ToString::to_string).unwrap_or_default();
        self.note(transition);
        self.touched.alerts.insert(fingerprint);
    }
}

/// As Alertmanager has it.
const RESOLVE_TIMEOUT: std::time::Duration = std::time::Duration::from_mins(5);
