//! A host that does what the supervisor wants, or does not.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use wardkit_core::{Event, Timestamp};
use wardkit_supervise::{
    Action, Command, Config, Ending, Exit, Host, Input, Kind, Now, ProbeResult, Process, Record,
    ServiceSpec, SpawnError, Supervisor, Tree,
};

/// The processes of one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proc {
    pub(crate) generation: u64,
    pub(crate) main: bool,
    pub(crate) leftovers: bool,
}

/// A host with its processes, what is kept on it, and the supervisor that runs on it.
pub(crate) struct World {
    pub(crate) supervisor: Supervisor,
    pub(crate) config: Config,
    pub(crate) boot_id: String,
    pub(crate) now: Now,
    pub(crate) store: BTreeMap<String, Record>,
    pub(crate) procs: BTreeMap<String, Proc>,
    /// Answers that have not arrived yet.
    pub(crate) answers: VecDeque<Input>,
    /// Probes that were started and have not answered.
    pub(crate) probes: Vec<(Arc<str>, u64, u64)>,
    pub(crate) events: Vec<Event>,
    /// Each start: when, and of what.
    pub(crate) starts: Vec<(Duration, String)>,
    pub(crate) recoveries: Vec<(Arc<str>, wardkit_supervise::Step)>,
    /// Services that do not end when they are asked to.
    pub(crate) deaf: BTreeSet<String>,
    /// Services that nobody can kill.
    pub(crate) immortal: BTreeSet<String>,
    /// Services that cannot be started, and why.
    pub(crate) unstartable: BTreeMap<String, SpawnError>,
    /// Services whose end leaves other processes behind.
    pub(crate) littering: BTreeSet<String>,
    /// What is found where a watched service should be.
    pub(crate) stale: Option<String>,
}

impl World {
    pub(crate) fn new(services: impl Into<Vec<ServiceSpec>>) -> Self {
        Self::with(Config::new(services))
    }

    pub(crate) fn with(config: Config) -> Self {
        Self::with_parts(config, [])
    }

