//! All services as one state machine: it decides what is done when, and does nothing.

mod ended;
mod explain;
mod heard;
mod order;
mod probing;
mod recovery;
mod reload;
mod remarks;
mod restore;
mod rules;
mod show;
mod start;
mod stop;
mod unit;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use wardkit_core::{Event, Labels, Severity};

use crate::{
    Action, Command, Config, Desired, Graph, Input, Kind, Maintenance, Now, Reason, Record, Rest,
    ServiceSpec, Violation,
};
use unit::{Phase, Unit};

/// All services, without the IO.
///
/// Whoever drives it calls [`step`](Self::step) when something has happened, does what comes back, in order, and calls
/// again at [`next_wake`](Self::next_wake) at the latest. Before anything else it wants an [`Input::Tick`].
///
/// ```
/// use std::time::Duration;
/// use wardkit_supervise::{
///     Action, Config, Ending, Exit, Host, Input, Now, Process, ServiceSpec, Supervisor,
/// };
///
/// let config = Config::new([ServiceSpec::new("bot", ["/usr/bin/bot"])]);
/// let mut now = Now::default();
/// let mut supervisor = Supervisor::new(config, Vec::new(), now, Host::new("boot 1", 7));
///
/// let actions = supervisor.step(now, Input::Tick);
/// let [Action::Keep(_), Action::Spawn { service, generation }] = &actions[..] else { panic!() };
/// let (service, generation) = (service.clone(), *generation);
/// let process = Process::new(4711, "pid 4711, started at 99");
/// let spawned = Input::Spawned { service: service.clone(), generation, process };
/// let _ = supervisor.step(now, spawned);
/// assert_eq!(supervisor.status()[0].state.as_str(), "running");
///
/// // It crashes: what is left of it is killed, and then it is started again at once.
/// now.boot += Duration::from_secs(60);
/// let ending = Ending::new(Exit::Code(1));
/// let actions = supervisor.step(now, Input::Exited { service: service.clone(), generation, ending });
/// assert!(matches!(actions[1], Action::KillTree { generation: 1, .. }));
/// let actions = supervisor.step(now, Input::TreeGone { service, generation });
/// assert!(matches!(actions[1], Action::Spawn { generation: 2, .. }));
/// ```
#[derive(Clone, Debug)]
pub struct Supervisor {
    config: Config,
    host: Host,
    now: Now,
    units: Vec<Unit>,
    graph: Graph,
    index: HashMap<Arc<str>, usize>,
    violations: Vec<Violation>,
    /// Those that must be looked at before the step is over.
    queue: VecDeque<usize>,
    timers: BTreeSet<(Duration, usize)>,
    probes: Probes,
    /// Those whose recovery waits for a task.
    recovering: BTreeSet<usize>,
    is_shutdown: bool,
    /// Those of which is to be kept what has changed.
    changes: Vec<usize>,
    out: Vec<Action>,
}

/// What the supervisor must know of where it runs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Host {
    /// Names the run of the host that times since the boot belong to.
    pub boot_id: String,
    /// Decides what is left to chance: the jitter of waits and probes.
    pub seed: u64,
    /// The parts of the program that recoveries may use: `alerting`, `backup`, `sandbox`.
    pub parts: BTreeSet<&'static str>,
}

impl Host {
    /// Creates a host whose program has no other parts.
    #[must_use]
    pub fn new(boot_id: impl Into<String>, seed: u64) -> Self {
        Self { boot_id: boot_id.into(), seed, parts: BTreeSet::new() }
    }
}

/// The probes of all services.
#[derive(Clone, Debug, Default)]
struct Probes {
    running: usize,
    last_run: u64,
    /// Those that wait for a place.
    starved: BTreeSet<usize>,
}

impl Supervisor {
    /// Creates the supervisor of these services and takes up what was kept of them.
    ///
    /// A service with which something is wrong is not started, nor are those that need it; the others are. What is
    /// wrong [`violations`](Self::violations) says.
    ///
    /// Processes of the same run of the host are looked for and taken back. Those of an earlier one are gone: what was
    /// to run is started again, in the order of its dependencies.
    #[must_use]
    pub fn new(config: Config, records: Vec<Record>, now: Now, host: Host) -> Self {
        let mut supervisor = Self {
            config: Config::default(),
            host,
            now,
            units: Vec::new(),
            graph: Graph::default(),
            index: HashMap::new(),
            violations: Vec::new(),
            queue: VecDeque::new(),
            timers: BTreeSet::new(),
            probes: Probes::default(),
            recovering: BTreeSet::new(),
            is_shutdown: false,
            changes: Vec::new(),
            out: Vec::new(),
        };
        supervisor.configure(config);
        supervisor.restore(records);
        supervisor
    }

