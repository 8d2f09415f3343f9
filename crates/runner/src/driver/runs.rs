//! Runs: how they are started, found, stopped and killed.

use std::sync::Arc;

use wardkit_core::Severity;
use wardkit_guardian::{Ended, Error, Held, Record, Stop};
use wardkit_process::{Cgroup, Signal};
use wardkit_supervise::{Action, Ending, Input, Process, ServiceSpec, SpawnError, Tree};

use super::{Driver, Todo};
use crate::ended::exit_of;
use crate::part::Run;
use crate::services::Shared;
use crate::{restore, start, stop_command};

/// The present run of a service.
pub(super) struct Present {
    pub(super) run: Option<Run>,
    pub(super) record: Record,
    /// Its main process, where that is not the one that was started.
    pub(super) main: Option<Arc<wardkit_process::Process>>,
    pub(super) has_ended: bool,
}

impl Present {
    pub(super) fn process(&self) -> Option<&wardkit_process::Process> {
        self.run.as_ref().map(|run| &*run.process)
    }
}

/// The guardian is gone, or is as good as gone.
pub(super) struct Lost(pub(super) Error);

impl Driver {
    /// Returns whether something of what is to be done can be done now.
    pub(super) fn is_doable(&self) -> bool {
        let is_start = |todo: &Todo| matches!(todo.action, Action::Spawn { .. });
        self.todo.iter().any(|todo| self.keeper.is_sound() || !is_start(todo))
    }

    /// Does a part of what is to be done, so that what happens meanwhile is not left waiting.
    pub(super) fn do_some(&mut self) {
        if self.guardian.is_none() && !self.revive() {
            return;
        }
        let mut waiting = Vec::new();
        for _ in 0..AT_A_TIME {
            let Some(todo) = self.todo.pop_front() else { break };
            // Nothing is started that could not be kept.
            if matches!(todo.action, Action::Spawn { .. }) && !self.keeper.is_sound() {
                waiting.push(todo);
                continue;
            }
            if let Err(undone) = self.do_one(todo) {
                let (todo, lost) = *undone;
                self.todo.push_front(todo);
                self.lose_guardian(&lost.0);
                break;
            }
        }
        for todo in waiting.into_iter().rev() {
            self.todo.push_front(todo);
        }
        if self.todo.is_empty() && self.ready.is_empty() {
            self.acknowledge();
        }
    }

    /// Takes back the starts that were not done.
    pub(super) fn withdraw_starts(&mut self) -> Vec<(Arc<str>, u64)> {
        let mut withdrawn = Vec::new();
        // One that may have been done must be looked for.
        self.todo.retain(|todo| match &todo.action {
            Action::Spawn { service, generation } if !todo.is_doubtful => {
                withdrawn.push((Arc::clone(service), *generation));
                false
            }
            _ => true,
        });
        withdrawn
    }

    fn do_one(&mut self, todo: Todo) -> Result<(), Box<(Todo, Lost)>> {
        let Todo { action, is_doubtful } = todo;
        let done = match &action {
            Action::Spawn { service, generation } => self.spawn(service, *generation, is_doubtful),
            Action::Find { service, generation, process } => {
                self.find(service, *generation, process.as_ref())
            }
            Action::Stop { service, generation } => self.stop(service, *generation),
            Action::KillTree { service, generation } => self.kill(service, *generation),
            Action::Forget(service) => self.forget(service),
            _ => Ok(()),
        };
        done.map_err(|lost| Box::new((Todo { action, is_doubtful: true }, lost)))
    }

    fn spec(&self, service: &str) -> Option<Arc<ServiceSpec>> {
        self.shared.supervisor().spec(service).cloned()
    }

