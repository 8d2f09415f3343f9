//! One service, as it is held.

use std::collections::HashSet;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use wardkit_process::{
    Cgroup, Ending, Exit, Inherited, Launch, Next, Output, Process, Stat, State, Tree, Usage,
    open_fifo,
};

use super::now;
use crate::protocol::{Answer, Refusal};
use crate::{Ended, MARKER, Record, Sink, Spawn, Stop, marker};

/// A service, its process and what must stay open for it.
pub(super) struct Service {
    pub(super) record: Record,
    pub(super) process: Option<Process>,
    pub(super) ended: Option<Ended>,
    /// Our own child: its end comes as a signal, a stranger's as its pidfd.
    pub(super) is_child: bool,
    /// The last master that was told of the end.
    pub(super) told: u64,
    /// Nothing of it is left, and so it stays, whoever gets its numbers.
    pub(super) is_gone: bool,
    pub(super) ending: Option<Ending>,
    /// What a stop has left, until a master is told.
    pub(super) left: Option<Vec<u32>>,
    /// Since when it is known to have ended, but not how.
    unreaped: Option<Instant>,
    /// So that what is in them stays when nobody else has them open.
    _fifos: Vec<OwnedFd>,
}

impl Service {
    /// Starts a service.
    pub(super) fn start(spawn: Spawn, instance: &str, ours: &Inherited) -> Result<Self, Refusal> {
        // Before it writes anything.
        let fifos = hold([&spawn.stdout, &spawn.stderr])?;
        let name = format!("{}.{}", spawn.service, spawn.generation);
        let group = |parent| Cgroup::at(parent).child_with(&name, &spawn.cgroup_values);
        let cgroup = spawn.cgroup.as_ref().map(group).transpose()?;
        let marker = marker(instance, &spawn.service, spawn.generation);
        let mut launch = Launch::new(spawn.command);
        launch.environment = spawn.environment;
        launch.environment.push((MARKER.into(), marker.into()));
        (launch.directory, launch.account) = (spawn.directory, spawn.account);
        (launch.limits, launch.oom_score_adj) = (spawn.limits, spawn.oom_score_adj);
        ours.give_unspared(&mut launch);
        (launch.stdout, launch.stderr) = (output(&spawn.stdout)?, output(&spawn.stderr)?);
        launch.cgroup.clone_from(&cgroup);
        launch.cgroups_v1 = spawn.cgroups_v1.into_iter().map(Cgroup::at).collect();
        let process = launch.start().inspect_err(|_| {
            let _ = cgroup.as_ref().map(Cgroup::remove);
        })?;
        let mut record = Record::new(spawn.service, spawn.generation, process.identity().clone());
        record.cgroup = cgroup.map(|cgroup| cgroup.path().into());
        (record.stdout, record.stderr) = (spawn.stdout, spawn.stderr);
        Ok(Self::new(record, Some(process), true, fifos))
    }

    /// Holds a service that another guardian has started, or the memory of one that ended meanwhile.
    pub(super) fn adopt(record: Record, pidfd: Option<OwnedFd>) -> Result<Self, Refusal> {
        let process = Process::find(&record.identity, pidfd)?;
        let fifos = hold([&record.stdout, &record.stderr]).unwrap_or_default();
        let mut service = Self::new(record, process, false, fifos);
        match &service.process {
            Some(_) => service.look()?,
            None => service.end(Exit::Unknown, None),
        }
        Ok(service)
    }

    fn new(record: Record, process: Option<Process>, is_child: bool, fifos: Vec<OwnedFd>) -> Self {
        Self {
            record,
            process,
            ended: None,
            is_child,
            told: 0,
            is_gone: false,
            ending: None,
            left: None,
            unreaped: None,
            _fifos: fifos,
        }
    }

    pub(super) fn answer(&self) -> Answer {
        Answer::Held(self.record.clone(), self.ended)
    }

    pub(super) fn running(&self) -> Option<&Process> {
        self.process.as_ref().filter(|_| self.ended.is_none())
    }

