//! What all handles share.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::AbortHandle;
use wardkit_core::{Event, Health, Timestamp};

use super::{Make, TaskStatus};
use crate::{
    Action, Command, Config, Ending, Exit, GroupConfig, Host, Input, Notice, Now, Process,
    ServiceSpec, ServiceStatus, State as Is, Supervisor, Tree, Violation,
};

/// What all handles share.
pub(super) struct State {
    pub(super) supervisor: Supervisor,
    config: Config,
    makers: HashMap<Arc<str>, Make>,
    pub(super) running: HashMap<Arc<str>, Run>,
    /// What is to be started.
    pub(super) wanted: VecDeque<(Arc<str>, u64)>,
    /// What is to be told.
    pub(super) events: Vec<Event>,
    /// How each task was when it was looked at last, and since when.
    seen: HashMap<String, (Health, Timestamp)>,
    pub(super) is_shutdown: bool,
}

/// A run that has begun.
pub(super) struct Run {
    pub(super) generation: u64,
    pub(super) abort: AbortHandle,
    stopped: watch::Sender<bool>,
    /// How it is, by its own word.
    health: Option<Health>,
}

impl State {
    pub(super) fn new(now: Now) -> Self {
        Self {
            supervisor: Supervisor::new(Config::default(), Vec::new(), now, host()),
            config: Config::default(),
            makers: HashMap::new(),
            running: HashMap::new(),
            wanted: VecDeque::new(),
            events: Vec::new(),
            seen: HashMap::new(),
            is_shutdown: false,
        }
    }

    pub(super) fn declare(
        &mut self,
        now: Now,
        spec: ServiceSpec,
        make: Make,
    ) -> Result<(), Vec<Violation>> {
        let name: Arc<str> = spec.name.as_str().into();
        let mut config = self.config.clone();
        config.services.retain(|other| *other.name != *name);
        config.services.push(spec);
        let was_there = self.supervisor.status_of(&name).is_some();
        self.configure(now, config)?;
        self.makers.insert(name.clone(), make);
        if was_there {
            let (service, by) = (name.to_string(), "the program".to_owned());
            self.step(now, Input::Command { service, command: Command::Restart, by });
        }
        Ok(())
    }

    pub(super) fn group(
        &mut self,
        now: Now,
        groups: Vec<GroupConfig>,
    ) -> Result<(), Vec<Violation>> {
        let mut config = self.config.clone();
        config.groups = groups;
        self.configure(now, config)
    }

    pub(super) fn remove(&mut self, now: Now, name: &str) {
        let mut config = self.config.clone();
        config.services.retain(|other| other.name != name);
        for group in &mut config.groups {
            group.services.retain(|other| other != name);
        }
        for other in &mut config.services {
            for list in [
                &mut other.depends,
                &mut other.wants,
                &mut other.after,
                &mut other.binds_to,
                &mut other.conflicts,
            ] {
                list.retain(|other| other != name);
            }
        }
        // What is left of a sound configuration without one name is sound.
        let _ = self.configure(now, config);
    }

    pub(super) fn adjust(
        &mut self,
        now: Now,
        adjust: impl FnMut(&mut ServiceSpec),
    ) -> Result<(), Vec<Violation>> {
        let mut config = self.config.clone();
        config.services.iter_mut().for_each(adjust);
        self.configure(now, config)
    }

    pub(super) fn let_go(&mut self, now: Now, name: &str) {
        let generation = if let Some(run) = self.running.remove(name) {
            run.stopped.send_replace(true);
            Some(run.generation)
        } else {
            let at = self.wanted.iter().position(|(service, _)| **service == *name);
            at.and_then(|at| self.wanted.remove(at)).map(|(_, generation)| generation)
        };
        self.remove(now, name);
        if let Some(generation) = generation {
            let mut ending = Ending::new(Exit::Code(0));
            ending.tree = Tree::Gone;
            self.step(now, Input::Exited { service: name.into(), generation, ending });
        }
    }

