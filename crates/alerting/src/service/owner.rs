//! The thread that owns the engine, the outbox and the store.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use tokio::sync::mpsc;
use wardkit_core::{Event, Severity};

use super::attempts::{self, Attempts, Job};
use super::handle::{Command, Handle, Reply, Work};
use super::trouble::Trouble;
use super::{ChannelLatency, Channels, HookEffects, ServiceConfig, ServiceError, Surroundings};
use crate::{
    Alert, Answer, Batch, Channel, ChannelId, Effect, Engine, IncidentState, Input, Kind, Loaded,
    Now, Outbox, OutboxChanges, Outcome, Plan, Record, Store,
};

/// What the thread owns.
pub(super) struct Owner {
    pub(super) config: ServiceConfig,
    pub(super) surroundings: Surroundings,
    pub(super) engine: Engine,
    pub(super) outbox: Outbox,
    pub(super) store: Box<dyn Store>,
    /// All that attempts are made with: the configuration's, and those gone from it that have messages.
    pub(super) channels: BTreeMap<ChannelId, Arc<dyn Channel>>,
    pub(super) jobs: mpsc::Sender<Job>,
    commands: Receiver<Command>,
    /// What this round decided.
    pub(super) changes: OutboxChanges,
    pub(super) events: Vec<Event>,
    /// What could not be kept yet.
    pub(super) pending: Batch,
    pub(super) trouble: Option<Trouble>,
    /// What the service itself has to say, in the next round.
    pub(super) own: Vec<Alert>,
    /// What became of attempts that were never made, in the next round.
    pub(super) failed: Vec<(u64, Outcome)>,
    pub(super) latency: BTreeMap<ChannelId, ChannelLatency>,
    pub(super) commits: super::trouble::Commits,
    /// When the history was last pruned.
    pruned: Option<Duration>,
    stop_at: Option<Duration>,
}

/// Who waits for the round to be kept.
enum Waiting {
    Work(Reply<Vec<Answer>>, Vec<Answer>),
    Replay(Reply<usize>, usize),
    Reload(Reply<()>),
}

impl Owner {
    pub(super) fn open(
        config: ServiceConfig,
        plan: Plan,
        channels: Channels,
        mut store: Box<dyn Store>,
        surroundings: Surroundings,
    ) -> Result<(Self, Attempts, Handle), ServiceError> {
        let Loaded { records, messages, last_sequence, damage } =
            store.load().map_err(ServiceError::Read)?;
        let now = (surroundings.now)();
        let (sender, commands) = channel();
        let (jobs, attempts) = attempts::new(sender.clone());
        let (senders, settings) = split(channels);
        let mut limits = config.outbox.clone();
        limits.last_resort = last_resort(&config, &plan);
        let outbox = Outbox::new(limits, settings, messages, last_sequence, now);
        let (engine, effects) =
            Engine::restore(plan, config.engine.clone(), &surroundings.boot_id, &records, now);
        let handle = Handle::new(sender, config.commands);
        let mut owner = Self {
            config,
            surroundings,
            engine,
            outbox,
            store,
            channels: senders,
            jobs,
            commands,
            changes: OutboxChanges::default(),
            events: Vec::new(),
            pending: Batch::default(),
            trouble: None,
            own: Vec::new(),
            failed: Vec::new(),
            latency: BTreeMap::new(),
            commits: super::trouble::Commits::default(),
            pruned: None,
            stop_at: None,
        };
        owner.restore(now, &records, effects, damage);
        Ok((owner, attempts, handle))
    }

