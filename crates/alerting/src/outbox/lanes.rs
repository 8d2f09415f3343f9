//! The messages of one incident to one channel and person, which leave in order.

use std::sync::Arc;
use std::time::Duration;

use super::entry::{CompactKey, Entry, Phase};
use super::{Outbox, OutboxChanges};
use crate::{MessageHead, MessageState, Now};

/// What a lane is for. The incident stands first, so that the lanes of one lie side by side.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LaneKey {
    pub(super) incident: Arc<str>,
    pub(super) channel: usize,
    pub(super) person: Option<Arc<str>>,
}

/// The messages of a lane, in order. There is at least one; only the first may leave.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) first: u64,
    pub(super) rest: Vec<u64>,
}

impl Outbox {
    /// Takes a message into its lane. It supersedes the older ones that were not sent and say no more than it does,
    /// and is superseded by a newer one that says as much.
    pub(super) fn admit(
        &mut self,
        now: Now,
        sequence: u64,
        entry: Entry,
        changes: &mut OutboxChanges,
    ) {
        let lane = self.lanes.get(&lane_of(&entry)).map(Lane::all).unwrap_or_default();
        let mut due = entry.due;
        let superseded: Vec<u64> = lane
            .into_iter()
            .filter(|other| {
                let older = &self.entries[other];
                let superseded =
                    *other < sequence && older.phase != Phase::Leased && entry.replaces(older);
                if superseded {
                    // What the channel asked the older one to wait, it asks this one, too.
                    due = due.max(older.due);
                }
                superseded
            })
            .collect();
        let newer = self.said_by_newer(sequence, &entry);
        self.insert(sequence, Entry { due, ..entry });
        for older in superseded {
            self.supersede(now, older, sequence, changes);
        }
        if let Some(newer) = newer {
            self.supersede(now, sequence, newer, changes);
        }
    }

    /// Returns the newest message of a message's lane that is newer and says all that it does.
    pub(super) fn said_by_newer(&self, sequence: u64, entry: &Entry) -> Option<u64> {
        let lane = self.lanes.get(&lane_of(entry))?;
        let says_it = |other: &u64| {
            *other > sequence && self.entries.get(other).is_some_and(|newer| newer.replaces(entry))
        };
        lane.all().into_iter().rev().find(says_it)
    }

    /// Returns whether another message of the lane is under way, so that it is not known what becomes of it.
    pub(super) fn waits_for_another(&self, entry: &Entry) -> bool {
        let first = self.lanes.get(&lane_of(entry)).and_then(|lane| self.entries.get(&lane.first));
        first.is_some_and(|first| first.phase == Phase::Leased)
    }

    /// Takes in a message that an earlier run left.
    pub(super) fn restore(&mut self, now: Now, head: &MessageHead) {
        let mut entry = self.entry_of(now, head);
        let (channel, _) = self.usable(entry.channel);
        entry.channel = channel;
        entry.hops = self.hops(entry.origin, channel);
        entry.attempts = head.attempts;
        let pause = match head.state {
            // The state of a failed one ends when its pause does.
            MessageState::Failed => head.at.duration_since(now.wall).unwrap_or_default(),
            // A message that kills the program must not do so without a pause.
            MessageState::Leased => self.config.pause(head.attempts.max(1), entry.seed()),
            _ => Duration::ZERO,
        };
        // However the wall was set meanwhile.
        entry.due = now.boot + pause.min(self.config.longest_pause);
        entry.phase = if entry.attempts > 0 { Phase::Failed } else { Phase::Queued };
        let worth = head.expires_at.duration_since(now.wall).unwrap_or_default();
        let whole = head.expires_at.duration_since(head.queued_at).unwrap_or_default();
        entry.expires = now.boot.saturating_add(worth.min(whole));
        self.insert(head.sequence, entry);
    }

