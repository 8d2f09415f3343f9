//! The outbox over random sequences of everything, crashes included, against what must hold.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;
use wardkit_alerting::{
    BucketConfig, ChannelId, ChannelSettings, Condition, Durability, Kind, MemoryStore,
    MessageHead, MessageQuery, MessageState, Now, Outbox, OutboxChanges, OutboxConfig, Outcome,
    Store, Urgency,
};

use crate::outbox_model::{End, Model};
use crate::support::{channel, later, notification, start};

#[derive(Clone, Debug)]
enum Step {
    Enqueue {
        incident: u8,
        channel: u8,
        resolved: bool,
        kind: Kind,
        urgency: Urgency,
        person: bool,
    },
    Lease,
    Finish {
        which: usize,
        outcome: u8,
    },
    Cancel {
        incident: u8,
    },
    Pass {
        seconds: u64,
    },
    SetWall {
        by: i64,
    },
    /// The program dies: what was not kept is gone, what was under way may have arrived.
    Crash,
    Reconfigure {
        without: u8,
    },
    Replay,
}

const CHANNELS: [&str; 3] = ["web", "mail", "chat"];

fn any_step() -> impl Strategy<Value = Step> {
    let kind = prop::sample::select(vec![Kind::Group, Kind::Escalation, Kind::Reminder]);
    let urgency = prop::sample::select(vec![Urgency::Info, Urgency::Warning, Urgency::Critical]);
    let enqueue = (0..3_u8, 0..3_u8, any::<bool>(), kind, urgency, any::<bool>()).prop_map(
        |(incident, channel, resolved, kind, urgency, person)| Step::Enqueue {
            incident,
            channel,
            resolved,
            kind,
            urgency,
            person,
        },
    );
    prop_oneof![
        6 => enqueue,
        8 => Just(Step::Lease),
        8 => (any::<usize>(), 0..5_u8).prop_map(|(which, outcome)| Step::Finish { which, outcome }),
        1 => (0..3_u8).prop_map(|incident| Step::Cancel { incident }),
        5 => prop::sample::select(vec![0, 1, 7, 60, 400, 4000])
            .prop_map(|seconds| Step::Pass { seconds }),
        1 => (-7200..7200_i64).prop_map(|by| Step::SetWall { by }),
        2 => Just(Step::Crash),
        1 => (0..4_u8).prop_map(|without| Step::Reconfigure { without }),
        1 => Just(Step::Replay),
    ]
}

/// What really happens, as nobody in the program sees it.
#[derive(Debug, Default)]
struct Truth {
    /// How often the other side took each key.
    taken: BTreeMap<String, u32>,
    /// The attempts that a crash cut off, by key.
    cut_off: BTreeMap<String, u32>,
    /// Every message ever queued.
    queued: BTreeSet<u64>,
    /// The attempts that nobody has decided yet.
    under_way: BTreeMap<u64, ChannelId>,
}

struct World {
    outbox: Outbox,
    model: Model,
    store: MemoryStore,
    config: OutboxConfig,
    now: Now,
    truth: Truth,
    count: u32,
    without: u8,
}

fn channels(without: u8) -> BTreeMap<ChannelId, ChannelSettings> {
    let all = CHANNELS.iter().enumerate().map(|(index, name)| {
        let mut settings = ChannelSettings::default();
        settings.parallel = index + 1;
        settings.per_minute = (index == 2).then_some(30);
        settings.fallback =
            if index == 0 { vec![channel("mail"), channel("chat")] } else { vec![] };
        (channel(name), settings)
    });
    let kept = all.filter(|(id, _)| {
        CHANNELS.get(usize::from(without)).is_none_or(|name| *id != channel(name))
    });
    kept.collect()
}

impl World {
    fn new() -> Self {
        let mut config = OutboxConfig::default();
        config.last_resort = vec![channel("mail"), channel("chat")];
        config.breaker_failures = 3;
        config.per_person = BucketConfig { per_minute: Some(60), burst: 6 };
        let outbox = Outbox::new(config.clone(), channels(9), Vec::new(), 0, start());
        Self {
            outbox,
            model: Model::new(config.clone(), channels(9), start()),
            store: MemoryStore::new(),
            config,
            now: start(),
            truth: Truth::default(),
            count: 0,
            without: 9,
        }
    }