    /// Runs until it is told to stop or nobody makes attempts any more.
    pub(super) fn run(mut self) {
        // What the restart decided is kept and sent first.
        self.round(Vec::new());
        while !self.is_done() {
            let first = match self.commands.recv_timeout(self.patience()) {
                Ok(command) => Some(command),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let more = std::iter::from_fn(|| self.commands.try_recv().ok()).take(MOST_COMMANDS);
            let commands = first.into_iter().chain(more).collect();
            self.round(commands);
        }
        self.keep_at_last();
    }

    pub(super) const fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(super) const fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    pub(super) fn store(&mut self) -> &mut dyn Store {
        &mut *self.store
    }

    pub(super) fn now(&self) -> Now {
        (self.surroundings.now)()
    }

    pub(super) fn event(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Does what was commanded and what is due, keeps it in one commit, answers, and sends.
    fn round(&mut self, commands: Vec<Command>) {
        let now = self.now();
        let mut waiting = Vec::new();
        for (sequence, outcome) in std::mem::take(&mut self.failed) {
            self.outbox.finish(now, sequence, outcome, &mut self.changes);
        }
        for alert in std::mem::take(&mut self.own) {
            self.step(now, Input::Alerts { source: SOURCE.to_owned(), alerts: vec![alert] });
        }
        for command in commands {
            self.obey(now, command, &mut waiting);
        }
        self.tick(now);
        self.settle(now);
        if self.stop_at.is_none() {
            self.outbox.lease(now, &mut self.changes);
            self.settle(now);
        }
        let changes = std::mem::take(&mut self.changes);
        let kept = self.keep(now, &changes.batch, !waiting.is_empty());
        for one in waiting {
            one.answer(&kept);
        }
        self.dispatch(&changes);
        for event in std::mem::take(&mut self.events) {
            (self.surroundings.events)(event);
        }
        if changes.batch.is_empty() && self.trouble.is_none() {
            self.store.rest();
        }
        self.prune(now);
    }

    fn obey(&mut self, now: Now, command: Command, waiting: &mut Vec<Waiting>) {
        match command {
            Command::Work(work, reply, _room) => {
                if let Some(error) = self.refusal() {
                    // Who asked may have given up.
                    drop(reply.send(Err(error)));
                } else {
                    let answers = self.work(now, work);
                    waiting.push(Waiting::Work(reply, answers));
                }
            }
            Command::Ask(question, _room) => question(self),
            Command::Replay(sequences, reply, _room) => match self.replay(now, &sequences) {
                Ok(count) => waiting.push(Waiting::Replay(reply, count)),
                Err(error) => drop(reply.send(Err(error))),
            },
            Command::Reload(new, reply, _room) => {
                self.reload(now, *new);
                waiting.push(Waiting::Reload(reply));
            }
            Command::Outcome(sequence, outcome) => {
                self.outbox.finish(now, sequence, outcome, &mut self.changes);
            }
            // The round looks at the clocks anyway; the engine also wants to know of a wall that was set.
            Command::Tick => drop(self.step(now, Input::Tick)),
            Command::Shutdown(patience) => {
                self.stop_at.get_or_insert(now.boot.saturating_add(patience));
            }
        }
    }

    fn work(&mut self, now: Now, work: Work) -> Vec<Answer> {
        self.changes.batch.records.extend(work.records);
        self.changes.batch.transitions.extend(work.transitions);
        work.inputs.into_iter().flat_map(|input| self.step(now, input)).collect()
    }

    fn reload(&mut self, now: Now, (plan, channels): (Plan, Channels)) {
        let (senders, settings) = split(channels);
        self.outbox.reconfigure(now, settings);
        self.outbox.set_last_resort(last_resort(&self.config, &plan));
        let gone: Vec<ChannelId> = self.outbox.idle_retired();
        self.channels.retain(|id, _| !gone.contains(id));
        // A new definition takes over the messages of an old one of the same name.
        self.channels.extend(senders);
        self.step(now, Input::Reload(Box::new(plan)));
    }

    /// Tells the engine something, and the hooks what it decided, until nobody wants more.
    pub(super) fn step(&mut self, now: Now, input: Input) -> Vec<Answer> {
        let mut inputs = VecDeque::from([input]);
        let mut answers = Vec::new();
        let mut steps = 0_u32;
        while let Some(input) = inputs.pop_front() {
            let effects = self.engine.step(now, input);
            inputs.extend(self.observe(now, &effects));
            let answered = self.absorb(now, effects);
            if steps == 0 {
                answers = answered;
            }
            steps += 1;
            if steps > MOST_STEPS {
                let what = "alerting.hook.stopped";
                let event = Event::new(now.wall, what, Severity::Error, SOURCE);
                self.event(event.with_message("a hook and the engine go on without end"));
                break;
            }
        }
        answers
    }

    fn observe(&mut self, now: Now, effects: &[Effect]) -> Vec<Input> {
        if effects.is_empty() {
            return Vec::new();
        }
        let mut inputs = Vec::new();
        for hook in &mut self.surroundings.hooks {
            let wanted = hook.observe(now, &self.engine, effects);
            inputs.extend(wanted.inputs);
            self.changes.batch.records.extend(wanted.records);
            self.changes.batch.transitions.extend(wanted.transitions);
        }
        inputs
    }

    fn absorb(&mut self, now: Now, effects: Vec<Effect>) -> Vec<Answer> {
        let mut answers = Vec::new();
        for effect in effects {
            match effect {
                Effect::Record(record) => self.changes.batch.records.push(record),
                Effect::Notify(notification) => {
                    let notification = self.past_its_own_failure(*notification);
                    self.outbox.enqueue(now, notification, &mut self.changes);
                }
                Effect::Cancel(cancel) => {
                    let changes = &mut self.changes;
                    self.outbox.cancel(now, &cancel.incident, &cancel.kinds, &cancel.why, changes);
                }
                Effect::Transition(transition) => self.changes.batch.transitions.push(transition),
                Effect::Event(event) => self.events.push(event),
                Effect::Answer(answer) => answers.push(answer),
            }
        }
        answers
    }

    /// Does what is due by the clocks.
    fn tick(&mut self, now: Now) {
        if self.engine.next_wake().is_some_and(|due| due <= now.boot) {
            self.step(now, Input::Tick);
        }
        let mut wanted = Vec::new();
        for hook in &mut self.surroundings.hooks {
            if hook.next_wake().is_some_and(|due| due <= now.boot) {
                wanted.push(hook.tick(now, &self.engine));
            }
        }
        for effects in wanted {
            self.take(now, effects);
        }
    }

    fn take(&mut self, now: Now, wanted: HookEffects) {
        self.changes.batch.records.extend(wanted.records);
        self.changes.batch.transitions.extend(wanted.transitions);
        for input in wanted.inputs {
            self.step(now, input);
        }
    }

    fn restore(
        &mut self,
        now: Now,
        records: &[Record],
        effects: Vec<Effect>,
        damage: Option<String>,
    ) {
        if let Some(damage) = damage {
            self.damaged(now, &damage);
        }
        let mut wanted = Vec::new();
        for hook in &mut self.surroundings.hooks {
            wanted.push(hook.restore(now, &self.engine, records));
        }
        let inputs = self.observe(now, &effects);
        self.absorb(now, effects);
        for effects in wanted {
            self.take(now, effects);
        }
        for input in inputs {
            self.step(now, input);
        }
        self.call_back(now);
    }

    /// Calls back what was under way when somebody took care and the program died.
    fn call_back(&mut self, now: Now) {
        if self.outbox.is_empty() {
            return;
        }
        let attended = self.engine.incidents().filter(|incident| {
            !matches!(incident.state, IncidentState::Triggered | IncidentState::Reopened)
        });
        let attended: Vec<String> = attended.map(|incident| incident.id).collect();
        for incident in attended {
            let why = "somebody took care before the restart";
            let kinds = [Kind::Escalation, Kind::Reminder];
            self.outbox.cancel(now, &incident, &kinds, why, &mut self.changes);
        }
    }

    fn prune(&mut self, now: Now) {
        let due = self.pruned.is_none_or(|last| now.boot >= last.saturating_add(PRUNE_EVERY));
        if !due || self.trouble.is_some() {
            return;
        }
        let before = now.wall.saturating_sub(self.config.retention);
        // More of the same in the next round, and nothing after an error: it is tried again in time.
        match self.store.prune(before, PRUNE_ROWS) {
            Ok(rows) if rows >= u64::from(PRUNE_ROWS) => {}
            _ => self.pruned = Some(now.boot),
        }
    }

    fn is_done(&self) -> bool {
        let Some(stop_at) = self.stop_at else { return self.jobs.is_closed() };
        self.outbox.leased() == 0 || self.now().boot >= stop_at || self.jobs.is_closed()
    }

    /// Returns how long to wait for a command.
    fn patience(&self) -> Duration {
        if !self.own.is_empty() || !self.failed.is_empty() {
            return Duration::ZERO;
        }
        let now = self.now().boot;
        let hooks = self.surroundings.hooks.iter().filter_map(|hook| hook.next_wake());
        let outbox = if self.stop_at.is_some() { self.stop_at } else { self.outbox.next_wake() };
        let due = hooks.chain(outbox).chain(self.engine.next_wake()).chain(self.next_commit());
        let wait = due.min().map_or(LONGEST_WAIT, |due| due.saturating_sub(now));
        wait.clamp(SHORTEST_WAIT, LONGEST_WAIT)
    }
}

impl Waiting {
    fn answer(self, kept: &Result<(), String>) {
        let error = || {
            kept.as_ref().err().map(|reason| ServiceError::Unavailable { reason: reason.clone() })
        };
        // Who waited may have given up.
        match self {
            Self::Work(reply, answers) => drop(reply.send(error().map_or(Ok(answers), Err))),
            Self::Replay(reply, count) => drop(reply.send(error().map_or(Ok(count), Err))),
            Self::Reload(reply) => drop(reply.send(error().map_or(Ok(()), Err))),
        }
    }
}

impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Owner").field("channels", &self.channels.keys()).finish_non_exhaustive()
    }
}

