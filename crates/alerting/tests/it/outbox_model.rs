//! What the outbox should do, written down naively: one list of messages, looked through each time.

use std::collections::BTreeMap;
use std::time::Duration;

use wardkit_alerting::{
    ChannelId, ChannelSettings, Condition, Kind, MessageHead, MessageState, Now, OutboxConfig,
    Urgency,
};
use wardkit_retry::{Jitter, RetryPolicy, Schedule};

/// A message as the model knows it.
#[derive(Clone, Debug)]
pub(crate) struct One {
    pub(crate) head: MessageHead,
    due: Duration,
    expires: Duration,
    since: Duration,
    hops: usize,
    called_back: bool,
    /// Leaves before it is due: its channel works again.
    awake: bool,
    /// It was tried, and so stays before an older one that came while it was under way.
    first: bool,
}

#[derive(Debug)]
struct Chan {
    settings: ChannelSettings,
    is_there: bool,
    tokens: Tokens,
    failures: u32,
    probes: u32,
    open: bool,
    shut_until: Duration,
    paused_until: Duration,
}

/// Tokens of a bucket, and when they were counted.
#[derive(Clone, Copy, Debug)]
struct Tokens {
    rate: Option<f64>,
    size: f64,
    count: f64,
    at: Duration,
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    Sent,
    Refused,
    Failed(Option<Duration>),
}

#[derive(Debug)]
pub(crate) struct Model {
    config: OutboxConfig,
    now: Duration,
    pub(crate) all: BTreeMap<u64, One>,
    channels: BTreeMap<ChannelId, Chan>,
    /// The order in which channels are asked, who share what a person gets: that in which they became known.
    asked: Vec<ChannelId>,
    people: BTreeMap<String, Tokens>,
    swept: Duration,
}

const SWEEP: Duration = Duration::from_secs(10);

impl Model {
    pub(crate) fn new(
        config: OutboxConfig,
        settings: BTreeMap<ChannelId, ChannelSettings>,
        now: Now,
    ) -> Self {
        let (all, channels, people) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let (asked, now_boot) = (Vec::new(), now.boot);
        let mut model =
            Self { config, now: now_boot, all, channels, asked, people, swept: now_boot };
        model.reconfigure(now, settings);
        model
    }

    pub(crate) fn reconfigure(&mut self, now: Now, settings: BTreeMap<ChannelId, ChannelSettings>) {
        self.now = now.boot;
        for channel in self.channels.values_mut() {
            channel.is_there = false;
        }
        for (id, settings) in settings {
            let now = self.now;
            let channel = self.channel(&id);
            let burst = settings.per_minute.map_or(1.0, |limit| f64::from((limit / 2).max(2)));
            channel.tokens = Tokens::full(settings.per_minute, burst, now);
            (channel.settings, channel.is_there) = (settings, true);
        }
    }

    pub(crate) fn enqueue(&mut self, now: Now, head: MessageHead) {
        self.now = now.boot;
        let channel = self.usable(&head.origin);
        let worth = head.expires_at.duration_since(head.queued_at).unwrap();
        let head = MessageHead { channel, attempts: 0, ..head };
        self.place(One {
            head,
            due: now.boot,
            expires: now.boot + worth,
            since: now.boot,
            hops: 0,
            called_back: false,
            awake: false,
            first: false,
        });
    }

    pub(crate) fn replay(&mut self, now: Now, sequence: u64) -> bool {
        self.now = now.boot;
        let mut one = self.all[&sequence].clone();
        one.head.channel = self.usable(&one.head.origin);
        one.head.state = MessageState::Queued;
        if self.newer(&one).is_some() {
            return false;
        }
        one.head.attempts = 0;
        (one.due, one.since, one.hops) = (now.boot, now.boot, 0);
        one.expires = now.boot + self.config.replayed_max_age;
        self.place(one);
        true
    }

    pub(crate) fn cancel(&mut self, now: Now, incident: &str) {
        self.now = now.boot;
        for one in self.all.values_mut().filter(|one| one.head.incident == incident) {
            match one.head.state {
                MessageState::Leased => one.called_back = true,
                state if state.is_waiting() => one.head.state = MessageState::Cancelled,
                _ => {}
            }
        }
    }

    /// Returns what leaves, in order of numbers.
    pub(crate) fn lease(&mut self, now: Now) -> Vec<u64> {
        self.now = now.boot;
        self.sweep();
        let mut all = Vec::new();
        for id in self.asked.clone() {
            while let Some(sequence) = self.next(&id) {
                self.channels.get_mut(&id).unwrap().tokens.take(now.boot);
                let one = self.all.get_mut(&sequence).unwrap();
                (one.head.state, one.first) = (MessageState::Leased, true);
                one.head.attempts += 1;
                if let Some(person) = one.head.person.clone() {
                    self.person(&person).take(now.boot);
                }
                all.push(sequence);
            }
        }
        all.sort_unstable();
        all
    }

