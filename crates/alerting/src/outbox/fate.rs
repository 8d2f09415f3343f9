//! What becomes of a message.

use std::time::Duration;

use wardkit_core::Timestamp;

use super::entry::{Entry, Phase};
use super::{Outbox, update_of};
use crate::{
    Batch, ChannelId, Kind, MessageHead, MessageState, NotificationKey, Now, Outcome, Transition,
};

/// What an [`Outbox`] decided.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct OutboxChanges {
    /// What is to be kept, in one commit with what caused it.
    pub batch: Batch,
    /// What is to be sent, once that is kept.
    pub leases: Vec<Lease>,
    /// The messages that need no more attempts.
    pub finished: Vec<Finished>,
    /// The channels that do not work any more, or do again.
    pub channels: Vec<ChannelChange>,
}

/// Allows one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lease {
    /// The message; its payload is in the store.
    pub sequence: u64,
    /// The channel that it goes to.
    pub channel: ChannelId,
    /// Which attempt it is, from 1 on.
    pub attempt: u32,
    /// How long the attempt may take.
    pub timeout: Duration,
}

/// A message that needs no more attempts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finished {
    /// Which one.
    pub sequence: u64,
    /// Its key.
    pub key: NotificationKey,
    /// The incident that it was about.
    pub incident: String,
    /// The channel that it was for.
    pub origin: ChannelId,
    /// The channel that it went to in the end.
    pub channel: ChannelId,
    /// The receiver that it was for.
    pub receiver: String,
    /// What sort of word it was.
    pub kind: Kind,
    /// What became of it.
    pub state: MessageState,
    /// Why, in one line; empty when there is nothing to say.
    pub reason: String,
    /// When it was queued.
    pub queued_at: Timestamp,
}

/// A channel that does not work any more, or does again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChannelChange {
    /// Which one.
    pub channel: ChannelId,
    /// Why it does not work; none when it does.
    pub failing: Option<String>,
}

impl Outbox {
    /// Takes note of what became of an attempt. One that nobody waits for changes nothing.
    pub fn finish(
        &mut self,
        now: Now,
        sequence: u64,
        outcome: Outcome,
        changes: &mut OutboxChanges,
    ) {
        let entry = self.entries.get_mut(&sequence);
        let Some(entry) = entry.filter(|entry| entry.phase == Phase::Leased) else { return };
        let called_back = entry.called_back.take();
        let channel = &mut self.channels[entry.channel];
        channel.leased = channel.leased.saturating_sub(1);
        match outcome {
            Outcome::Sent { receipt } => {
                channel.sent += 1;
                self.works(now, sequence, changes);
                self.close(now, sequence, MessageState::Sent, "", receipt, changes);
            }
            Outcome::Permanent { reason } => {
                channel.failed += 1;
                // It answered: the fault is the message's.
                self.works(now, sequence, changes);
                match called_back {
                    Some(why) => {
                        self.close(now, sequence, MessageState::Cancelled, &why, None, changes);
                    }
                    None => self.hand_on(now, sequence, &reason, changes),
                }
            }
            Outcome::Retry { after, reason } => {
                channel.failed += 1;
                if channel.breaker.on_failure(now.boot, &self.config) {
                    let failing = Some(reason.clone());
                    changes.channels.push(ChannelChange { channel: channel.id.clone(), failing });
                }
                match called_back {
                    Some(why) => {
                        self.close(now, sequence, MessageState::Cancelled, &why, None, changes);
                    }
                    None => self.retry(now, sequence, after, &reason, changes),
                }
            }
        }
    }

