//! What holds alerts back: silences, other alerts, parents that are down, hours, flapping.

use std::collections::BTreeMap;

use wardkit_core::{Labels, Severity, Timestamp};

use super::effect::{Answer, Effect, Refusal};
use super::input::SilenceRequest;
use super::silences::{Due, check, is_changeable};
use super::time::Timer;
use super::tracked::Tracked;
use super::view::{Silence, SilenceState, Suppressor};
use super::{Engine, kept};
use crate::{ChannelId, Fingerprint, Kind, Matchers, NotificationKey, Route, Space, TimeInterval};

impl Engine {
    /// Returns the first that holds an alert back.
    pub(super) fn holder(&self, fingerprint: Fingerprint) -> Option<Suppressor> {
        let alert = self.alerts.get(&fingerprint)?;
        self.holder_of(alert)
    }

    pub(super) fn holder_of(&self, alert: &Tracked) -> Option<Suppressor> {
        let labels = &alert.labels;
        self.parent_of(labels)
            .or_else(|| self.inhibitor.source(labels).map(Suppressor::Inhibition))
            .or_else(|| {
                let silence = self.silences.silencing(labels, self.now.wall)?;
                Some(Suppressor::Silence(silence.id.clone()))
            })
            .or_else(|| alert.flapping.then_some(Suppressor::Flapping))
    }

    /// Returns all that hold an alert back, for people to see.
    pub(super) fn holders_of(&self, alert: &Tracked) -> Vec<Suppressor> {
        let labels = &alert.labels;
        let mut silences: Vec<_> = self
            .silences
            .matching(labels, self.now.wall)
            .map(|silence| Suppressor::Silence(silence.id.clone()))
            .collect();
        silences.sort();
        let groups = alert.groups.iter().filter_map(|id| self.groups.get(id));
        let by_group = groups.filter_map(|group| group.held_by.as_deref().cloned());
        self.parent_of(labels)
            .into_iter()
            .chain(self.inhibitor.source(labels).map(Suppressor::Inhibition))
            .chain(silences)
            .chain(alert.flapping.then_some(Suppressor::Flapping))
            .chain(by_group)
            .collect()
    }

    fn parent_of(&self, labels: &Labels) -> Option<Suppressor> {
        let mut parents = self.parents.iter();
        let (name, _) = parents.find(|(_, children)| children.matches(labels))?;
        Some(Suppressor::Parent(name.clone()))
    }

    /// Returns the hours in which a route tells nothing, when it is one of them.
    pub(super) fn hours(&self, route: &Route) -> Option<Suppressor> {
        let wall = self.now.wall;
        let is_now = |name: &&String| {
            let intervals = self.plan.intervals.get(*name).map_or(&[][..], Vec::as_slice);
            intervals.iter().any(|interval: &TimeInterval| interval.contains(wall))
        };
        if let Some(name) = route.mute_time_intervals.iter().find(is_now) {
            return Some(Suppressor::Hours(name.clone()));
        }
        let active = &route.active_time_intervals;
        let outside = !active.is_empty() && !active.iter().any(|name| is_now(&name));
        outside.then(|| Suppressor::Hours(format!("outside {}", active.join(", "))))
    }

    pub(super) fn parent_down(&mut self, parent: String, children: Matchers) {
        if self.parents.get(&parent) == Some(&children) {
            return;
        }
        let key = format!("{}{parent}", kept::PARENT);
        let record = kept::record(Space::Meta, &key, Some(&children));
        self.out.push(Effect::Record(record));
        let mut down = self.transition("parent.down", &*parent, &Labels::new());
        down.why = format!("holds back {children:?}");
        self.note(down);
        self.parents.insert(parent, children);
    }

    pub(super) fn parent_up(&mut self, parent: &str) {
        if self.parents.remove(parent).is_some() {
            let key = format!("{}{parent}", kept::PARENT);
            self.out.push(Effect::Record(kept::record::<Matchers>(Space::Meta, &key, None)));
            let up = self.transition("parent.up", parent, &Labels::new());
            self.note(up);
        }
    }

    pub(super) fn set_silence(&mut self, request: SilenceRequest) {
        match self.try_set_silence(request) {
            Ok(id) => self.out.push(Effect::Answer(Answer::Silence(id))),
            Err(refusal) => self.refuse(refusal),
        }
    }

    fn try_set_silence(&mut self, mut request: SilenceRequest) -> Result<String, Refusal> {
        let now = self.now.wall;
        if let Some(id) = request.id.take() {
            let known = self.silences.get(&id).cloned();
            let Some(known) = known else {
                return Err(Refusal::NoSilence { id });
            };
            check(&request, now)?;
            if is_changeable(&known, &request, now) {
                self.put_silence(silence(id.clone(), request, now), "silence.changed");
                return Ok(id);
            }
            let id = self.new_silence(request)?;
            if known.state(now) != SilenceState::Expired {
                self.end_silence(&known.id, "", "replaced");
            }
            return Ok(id);
        }
        request.starts_at = request.starts_at.max(now);
        check(&request, now)?;
        self.new_silence(request)
    }