    pub(crate) fn with_parts<const N: usize>(config: Config, parts: [&'static str; N]) -> Self {
        let wall = Timestamp::from_unix_seconds(1_700_000_000);
        let now = Now { wall, boot: Duration::from_secs(100) };
        let mut host = Host::new("boot-1", 7);
        host.parts = parts.into();
        let mut world = Self {
            supervisor: Supervisor::new(config.clone(), Vec::new(), now, host),
            config,
            boot_id: "boot-1".to_owned(),
            now,
            store: BTreeMap::new(),
            procs: BTreeMap::new(),
            answers: VecDeque::new(),
            probes: Vec::new(),
            events: Vec::new(),
            starts: Vec::new(),
            recoveries: Vec::new(),
            deaf: BTreeSet::new(),
            immortal: BTreeSet::new(),
            unstartable: BTreeMap::new(),
            littering: BTreeSet::new(),
            stale: None,
        };
        world.tick();
        world
    }

    /// The same, after everything that can be started was.
    pub(crate) fn started(services: impl Into<Vec<ServiceSpec>>) -> Self {
        let mut world = Self::new(services);
        world.settle();
        world
    }

    pub(crate) fn tick(&mut self) {
        self.step(Input::Tick);
    }

    /// Hands an input over and does all that comes back.
    pub(crate) fn step(&mut self, input: Input) {
        self.step_but(input, usize::MAX);
    }

    /// The same, but the program is killed after so many actions.
    pub(crate) fn step_but(&mut self, input: Input, actions: usize) {
        let all = self.supervisor.step(self.now, input);
        let is_whole = all.len() <= actions;
        for action in all.into_iter().take(actions) {
            self.act(action);
        }
        if is_whole && self.config.services.len() < 100 {
            let kept: Vec<Record> = self.store.values().cloned().collect();
            let mut known = self.supervisor.records();
            known.sort_by(|one, other| one.service.cmp(&other.service));
            assert_eq!(kept, known, "what is kept is what is known");
        }
        if let Some(wake) = self.supervisor.next_wake() {
            assert!(wake > self.now.boot, "it wakes for something that is due and is not done");
        }
    }

    /// Delivers answers until there are none.
    pub(crate) fn settle(&mut self) {
        for _ in 0..10_000 {
            let Some(answer) = self.answers.pop_front() else { return };
            self.step(answer);
        }
        panic!("it never comes to rest");
    }

    /// Lets time pass, waking the supervisor whenever it wants.
    pub(crate) fn pass(&mut self, time: Duration) {
        let until = self.now.boot + time;
        while let Some(wake) = self.supervisor.next_wake().filter(|wake| *wake <= until) {
            self.advance(wake.saturating_sub(self.now.boot));
            self.tick();
            self.settle();
        }
        self.advance(until.saturating_sub(self.now.boot));
        self.tick();
        self.settle();
    }

    /// Returns how long the supervisor wants to sleep.
    pub(crate) fn until_wake(&self) -> Duration {
        let wake = self.supervisor.next_wake().unwrap_or(self.now.boot);
        wake.saturating_sub(self.now.boot)
    }

    pub(crate) fn advance(&mut self, time: Duration) {
        self.now.boot += time;
        self.now.wall = self.now.wall.saturating_add(time);
    }

    pub(crate) fn command(&mut self, service: &str, command: Command) {
        self.order(service, command);
        self.settle();
    }

    /// The same, without waiting for what comes of it.
    pub(crate) fn order(&mut self, service: &str, command: Command) {
        let service = service.to_owned();
        self.step(Input::Command { service, command, by: "ann".to_owned() });
    }

    /// Ends the main process of a service, and delivers that.
    pub(crate) fn exit(&mut self, service: &str, exit: Exit) {
        self.exits(service, exit);
        self.settle();
    }

    /// Ends the main process of a service.
    pub(crate) fn exits(&mut self, service: &str, exit: Exit) {
        let litters = self.littering.contains(service);
        let Some(proc) = self.procs.get_mut(service).filter(|proc| proc.main) else { return };
        proc.main = false;
        proc.leftovers = litters;
        let generation = proc.generation;
        let mut ending = Ending::new(exit);
        if !litters {
            self.procs.remove(service);
            ending.tree = Tree::Gone;
        }
        self.answers.push_back(Input::Exited { service: service.into(), generation, ending });
    }

    /// Kills the program and starts it again.
    pub(crate) fn restart_program(&mut self) {
        self.answers.clear();
        self.probes.clear();
        let records = self.store.values().cloned().collect();
        let host = Host::new(self.boot_id.as_str(), 7);
        self.supervisor = Supervisor::new(self.config.clone(), records, self.now, host);
        self.tick();
    }

    /// Takes the power away from the host.
    pub(crate) fn reboot(&mut self) {
        self.procs.clear();
        self.boot_id = format!("{}-again", self.boot_id);
        self.now.boot = Duration::from_secs(5);
        self.restart_program();
    }

    pub(crate) fn state(&self, service: &str) -> String {
        let status = self.supervisor.status_of(service).expect("it is there");
        status.state.as_str().to_owned()
    }

    pub(crate) fn states(&self) -> Vec<String> {
        self.supervisor.status().iter().map(|status| status.state.as_str().to_owned()).collect()
    }

    pub(crate) fn generation(&self, service: &str) -> u64 {
        self.supervisor.status_of(service).expect("it is there").generation
    }

    /// Returns how many events of a kind there were, of a service.
    pub(crate) fn told(&self, kind: &str, service: &str) -> usize {
        let is = |event: &&Event| event.kind.as_str() == kind && event.subject == service;
        self.events.iter().filter(is).count()
    }

    /// Answers all probes that wait for it.
    pub(crate) fn answer_probes(&mut self, result: &ProbeResult) -> usize {
        let probes = std::mem::take(&mut self.probes);
        let count = probes.len();
        for (service, generation, run) in probes {
            let result = result.clone();
            self.step(Input::Probed { service, generation, run, result });
        }
        self.settle();
        count
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Keep(record) => drop(self.store.insert(record.service.clone(), *record)),
            Action::Forget(service) => drop(self.store.remove(&*service)),
            Action::Spawn { service, generation } => self.spawn(service, generation),
            Action::Find { service, generation, .. } => self.find(service, generation),
            Action::Stop { service, .. } => {
                if !self.deaf.contains(&*service) {
                    self.exits(&service, Exit::Signal { signal: 15, core: false });
                }
            }
            Action::KillTree { service, generation } => {
                if self.immortal.contains(&*service) {
                    return;
                }
                let is_it = |proc: &&Proc| proc.generation == generation;
                if let Some(proc) = self.procs.get(&*service).filter(is_it).cloned() {
                    self.procs.remove(&*service);
                    if proc.main {
                        let ending = Ending::new(Exit::Signal { signal: 9, core: false });
                        let service = service.clone();
                        self.answers.push_back(Input::Exited { service, generation, ending });
                    }
                }
                self.answers.push_back(Input::TreeGone { service, generation });
            }
            Action::Probe { service, generation, run, .. } => {
                self.probes.push((service, generation, run));
            }
            Action::CancelProbe { run, .. } => self.probes.retain(|probe| probe.2 != run),
            Action::Recover { service, step } => self.recoveries.push((service, step)),
            Action::Publish(event) => self.events.push(event),
            other => panic!("unknown action {other:?}"),
        }
    }