    pub(super) fn pidfd(&self) -> Option<BorrowedFd<'_>> {
        self.process.as_ref().map(|process| process.as_fd())
    }

    /// Looks whether it has ended; how another's child did, may not be ours to know before its parent has asked.
    pub(super) fn look(&mut self) -> Result<(), wardkit_process::Error> {
        match self.running().map(Process::state).transpose()? {
            Some(State::Ended { exit, usage }) => self.end(exit, usage),
            Some(State::Unreaped) if *self.unreaped.get_or_insert_with(now) + UNREAPED <= now() => {
                self.end(Exit::Unknown, None);
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, exit: Exit, usage: Option<Usage>) {
        let cgroup = self.record.cgroup.as_ref();
        let oom_kills = cgroup.and_then(|path| Cgroup::at(path).oom_kills());
        self.ended = Some(Ended { exit, usage, oom_kills });
        self.ending.iter_mut().for_each(|ending| ending.root_ended(now()));
    }

    /// Returns what is to be waited for: the end of one that is adopted.
    pub(super) fn watched(&self) -> Option<PollFd<'_>> {
        let process = self.running().filter(|_| !self.is_child)?;
        // A pidfd is readable from the end on, and hangs up when the parent has asked.
        let flags = if self.unreaped.is_some() { PollFlags::empty() } else { PollFlags::IN };
        Some(PollFd::new(process, flags))
    }

    pub(super) fn wakes(&self) -> Option<Instant> {
        let asked = self.running().and(self.unreaped).map(|since| since + UNREAPED);
        asked.into_iter().chain(self.ending.as_ref().map(Ending::wakes)).min()
    }

    /// Begins to stop it.
    pub(super) fn stop(&mut self, stop: &Stop) {
        if let Some(ending) = &mut self.ending {
            return ending.hurry(now(), stop.patience);
        }
        // Without patience it is killed, and not asked.
        if let Some(process) = self.running().filter(|_| !stop.patience.is_zero()) {
            let _ = process.signal(stop.signal);
        }
        let ending = self.ending.insert(Ending::begin(now(), stop.patience, stop.kill_patience));
        if self.ended.is_some() {
            ending.root_ended(now());
        }
    }

    /// Goes on with the stop by what is left of the tree, if that is known; returns whether it is to be killed now.
    pub(super) fn step(&mut self, now: Instant, left: Option<Vec<Stat>>) -> bool {
        let Some(ending) = &mut self.ending else { return false };
        self.is_gone |= self.ended.is_some() && left.as_ref().is_some_and(Vec::is_empty);
        let next = ending.step(now, self.is_gone);
        if next == Next::Over {
            self.left = Some(left.unwrap_or_default().iter().map(|stat| stat.pid).collect());
            self.ending = None;
            self.remove_cgroup();
        }
        next == Next::Kill
    }

    /// Returns the service with everything that it started; `others` are the roots of all trees.
    pub(super) fn tree(&self, instance: &str, others: &Arc<HashSet<u32>>) -> Tree {
        let Record { service, generation, identity, cgroup, .. } = &self.record;
        let marker = marker(instance, service, *generation);
        let tree = Tree::new(identity.clone()).with_marker(MARKER, marker);
        match cgroup {
            Some(path) => tree.with_cgroup(Cgroup::at(path)),
            // The orphans of what another guardian has started did not come to us.
            None if !self.is_child => tree,
            None => tree.reaped_by(std::process::id()).apart_from(Arc::clone(others)),
        }
    }

    /// Removes its cgroup, once nothing is in it.
    pub(super) fn remove_cgroup(&self) {
        // One that stays is found and removed by whoever looks at the cgroups.
        let _ = self.record.cgroup.as_ref().map(|path| Cgroup::at(path).remove());
    }
}

/// Opens a sink for the service, which may change how its own descriptor behaves.
fn output(sink: &Sink) -> Result<Output, Refusal> {
    let fifo = fifo(sink)?.map(Output::To);
    Ok(fifo.unwrap_or(if *sink == Sink::Inherit { Output::Inherit } else { Output::Discard }))
}

/// Opens the FIFOs for ourselves.
fn hold(sinks: [&Sink; 2]) -> Result<Vec<OwnedFd>, Refusal> {
    sinks.into_iter().filter_map(|sink| fifo(sink).transpose()).collect()
}

fn fifo(sink: &Sink) -> Result<Option<OwnedFd>, Refusal> {
    let Sink::Fifo(path) = sink else { return Ok(None) };
    Ok(Some(open_fifo(path, BACKLOG)?))
}

/// Told to a master that has noted it for good: no later one is told again.
pub(super) const ACKNOWLEDGED: u64 = u64::MAX;

/// What a FIFO holds while nobody reads: the most that an ordinary user may have.
const BACKLOG: usize = 1 << 20;

/// How long the parent of such a one may take to ask: it is down meanwhile, and its restart matters more than its reason.
const UNREAPED: Duration = Duration::from_millis(100);
