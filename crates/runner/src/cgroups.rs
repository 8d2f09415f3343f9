//! Where services are put so that the system holds them to their limits, and what it cannot hold them to here.
//!
//! Each run has a group of its own below one of this installation, in the hierarchy of version 2 where that may be
//! written to. A controller is turned on when the first service needs it: it costs every process something. Where a
//! controller is still in a hierarchy of version 1, a run that needs it is born into a group there, too.

mod hierarchies;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use wardkit_process::{Cgroup, Limit, Resource};
use wardkit_supervise::{Amount, Limits, Measure, ServiceSpec};

use self::hierarchies::{Hierarchies, Place};
use crate::start::chain;

/// The groups of this installation.
#[derive(Debug)]
pub(crate) struct Cgroups {
    hierarchies: Hierarchies,
    /// The name of the group that holds those of the runs, in each hierarchy.
    name: String,
    /// The group that holds those of the runs in the hierarchy of version 2, or why there is none.
    unified: Result<Cgroup, String>,
    /// The controllers that were asked for, and what came of it.
    controllers: BTreeMap<Controller, Source>,
    /// Our own processes, which make room where a controller is to be turned on.
    ours: Vec<u32>,
    oom_score_adj: OomScores,
}

/// How one run is put into its place.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Placement {
    /// The group in which it gets one of its own.
    pub(crate) cgroup: Option<PathBuf>,
    /// Values of its own group.
    pub(crate) values: Vec<(String, String)>,
    /// Its groups in hierarchies of version 1, which are there already.
    pub(crate) cgroups_v1: Vec<PathBuf>,
    /// What each of its processes is held to.
    pub(crate) limits: Vec<Limit>,
    /// How much rather than others it is killed when memory runs out.
    pub(crate) oom_score_adj: Option<i16>,
    /// What of its limits is not enforced, and why: the remark on [`wardkit_supervise::Topic::Limits`].
    pub(crate) remarks: Vec<String>,
}

/// The groups that a run is in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Groups {
    /// In the hierarchy of version 2.
    pub(crate) unified: Option<Cgroup>,
    /// In that of version 1 that has the memory controller.
    pub(crate) memory_v1: Option<Cgroup>,
}

/// What runs are told from each other by in the choice of who is killed when memory runs out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OomScores {
    /// What this process and the guardian have.
    pub(crate) ours: i16,
    /// What a service gets that says nothing of it.
    pub(crate) services: i16,
    /// Whether services may be given less than ours, and higher limits of the old kind.
    pub(crate) is_privileged: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Controller {
    Memory,
    Pids,
    Cpu,
}

/// Where a controller is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    /// On for the groups of runs in the hierarchy of version 2.
    Unified,
    /// In a hierarchy of version 1, where this group holds those of the runs.
    Legacy(Cgroup),
    /// Nowhere, and why.
    Nowhere(String),
}