    /// Puts a message into its lane, behind the older ones and before the newer ones that are not under way.
    pub(super) fn insert(&mut self, sequence: u64, entry: Entry) {
        self.keys.insert(entry.seed());
        let ready = &mut self.channels[entry.channel].ready;
        let lane = self.lanes.entry(lane_of(&entry));
        let lane = lane.or_insert(Lane { first: sequence, rest: Vec::new() });
        let first = self.entries.get(&lane.first).filter(|_| lane.first != sequence);
        match first {
            Some(first) if sequence < lane.first && first.phase != Phase::Leased => {
                ready.forget(first.due, first.urgency, lane.first);
                ready.add(entry.due, entry.urgency, sequence);
                lane.rest.insert(0, std::mem::replace(&mut lane.first, sequence));
            }
            Some(_) => {
                let place = lane.rest.partition_point(|other| *other < sequence);
                lane.rest.insert(place, sequence);
            }
            None => ready.add(entry.due, entry.urgency, sequence),
        }
        self.entries.insert(sequence, Box::new(entry));
    }

    /// Takes a message out of its lane, and lets the next one of it come forward.
    pub(super) fn remove(&mut self, sequence: u64) -> Option<Entry> {
        let entry = *self.entries.remove(&sequence)?;
        self.keys.remove(&entry.seed());
        let key = lane_of(&entry);
        let lane = self.lanes.get_mut(&key)?;
        if lane.first != sequence {
            lane.rest.retain(|other| *other != sequence);
            return Some(entry);
        }
        let ready = &mut self.channels[entry.channel].ready;
        if entry.phase != Phase::Leased {
            ready.forget(entry.due, entry.urgency, sequence);
        }
        if lane.rest.is_empty() {
            self.lanes.remove(&key);
        } else {
            lane.first = lane.rest.remove(0);
            if let Some(next) = self.entries.get(&lane.first) {
                ready.add(next.due, next.urgency, lane.first);
            }
        }
        Some(entry)
    }

    /// Returns the newest message behind this one that says all that it does.
    pub(super) fn successor(&self, sequence: u64) -> Option<u64> {
        self.said_by_newer(sequence, self.entries.get(&sequence)?)
    }

    /// Returns the messages of an incident, in order.
    pub(super) fn of_incident(&self, incident: &str) -> Vec<u64> {
        let from = LaneKey { incident: incident.into(), channel: 0, person: None };
        let lanes = self.lanes.range(from..).take_while(|(key, _)| &*key.incident == incident);
        let mut all: Vec<u64> = lanes.flat_map(|(_, lane)| lane.all()).collect();
        all.sort_unstable();
        all
    }

    pub(super) fn entry_of(&mut self, now: Now, head: &MessageHead) -> Entry {
        let channel = self.channel_index(now, &head.channel);
        let origin = self.channel_index(now, &head.origin);
        let worth = head.expires_at.duration_since(head.queued_at.max(now.wall));
        Entry {
            key: CompactKey::new(&head.key),
            incident: self.incident_name(&head.incident),
            receiver: self.shared_name(&head.receiver),
            person: head.person.as_deref().map(|person| self.shared_name(person)),
            called_back: None,
            channel,
            origin,
            hops: 0,
            kind: head.kind,
            condition: head.condition,
            urgency: head.urgency,
            phase: Phase::Queued,
            attempts: 0,
            queued_at: head.queued_at,
            due: now.boot,
            expires: now.boot.saturating_add(worth.unwrap_or_default()),
            since: now.boot,
        }
    }

    /// Returns the name that other messages of the incident hold already, if there are any.
    fn incident_name(&self, incident: &str) -> Arc<str> {
        let name: Arc<str> = incident.into();
        let from = LaneKey { incident: Arc::clone(&name), channel: 0, person: None };
        let next = self.lanes.range(from..).next().map(|(key, _)| &key.incident);
        next.filter(|other| **other == name).map_or(name, Arc::clone)
    }

    fn shared_name(&mut self, name: &str) -> Arc<str> {
        if let Some(shared) = self.shared.get(name) {
            return Arc::clone(shared);
        }
        let shared: Arc<str> = name.into();
        self.shared.insert(Arc::clone(&shared));
        shared
    }
}

impl Lane {
    fn all(&self) -> Vec<u64> {
        std::iter::once(self.first).chain(self.rest.iter().copied()).collect()
    }
}

pub(super) fn lane_of(entry: &Entry) -> LaneKey {
    LaneKey {
        incident: Arc::clone(&entry.incident),
        channel: entry.channel,
        person: entry.person.clone(),
    }
}
