//! A group tells its news.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use wardkit_core::Labels;

use super::group::{GroupId, News, Told, group_key};
use super::time::{Mono, Timer};
use super::tracked::Tracked;
use super::view::{IncidentState, Suppressor};
use super::{Effect, Engine};
use crate::{
    ChannelId, Fingerprint, Kind, Notification, NotificationKey, ReceiverChannel, RouteNode,
    Urgency,
};

/// The alerts of a group by what is to be told of them.
#[derive(Debug, Default)]
struct Sorted {
    firing: Vec<Fingerprint>,
    /// They last and are held back.
    held: Vec<(Fingerprint, Suppressor)>,
    /// They are over; the ends of those that were held back are told only to whoever knows of them.
    ended: Vec<(Fingerprint, bool)>,
    urgency: Urgency,
}

impl Sorted {
    fn ended(&self) -> Vec<Fingerprint> {
        self.ended.iter().map(|&(fingerprint, _)| fingerprint).collect()
    }
}

/// What one channel is to be told of a group.
#[derive(Debug)]
struct Word {
    channel: ChannelId,
    alerts: Vec<Fingerprint>,
    /// What it knows then; none of one that stood in for another.
    told: Option<Told>,
}

impl Engine {
    pub(super) fn flush(&mut self, id: GroupId) {
        let Some(node) = self.node(id) else {
            return;
        };
        let interval = node.route.group_interval.max(SHORTEST_INTERVAL);
        let now = self.mono();
        let next = now.plus(interval);
        if let Some(group) = self.groups.get_mut(&id) {
            // On time, the next time follows from the last one that was kept.
            if now.since(group.next) >= LATE || !group.flushed {
                self.touched.groups.insert(id);
            }
            group.flushed = true;
            group.next = next;
        }
        self.timers.set(Timer::Flush(id), next);
        let holder = self.group_holder(id);
        self.note_group_holder(id, holder.as_ref());
        let sorted = self.sort(id, holder.as_ref());
        self.note_holders(&sorted);
        if !sorted.firing.is_empty() {
            self.open_incident(id);
        }
        // In its hours a group says nothing; while it is snoozed, that all is over, but not that some is.
        let waits = match holder {
            Some(Suppressor::Hours(_)) => true,
            Some(_) => !sorted.held.is_empty(),
            None => false,
        };
        if waits {
            let untold = self.untold(id, &sorted);
            return self.settle(id, &untold);
        }
        let words = self.words(id, &sorted);
        if self.storm.on && sorted.urgency < Urgency::Critical && !words.is_empty() {
            self.storm.held.insert(id);
            return;
        }
        self.say_words(id, words);
        self.settle(id, &sorted.ended());
    }

    /// Puts the groups on the times that they had before a restart. What was due while nothing ran, and whatever critical
    /// news there is, is told at once.
    pub(super) fn resume(&mut self, alive: Mono) {
        let now = self.mono();
        let ids: Vec<GroupId> = self.groups.keys().copied().collect();
        for id in ids {
            let Some((group, node)) = self.groups.get(&id).zip(self.node(id)) else {
                continue;
            };
            if !group.flushed || group.alerts.is_empty() || group.next > now {
                continue;
            }
            let interval = node.route.group_interval.max(SHORTEST_INTERVAL);
            let missed = group.next.following(alive.min(now), interval) <= now;
            if !missed && !self.has_critical_news(id) {
                let next = group.next.following(now, interval);
                self.timers.set(Timer::Flush(id), next);
                if let Some(group) = self.groups.get_mut(&id) {
                    group.next = next;
                }
            }
        }
    }

    fn has_critical_news(&self, id: GroupId) -> bool {
        let Some(group) = self.groups.get(&id) else {
            return false;
        };
        let sorted = self.sort(id, self.group_holder(id).as_ref());
        let critical = sorted.firing.iter().filter_map(|fingerprint| {
            let alert = self.alerts.get(fingerprint)?;
            (alert.urgency == Urgency::Critical).then_some((fingerprint, alert))
        });
        let critical: Vec<_> = critical.collect();
        self.channels_of(id).iter().any(|channel| {
            let told = group.told(&channel.id).map_or(&[][..], |told| &told.firing);
            critical.iter().any(|(fingerprint, alert)| {
                let hash = alert.told_as(**fingerprint, channel.send_resolved);
                told.binary_search(&hash).is_err()
            })
        })
    }

    /// Returns what holds all of a group back.
    pub(super) fn group_holder(&self, id: GroupId) -> Option<Suppressor> {
        let group = self.groups.get(&id)?;
        if let Some(hours) = self.node(id).and_then(|node| self.hours(&node.route)) {
            return Some(hours);
        }
        let incident = group.open_incident()?;
        let snoozed = incident.state == IncidentState::Snoozed;
        snoozed.then(|| Suppressor::Snooze(incident.id.key()))
    }

