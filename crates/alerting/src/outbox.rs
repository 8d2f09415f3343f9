//! The messages on their way: which one leaves when, and what becomes of it.

mod config;
mod entry;
mod fate;
mod lanes;
mod limits;
mod view;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

pub use config::{BucketConfig, ChannelSettings, OutboxConfig};
pub use fate::{ChannelChange, Finished, Lease, OutboxChanges};
pub use view::{ChannelView, OutboxView};

use self::entry::{Entry, Phase, seed_of};
use self::lanes::{Lane, LaneKey};
use self::limits::{Breaker, Bucket, Ready};
use crate::{
    ChannelId, Kind, Message, MessageHead, MessageState, MessageUpdate, Notification, Now,
};

/// The messages on their way, as a state machine without clock, disk or network.
///
/// It holds what decides when a message leaves, not what it says: a hundred thousand waiting messages take less than
/// 50 MB. Whatever it decides it writes into [`OutboxChanges`], which the driver keeps in one commit with the state
/// that caused it, before anything is sent.
///
/// The messages of one incident to one channel and person leave one after another, in order; one that was not sent
/// when a newer one says it is superseded.
#[derive(Debug)]
pub struct Outbox {
    config: OutboxConfig,
    /// Boxed, because the nodes of a map that grows at one end are half empty.
    entries: BTreeMap<u64, Box<Entry>>,
    /// The numbers of the keys that wait.
    keys: HashSet<u64>,
    lanes: BTreeMap<LaneKey, Lane>,
    channels: Vec<ChannelState>,
    names: BTreeMap<ChannelId, usize>,
    people: HashMap<Arc<str>, Bucket>,
    /// The names of receivers and people.
    shared: BTreeSet<Arc<str>>,
    last_sequence: u64,
    /// When the messages were last looked through for those that are too old.
    swept: Duration,
}

/// A channel and the messages that wait for it.
#[derive(Debug)]
struct ChannelState {
    id: ChannelId,
    settings: ChannelSettings,
    /// Whether the configuration no longer has it: it delivers what waits and gets nothing new.
    retired: bool,
    leased: usize,
    ready: Ready,
    bucket: Bucket,
    breaker: Breaker,
    /// Nothing leaves before: the other side asked for it.
    paused_until: Duration,
    sent: u64,
    failed: u64,
    dead: u64,
}

impl Outbox {
    /// Creates an outbox with the messages that an earlier run left.
    ///
    /// An attempt that was under way then may have arrived: it is made again, with the same key, after the pause that
    /// its number of attempts asks for.
    #[must_use]
    pub fn new(
        config: OutboxConfig,
        channels: BTreeMap<ChannelId, ChannelSettings>,
        heads: Vec<MessageHead>,
        last_sequence: u64,
        now: Now,
    ) -> Self {
        let mut outbox = Self {
            config,
            entries: BTreeMap::new(),
            keys: HashSet::new(),
            lanes: BTreeMap::new(),
            channels: Vec::new(),
            names: BTreeMap::new(),
            people: HashMap::new(),
            shared: BTreeSet::new(),
            last_sequence,
            swept: now.boot,
        };
        outbox.reconfigure(now, channels);
        let mut heads = heads;
        heads.sort_unstable_by_key(|head| head.sequence);
        for head in heads.into_iter().filter(|head| head.state.is_waiting()) {
            outbox.last_sequence = outbox.last_sequence.max(head.sequence);
            outbox.restore(now, &head);
        }
        outbox
    }

    /// Takes over new settings. A channel that they no longer name delivers what waits for it and gets nothing new.
    pub fn reconfigure(&mut self, now: Now, channels: BTreeMap<ChannelId, ChannelSettings>) {
        for channel in &mut self.channels {
            channel.retired = !channels.contains_key(&channel.id);
        }
        for (id, settings) in channels {
            let index = self.channel_index(now, &id);
            let channel = &mut self.channels[index];
            channel.bucket = Bucket::new(&settings.bucket(), now.boot);
            channel.settings = settings;
            channel.retired = false;
        }
    }

    /// Takes over the channels that get what is for a channel that is gone.
    pub fn set_last_resort(&mut self, channels: Vec<ChannelId>) {
        self.config.last_resort = channels;
    }

    /// Queues a notification. One whose key waits already is not queued again.
    pub fn enqueue(&mut self, now: Now, notification: Notification, changes: &mut OutboxChanges) {
        if self.keys.contains(&seed_of(&notification.key)) {
            return;
        }
        let wanted = self.channel_index(now, &notification.channel);
        let (channel, reason) = self.usable(wanted);
        self.last_sequence += 1;
        let head = MessageHead {
            sequence: self.last_sequence,
            key: notification.key.clone(),
            channel: self.channels[channel].id.clone(),
            origin: notification.channel.clone(),
            receiver: notification.receiver.clone(),
            person: notification.person.clone(),
            incident: notification.incident.clone(),
            kind: notification.kind,
            condition: notification.condition(),
            urgency: notification.urgency,
            queued_at: now.wall,
            expires_at: now.wall.saturating_add(self.config.max_age(&notification)),
            state: MessageState::Queued,
            attempts: 0,
            at: now.wall,
            reason,
        };
        let entry = self.entry_of(now, &head);
        self.admit(now, head.sequence, entry, changes);
        changes.batch.messages.push(Message { head, notification });
    }