    pub(crate) fn finish(&mut self, now: Now, sequence: u64, end: End) {
        self.now = now.boot;
        let one = self.all[&sequence].clone();
        // Whatever comes next, it is under way no longer.
        self.all.get_mut(&sequence).unwrap().awake = false;
        match end {
            End::Sent => {
                self.works(&one);
                self.close(sequence, MessageState::Sent);
            }
            End::Refused => {
                self.works(&one);
                if one.called_back {
                    self.close(sequence, MessageState::Cancelled);
                } else {
                    self.hand_on(sequence);
                }
            }
            End::Failed(after) => {
                self.fails(&one.head.channel);
                if one.called_back {
                    self.close(sequence, MessageState::Cancelled);
                } else {
                    self.again(sequence, after);
                }
            }
        }
    }

    /// What was kept is read back; nothing else is left.
    pub(crate) fn crash(
        &mut self,
        now: Now,
        kept: &[MessageHead],
        settings: BTreeMap<ChannelId, ChannelSettings>,
    ) {
        self.channels.clear();
        self.asked.clear();
        self.people.clear();
        (self.now, self.swept) = (now.boot, now.boot);
        self.reconfigure(now, settings);
        for head in kept {
            let channel = self.usable(&head.channel);
            let fallback = &self.channel(&head.origin).settings.fallback;
            let hops = fallback.iter().position(|id| *id == channel).map_or(0, |place| place + 1);
            let pause = match head.state {
                MessageState::Failed => head.at.duration_since(now.wall).unwrap_or_default(),
                MessageState::Leased => self.pause(head),
                _ => Duration::ZERO,
            };
            let worth = |from| head.expires_at.duration_since(from).unwrap_or_default();
            let one = self.all.get_mut(&head.sequence).unwrap();
            let tried = one.head.attempts > 0;
            let state = if tried { MessageState::Failed } else { MessageState::Queued };
            (one.head.state, one.head.channel, one.hops) = (state, channel, hops);
            one.due = now.boot + pause.min(self.config.longest_pause);
            one.expires = now.boot + worth(now.wall).min(worth(head.queued_at));
            (one.since, one.called_back, one.awake) = (now.boot, false, false);
            one.first = false;
        }
    }

    /// Returns the messages that wait, in order: the number, the state, the channel and the attempts.
    pub(crate) fn waiting(&self) -> Vec<(u64, MessageState, ChannelId, u32)> {
        let waiting = self.all.values().map(|one| &one.head).filter(|it| it.state.is_waiting());
        waiting.map(|it| (it.sequence, it.state, it.channel.clone(), it.attempts)).collect()
    }

    fn sweep(&mut self) {
        if self.now < self.swept + SWEEP {
            return;
        }
        self.swept = self.now;
        let idle = |one: &&One| one.head.state.is_waiting() && !is_leased(one);
        let idle: Vec<One> = self.all.values().filter(idle).cloned().collect();
        let (late, rest): (Vec<One>, Vec<One>) =
            idle.into_iter().partition(|one| one.expires <= self.now);
        let in_vain = |one: &One| {
            let channel = &self.channels[&one.head.channel];
            let blocked = self.lane(one).iter().any(|other| is_leased(&self.all[other]));
            channel.open
                && self.now.saturating_sub(one.since) >= channel.settings.fallback_after
                && !blocked
        };
        let in_vain: Vec<u64> =
            rest.into_iter().filter(in_vain).map(|one| one.head.sequence).collect();
        for one in late {
            self.close(one.head.sequence, MessageState::Dead);
        }
        for sequence in in_vain {
            let is_there = self.all[&sequence].head.state.is_waiting();
            if is_there && self.fallback(&self.all[&sequence]).is_some() {
                self.hand_on(sequence);
            }
        }
    }

    /// The most urgent first, then the oldest; of each lane the first one only.
    fn next(&mut self, id: &ChannelId) -> Option<u64> {
        let channel = &self.channels[id];
        let leased = self.all.values().filter(|one| is_leased(one) && one.head.channel == *id);
        let leased = leased.count();
        let shut = channel.open && (self.now < channel.shut_until || leased > 0);
        if leased >= channel.settings.parallel || shut || self.now < channel.paused_until {
            return None;
        }
        let due = |one: &&One| {
            let may = one.awake || one.due <= self.now;
            let first = self.lane(one).first() == Some(&one.head.sequence);
            one.head.state.is_waiting()
                && !is_leased(one)
                && one.head.channel == *id
                && may
                && first
        };
        let mut due: Vec<One> = self.all.values().filter(due).cloned().collect();
        due.sort_by_key(|one| (std::cmp::Reverse(one.head.urgency), one.head.sequence));
        for one in due {
            let (now, urgency) = (self.now, one.head.urgency);
            self.channels.get_mut(id).unwrap().tokens.wait(now, urgency).is_none().then_some(())?;
            let wait = one.head.person.as_ref().and_then(|it| self.person(it).wait(now, urgency));
            match wait {
                None => return Some(one.head.sequence),
                Some(wait) => {
                    let one = self.all.get_mut(&one.head.sequence).unwrap();
                    (one.due, one.awake) = (now + wait, false);
                }
            }
        }
        None
    }