    /// Hands an input over and does what comes back, but for what only the driver can do.
    pub(super) fn step(&mut self, now: Now, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            for action in self.supervisor.step(now, input) {
                match action {
                    Action::Spawn { service, generation } => {
                        self.wanted.push_back((service, generation));
                    }
                    Action::Stop { service, .. } => {
                        if let Some(run) = self.running.get(&service) {
                            run.stopped.send_replace(true);
                        }
                    }
                    Action::KillTree { service, generation } => {
                        match self.running.get(&service).filter(|run| run.generation == generation)
                        {
                            // Its end says that it is gone.
                            Some(run) => run.abort.abort(),
                            None => inputs.push_back(Input::TreeGone { service, generation }),
                        }
                    }
                    Action::Find { service, generation, .. } => {
                        inputs.push_back(Input::Missing { service, generation, stale: None });
                    }
                    Action::Forget(service) => drop(self.makers.remove(&service)),
                    Action::Publish(event) => self.events.push(event),
                    Action::Recover { service, step } => {
                        let error = Some("futures have no such recovery".to_owned());
                        inputs.push_back(Input::Recovered { service, step, error });
                    }
                    // Nothing outlives the program, and probes of futures are heard, not run.
                    Action::Keep(_) | Action::Probe { .. } | Action::CancelProbe { .. } => {}
                }
            }
        }
    }

    /// Returns how a task is made, and a new way to tell it that it is to end.
    pub(super) fn maker(&self, service: &Arc<str>) -> Option<(Make, watch::Sender<bool>)> {
        self.makers.get(service).map(|make| (make.clone(), watch::Sender::new(false)))
    }

    pub(super) fn spawned(
        &mut self,
        now: Now,
        service: Arc<str>,
        generation: u64,
        abort: AbortHandle,
        stopped: watch::Sender<bool>,
    ) {
        let run = Run { generation, abort, stopped, health: None };
        self.running.insert(service.clone(), run);
        let process = Process::new(None, format!("{service}/{generation}"));
        self.step(now, Input::Spawned { service, generation, process });
    }

    pub(super) fn was_told_to_stop(&self, service: &Arc<str>) -> bool {
        self.running.get(service).is_some_and(|run| *run.stopped.borrow())
    }

    pub(super) fn set_health(
        &mut self,
        now: Now,
        service: &Arc<str>,
        stopped: &watch::Receiver<bool>,
        health: Health,
    ) {
        let Some(run) = self.running.get_mut(service) else { return };
        // One that was let go has the same name, and may be of the same generation.
        if !run.stopped.subscribe().same_channel(stopped) {
            return;
        }
        let (is_ready, generation) = (health.is_ready(), run.generation);
        run.health = Some(health);
        if is_ready {
            let (service, notice) = (service.clone(), Notice::Ready);
            self.step(now, Input::Notified { service, generation, notice });
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_shutdown && self.supervisor.is_down()
    }

    pub(super) fn status(&self) -> Vec<TaskStatus> {
        let of = |status: ServiceStatus| TaskStatus {
            health: self.health(&status),
            since: self.seen.get(&status.name).map_or(status.since, |(_, since)| *since),
            name: status.name,
            restarts: status.restarts,
        };
        self.supervisor.status().into_iter().map(of).collect()
    }

    /// Looks how the tasks are now, and returns which are otherwise than before, with what they were and are.
    pub(super) fn look(&mut self, now: Timestamp) -> Vec<(String, Health, Health)> {
        let mut old = std::mem::take(&mut self.seen);
        let mut changed = Vec::new();
        for status in self.supervisor.status() {
            let health = self.health(&status);
            let seen = match old.remove(&status.name) {
                Some(seen) if seen.0 == health => seen,
                Some((before, _)) => {
                    changed.push((status.name.clone(), before, health.clone()));
                    (health, now)
                }
                None => (health, now),
            };
            self.seen.insert(status.name, seen);
        }
        // That they end with the program is no news.
        changed.retain(|_| !self.is_shutdown);
        changed
    }

    fn health(&self, status: &ServiceStatus) -> Health {
        let said = self.running.get(&*status.name).and_then(|run| run.health.clone());
        match (&status.state, said) {
            (Is::Running { .. } | Is::Starting | Is::Stopping, Some(said)) => said,
            (Is::Running { ready: true }, None) => Health::Up,
            (Is::Running { ready: false } | Is::Starting | Is::Held { .. }, _) => Health::Starting,
            (state, _) => {
                let explained = self.supervisor.explain(&status.name);
                let last = explained.and_then(|mut explained| explained.exits.pop());
                Health::down(
                    last.map_or_else(
                        || state.as_str().to_owned(),
                        |ended| ended.reason.to_string(),
                    ),
                )
            }
        }
    }

    fn configure(&mut self, now: Now, config: Config) -> Result<(), Vec<Violation>> {
        let violations = config.violations(&BTreeSet::new());
        if !violations.is_empty() {
            return Err(violations);
        }
        self.config = config.clone();
        self.step(now, Input::Reload(Box::new(config)));
        Ok(())
    }
}

/// The seed need not be secret, only different from program to program.
fn host() -> Host {
    Host::new("", u64::from(std::process::id()))
}