    /// Calls back what has not left of an incident: messages of these kinds, of all kinds when there are none.
    pub fn cancel(
        &mut self,
        now: Now,
        incident: &str,
        kinds: &[Kind],
        why: &str,
        changes: &mut OutboxChanges,
    ) {
        let meant = |entry: &Entry| kinds.is_empty() || kinds.contains(&entry.kind);
        for sequence in self.of_incident(incident) {
            let Some(entry) = self.entries.get_mut(&sequence).filter(|entry| meant(entry)) else {
                continue;
            };
            if entry.phase == Phase::Leased {
                // It may arrive. If it does not, it is not tried again.
                entry.called_back = Some(why.into());
            } else {
                self.close(now, sequence, MessageState::Cancelled, why, None, changes);
            }
        }
    }

    /// Queues a dead message again, for the channel that it was for or, when that is gone, for another one.
    ///
    /// Returns whether it was: one that is not dead, waits already, or says what a newer one that waits says, is left
    /// alone.
    pub fn replay(&mut self, now: Now, head: &MessageHead, changes: &mut OutboxChanges) -> bool {
        if head.state != MessageState::Dead || self.keys.contains(&seed_of(&head.key)) {
            return false;
        }
        let wanted = self.channel_index(now, &head.origin);
        let (channel, _) = self.usable(wanted);
        let mut head = head.clone();
        head.channel = self.channels[channel].id.clone();
        head.expires_at = now.wall.saturating_add(self.config.replayed_max_age);
        (head.state, head.attempts, head.at) = (MessageState::Queued, 0, now.wall);
        "it was replayed".clone_into(&mut head.reason);
        let entry = self.entry_of(now, &head);
        if self.said_by_newer(head.sequence, &entry).is_some() {
            return false;
        }
        changes.batch.updates.push(update_of(&head));
        self.admit(now, head.sequence, entry, changes);
        true
    }

    /// Leases what may leave now: the driver sends each after the changes are kept.
    pub fn lease(&mut self, now: Now, changes: &mut OutboxChanges) {
        self.sweep(now, changes);
        for channel in 0..self.channels.len() {
            while let Some(sequence) = self.next_of(now, channel) {
                self.lease_one(now, sequence, changes);
            }
        }
    }

    /// Returns when there is something to do unless something happens before: at this time since the host's start.
    #[must_use]
    pub fn next_wake(&self) -> Option<Duration> {
        let sweep = (!self.entries.is_empty()).then(|| self.swept.saturating_add(SWEEP));
        let channels = self.channels.iter().filter_map(ChannelState::next_wake);
        channels.chain(sweep).min()
    }

    /// Returns another channel than this one that seems to work, those of the last resort first.
    #[must_use]
    pub fn other_than(&self, channel: &ChannelId) -> Option<ChannelId> {
        let all = self.config.last_resort.iter().chain(self.names.keys());
        let works = |id: &&ChannelId| {
            let state = self.names.get(*id).map(|index| &self.channels[*index]);
            *id != channel && state.is_some_and(|one| !one.retired && !one.breaker.is_open())
        };
        all.into_iter().find(works).cloned()
    }

    /// Returns the channels that the configuration no longer has and nothing waits for.
    #[must_use]
    pub fn idle_retired(&self) -> Vec<ChannelId> {
        let view = self.view().channels;
        let idle = |one: &ChannelView| one.retired && one.waiting == 0 && one.leased == 0;
        view.into_iter().filter(idle).map(|one| one.channel).collect()
    }

    /// Returns how many attempts are under way.
    #[must_use]
    pub fn leased(&self) -> usize {
        self.channels.iter().map(|channel| channel.leased).sum()
    }

    /// Returns how many messages wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether no message waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the largest sequence number ever given to a message.
    #[must_use]
    pub const fn last_sequence(&self) -> u64 {
        self.last_sequence
    }

    /// Returns the messages that wait, in order: what a store begins anew with.
    pub fn heads(&self, now: Now) -> impl Iterator<Item = MessageHead> {
        self.entries.iter().map(move |(sequence, entry)| self.head(now, *sequence, entry))
    }