    /// Lets a message wait for its next attempt, unless there is something better to do with it.
    fn retry(
        &mut self,
        now: Now,
        sequence: u64,
        after: Option<Duration>,
        reason: &str,
        changes: &mut OutboxChanges,
    ) {
        let Some(entry) = self.entries.get(&sequence) else { return };
        let channel = &mut self.channels[entry.channel];
        let mut due = now.boot + self.config.pause(entry.attempts, entry.seed());
        if let Some(after) = after {
            // The other side means all that it is sent.
            let asked = now.boot + after.min(self.config.longest_pause);
            channel.paused_until = channel.paused_until.max(asked);
            due = due.max(asked);
        }
        let in_vain = now.boot.saturating_sub(entry.since) >= channel.settings.fallback_after;
        if let Some(newer) = self.successor(sequence) {
            if let Some(entry) = self.entries.get_mut(&newer) {
                entry.due = entry.due.max(due);
            }
            return self.supersede(now, sequence, newer, changes);
        }
        if entry.expires <= now.boot {
            return self.expire(now, sequence, changes);
        }
        if in_vain && self.next_fallback(sequence).is_some() {
            return self.hand_on(now, sequence, reason, changes);
        }
        let Some(entry) = self.entries.get_mut(&sequence) else { return };
        (entry.phase, entry.due) = (Phase::Failed, due);
        let ready = &mut self.channels[entry.channel].ready;
        ready.add(due, entry.urgency, sequence);
        let until = now.wall.saturating_add(due.saturating_sub(now.boot));
        let entry = &self.entries[&sequence];
        let head = MessageHead {
            state: MessageState::Failed,
            at: until,
            reason: reason.to_owned(),
            ..self.head(now, sequence, entry)
        };
        keep(now, &head, "delivery.failed", changes);
    }

    /// Hands a message on to the next fallback; without one it is dead.
    pub(super) fn hand_on(
        &mut self,
        now: Now,
        sequence: u64,
        reason: &str,
        changes: &mut OutboxChanges,
    ) {
        if let Some(newer) = self.successor(sequence) {
            // It says more, and tries for itself; what comes before must not come after it.
            return self.supersede(now, sequence, newer, changes);
        }
        let Some((next, hops)) = self.next_fallback(sequence) else {
            return self.close(now, sequence, MessageState::Dead, reason, None, changes);
        };
        let Some(mut entry) = self.remove(sequence) else { return };
        let refused = self.channels[entry.channel].id.clone();
        (entry.channel, entry.hops) = (next, hops);
        (entry.phase, entry.attempts) = (Phase::Queued, 0);
        (entry.due, entry.since) = (now.boot, now.boot);
        let head = MessageHead {
            reason: format!("{refused}: {reason}"),
            ..self.head(now, sequence, &entry)
        };
        keep(now, &head, "delivery.rerouted", changes);
        self.admit(now, sequence, entry, changes);
    }

    /// Ends a message that is not worth sending any more.
    pub(super) fn expire(&mut self, now: Now, sequence: u64, changes: &mut OutboxChanges) {
        let attempts = self.entries.get(&sequence).map_or(0, |entry| entry.attempts);
        let why = format!("it is too old after {attempts} attempts");
        self.close(now, sequence, MessageState::Dead, &why, None, changes);
    }

    pub(super) fn supersede(
        &mut self,
        now: Now,
        sequence: u64,
        by: u64,
        changes: &mut OutboxChanges,
    ) {
        let Some(newer) = self.entries.get(&by) else { return };
        let why = format!("{} says it", newer.key.key());
        self.close(now, sequence, MessageState::Superseded, &why, None, changes);
        if let Some(update) = changes.batch.updates.last_mut() {
            update.superseded_by = Some(by);
        }
    }