type Senders = BTreeMap<ChannelId, Arc<dyn Channel>>;

fn split(channels: Channels) -> (Senders, BTreeMap<ChannelId, crate::ChannelSettings>) {
    let settings = channels.iter().map(|(id, one)| (id.clone(), one.settings.clone())).collect();
    (channels.into_iter().map(|(id, one)| (id, one.channel)).collect(), settings)
}

/// Returns who gets what was for somebody who is gone: whom the configuration says, else whoever gets what no route
/// takes.
fn last_resort(config: &ServiceConfig, plan: &Plan) -> Vec<ChannelId> {
    if !config.outbox.last_resort.is_empty() {
        return config.outbox.last_resort.clone();
    }
    let root = plan.receivers.get(&plan.route.receiver);
    root.iter().flat_map(|one| &one.channels).map(|one| one.id.clone()).collect()
}

/// Whose the service's own alerts and events are.
pub(super) const SOURCE: &str = "alerting";
/// What a hook may want of one input before it counts as going on without end.
const MOST_STEPS: u32 = 10_000;
/// How many commands go into one commit at most, so that the first does not wait for ever.
const MOST_COMMANDS: usize = 512;
const PRUNE_EVERY: Duration = Duration::from_mins(10);
const PRUNE_ROWS: u32 = 500;
/// The clocks are looked at this often even when nothing is due: the host may have slept.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// What is due and cannot be done must not take the whole processor.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);