    /// Takes in what happened and returns what is to be done, in this order.
    ///
    /// The time since the boot must not run backwards; where it does, it counts as standing still. What is said of a
    /// run that is not the present one is ignored, and so is a command for a service that is not there.
    #[must_use]
    pub fn step(&mut self, now: Now, input: Input) -> Vec<Action> {
        self.now = Now { wall: now.wall, boot: now.boot.max(self.now.boot) };
        self.take(input);
        while let Some((due, at)) = self.timers.first().copied()
            && due <= self.now.boot
        {
            self.timers.remove(&(due, at));
            self.units[at].timer = None;
            self.touch(at);
        }
        while let Some(at) = self.queue.pop_front() {
            self.units[at].is_queued = false;
            self.reconcile(at);
        }
        self.kept_first()
    }

    /// Returns the time since the boot at which the next [`Input::Tick`] is due.
    #[must_use]
    pub fn next_wake(&self) -> Option<Duration> {
        self.timers.first().map(|(due, _)| *due)
    }

    /// Returns how a service was declared.
    #[must_use]
    pub fn spec(&self, service: &str) -> Option<&Arc<ServiceSpec>> {
        self.place(service).map(|at| &self.units[at].spec)
    }

    /// Returns how each service was declared, in the order of the configuration.
    pub fn specs(&self) -> impl Iterator<Item = &Arc<ServiceSpec>> {
        self.units.iter().filter(|unit| !unit.is_removed).map(|unit| &unit.spec)
    }