    fn note_group_holder(&mut self, id: GroupId, holder: Option<&Suppressor>) {
        let Some(group) = self.groups.get_mut(&id) else {
            return;
        };
        if group.held_by.as_deref() == holder {
            return;
        }
        group.held_by = holder.cloned().map(Box::new);
        let (labels, incident) = (std::sync::Arc::clone(&group.labels), group.incident_key());
        let what = if holder.is_some() { "group.suppressed" } else { "group.unsuppressed" };
        let mut transition = self.transition(what, id.key(), &labels);
        transition.incident = incident;
        transition.why = holder.map(ToString::to_string).unwrap_or_default();
        self.note(transition);
        self.touched.groups.insert(id);
    }

    fn sort(&self, id: GroupId, group_holder: Option<&Suppressor>) -> Sorted {
        let mut sorted = Sorted { urgency: Urgency::Info, ..Sorted::default() };
        let Some(group) = self.groups.get(&id) else {
            return sorted;
        };
        for &fingerprint in &group.alerts {
            let Some(alert) = self.alerts.get(&fingerprint) else {
                continue;
            };
            let holder = self.holder_of(alert).or_else(|| group_holder.cloned());
            sorted.urgency = sorted.urgency.max(alert.urgency);
            match holder {
                Some(holder) if alert.lasts() => sorted.held.push((fingerprint, holder)),
                holder if alert.ended_at.is_some() => {
                    sorted.ended.push((fingerprint, holder.is_some()));
                }
                _ => sorted.firing.push(fingerprint),
            }
        }
        sorted
    }

    fn note_holders(&mut self, sorted: &Sorted) {
        for (fingerprint, holder) in &sorted.held {
            // What holds the group back is noted with the group.
            if !matches!(holder, Suppressor::Hours(_) | Suppressor::Snooze(_)) {
                self.note_holder(*fingerprint, Some(holder));
            }
        }
        for &fingerprint in &sorted.firing {
            self.note_holder(fingerprint, None);
        }
    }

    /// Returns what each channel of a group's receiver is to be told now.
    fn words(&self, id: GroupId, sorted: &Sorted) -> Vec<Word> {
        let Some((group, node)) = self.groups.get(&id).zip(self.node(id)) else {
            return Vec::new();
        };
        let acked = group.open_incident().is_some_and(|it| it.state == IncidentState::Acked);
        let repeat = (!acked).then(|| node.route.repeat_interval.max(SHORTEST_INTERVAL));
        let channels = self.channels_of(id);
        let mut words: Vec<Word> = channels
            .into_iter()
            .filter_map(|channel| self.word(group.told(&channel.id), channel, sorted, repeat))
            .collect();
        let ends = words.iter().filter(|_| sorted.firing.is_empty()).filter_map(|word| {
            let by = group.told(&word.channel)?.by.as_ref()?;
            let is_there = self.plan.receivers.values().flat_map(|it| &it.channels);
            let hears_ends = is_there.filter(|it| it.id == *by).any(|it| it.send_resolved);
            (hears_ends && !words.iter().any(|word| word.channel == *by))
                .then(|| (by.clone(), word.alerts.clone()))
        });
        // Whoever was told in place of a channel is told the end, too.
        let ends: BTreeMap<ChannelId, Vec<Fingerprint>> = ends.collect();
        let stand_in = |(channel, alerts)| Word { channel, alerts, told: None };
        words.extend(ends.into_iter().map(stand_in));
        words
    }

    fn word(
        &self,
        told: Option<&Told>,
        channel: ReceiverChannel,
        sorted: &Sorted,
        repeat: Option<Duration>,
    ) -> Option<Word> {
        let hash = |fingerprint: Fingerprint| {
            let alert = self.alerts.get(&fingerprint)?;
            Some(alert.told_as(fingerprint, channel.send_resolved))
        };
        let knows = |hash: u64| told.is_some_and(|told| told.firing.binary_search(&hash).is_ok());
        let told_ends = |&&(fingerprint, held): &&(Fingerprint, bool)| {
            !held || hash(fingerprint).is_some_and(knows)
        };
        let ended: Vec<_> =
            sorted.ended.iter().filter(told_ends).map(|&(fingerprint, _)| fingerprint).collect();
        let news = News {
            firing: sorted.firing.iter().copied().filter_map(hash).collect(),
            resolved: ended.iter().copied().filter_map(hash).collect(),
            send_resolved: channel.send_resolved,
            repeat,
        };
        if !news.is_wanted(told, self.mono()) {
            return None;
        }
        // What is held back still lasts for whoever was told of it, and its end will be told.
        let held = sorted.held.iter().filter_map(|&(fingerprint, _)| hash(fingerprint));
        let mut firing: BTreeSet<u64> = held.filter(|&hash| knows(hash)).collect();
        firing.extend(&news.firing);
        let told = Told {
            firing: firing.into_iter().collect(),
            resolved: news.resolved.into_iter().collect(),
            at: self.mono(),
            ..Told::of(channel.id.clone())
        };
        let mut alerts = sorted.firing.clone();
        if channel.send_resolved {
            alerts.extend(ended);
        }
        Some(Word { channel: channel.id, alerts, told: Some(told) })
    }