    /// A run is known by its generation; a watched service may have been started by anybody.
    fn find(&mut self, service: Arc<str>, generation: u64) {
        let is_watched =
            self.supervisor.spec(&service).is_some_and(|spec| spec.kind == Kind::Watched);
        let is_it = |proc: &&mut Proc| proc.main && (is_watched || proc.generation == generation);
        let answer = match self.procs.get_mut(&*service).filter(is_it) {
            Some(proc) => {
                proc.generation = generation;
                let process = process(&service, generation);
                Input::Found { service, generation, process }
            }
            None => Input::Missing { service, generation, stale: self.stale.clone() },
        };
        self.answers.push_back(answer);
    }

    fn spawn(&mut self, service: Arc<str>, generation: u64) {
        if let Some(proc) = self.procs.get(&*service) {
            assert_eq!(proc.generation, generation, "{service} runs already: a double start");
        }
        let kept = self.store.get(&*service).map(|record| record.generation);
        assert_eq!(kept, Some(generation), "{service} was started before that was kept");
        if let Some(error) = self.unstartable.get(&*service).cloned() {
            return self.answers.push_back(Input::SpawnFailed { service, generation, error });
        }
        self.starts.push((self.now.boot, service.to_string()));
        let proc = Proc { generation, main: true, leftovers: false };
        self.procs.insert(service.to_string(), proc);
        let process = process(&service, generation);
        self.answers.push_back(Input::Spawned { service, generation, process });
    }
}

pub(crate) fn process(service: &str, generation: u64) -> Process {
    Process::new(
        u32::try_from(generation).unwrap_or_default() + 1000,
        format!("{service}/{generation}"),
    )
}

/// A service whose waits are as long as they can be, so that a test can name them.
pub(crate) fn service(name: &str) -> ServiceSpec {
    let mut spec = ServiceSpec::new(name, ["/bin/true"]);
    spec.backoff.jitter = wardkit_retry::Jitter::None;
    spec
}

pub(crate) fn needing(name: &str, depends: &[&str]) -> ServiceSpec {
    let mut spec = service(name);
    spec.depends = depends.iter().map(ToString::to_string).collect();
    spec
}

pub(crate) fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(crate) fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

impl World {
    /// Takes over the configuration as it is now.
    pub(crate) fn reload(&mut self) {
        self.step(Input::Reload(Box::new(self.config.clone())));
        self.settle();
    }
}