    /// Ends a message.
    pub(super) fn close(
        &mut self,
        now: Now,
        sequence: u64,
        state: MessageState,
        why: &str,
        receipt: Option<String>,
        changes: &mut OutboxChanges,
    ) {
        let Some(entry) = self.remove(sequence) else { return };
        let head = MessageHead {
            state,
            at: now.wall,
            reason: why.to_owned(),
            ..self.head(now, sequence, &entry)
        };
        let what = match state {
            MessageState::Sent => "delivery.sent",
            MessageState::Cancelled => "delivery.cancelled",
            MessageState::Superseded => "delivery.superseded",
            _ => {
                self.channels[entry.channel].dead += 1;
                "delivery.dead"
            }
        };
        keep(now, &head, what, changes);
        if let Some(update) = changes.batch.updates.last_mut() {
            update.receipt = receipt;
        }
        changes.finished.push(Finished {
            sequence,
            key: head.key,
            incident: head.incident,
            origin: self.channels[entry.origin].id.clone(),
            channel: head.channel,
            receiver: head.receiver,
            kind: head.kind,
            state,
            reason: head.reason,
            queued_at: head.queued_at,
        });
    }

    /// Returns what the store knows of a waiting message.
    pub(super) fn head(&self, now: Now, sequence: u64, entry: &Entry) -> MessageHead {
        let (state, at) = match entry.phase {
            Phase::Queued => (MessageState::Queued, entry.queued_at),
            Phase::Leased => (MessageState::Leased, now.wall),
            Phase::Failed => {
                (MessageState::Failed, now.wall.saturating_add(entry.due.saturating_sub(now.boot)))
            }
        };
        let at = if entry.phase == Phase::Queued { at.max(now.wall) } else { at };
        MessageHead {
            sequence,
            key: entry.key.key(),
            channel: self.channels[entry.channel].id.clone(),
            origin: self.channels[entry.origin].id.clone(),
            receiver: entry.receiver.to_string(),
            person: entry.person.as_deref().map(str::to_owned),
            incident: entry.incident.to_string(),
            kind: entry.kind,
            condition: entry.condition,
            urgency: entry.urgency,
            queued_at: entry.queued_at,
            expires_at: now.wall.saturating_add(entry.expires.saturating_sub(now.boot)),
            state,
            attempts: entry.attempts,
            at,
            reason: String::new(),
        }
    }

    /// Returns the next channel for a message that this one does not take, and how many it was handed to then.
    pub(super) fn next_fallback(&self, sequence: u64) -> Option<(usize, u8)> {
        let entry = self.entries.get(&sequence)?;
        let origin = &self.channels[entry.origin].settings.fallback;
        let rest = origin.iter().enumerate().skip(usize::from(entry.hops));
        let mut usable = rest.filter_map(|(place, id)| {
            let index = self.names.get(id).copied()?;
            let there = !self.channels[index].retired && index != entry.channel;
            there.then_some((index, u8::try_from(place + 1).unwrap_or(u8::MAX)))
        });
        usable.next().filter(|(_, hops)| *hops < u8::MAX)
    }

    /// Returns how many of the fallbacks of a channel a message was handed to that is at another one now.
    pub(super) fn hops(&self, origin: usize, channel: usize) -> u8 {
        let mut fallback = self.channels[origin].settings.fallback.iter();
        let place = fallback.position(|id| self.names.get(id) == Some(&channel));
        place.map_or(0, |place| u8::try_from(place + 1).unwrap_or(u8::MAX))
    }

    /// Takes note that a channel answers: what waited because it did not may leave.
    fn works(&mut self, now: Now, sequence: u64, changes: &mut OutboxChanges) {
        let Some(entry) = self.entries.get(&sequence) else { return };
        let channel = &mut self.channels[entry.channel];
        if channel.breaker.on_success() {
            channel.ready.wake_all();
            channel.paused_until = channel.paused_until.min(now.boot);
            let channel = channel.id.clone();
            changes.channels.push(ChannelChange { channel, failing: None });
        }
    }
}

/// Keeps what a message is now, and that it became so.
fn keep(now: Now, head: &MessageHead, what: &str, changes: &mut OutboxChanges) {
    changes.batch.updates.push(update_of(head));
    let mut transition = Transition::new(now.wall, what, head.key.as_str());
    transition.incident.clone_from(&head.incident);
    transition.by = head.channel.to_string();
    transition.why.clone_from(&head.reason);
    changes.batch.transitions.push(transition);
}