    fn spawn(
        &mut self,
        service: &Arc<str>,
        generation: u64,
        is_doubtful: bool,
    ) -> Result<(), Lost> {
        let Some(spec) = self.spec(service) else { return Ok(()) };
        let spawn = start::spawn(&spec, generation, &self.shared.options.environment);
        let prepared = spawn.and_then(|mut spawn| {
            for part in &mut self.parts {
                part.prepare(&spec, generation, &mut spawn)?;
            }
            for part in &mut self.parts {
                part.starts(&spec, generation)?;
            }
            Ok(spawn)
        });
        let spawn = match prepared {
            Ok(spawn) => spawn,
            Err(error) => {
                self.fail_start(service, generation, error);
                return Ok(());
            }
        };
        if let Some(holder) = self.holders.iter_mut().find(|holder| holder.holds(&spec)) {
            holder.spawn(&spec, generation, spawn);
            return Ok(());
        }
        if is_doubtful && let Some(held) = self.marked(&spec, generation)? {
            self.began(service, &spec, held, Began::Spawned);
            return Ok(());
        }
        match self.client(|client| client.spawn(&spawn))? {
            Ok(held) => self.began(service, &spec, held, Began::Spawned),
            Err(Error::NotGone { generation: earlier }) => {
                let action = Action::Spawn { service: Arc::clone(service), generation };
                let todo = Todo { action, is_doubtful: false };
                self.displaced.insert(service.to_string(), (earlier, todo));
                let _ = self.client(|client| client.stop(&Stop::kill(&**service, earlier)))?;
            }
            Err(error) => self.fail_start(service, generation, start::failure(&spawn, &error)),
        }
        Ok(())
    }

    fn fail_start(&mut self, service: &Arc<str>, generation: u64, error: SpawnError) {
        let service = Arc::clone(service);
        self.ready.push_back(Input::SpawnFailed { service, generation, error });
    }

    fn find(
        &mut self,
        service: &Arc<str>,
        generation: u64,
        process: Option<&Process>,
    ) -> Result<(), Lost> {
        let Some(spec) = self.spec(service) else { return Ok(()) };
        if let Some(holder) = self.holders.iter_mut().find(|holder| holder.holds(&spec)) {
            holder.find(&spec, generation, process.cloned());
            return Ok(());
        }
        let record = process.and_then(restore::record);
        let listed = self.listed.remove(&**service);
        if let Some(held) = listed.filter(|held| held.record.generation == generation) {
            let main = record.filter(|record| record.identity != held.record.identity);
            match main.and_then(|main| wardkit_process::Process::open(&main.identity).ok()) {
                Some(main) => self.began_elsewhere(service, &spec, held, main),
                None => self.began(service, &spec, held, Began::Found),
            }
            return Ok(());
        }
        if let Some(record) = record {
            match self.client(|client| client.adopt(&record, None))? {
                Ok(held) => {
                    self.began(service, &spec, held, Began::Found);
                    return Ok(());
                }
                Err(error) => {
                    let message = format!("{service}: {}", start::chain(&error));
                    self.tell("supervise.adoption_failed", Severity::Warning, message);
                }
            }
        }
        if let Some(held) = self.marked(&spec, generation)? {
            self.began(service, &spec, held, Began::Found);
            return Ok(());
        }
        let service = Arc::clone(service);
        // A guardian that was there before us would hold it.
        let is_certain = process.is_none() && !self.is_guardian_fresh;
        self.ready.push_back(if is_certain {
            Input::NeverStarted { service, generation }
        } else {
            Input::Missing { service, generation, stale: None }
        });
        Ok(())
    }