    fn new_silence(&mut self, mut request: SilenceRequest) -> Result<String, Refusal> {
        let limit = self.config.max_silences;
        if self.silences.len() >= limit {
            return Err(Refusal::TooManySilences { limit });
        }
        let now = self.now.wall;
        request.starts_at = request.starts_at.max(now);
        check(&request, now)?;
        let id = self.silence_id(&request);
        self.put_silence(silence(id.clone(), request, now), "silence.set");
        Ok(id)
    }

    /// Names a silence in the form that Alertmanager's clients know. Chance is not an argument of the engine; time,
    /// content and a count make a name as unique.
    fn silence_id(&self, request: &SilenceRequest) -> String {
        for count in 0_u64.. {
            let mut hasher = blake3::Hasher::new();
            hasher.update(&self.now.wall.as_unix_nanos().to_le_bytes());
            hasher.update(&count.to_le_bytes());
            hasher.update(format!("{request:?}").as_bytes());
            let hex = hasher.finalize().to_hex();
            let parts = [&hex[0..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32]];
            let id = parts.join("-");
            if self.silences.get(&id).is_none() {
                return id;
            }
        }
        String::new()
    }

    fn put_silence(&mut self, silence: Silence, what: &str) {
        let mut set = self.transition(what, &*silence.id, &Labels::new());
        silence.created_by.clone_into(&mut set.by);
        set.why = format!("{} until {}: {}", silence.matchers, silence.ends_at, silence.comment);
        self.note(set);
        self.keep_silence(&silence);
        self.silences.put(silence, self.config.silence_retention);
    }

    fn keep_silence(&mut self, silence: &Silence) {
        let record = kept::record(Space::Silence, &silence.id, Some(silence));
        self.out.push(Effect::Record(record));
    }

    pub(super) fn expire_silence(&mut self, id: &str, by: &str) {
        let state = self.silences.get(id).map(|silence| silence.state(self.now.wall));
        match state {
            None => self.refuse(Refusal::NoSilence { id: id.to_owned() }),
            Some(SilenceState::Expired) => {
                self.refuse(Refusal::Silence { reason: "it has ended already" });
            }
            Some(_) => self.end_silence(id, by, "ended early"),
        }
    }

    fn end_silence(&mut self, id: &str, by: &str, why: &str) {
        let now = self.now.wall;
        let Some(mut silence) = self.silences.get(id).cloned() else {
            return;
        };
        silence.starts_at = silence.starts_at.min(now);
        silence.ends_at = now;
        silence.updated_at = now;
        self.keep_silence(&silence);
        let mut ended = self.transition("silence.expired", id, &Labels::new());
        (ended.by, ended.why) = (by.to_owned(), why.to_owned());
        self.note(ended);
        self.silences.put_ended(silence, self.config.silence_retention);
    }

    pub(super) fn silence_due(&mut self, due: Due, id: &str) {
        match due {
            Due::Remind => self.remind_of_silence(id),
            Due::End => {
                let ended = self.transition("silence.expired", id, &Labels::new());
                self.note(ended);
            }
            Due::Forget => {
                self.silences.remove(id);
                let record = kept::record::<Silence>(Space::Silence, id, None);
                self.out.push(Effect::Record(record));
            }
        }
    }

    /// Notes that an alert with these labels is over: a silence that lasts until then may end.
    pub(super) fn note_silenced_end(&mut self, labels: &Labels) {
        let ids: Vec<_> = self
            .silences
            .matching(labels, self.now.wall)
            .filter(|silence| silence.until_resolved)
            .map(|silence| silence.id.clone())
            .collect();
        self.silences.maybe_idle.extend(ids);
    }

    /// Ends the silences that were to last until nothing of theirs does. Once in a step, as it looks at all alerts.
    pub(super) fn end_idle_silences(&mut self) {
        for id in std::mem::take(&mut self.silences.maybe_idle) {
            let Some(silence) = self.silences.get(&id) else {
                continue;
            };
            let lasts = |alert: &Tracked| {
                alert.ended_at.is_none() && silence.matchers.matches(&alert.labels)
            };
            if !self.alerts.values().any(|alert| lasts(alert)) {
                self.end_silence(&id, "", "all that it silenced is over");
            }
        }
    }