impl Cgroups {
    /// Finds the groups of this process, and makes those of an installation.
    pub(crate) fn of_this_host(instance: &str, oom_score_adj: OomScores) -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let found = Hierarchies::read(&read("/proc/self/mountinfo"), &read("/proc/self/cgroup"));
        Self::new(found, instance, oom_score_adj)
    }

    /// Makes and uses none.
    pub(crate) fn unused(instance: &str, oom_score_adj: OomScores) -> Self {
        let mut unused = Self::new(Hierarchies::default(), instance, oom_score_adj);
        unused.unified = Err("this program is to use no cgroups".to_owned());
        unused
    }

    fn new(mut hierarchies: Hierarchies, instance: &str, oom_score_adj: OomScores) -> Self {
        // Started again by the guardian, or by a systemd that was told, we begin where we once moved to.
        if let Some(place) = &mut hierarchies.unified
            && place.group.path().ends_with(LEAF)
            && let Some(parent) = place.group.path().parent()
        {
            place.group = Cgroup::at(parent);
        }
        let name = format!("wardkit-{instance}");
        let unified = match &hierarchies.unified {
            None => Err("there is no hierarchy of cgroups of version 2 here".to_owned()),
            Some(place) => place.group.child(&name).map_err(|error| chain(&error)),
        };
        let (controllers, ours) = (BTreeMap::new(), vec![std::process::id()]);
        Self { hierarchies, name, unified, controllers, ours, oom_score_adj }
    }

    /// Names the guardian, which moves as we do when a controller is turned on.
    pub(crate) fn guardian(&mut self, pid: u32) {
        self.ours.truncate(1);
        self.ours.push(pid);
    }

    /// Prepares the place of a run. `uid` is the user that it gets, if that is not ours.
    pub(crate) fn place(
        &mut self,
        spec: &ServiceSpec,
        generation: u64,
        uid: Option<u32>,
    ) -> Placement {
        let mut placement = Placement {
            cgroup: self.unified.as_ref().ok().map(|group| group.path().into()),
            ..Placement::default()
        };
        let limits = &spec.limits;
        let run = run_name(&spec.name, generation);
        self.memory(spec, &run, &mut placement);
        self.processes(limits, &run, uid, &mut placement);
        if let Some(share) = limits.cpu {
            let wanted = Values {
                key: "cpu",
                unified: ("cpu.max", cpu(share)),
                legacy: &[
                    ("cpu.cfs_period_us", CPU_PERIOD.to_string()),
                    ("cpu.cfs_quota_us", cpu_quota(share).to_string()),
                ],
            };
            self.hold(Controller::Cpu, &wanted, &run, &mut placement);
        }
        for (key, resource, most) in [
            ("open_files", Resource::OpenFiles, limits.open_files),
            ("core", Resource::Core, limits.core.map(bytes)),
        ] {
            if let Some(most) = most {
                placement.limits.push(self.limit(key, resource, most, &mut placement.remarks));
            }
        }
        if spec.sandbox.is_some() {
            self.enclose(&run, &mut placement);
        }
        self.oom_score(limits, &mut placement);
        placement
    }

    /// Returns the groups of a run; `recorded` is what the guardian says.
    pub(crate) fn groups(&self, service: &str, generation: u64, recorded: Option<&Path>) -> Groups {
        let run = run_name(service, generation);
        let legacy = self.hierarchies.legacy(Controller::Memory.name());
        let memory_v1 = legacy.map(|place| place.group.path().join(&self.name).join(&run));
        Groups {
            unified: recorded.map(Cgroup::at),
            memory_v1: memory_v1.filter(|path| path.is_dir()).map(Cgroup::at),
        }
    }

    /// Removes what is left of the groups of a run that is gone. Those of version 2 the guardian removes.
    pub(crate) fn remove(&self, service: &str, generation: u64) {
        let run = run_name(service, generation);
        for parent in self.legacy_parents() {
            let path = parent.path().join(&run);
            if path.is_dir() {
                let _ = Cgroup::at(path).remove();
            }
        }
    }

    /// Removes the empty groups of runs of which nobody knows any more; `known` are service and generation.
    pub(crate) fn tidy(&self, known: &HashSet<(String, u64)>) {
        let known: HashSet<String> =
            known.iter().map(|(service, generation)| run_name(service, *generation)).collect();
        for parent in self.parents() {
            let Ok(entries) = fs::read_dir(parent.path()) else { continue };
            for entry in entries.flatten() {
                let is_known = entry.file_name().to_str().is_some_and(|name| known.contains(name));
                if !is_known && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    // One that is not empty stays.
                    let _ = Cgroup::at(entry.path()).remove();
                }
            }
        }
    }

    /// Removes everything that is empty, when all services have been stopped.
    pub(crate) fn clear(&self) {
        self.tidy(&HashSet::new());
        for parent in self.parents() {
            let _ = fs::remove_dir(parent.path());
        }
    }

    fn memory(&mut self, spec: &ServiceSpec, run: &str, placement: &mut Placement) {
        let limits = &spec.limits;
        let is_measured =
            spec.leak.is_some() || spec.rules.iter().any(|rule| rule.measure == Measure::Memory);
        if is_measured && limits.memory_max.is_none() && limits.memory_high.is_none() {
            // Without it memory is counted process by process.
            let _ = self.source(Controller::Memory);
        }
        if let Some(most) = limits.memory_max.map(bytes) {
            let wanted = Values {
                key: "memory_max",
                unified: ("memory.max", most.to_string()),
                legacy: &[("memory.limit_in_bytes", most.to_string())],
            };
            self.hold(Controller::Memory, &wanted, run, placement);
        }
        if let Some(most) = limits.memory_high.map(bytes) {
            // What version 1 has instead slows nobody down.
            let unified = ("memory.high", most.to_string());
            let wanted = Values { key: "memory_high", unified, legacy: &[] };
            self.hold(Controller::Memory, &wanted, run, placement);
        }
    }

    fn processes(
        &mut self,
        limits: &Limits,
        run: &str,
        uid: Option<u32>,
        placement: &mut Placement,
    ) {
        let Some(most) = limits.processes else { return };
        let wanted = Values {
            key: "processes",
            unified: ("pids.max", most.to_string()),
            legacy: &[("pids.max", most.to_string())],
        };
        let before = placement.remarks.len();
        self.hold(Controller::Pids, &wanted, run, placement);
        if let Some(uid) = uid.filter(|uid| *uid != 0 && placement.remarks.len() > before) {
            placement.remarks.truncate(before);
            placement.limits.push(Limit::hard(Resource::Processes, most));
            placement.remarks.push(format!(
                "limits.processes counts everything of user {uid} together: there is no pids controller to count by service"
            ));
        }
    }

    /// Gives a run a group in each hierarchy, without limits: what holds its sandbox makes its own below, and whatever is
    /// left of these goes with the run.
    fn enclose(&mut self, run: &str, placement: &mut Placement) {
        for controller in [Controller::Memory, Controller::Pids, Controller::Cpu] {
            // That of version 2 has the controllers to give once they are turned on.
            let Source::Legacy(parent) = self.source(controller) else { continue };
            let group = parent.child(run).map(|group| group.path().to_path_buf());
            if let Ok(path) = group
                && !placement.cgroups_v1.contains(&path)
            {
                placement.cgroups_v1.push(path);
            }
        }
    }

    /// Has a controller hold a run to values, or remarks why none does.
    fn hold(
        &mut self,
        controller: Controller,
        wanted: &Values<'_>,
        run: &str,
        placement: &mut Placement,
    ) {
        let key = wanted.key;
        let reason = match self.source(controller) {
            Source::Unified => {
                let (name, value) = &wanted.unified;
                placement.values.push(((*name).to_owned(), value.clone()));
                return;
            }
            Source::Legacy(_) if wanted.legacy.is_empty() => {
                format!(
                    "the {} controller is one of version 1, which has no such limit",
                    controller.name()
                )
            }
            Source::Legacy(parent) => {
                let made = parent.child(run).and_then(|group| {
                    for (name, value) in wanted.legacy {
                        group.set(name, value)?;
                    }
                    Ok(group)
                });
                match made {
                    Ok(group) => {
                        placement.cgroups_v1.push(group.path().into());
                        return;
                    }
                    Err(error) => chain(&error),
                }
            }
            Source::Nowhere(reason) => reason.clone(),
        };
        placement.remarks.push(format!("limits.{key} is not enforced: {reason}"));
    }

    /// Returns a limit of the kernel's old kind, no higher than we may set it.
    fn limit(&self, key: &str, resource: Resource, most: u64, remarks: &mut Vec<String>) -> Limit {
        let ours = Limit::of_ours(resource).hard;
        match ours.filter(|ours| *ours < most && !self.oom_score_adj.is_privileged) {
            Some(ours) => {
                remarks
                    .push(format!("limits.{key} is {ours}: more than its own agentd may not give"));
                Limit::hard(resource, ours)
            }
            None => Limit::hard(resource, most),
        }
    }

    fn oom_score(&self, limits: &Limits, placement: &mut Placement) {
        let scores = self.oom_score_adj;
        let wanted = limits.oom_score_adj.unwrap_or(scores.services);
        let is_refused = wanted < scores.ours && !scores.is_privileged;
        placement.oom_score_adj = Some(if is_refused { scores.ours } else { wanted });
        if is_refused {
            placement.remarks.push(format!(
                "limits.oom_score_adj is {}: less than its own agentd may not give",
                scores.ours
            ));
        }
    }

    /// Returns where a controller is, and turns it on when it is asked for first.
    fn source(&mut self, controller: Controller) -> &Source {
        if !self.controllers.contains_key(&controller) {
            let source =
                self.turn_on(controller).unwrap_or_else(|why| self.legacy(controller, why));
            self.controllers.insert(controller, source);
        }
        &self.controllers[&controller]
    }

    /// Turns a controller on for the groups of runs, or returns why it cannot be.
    fn turn_on(&self, controller: Controller) -> Result<Source, String> {
        let services = self.unified.as_ref().map_err(Clone::clone)?;
        let Some(place) = &self.hierarchies.unified else { return Err(String::new()) };
        let offered = read_words(&place.group.path().join("cgroup.controllers"));
        if !offered.iter().any(|one| one == controller.name()) {
            let path = place.group.path().display();
            return Err(format!("{path} is not given the {} controller", controller.name()));
        }
        let value = format!("+{}", controller.name());
        let enable = |group: &Cgroup| group.set("cgroup.subtree_control", &value);
        // Those in a group keep it from giving anything to groups below it.
        let first = enable(&place.group);
        if first.is_err() && !place.is_root {
            self.make_room(place);
        }
        first.or_else(|_| enable(&place.group)).map_err(|error| {
            let others = place.group.path().join("cgroup.procs");
            let others = read_words(&others).join(", ");
            if others.is_empty() {
                chain(&error)
            } else {
                format!("{}; processes {others} are in it", chain(&error))
            }
        })?;
        enable(services).map_err(|error| chain(&error))?;
        Ok(Source::Unified)
    }

    /// Moves us and the guardian out of a group into one of our own below it.
    fn make_room(&self, place: &Place) {
        let Ok(leaf) = place.group.child(LEAF) else { return };
        for pid in read_words(&place.group.path().join("cgroup.procs")) {
            if self.ours.iter().any(|ours| ours.to_string() == pid) {
                // One that stays is named with the refusal that follows.
                let _ = leaf.set("cgroup.procs", &pid);
            }
        }
    }

    /// Finds a controller in a hierarchy of version 1; `why` says why it is not in that of version 2.
    fn legacy(&self, controller: Controller, why: String) -> Source {
        let Some(place) = self.hierarchies.legacy(controller.name()) else {
            return Source::Nowhere(why);
        };
        match place.group.child(&self.name) {
            Ok(parent) => Source::Legacy(parent),
            Err(error) => Source::Nowhere(chain(&error)),
        }
    }

    fn parents(&self) -> impl Iterator<Item = Cgroup> {
        self.unified.iter().cloned().chain(self.legacy_parents())
    }

    fn legacy_parents(&self) -> impl Iterator<Item = Cgroup> {
        let controllers = [Controller::Memory, Controller::Pids, Controller::Cpu].into_iter();
        controllers.filter_map(|controller| {
            let place = self.hierarchies.legacy(controller.name())?;
            Some(Cgroup::at(place.group.path().join(&self.name)))
        })
    }
}