    /// Looks for a run by what its processes carry, and has the guardian hold it.
    fn marked(&mut self, spec: &Arc<ServiceSpec>, generation: u64) -> Result<Option<Held>, Lost> {
        let instance = &self.shared.options.instance;
        let marker = format!("{instance}/{}/{generation}", spec.name);
        let mut record = match restore::marked(&spec.name, generation, &marker) {
            Ok(Some(record)) => record,
            Ok(None) => return Ok(None),
            Err(error) => {
                let message = format!("{}: {}", spec.name, start::chain(&error));
                self.tell("supervise.adoption_failed", Severity::Warning, message);
                return Ok(None);
            }
        };
        // It was started as it would be started now.
        if let Ok(mut spawn) = start::spawn(spec, generation, &[]) {
            for part in &mut self.parts {
                // What is refused now was not when it was started.
                let _ = part.prepare(spec, generation, &mut spawn);
            }
            (record.stdout, record.stderr) = (spawn.stdout, spawn.stderr);
            let own =
                |parent: &std::path::PathBuf| parent.join(format!("{}.{generation}", spec.name));
            record.cgroup = spawn.cgroup.as_ref().map(own).filter(|cgroup| cgroup.is_dir());
        }
        Ok(self.client(|client| client.adopt(&record, None))?.ok())
    }

    /// Takes note of a run that is there, or was.
    fn began(&mut self, service: &Arc<str>, spec: &Arc<ServiceSpec>, held: Held, how: Began) {
        let Held { record, ended, process, .. } = held;
        let generation = record.generation;
        let run = process.map(|process| Run {
            service: Arc::clone(service),
            generation,
            spec: Arc::clone(spec),
            process: Arc::new(process),
            cgroup: record.cgroup.clone(),
        });
        let is_there = ended.is_none() || how == Began::Spawned;
        if is_there {
            let process = restore::process(&record);
            let service = Arc::clone(service);
            self.ready.push_back(match how {
                Began::Spawned => Input::Spawned { service, generation, process },
                Began::Found => Input::Found { service, generation, process },
            });
        }
        if let Some(run) = run.as_ref().filter(|_| is_there) {
            for part in &mut self.parts {
                part.began(run);
            }
        }
        let present = Present { run, record: record.clone(), main: None, has_ended: false };
        self.runs.insert(Arc::clone(service), present);
        if let Some(ended) = ended {
            self.ended(&record, ended);
        }
    }

    /// Takes note of a run whose main process is not the one that was started.
    fn began_elsewhere(
        &mut self,
        service: &Arc<str>,
        spec: &Arc<ServiceSpec>,
        held: Held,
        main: wardkit_process::Process,
    ) {
        let main = Arc::new(main);
        let run = Run {
            service: Arc::clone(service),
            generation: held.record.generation,
            spec: Arc::clone(spec),
            process: Arc::clone(&main),
            cgroup: held.record.cgroup.clone(),
        };
        for part in &mut self.parts {
            part.began(&run);
        }
        let generation = run.generation;
        self.watch(service, generation, Arc::clone(&main));
        let mut record = held.record.clone();
        record.identity = main.identity().clone();
        let process = restore::process(&record);
        let present =
            Present { run: Some(run), record: held.record, main: Some(main), has_ended: false };
        self.runs.insert(Arc::clone(service), present);
        self.ready.push_back(Input::Found { service: Arc::clone(service), generation, process });
    }

    fn stop(&mut self, service: &Arc<str>, generation: u64) -> Result<(), Lost> {
        let Some(spec) = self.spec(service) else { return Ok(()) };
        if let Some(holder) = self.holders.iter_mut().find(|holder| holder.holds(&spec)) {
            holder.stop(&spec, generation);
            return Ok(());
        }
        let present = self.runs.get(service);
        let main = present.and_then(|present| present.main.clone());
        if !spec.stop_command.is_empty() {
            let started = present.map(|present| present.record.identity.pid);
            let pid = main.map(|main| main.pid()).or(started);
            let Shared { options, time, inputs, .. } = &*self.shared;
            let now = time.now().wall;
            stop_command::run(&spec, generation, pid, &options.environment, now, inputs);
            return Ok(());
        }
        let signal = spec.stop_signal.parse().unwrap_or(Signal::TERM);
        if let Some(main) = main {
            // One that has ended is told.
            let _ = main.signal(signal);
            return Ok(());
        }
        match self.client(|client| client.signal(service, generation, signal))? {
            // One that has ended is told; one that may not be signalled is killed in time.
            Ok(()) | Err(Error::Unknown) => {}
            Err(error) => {
                let message = format!("{service}: {}", start::chain(&error));
                self.tell("supervise.signal_failed", Severity::Warning, message);
            }
        }
        Ok(())
    }