    fn run(&mut self, step: &Step) {
        let mut changes = OutboxChanges::default();
        match step {
            Step::Enqueue { incident, channel, resolved, kind, urgency, person } => {
                self.count += 1;
                let condition = if *resolved { Condition::Resolved } else { Condition::Firing };
                let mut one = notification(
                    &format!("incident {incident}"),
                    CHANNELS[usize::from(*channel)],
                    condition,
                    &self.count.to_string(),
                );
                (one.kind, one.urgency) = (*kind, *urgency);
                one.person = person.then(|| "alice".to_owned());
                self.outbox.enqueue(self.now, one, &mut changes);
                self.model.enqueue(self.now, changes.batch.messages[0].head.clone());
            }
            Step::Lease => {
                self.outbox.lease(self.now, &mut changes);
                let mut leased: Vec<u64> = changes.leases.iter().map(|one| one.sequence).collect();
                leased.sort_unstable();
                assert_eq!(leased, self.model.lease(self.now));
            }
            Step::Finish { which, outcome } => self.finish(*which, *outcome, &mut changes),
            Step::Cancel { incident } => {
                let incident = format!("incident {incident}");
                self.outbox.cancel(self.now, &incident, &[], "acknowledged", &mut changes);
                self.model.cancel(self.now, &incident);
            }
            Step::Pass { seconds } => self.now = later(self.now, Duration::from_secs(*seconds)),
            Step::SetWall { by } => {
                let seconds = self.now.wall.as_unix_seconds() + by;
                self.now.wall = wardkit_core::Timestamp::from_unix_seconds(seconds);
            }
            Step::Crash => return self.crash(),
            Step::Reconfigure { without } => {
                self.without = *without;
                self.outbox.reconfigure(self.now, channels(*without));
                self.model.reconfigure(self.now, channels(*without));
            }
            Step::Replay => {
                let dead = self.in_state(MessageState::Dead);
                if let Some(head) = dead.first() {
                    let replayed = self.outbox.replay(self.now, head, &mut changes);
                    assert_eq!(replayed, self.model.replay(self.now, head.sequence));
                }
            }
        }
        self.keep(&changes);
    }

    fn keep(&mut self, changes: &OutboxChanges) {
        self.truth.queued.extend(changes.batch.messages.iter().map(|one| one.head.sequence));
        self.store.commit(&changes.batch, Durability::Full).unwrap();
        for lease in &changes.leases {
            self.leaves(lease.sequence, &lease.channel);
        }
        self.agrees();
    }

    /// Only the first message of its lane leaves, one at a time, and no channel is asked for more than it takes.
    fn leaves(&mut self, sequence: u64, to: &ChannelId) {
        // As the outbox sees it: what it moved to another channel at a restart, the store learns with the next change.
        let heads: Vec<_> = self.outbox.heads(self.now).collect();
        let lane =
            |head: &MessageHead| (head.channel.clone(), head.incident.clone(), head.person.clone());
        let head = heads.iter().find(|head| head.sequence == sequence).unwrap().clone();
        assert_eq!(head.channel, *to);
        for other in heads.iter().filter(|other| lane(other) == lane(&head)) {
            let under_way = self.truth.under_way.contains_key(&other.sequence);
            assert!(!under_way, "{sequence} leaves while {} is under way", other.sequence);
        }
        assert!(self.truth.under_way.insert(sequence, to.clone()).is_none());
        let settings = channels(9).remove(to).unwrap_or_default();
        let same = self.truth.under_way.values().filter(|channel| *channel == to).count();
        assert!(same <= settings.parallel, "{same} at a time on {to}");
    }

    fn finish(&mut self, which: usize, outcome: u8, changes: &mut OutboxChanges) {
        let under_way: Vec<u64> = self.truth.under_way.keys().copied().collect();
        if under_way.is_empty() {
            return;
        }
        let sequence = under_way[which % under_way.len()];
        self.truth.under_way.remove(&sequence);
        let reason = "no".to_owned();
        let outcome = match outcome {
            0 | 1 => {
                self.take(sequence);
                Outcome::Sent { receipt: None }
            }
            2 => Outcome::Permanent { reason },
            3 => Outcome::Retry { after: Some(Duration::from_secs(30)), reason },
            _ => Outcome::Retry { after: None, reason },
        };
        let end = match &outcome {
            Outcome::Sent { .. } => End::Sent,
            Outcome::Permanent { .. } => End::Refused,
            Outcome::Retry { after, .. } => End::Failed(*after),
            other => panic!("an outcome that the model does not know: {other:?}"),
        };
        self.outbox.finish(self.now, sequence, outcome, changes);
        self.model.finish(self.now, sequence, end);
    }