    fn say_words(&mut self, id: GroupId, words: Vec<Word>) {
        if words.is_empty() {
            return;
        }
        let generation = self.next_generation(id);
        for word in words {
            if let Some(told) = word.told {
                self.remember_told(id, told);
            }
            // Where ends are not told, that all is over is noted and not said.
            if !word.alerts.is_empty() {
                let key = self.key(id, generation, &word.channel, Kind::Group);
                self.tell(id, word.channel, Kind::Group, key, &word.alerts);
            }
        }
    }

    pub(super) fn remember_told(&mut self, id: GroupId, told: Told) {
        self.touched.groups.insert(id);
        let Some(group) = self.groups.get_mut(&id) else {
            return;
        };
        match group.told.iter_mut().find(|other| other.channel == told.channel) {
            Some(other) => *other = told.after(other),
            None => group.told.push(told),
        }
    }

    /// Returns what is over and nobody was told of: there is nothing to say of it, however long that may take.
    fn untold(&self, id: GroupId, sorted: &Sorted) -> Vec<Fingerprint> {
        let told = self.groups.get(&id).map_or(&[][..], |group| &group.told);
        let is_known = |fingerprint: Fingerprint| {
            self.alerts.get(&fingerprint).is_some_and(|alert| {
                let hashes = [true, false].map(|ends| alert.told_as(fingerprint, ends));
                told.iter()
                    .any(|told| hashes.iter().any(|hash| told.firing.binary_search(hash).is_ok()))
            })
        };
        sorted.ended().into_iter().filter(|&fingerprint| !is_known(fingerprint)).collect()
    }

    /// Lets go of alerts whose end the group has told.
    fn settle(&mut self, id: GroupId, ended: &[Fingerprint]) {
        for &fingerprint in ended {
            if let Some(group) = self.groups.get_mut(&id) {
                group.remove(fingerprint);
            }
            if let Some(alert) = self.alerts.get_mut(&fingerprint) {
                alert.groups.retain(|&other| other != id);
                self.touched.alerts.insert(fingerprint);
            }
            self.release(fingerprint);
        }
        if self.groups.get(&id).is_some_and(|group| group.alerts.is_empty()) {
            self.rest(id);
        }
    }

    /// Tells what a storm has held back, one notification a channel.
    pub(super) fn digest(&mut self) {
        let mut bundles: BTreeMap<ChannelId, (GroupId, Vec<Fingerprint>)> = BTreeMap::new();
        for id in std::mem::take(&mut self.storm.held) {
            let holder = self.group_holder(id);
            if holder.is_some() {
                continue;
            }
            let sorted = self.sort(id, None);
            self.note_holders(&sorted);
            for word in self.words(id, &sorted) {
                let bundle = bundles.entry(word.channel).or_insert_with(|| (id, Vec::new()));
                bundle.1.extend(word.alerts);
                if let Some(told) = word.told {
                    self.remember_told(id, told);
                }
            }
            self.settle(id, &sorted.ended());
        }
        let at = self.now.wall.as_unix_nanos().to_string();
        for (channel, (group, alerts)) in bundles {
            let key = NotificationKey::new(&["digest", &at, channel.as_str()]);
            let digest = self.notification(group, channel, Kind::Digest, key, &alerts);
            if let Some(mut digest) = digest {
                // It is of no one incident: no later word of one takes its place.
                digest.incident = format!("digest-{at}");
                digest.group_key = String::from("digest");
                digest.group_labels = Labels::new();
                self.send(digest);
            }
        }
        self.storm_may_end();
        if self.storm.on {
            let next = self.mono().plus(self.config.digest_interval.max(SHORTEST_INTERVAL));
            self.timers.set(Timer::Digest, next);
        }
    }

    /// Has something told, and says so in the history.
    pub(super) fn tell(
        &mut self,
        id: GroupId,
        channel: ChannelId,
        kind: Kind,
        key: NotificationKey,
        alerts: &[Fingerprint],
    ) {
        let Some(notification) = self.notification(id, channel, kind, key, alerts) else {
            return;
        };
        self.send(notification);
    }