    fn kill(&mut self, service: &Arc<str>, generation: u64) -> Result<(), Lost> {
        let spec = self.spec(service);
        if let Some(spec) = &spec
            && let Some(holder) = self.holders.iter_mut().find(|holder| holder.holds(spec))
        {
            holder.kill_tree(spec, generation);
            return Ok(());
        }
        self.killing.insert((Arc::clone(service), generation));
        let stop = Stop::kill(&**service, generation);
        match self.client(|client| client.stop(&stop))? {
            Ok(()) => {}
            // No guardian knows of it: what is left of it is found by what it carries.
            Err(_) => {
                match spec.map(|spec| self.marked(&spec, generation)).transpose()?.flatten() {
                    Some(_) => {
                        let _ = self.client(|client| client.stop(&stop))?;
                    }
                    None => self.tree_gone(service, generation),
                }
            }
        }
        Ok(())
    }

    fn forget(&mut self, service: &Arc<str>) -> Result<(), Lost> {
        // One that comes back at once is not forgotten.
        if self.spec(service).is_some() {
            return Ok(());
        }
        self.runs.remove(service);
        self.shared.forget(service);
        for part in &mut self.parts {
            part.forgotten(service);
        }
        // One that it never held is forgotten.
        let _ = self.client(|client| client.forget(service))?;
        Ok(())
    }

    /// Takes note of an end that the guardian tells.
    pub(super) fn ended(&mut self, record: &Record, ended: Ended) {
        let generation = record.generation;
        self.heard.push((record.service.clone(), generation));
        let Some((service, present)) = self.runs.get_key_value(record.service.as_str()) else {
            return;
        };
        let is_present = present.record.generation == generation;
        if !is_present || present.has_ended || present.main.is_some() {
            return;
        }
        let service = Arc::clone(service);
        let mut ending = Ending::new(exit_of(ended.exit));
        ending.out_of_memory = ended.oom_kills.is_some_and(|kills| kills > 0);
        ending.memory_peak = ended.usage.map(|usage| usage.peak_resident);
        // A group tells at once whether something is left in it; otherwise all processes must be looked at.
        let is_empty = |path| Cgroup::at(path).is_empty().unwrap_or(false);
        if record.cgroup.as_ref().is_some_and(is_empty) {
            ending.tree = Tree::Gone;
        }
        if let Some(present) = self.runs.get_mut(&service) {
            present.has_ended = true;
            if let Some(run) = &present.run {
                for part in &mut self.parts {
                    part.ended(run, Some(&ended), &mut ending);
                }
            }
        }
        if ending.tree == Tree::Gone {
            for part in &mut self.parts {
                part.gone(&service, generation);
            }
        }
        self.ready.push_back(Input::Exited { service, generation, ending });
    }

    /// Takes note that nothing is left of a run.
    pub(super) fn tree_gone(&mut self, service: &str, generation: u64) {
        if let Some((_, todo)) = self.displaced.remove(service) {
            self.todo.push_back(todo);
            return;
        }
        let service: Arc<str> = service.into();
        self.killing.remove(&(Arc::clone(&service), generation));
        for part in &mut self.parts {
            part.gone(&service, generation);
        }
        self.ready.push_back(Input::TreeGone { service, generation });
    }

    /// Has the guardian forget ends that are kept.
    fn acknowledge(&mut self) {
        if !self.keeper.is_sound() {
            return;
        }
        for (service, generation) in std::mem::take(&mut self.heard) {
            if let Err(Lost(error)) = self.client(|client| client.acknowledge(&service, generation))
            {
                return self.lose_guardian(&error);
            }
        }
    }
}

/// How a run came to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Began {
    Spawned,
    Found,
}

/// A start takes about a millisecond; so long, at most, others wait.
const AT_A_TIME: usize = 32;