    fn take(&mut self, sequence: u64) {
        let key = self.key(sequence);
        let count = self.truth.taken.entry(key.clone()).or_default();
        *count += 1;
        let may = 1 + self.truth.cut_off.get(&key).copied().unwrap_or_default();
        assert!(*count <= may, "{key} was taken {count} times");
    }

    fn crash(&mut self) {
        for (index, sequence) in std::mem::take(&mut self.truth.under_way).into_keys().enumerate() {
            // Every second one had arrived, and nobody was left to learn it.
            if index % 2 == 0 {
                self.take(sequence);
                let key = self.key(sequence);
                *self.truth.cut_off.entry(key).or_default() += 1;
            }
        }
        let loaded = self.store.load().unwrap();
        let channels = channels(self.without);
        self.model.crash(self.now, &loaded.messages, channels.clone());
        self.outbox = Outbox::new(
            self.config.clone(),
            channels,
            loaded.messages,
            loaded.last_sequence,
            self.now,
        );
    }

    /// The store and the outbox know the same messages, as far as each other.
    fn agrees(&mut self) {
        let know = |head: &MessageHead| (head.sequence, head.key.clone(), head.incident.clone());
        let kept: Vec<_> = self.waiting().iter().map(know).collect();
        let held: Vec<_> = self.outbox.heads(self.now).map(|head| know(&head)).collect();
        assert_eq!(kept, held);
        assert_eq!(self.outbox.leased(), self.truth.under_way.len());
        let told = |head: MessageHead| (head.sequence, head.state, head.channel, head.attempts);
        let held: Vec<_> = self.outbox.heads(self.now).map(told).collect();
        assert_eq!(held, self.model.waiting());
        let mut query = MessageQuery::default();
        query.limit = 10_000;
        for head in self.store.messages(&query).unwrap() {
            let state = self.model.all[&head.sequence].head.state;
            assert!(head.state == state || state.is_waiting(), "{head:?} is {state:?}");
        }
    }

    /// Everything that was ever queued is decided, and what is superseded is said by something newer.
    fn ends(&mut self) {
        for _ in 0..2000 {
            self.run(&Step::Lease);
            while !self.truth.under_way.is_empty() {
                self.run(&Step::Finish { which: 0, outcome: 0 });
            }
            let Some(wake) = self.outbox.next_wake() else { break };
            self.now = later(self.now, wake.saturating_sub(self.now.boot));
        }
        assert!(self.outbox.is_empty(), "{} wait for ever", self.outbox.len());
        let mut query = MessageQuery::default();
        query.limit = 10_000;
        let all = self.store.messages(&query).unwrap();
        let decided = all.iter().filter(|head| !head.state.is_waiting()).count();
        assert_eq!(decided, self.truth.queued.len());
        for head in all.iter().filter(|head| head.state == MessageState::Sent) {
            assert!(self.truth.taken.contains_key(head.key.as_str()));
        }
    }

    fn waiting(&mut self) -> Vec<MessageHead> {
        self.store.load().unwrap().messages
    }

    fn in_state(&mut self, state: MessageState) -> Vec<MessageHead> {
        let mut query = MessageQuery::default();
        query.states = vec![state];
        self.store.messages(&query).unwrap()
    }

    fn key(&mut self, sequence: u64) -> String {
        let mut query = MessageQuery::default();
        (query.before, query.limit) = (Some(sequence + 1), 1);
        self.store.messages(&query).unwrap()[0].key.to_string()
    }
}

proptest! {
    #[test]
    fn nothing_is_lost_sent_twice_or_out_of_order(steps in prop::collection::vec(any_step(), 0..120)) {
        let mut world = World::new();
        for step in &steps {
            world.run(step);
        }
        world.ends();
    }
}