    pub(super) fn send(&mut self, notification: Notification) {
        let labels = &notification.group_labels;
        let mut queued = self.transition("notification.queued", notification.key.as_str(), labels);
        queued.incident.clone_from(&notification.incident);
        queued.why = format!("{} for {}", notification.kind.as_str(), notification.channel);
        self.note(queued);
        self.out.push(Effect::Notify(Box::new(notification)));
    }

    pub(super) fn notification(
        &self,
        id: GroupId,
        channel: ChannelId,
        kind: Kind,
        key: NotificationKey,
        alerts: &[Fingerprint],
    ) -> Option<Notification> {
        let (group, node) = self.groups.get(&id).zip(self.node(id))?;
        let mut alerts: Vec<(Fingerprint, &Tracked)> = alerts
            .iter()
            .filter_map(|&fingerprint| Some((fingerprint, self.alerts.get(&fingerprint)?.as_ref())))
            .collect();
        alerts.sort_by(|(_, one), (_, other)| compare(one, other, kind));
        let urgency = alerts.iter().map(|(_, alert)| alert.urgency).max().unwrap_or_default();
        let limit = match kind {
            Kind::Digest => self.config.max_notified_alerts.min(DIGEST_ALERTS),
            _ => self.config.max_notified_alerts,
        };
        let truncated = alerts.len().saturating_sub(limit);
        alerts.truncate(limit);
        let called = self.called_for(id, &channel);
        let (receiver, person) = called.unwrap_or_else(|| (node.route.receiver.clone(), None));
        Some(Notification {
            key,
            kind,
            receiver,
            channel,
            person,
            incident: group.incident_key(),
            group_key: group_key(&node.key, &group.labels),
            group_labels: (*group.labels).clone(),
            alerts: alerts
                .iter()
                .map(|(fingerprint, alert)| alert.notified(*fingerprint))
                .collect(),
            truncated: truncated as u64,
            urgency,
            at: self.now.wall,
            max_age: max_age(urgency),
        })
    }

    /// Names a word of a group: the same after a crash in which it was not kept, another one for each word.
    pub(super) fn key(
        &self,
        id: GroupId,
        generation: u32,
        channel: &ChannelId,
        kind: Kind,
    ) -> NotificationKey {
        let incident = self.groups.get(&id).map(|group| group.incident_key()).unwrap_or_default();
        let kind = format!("{kind:?}");
        NotificationKey::new(&[
            &id.key(),
            &incident,
            &generation.to_string(),
            channel.as_str(),
            &kind,
        ])
    }

    pub(super) fn next_generation(&mut self, id: GroupId) -> u32 {
        self.touched.groups.insert(id);
        self.groups.get_mut(&id).map_or(0, |group| {
            group.generation = group.generation.wrapping_add(1);
            group.generation
        })
    }

    pub(super) fn node(&self, id: GroupId) -> Option<&RouteNode> {
        self.groups.get(&id).and_then(|group| self.router.node(&group.route))
    }

    pub(super) fn channels_of(&self, id: GroupId) -> Vec<ReceiverChannel> {
        if let Some(called) = self.called_channels(id) {
            return called;
        }
        let receiver = self.node(id).and_then(|node| self.plan.receivers.get(&node.route.receiver));
        receiver.map(|receiver| receiver.channels.clone()).unwrap_or_default()
    }
}

/// Those that last come first; in a digest, what matters most; then by job and instance, as Alertmanager has it.
fn compare(one: &Tracked, other: &Tracked, kind: Kind) -> Ordering {
    let matters = |alert: &Tracked| (kind == Kind::Digest).then_some(Reverse(alert.urgency));
    let label = |name| {
        let (one, other) = (one.labels.value(name), other.labels.value(name));
        // One without the label comes after those with it.
        one.is_none().cmp(&other.is_none()).then_with(|| one.cmp(&other))
    };
    one.ended_at
        .is_some()
        .cmp(&other.ended_at.is_some())
        .then_with(|| matters(one).cmp(&matters(other)))
        .then_with(|| label("job"))
        .then_with(|| label("instance"))
        .then_with(|| one.labels.cmp(&other.labels))
}

/// Returns how long a word is worth sending.
pub(super) fn max_age(urgency: Urgency) -> Duration {
    match urgency {
        Urgency::Info => Duration::from_hours(6),
        Urgency::Warning => Duration::from_hours(12),
        Urgency::Critical => Duration::from_hours(24),
    }
}

/// A plan with a shorter one would not let anything else happen.
pub(super) const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);
/// A group that tells its news so late has its times written down anew.
const LATE: Duration = Duration::from_secs(1);
/// Nobody reads more lines; the count of the rest says how bad it is.
const DIGEST_ALERTS: usize = 100;