    fn lease_one(&mut self, now: Now, sequence: u64, changes: &mut OutboxChanges) {
        let Some(entry) = self.entries.get_mut(&sequence) else { return };
        let channel = &mut self.channels[entry.channel];
        channel.leased += 1;
        channel.bucket.take(now.boot);
        if let Some(person) = &entry.person {
            let limits = &self.config.per_person;
            let bucket = self.people.entry(Arc::clone(person));
            bucket.or_insert_with(|| Bucket::new(limits, now.boot)).take(now.boot);
        }
        entry.phase = Phase::Leased;
        entry.attempts = entry.attempts.saturating_add(1);
        changes.leases.push(Lease {
            sequence,
            channel: channel.id.clone(),
            attempt: entry.attempts,
            timeout: channel.settings.timeout,
        });
        let entry = &self.entries[&sequence];
        changes.batch.updates.push(update_of(&self.head(now, sequence, entry)));
    }

    /// Picks the next message of a channel that may leave: the most urgent first, then the oldest.
    fn next_of(&mut self, now: Now, index: usize) -> Option<u64> {
        let channel = &mut self.channels[index];
        channel.ready.wake(now.boot);
        if channel.leased >= channel.settings.parallel.max(1)
            || !channel.breaker.admits(now.boot, channel.leased)
            || channel.paused_until > now.boot
        {
            return None;
        }
        loop {
            let channel = &mut self.channels[index];
            let (urgency, sequence) = channel.ready.first()?;
            if let Err(until) = channel.bucket.admits(now.boot, urgency) {
                channel.ready.hold(until);
                return None;
            }
            let entry = self.entries.get_mut(&sequence)?;
            let limits = &self.config.per_person;
            let person = entry.person.as_ref().map(|person| {
                let bucket = self.people.entry(Arc::clone(person));
                bucket.or_insert_with(|| Bucket::new(limits, now.boot)).admits(now.boot, urgency)
            });
            channel.ready.remove(urgency, sequence);
            match person {
                Some(Err(until)) => {
                    entry.due = until;
                    channel.ready.add(until, urgency, sequence);
                }
                _ => return Some(sequence),
            }
        }
    }

    /// Ends what is too old, from time to time.
    fn sweep(&mut self, now: Now, changes: &mut OutboxChanges) {
        if now.boot < self.swept.saturating_add(SWEEP) {
            return;
        }
        self.swept = now.boot;
        let waiting = self.entries.iter().filter(|(_, entry)| entry.phase != Phase::Leased);
        let (mut late, mut in_vain) = (Vec::new(), Vec::new());
        for (sequence, entry) in waiting {
            let channel = &self.channels[entry.channel];
            let waited = now.boot.saturating_sub(entry.since);
            if entry.expires <= now.boot {
                late.push(*sequence);
            } else if channel.breaker.is_open()
                && waited >= channel.settings.fallback_after
                && !self.waits_for_another(entry)
            {
                in_vain.push(*sequence);
            }
        }
        for sequence in late {
            self.expire(now, sequence, changes);
        }
        for sequence in in_vain {
            if self.next_fallback(sequence).is_some() {
                self.hand_on(now, sequence, "it takes nothing", changes);
            }
        }
        self.people.retain(|_, bucket| !bucket.is_full(now.boot));
        self.shared.retain(|name| Arc::strong_count(name) > 1);
    }

    /// Returns the channel that takes what is meant for another one, and why it is another one.
    fn usable(&self, wanted: usize) -> (usize, String) {
        let channel = &self.channels[wanted];
        if !channel.retired {
            return (wanted, String::new());
        }
        let stand_ins = channel.settings.fallback.iter().chain(&self.config.last_resort);
        let mut indices = stand_ins.filter_map(|id| self.names.get(id).copied());
        match indices.find(|index| !self.channels[*index].retired) {
            Some(index) => (index, format!("the channel {} is gone", channel.id)),
            None => (wanted, String::new()),
        }
    }

    /// Returns the place of a channel; one that nobody knows is there from now on, retired.
    fn channel_index(&mut self, now: Now, id: &ChannelId) -> usize {
        if let Some(index) = self.names.get(id) {
            return *index;
        }
        let settings = ChannelSettings::default();
        self.names.insert(id.clone(), self.channels.len());
        self.channels.push(ChannelState {
            id: id.clone(),
            retired: true,
            leased: 0,
            ready: Ready::default(),
            bucket: Bucket::new(&settings.bucket(), now.boot),
            breaker: Breaker::default(),
            paused_until: Duration::ZERO,
            sent: 0,
            failed: 0,
            dead: 0,
            settings,
        });
        self.channels.len() - 1
    }
}

impl ChannelState {
    fn next_wake(&self) -> Option<Duration> {
        if self.leased >= self.settings.parallel.max(1) {
            return None;
        }
        let due = self.breaker.next_wake(self.ready.next_wake()?, self.leased)?;
        Some(due.max(self.paused_until))
    }
}

fn update_of(head: &MessageHead) -> MessageUpdate {
    MessageUpdate {
        sequence: head.sequence,
        channel: head.channel.clone(),
        state: head.state,
        attempts: head.attempts,
        at: head.at,
        expires_at: head.expires_at,
        reason: head.reason.clone(),
        receipt: None,
        superseded_by: None,
    }
}

/// How often the messages are looked through for those that are too old.
const SWEEP: Duration = Duration::from_secs(10);