    /// Tells each channel that would hear of the silenced alerts that the silence ends: once, however many they are.
    fn remind_of_silence(&mut self, id: &str) {
        let Some(silence) = self.silences.get(id).cloned() else {
            return;
        };
        if silence.state(self.now.wall) == SilenceState::Expired {
            return;
        }
        let message = format!("silence {id} ends at {}", silence.ends_at);
        self.say("alerting.silence.ending", Severity::Info, id, message);
        let reminded = self.transition("silence.reminded", id, &Labels::new());
        self.note(reminded);
        let mut alerts: BTreeMap<ChannelId, (super::GroupId, Vec<Fingerprint>)> = BTreeMap::new();
        for (&fingerprint, alert) in &self.alerts {
            if alert.ended_at.is_some() || !silence.matchers.matches(&alert.labels) {
                continue;
            }
            for group in &alert.groups {
                for channel in self.channels_of(*group) {
                    let entry = alerts.entry(channel.id).or_insert_with(|| (*group, Vec::new()));
                    entry.1.push(fingerprint);
                }
            }
        }
        for (channel, (group, alerts)) in alerts {
            let ends_at = silence.ends_at.as_unix_nanos().to_string();
            let key = NotificationKey::new(&[id, &ends_at, channel.as_str(), "reminder"]);
            let word = self.notification(group, channel, Kind::Reminder, key, &alerts);
            if let Some(mut word) = word {
                // It is of no one incident: who takes care of one does not call it back, nor does another silence's.
                word.incident = format!("silence-{id}");
                self.send(word);
            }
        }
    }

    /// Looks at whether an alert flaps, after it changed.
    pub(super) fn note_change(&mut self, fingerprint: Fingerprint) {
        let Some(rule) = self.config.flapping else {
            return;
        };
        let now = self.mono();
        let percent = self.flaps.change(fingerprint, now, &rule, self.config.max_alerts);
        let Some(alert) = self.alerts.get_mut(&fingerprint) else {
            return;
        };
        if !alert.flapping && percent >= f64::from(rule.high) {
            alert.flapping = true;
            let labels = std::sync::Arc::clone(&alert.labels);
            self.tally.flapped(&labels);
            let mut began = self.transition("alert.flapping", fingerprint.to_string(), &labels);
            began.why = format!("{percent:.0} % of its last states were changes");
            self.note(began);
            self.timers.set(Timer::Flap(fingerprint), now.plus(rule.period));
            self.tell_flapping(fingerprint);
        }
    }

    pub(super) fn look_at_flapping(&mut self, fingerprint: Fingerprint) {
        let rule = self.config.flapping.unwrap_or_default();
        let now = self.mono();
        let percent = self.flaps.changes(fingerprint, now, &rule);
        let Some(alert) = self.alerts.get_mut(&fingerprint) else {
            return;
        };
        if self.config.flapping.is_some() && percent >= f64::from(rule.low) {
            self.timers.set(Timer::Flap(fingerprint), now.plus(rule.period));
            self.tell_flapping(fingerprint);
            return;
        }
        alert.flapping = false;
        let groups = alert.groups.clone();
        let labels = std::sync::Arc::clone(&alert.labels);
        if let Some(ring) = self.flaps.ring_mut(fingerprint) {
            ring.told = None;
        }
        let calm = self.transition("alert.calmed", fingerprint.to_string(), &labels);
        self.note(calm);
        self.touched.alerts.insert(fingerprint);
        for group in groups {
            self.resolve_incident_if_over(group, "");
        }
    }

    /// Says once that an alert flaps, and again only when its groups would say again that it lasts.
    fn tell_flapping(&mut self, fingerprint: Fingerprint) {
        let now = self.mono();
        let Some(alert) = self.alerts.get(&fingerprint) else {
            return;
        };
        let groups = alert.groups.clone();
        let route = groups.first().and_then(|id| self.groups.get(id)).map(|group| &group.route);
        let node = route.and_then(|route| self.router.node(route));
        let repeat = node.map(|node| node.route.repeat_interval).unwrap_or_default();
        let told = self.flaps.ring(fingerprint).and_then(|ring| ring.told);
        if told.is_some_and(|told| now.since(told) < repeat) {
            return;
        }
        // What else holds it back holds this word back, too.
        if self.holder(fingerprint) != Some(Suppressor::Flapping) {
            return;
        }
        let mut said = false;
        for group in groups {
            if self.group_holder(group).is_some() {
                continue;
            }
            self.open_incident(group);
            let generation = self.next_generation(group);
            for channel in self.channels_of(group) {
                let key = self.key(group, generation, &channel.id, Kind::Flapping);
                self.tell(group, channel.id, Kind::Flapping, key, &[fingerprint]);
            }
            said = true;
        }
        if said && let Some(ring) = self.flaps.ring_mut(fingerprint) {
            ring.told = Some(now);
            self.touched.alerts.insert(fingerprint);
        }
    }
}

fn silence(id: String, request: SilenceRequest, now: Timestamp) -> Silence {
    Silence {
        id,
        matchers: request.matchers,
        starts_at: request.starts_at,
        ends_at: request.ends_at,
        updated_at: now,
        until_resolved: request.until_resolved,
        remind_before_seconds: request.remind_before.map(|before| before.as_secs()),
        created_by: request.created_by,
        comment: request.comment,
    }
}