    /// Returns everything that is wrong with the configuration.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// Returns who needs whom.
    #[must_use]
    pub const fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Returns whether nothing runs any more and nothing is left of what did.
    #[must_use]
    pub fn is_down(&self) -> bool {
        self.units.iter().all(|unit| unit.phase.is_idle())
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Tick => {}
            Input::Command { service, command, by } => {
                if let Some(at) = self.place(&service) {
                    self.command(at, command, by);
                }
            }
            Input::Shutdown => {
                self.is_shutdown = true;
                (0..self.units.len()).for_each(|at| self.touch(at));
            }
            Input::Reload(config) => self.reload(*config),
            Input::Recovered { service, step, error } => {
                if let Some(at) = self.place(&service) {
                    self.recovered(at, &step, error);
                }
            }
            Input::Remarked { service, topic, text } => {
                if let Some(at) = self.place(&service) {
                    self.remarked(at, topic, text);
                }
            }
            input => self.heard(input),
        }
    }

    fn command(&mut self, at: usize, command: Command, by: String) {
        if matches!(command, Command::Start | Command::Stop | Command::Restart) {
            self.end_loop(at, &format!("{by} takes care of it"));
        }
        match command {
            Command::Start => self.want(at),
            Command::Stop => {
                let unit = &mut self.units[at];
                unit.desired = Desired::Down;
                unit.down_by = Reason::Operator { by };
                unit.rest = Rest::None;
                unit.is_asked = false;
                unit.steps.clear();
            }
            Command::Restart => {
                self.want(at);
                self.units[at].is_asked = true;
                if !self.units[at].phase.is_idle() {
                    self.units[at].stop = Some(Reason::Operator { by });
                }
            }
            Command::BeginMaintenance { comment } => {
                self.units[at].maintenance =
                    Some(Maintenance { by, since: self.now.wall, comment });
            }
            Command::EndMaintenance => self.units[at].maintenance = None,
        }
        self.changed(at);
    }

    /// Has a crash loop be over for another reason than that the service runs again, and tells so.
    fn end_loop(&mut self, at: usize, why: &str) {
        if self.units[at].is_looping {
            self.units[at].forgive();
            let message = format!("no longer counts as a crash loop: {why}");
            self.tell(at, "supervise.recovered", Severity::Notice, message);
        }
    }

    /// Has a service run because somebody wants it, with all that it needs.
    fn want(&mut self, at: usize) {
        for at in self.closure(&[at]) {
            let unit = &mut self.units[at];
            unit.desired = Desired::Up;
            if matches!(unit.rest, Rest::Failed { .. }) {
                unit.rest = Rest::None;
            }
            self.changed(at);
        }
        let unit = &mut self.units[at];
        unit.is_asked = unit.phase.is_idle() || unit.is_asked;
        unit.steps.clear();
        unit.is_step_sent = false;
        unit.rest = Rest::None;
        unit.forgive();
    }

    /// Returns those that these need or want, themselves first, each once.
    fn closure(&self, from: &[usize]) -> Vec<usize> {
        let mut found = from.to_vec();
        let mut seen: BTreeSet<usize> = from.iter().copied().collect();
        let mut next = 0;
        while let Some(at) = found.get(next).copied() {
            next += 1;
            let node = &self.graph.nodes[at];
            for &other in node.needs.iter().chain(&node.wants) {
                if seen.insert(other) {
                    found.push(other);
                }
            }
        }
        found
    }

    /// Brings a service closer to what it should be.
    fn reconcile(&mut self, at: usize) {
        self.weigh(at);
        match &self.units[at].phase {
            Phase::Idle => self.consider_start(at),
            Phase::Finding { is_sent: false, .. } => self.find(at),
            Phase::Alive(_) => match self.must_stop(at) {
                Some(why) if self.may_stop(at, &why) => self.begin_stop(at, why),
                Some(_) => {}
                None => self.look_after(at),
            },
            Phase::Stopping { .. } | Phase::Clearing { .. } => self.press(at),
            Phase::Finding { .. } | Phase::Spawning => {}
        }
        self.refresh(at);
    }

    /// Sees to it that what has changed of a service is kept, looked at, and shown to its neighbours.
    fn refresh(&mut self, at: usize) {
        let face = self.face(at);
        if self.units[at].face != face {
            self.units[at].face = face;
            self.touch_neighbours(at);
        }
        let word = self.state(at).as_str();
        if self.units[at].word != word {
            self.units[at].word = word;
            self.units[at].since = self.now.wall;
        }
        let due = self.next_due(at);
        let unit = &mut self.units[at];
        if unit.timer != due {
            if let Some(old) = unit.timer.take() {
                self.timers.remove(&(old, at));
            }
            unit.timer = due;
            self.timers.extend(due.map(|due| (due, at)));
        }
    }

    fn touch_neighbours(&mut self, at: usize) {
        let node = &self.graph.nodes[at];
        let all =
            [&node.needs, &node.after, &node.needed_by, &node.before, &node.conflicts, &node.group];
        for other in all.into_iter().flatten() {
            if !self.units[*other].is_queued {
                self.units[*other].is_queued = true;
                self.queue.push_back(*other);
            }
        }
        if self.units[at].spec.kind == Kind::Task {
            for waiting in self.recovering.clone() {
                self.touch(waiting);
            }
        }
    }

    fn touch(&mut self, at: usize) {
        if !self.units[at].is_queued {
            self.units[at].is_queued = true;
            self.queue.push_back(at);
        }
    }

    /// Notes that what is kept of a service has changed, and that it must be looked at.
    fn changed(&mut self, at: usize) {
        if !self.units[at].is_changed {
            self.units[at].is_changed = true;
            self.changes.push(at);
        }
        self.touch(at);
    }

    /// Returns the actions of the step: what is to be kept, then what is to be done, then what is to be told, which can
    /// wait.
    fn kept_first(&mut self) -> Vec<Action> {
        let (told, done): (Vec<Action>, Vec<Action>) = (std::mem::take(&mut self.out).into_iter())
            .partition(|action| matches!(action, Action::Publish(_)));
        let mut actions = Vec::with_capacity(done.len() + 1);
        for at in std::mem::take(&mut self.changes) {
            if std::mem::take(&mut self.units[at].is_changed) {
                let record = self.record(at);
                actions.extend(record.map(|record| Action::Keep(Box::new(record))));
            }
        }
        actions.extend(done);
        actions.extend(told);
        actions
    }

    fn place(&self, service: &str) -> Option<usize> {
        self.index.get(service).copied()
    }

    fn tell(&mut self, at: usize, kind: &'static str, severity: Severity, message: String) {
        let event = self.event(at, kind, severity).with_message(message);
        self.out.push(Action::Publish(event));
    }

    fn event(&self, at: usize, kind: &'static str, severity: Severity) -> Event {
        let unit = &self.units[at];
        let labels = Labels::from_pairs([("service", &*unit.name)]).unwrap_or_default();
        Event::new(self.now.wall, kind, severity, "supervise")
            .with_subject(&*unit.name)
            .with_labels(labels)
            .with_detail("generation", unit.generation)
    }
}
