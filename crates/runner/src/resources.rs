//! What services use: they are put where the system holds them to their limits, they are measured, and their ends for
//! lack of memory are told from others.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use wardkit_guardian::{Ended, MARKER, Spawn};
use wardkit_process::{Cgroup, Tree};
use wardkit_supervise::{Ending, Input, ServiceSpec, SpawnError, Topic};

use crate::Options;
use crate::cgroups::{Cgroups, OomScores};
use crate::oom::{self, Death, KernelLog};
use crate::options::UseCgroups;
use crate::part::{Inputs, Part, Run};
use crate::sampling::{self, Sampling, Watched};
use crate::services::Time;

/// The part for resources.
pub(crate) struct Resources {
    cgroups: Cgroups,
    kernel_log: KernelLog,
    sampling: Sampling,
    inputs: Inputs,
    /// Marks our processes.
    instance: String,
    /// Who inherits orphans.
    guardian: Option<u32>,
    /// The run of each service that was prepared last.
    prepared: HashMap<Arc<str>, u64>,
}

impl Resources {
    /// Takes its place on the host. This comes before a guardian is started, which inherits how much we are spared.
    pub(crate) fn new(options: &Options, inputs: Inputs, time: Time) -> Self {
        let scores = OomScores::claim();
        Self {
            sampling: Sampling::new(options.directory.clone(), inputs.clone(), time),
            instance: options.instance.clone(),
            guardian: None,
            cgroups: match options.cgroups {
                UseCgroups::WhereAllowed => Cgroups::of_this_host(&options.instance, scores),
                UseCgroups::Never => Cgroups::unused(&options.instance, scores),
            },
            kernel_log: KernelLog::default(),
            inputs,
            prepared: HashMap::new(),
        }
    }

    /// Removes what is left of runs other than these, by service and generation.
    pub(crate) fn tidy(&self, known: &HashSet<(String, u64)>) {
        self.cgroups.tidy(known);
    }
}

impl Part for Resources {
    fn guardian(&mut self, pid: u32) {
        self.cgroups.guardian(pid);
        self.guardian = Some(pid);
    }

    fn prepare(
        &mut self,
        spec: &Arc<ServiceSpec>,
        generation: u64,
        spawn: &mut Spawn,
    ) -> Result<(), SpawnError> {
        let service: Arc<str> = spec.name.as_str().into();
        // One that could not be started leaves its group behind.
        if let Some(earlier) = self.prepared.insert(Arc::clone(&service), generation)
            && earlier != generation
        {
            self.cgroups.remove(&service, earlier);
        }
        let uid = spawn.account.as_ref().map(wardkit_process::Account::uid);
        let uid = uid.filter(|uid| *uid != rustix::process::geteuid().as_raw());
        let placement = self.cgroups.place(spec, generation, uid);
        spawn.cgroup = placement.cgroup;
        spawn.cgroup_values.extend(placement.values);
        spawn.cgroups_v1.extend(placement.cgroups_v1);
        spawn.limits.extend(placement.limits);
        spawn.oom_score_adj = placement.oom_score_adj;
        let text = placement.remarks;
        // It is said again at the next start.
        let _ = self.inputs.try_send(Input::Remarked { service, topic: Topic::Limits, text });
        Ok(())
    }

    fn began(&mut self, run: &Run) {
        if !sampling::needs(&run.spec) {
            return;
        }
        let marker = format!("{}/{}/{}", self.instance, run.service, run.generation);
        let identity = run.process.identity();
        let mut tree = Tree::new(identity.clone()).with_marker(MARKER, marker);
        if let Some(guardian) = self.guardian {
            tree = tree.reaped_by(guardian);
        }
        if let Some(cgroup) = &run.cgroup {
            tree = tree.with_cgroup(Cgroup::at(cgroup));
        }
        self.sampling.began(Watched {
            service: Arc::clone(&run.service),
            generation: run.generation,
            spec: Arc::clone(&run.spec),
            run: format!("{}/{}/{}", identity.boot, identity.pid, identity.started),
            tree,
            groups: self.cgroups.groups(&run.service, run.generation, run.cgroup.as_deref()),
        });
    }

    fn declared(&mut self, services: &[Arc<ServiceSpec>]) {
        self.sampling.declared(services);
    }

    fn ended(&mut self, run: &Run, known: Option<&Ended>, ending: &mut Ending) {
        self.sampling.ended(&run.service, run.generation);
        let Some(known) = known else { return };
        let groups = self.cgroups.groups(&run.service, run.generation, run.cgroup.as_deref());
        let death = Death {
            identity: run.process.identity(),
            exit: known.exit,
            usage: known.usage,
            oom_kills: known.oom_kills,
        };
        oom::complete(ending, death, &groups, &mut self.kernel_log);
    }

    fn gone(&mut self, service: &Arc<str>, generation: u64) {
        self.cgroups.remove(service, generation);
    }

    fn forgotten(&mut self, service: &Arc<str>) {
        self.prepared.remove(service);
    }

    fn stopped(&mut self) {
        self.cgroups.clear();
    }
}