    fn again(&mut self, sequence: u64, after: Option<Duration>) {
        let one = self.all[&sequence].clone();
        let mut due = self.now + self.pause(&one.head);
        let (now, longest) = (self.now, self.config.longest_pause);
        let channel = self.channel(&one.head.channel);
        if let Some(after) = after {
            let asked = now + after.min(longest);
            channel.paused_until = channel.paused_until.max(asked);
            due = due.max(asked);
        }
        let in_vain = now.saturating_sub(one.since) >= channel.settings.fallback_after;
        if let Some(newer) = self.newer(&one) {
            let newer = self.all.get_mut(&newer).unwrap();
            newer.due = newer.due.max(due);
            self.close(sequence, MessageState::Superseded);
        } else if one.expires <= now {
            self.close(sequence, MessageState::Dead);
        } else if in_vain && self.fallback(&one).is_some() {
            self.hand_on(sequence);
        } else {
            let one = self.all.get_mut(&sequence).unwrap();
            (one.head.state, one.due) = (MessageState::Failed, due);
        }
    }

    fn hand_on(&mut self, sequence: u64) {
        let mut one = self.all[&sequence].clone();
        if self.newer(&one).is_some() {
            return self.close(sequence, MessageState::Superseded);
        }
        let Some((channel, hops)) = self.fallback(&one) else {
            return self.close(sequence, MessageState::Dead);
        };
        (one.head.channel, one.hops) = (channel, hops);
        (one.head.state, one.head.attempts) = (MessageState::Queued, 0);
        (one.due, one.since) = (self.now, self.now);
        self.place(one);
    }

    /// Puts a message into its lane: what it says supersedes, and what says it supersedes it.
    fn place(&mut self, mut one: One) {
        let sequence = one.head.sequence;
        // It is not in its lane while it is looked what is.
        self.all.remove(&sequence);
        (one.awake, one.first) = (false, false);
        let mut pushed = one.clone();
        for older in self.lane(&one).into_iter().filter(|older| *older < sequence) {
            let older = self.all.get_mut(&older).unwrap();
            if !is_leased(older) && says(&one.head, &older.head) {
                older.head.state = MessageState::Superseded;
                pushed.due = pushed.due.max(older.due);
            }
        }
        for other in self.lane(&one) {
            // Who is no longer the first one of the lane waits for its time again.
            let other = self.all.get_mut(&other).unwrap();
            if other.head.sequence > sequence && !is_leased(other) {
                (other.awake, other.first) = (false, false);
            }
        }
        if self.newer(&one).is_some() {
            pushed.head.state = MessageState::Superseded;
        }
        self.all.insert(sequence, pushed);
    }

    fn close(&mut self, sequence: u64, state: MessageState) {
        let one = self.all.get_mut(&sequence).unwrap();
        (one.head.state, one.awake, one.called_back) = (state, false, false);
        one.first = false;
    }

    fn newer(&self, one: &One) -> Option<u64> {
        let newer =
            |other: &u64| *other > one.head.sequence && says(&self.all[other].head, &one.head);
        self.lane(one).into_iter().rev().find(newer)
    }

    /// Returns what waits for the same channel and person about the same incident, in the order in which it leaves.
    fn lane(&self, one: &One) -> Vec<u64> {
        let same = |other: &&One| {
            other.head.state.is_waiting()
                && (&other.head.incident, &other.head.channel, &other.head.person)
                    == (&one.head.incident, &one.head.channel, &one.head.person)
        };
        let mut lane: Vec<&One> = self.all.values().filter(same).collect();
        lane.sort_by_key(|one| (!one.first, one.head.sequence));
        lane.iter().map(|one| one.head.sequence).collect()
    }

    fn fallback(&self, one: &One) -> Option<(ChannelId, usize)> {
        let all = self.channels[&one.head.origin].settings.fallback.iter().enumerate();
        let there = |id: &ChannelId| self.channels.get(id).is_some_and(|it| it.is_there);
        let mut rest = all.skip(one.hops).filter(|(_, id)| there(id) && **id != one.head.channel);
        rest.next().map(|(place, id)| (id.clone(), place + 1))
    }