impl Controller {
    const fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Pids => "pids",
            Self::Cpu => "cpu",
        }
    }
}

/// What a limit is called in the configuration and in both versions.
struct Values<'a> {
    key: &'a str,
    unified: (&'a str, String),
    legacy: &'a [(&'a str, String)],
}

/// The guardian names the group of a run in the same way.
fn run_name(service: &str, generation: u64) -> String {
    format!("{service}.{generation}")
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an amount is not below zero, and beyond 16 EiB it is no limit"
)]
fn bytes(amount: Amount) -> u64 {
    amount.value() as u64
}

fn cpu(share: Amount) -> String {
    format!("{} {CPU_PERIOD}", cpu_quota(share))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "an amount is not below zero, and no host has so many processors"
)]
fn cpu_quota(share: Amount) -> u64 {
    ((share.value() * CPU_PERIOD as f64) as u64).max(LEAST_CPU_QUOTA)
}

/// Returns the words of a file; none when it cannot be read.
fn read_words(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.split_ascii_whitespace().map(str::to_owned).collect()
}

/// Our own group, where ours has groups below that are given controllers. The generated unit of systemd has the name,
/// too.
const LEAF: &str = "wardkit-main";

/// In microseconds: what the kernel takes when nobody says.
const CPU_PERIOD: u64 = 100_000;

/// The least that the kernel takes.
const LEAST_CPU_QUOTA: u64 = 1_000;