    fn usable(&mut self, wanted: &ChannelId) -> ChannelId {
        let channel = self.channel(wanted);
        if channel.is_there {
            return wanted.clone();
        }
        let fallback = channel.settings.fallback.clone();
        let mut others = fallback.into_iter().chain(self.config.last_resort.clone());
        let other = others.find(|id| self.channels.get(id).is_some_and(|it| it.is_there));
        other.unwrap_or_else(|| wanted.clone())
    }

    fn works(&mut self, one: &One) {
        let channel = self.channels.get_mut(&one.head.channel).unwrap();
        let was_open = channel.open;
        (channel.failures, channel.probes, channel.open) = (0, 0, false);
        channel.shut_until = Duration::ZERO;
        if !was_open {
            return;
        }
        channel.paused_until = channel.paused_until.min(self.now);
        let here = |other: &&One| {
            let first = self.lane(other).first() == Some(&other.head.sequence);
            other.head.state.is_waiting()
                && !is_leased(other)
                && first
                && other.head.channel == one.head.channel
        };
        let here: Vec<u64> =
            self.all.values().filter(here).map(|other| other.head.sequence).collect();
        for sequence in here {
            self.all.get_mut(&sequence).unwrap().awake = true;
        }
    }

    fn fails(&mut self, id: &ChannelId) {
        let (now, config) = (self.now, self.config.clone());
        let channel = self.channels.get_mut(id).unwrap();
        channel.failures += 1;
        let is_news = !channel.open || now >= channel.shut_until;
        if channel.failures >= config.breaker_failures && is_news {
            let doubled = config.first_pause.saturating_mul(1 << channel.probes.min(20));
            channel.probes += 1;
            channel.open = true;
            channel.shut_until = now + doubled.min(config.breaker_longest);
        }
    }

    fn pause(&self, head: &MessageHead) -> Duration {
        let key = head.key.as_str().bytes();
        let seed = key.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut policy = RetryPolicy::never();
        policy.jitter = Jitter::Full;
        let (base, cap) = (self.config.first_pause, self.config.longest_pause);
        policy.schedule = Schedule::Exponential { base, factor: 2.0, cap };
        let attempts = head.attempts.max(1);
        let index = usize::try_from(attempts - 1).unwrap().min(40);
        policy.delays(seed.wrapping_add(u64::from(attempts))).nth(index).unwrap()
    }

    fn channel(&mut self, id: &ChannelId) -> &mut Chan {
        let now = self.now;
        if !self.channels.contains_key(id) {
            self.asked.push(id.clone());
        }
        self.channels.entry(id.clone()).or_insert_with(|| Chan {
            settings: ChannelSettings::default(),
            is_there: false,
            tokens: Tokens::full(None, 1.0, now),
            failures: 0,
            probes: 0,
            open: false,
            shut_until: Duration::ZERO,
            paused_until: Duration::ZERO,
        })
    }

    fn person(&mut self, name: &str) -> &mut Tokens {
        let (now, limits) = (self.now, self.config.per_person);
        let fresh = || Tokens::full(limits.per_minute, f64::from(limits.burst.max(1)), now);
        self.people.entry(name.to_owned()).or_insert_with(fresh)
    }
}

impl Tokens {
    fn full(per_minute: Option<u32>, size: f64, at: Duration) -> Self {
        let rate = per_minute.map(|limit| f64::from(limit) / 60.0);
        Self { rate, size, count: size, at }
    }

    /// Returns how long a message has to wait.
    fn wait(&mut self, now: Duration, urgency: Urgency) -> Option<Duration> {
        let rate = self.rate?;
        self.count = (self.count + now.saturating_sub(self.at).as_secs_f64() * rate).min(self.size);
        self.at = now;
        let reserve = if urgency == Urgency::Critical { 0.0 } else { (self.size / 5.0).floor() };
        let missing = 1.0 + reserve - self.count;
        let wait = || Duration::from_secs_f64(missing / rate) + Duration::from_millis(1);
        (missing > 0.0).then(wait)
    }

    fn take(&mut self, now: Duration) {
        self.wait(now, Urgency::Critical);
        if self.rate.is_some() {
            self.count = (self.count - 1.0).max(0.0);
        }
    }
}

fn is_leased(one: &One) -> bool {
    one.head.state == MessageState::Leased
}

/// Returns whether a newer message says all that an older one does.
fn says(newer: &MessageHead, older: &MessageHead) -> bool {
    newer.kind != Kind::Test
        && older.kind != Kind::Test
        && (newer.condition == Condition::Resolved || newer.kind == older.kind)
}
