//! What keeps each guarantee, in words.

use super::cgroups::Controller;
use super::landlock::SCOPES_SINCE;
use super::layer::{Layer, Layers};
use super::probe::{self, Host};
use crate::{Enforcement, Guarantee, Policy, Report, Strength};

/// Says what keeps each guarantee of a run with these layers and these groups.
pub(crate) fn attest(
    host: &Host,
    layers: Layers,
    kept: &dyn Fn(Controller) -> Option<u8>,
    policy: &Policy,
) -> Report {
    let view = View { host, layers, policy };
    let mut report = Report::default();
    report.note(Guarantee::Files, view.files());
    report.note(Guarantee::Network, view.network());
    report.note(Guarantee::Processes, view.processes());
    report.note(Guarantee::Privileges, enforced("no_new_privs, no capability, no setuid"));
    report.note(Guarantee::SystemCalls, view.system_calls());
    report.note(Guarantee::Telemetry, view.telemetry());
    report.note(Guarantee::Memory, view.memory(kept(Controller::Memory)));
    report.note(Guarantee::Cpu, cpu(kept(Controller::Cpu)));
    report.note(Guarantee::Deadline, view.deadline());
    report.note(Guarantee::Output, enforced("pipes that are read up to the limit"));
    report
}

struct View<'a> {
    host: &'a Host,
    layers: Layers,
    policy: &'a Policy,
}

impl View<'_> {
    fn files(&self) -> Enforcement {
        let version = self.host.landlock;
        match (self.layers.has(Layer::Namespaces), self.layers.has(Layer::Landlock)) {
            (true, true) => {
                enforced(format!("an empty read-only root, and Landlock version {version}"))
            }
            (true, false) => {
                approximate(format!("an empty read-only root, but {}", self.why(Layer::Landlock)))
                    .remedy(LANDLOCK_REMEDY)
            }
            (false, true) => approximate(format!(
                "Landlock version {version}; names and sizes can be seen, since {}",
                self.why(Layer::Namespaces)
            ))
            .remedy(probe::namespaces_remedy()),
            (false, false) => absent(self.why(Layer::Namespaces)).remedy(LANDLOCK_REMEDY),
        }
    }

    fn network(&self) -> Enforcement {
        if self.policy.grants.network {
            return enforced("the host's network was granted; no other kind of socket");
        }
        match (self.layers.has(Layer::SystemCalls), self.layers.has(Layer::Namespaces)) {
            (true, _) => enforced("no system call that makes a socket"),
            (false, true) => approximate("a network namespace; a hypervisor's sockets stay open"),
            (false, false) => absent(self.why(Layer::SystemCalls)),
        }
    }

    fn processes(&self) -> Enforcement {
        let has_scopes = self.layers.has(Layer::Landlock) && self.host.landlock >= SCOPES_SINCE;
        if self.layers.has(Layer::Namespaces) {
            enforced("a namespace of processes, no proc file system")
        } else if has_scopes && self.layers.has(Layer::SystemCalls) {
            let why = self.why(Layer::Namespaces);
            approximate(format!("signals end at Landlock's scope, no ptrace; {why}"))
                .remedy(probe::namespaces_remedy())
        } else {
            absent(self.why(Layer::Namespaces)).remedy(probe::namespaces_remedy())
        }
    }

    fn system_calls(&self) -> Enforcement {
        if self.layers.has(Layer::SystemCalls) {
            enforced("a seccomp filter that lets through what is listed")
        } else {
            absent(self.why(Layer::SystemCalls)).remedy("run a kernel with CONFIG_SECCOMP_FILTER")
        }
    }

    fn telemetry(&self) -> Enforcement {
        if self.layers.has(Layer::Telemetry) && self.layers.has(Layer::SystemCalls) {
            enforced("each denied system call is told by seccomp's listener")
        } else if self.layers.has(Layer::SystemCalls) {
            let why = self.why(Layer::Telemetry);
            approximate(format!("system calls are denied and not counted: {why}"))
                .remedy("run it outside of a sandbox that listens to system calls itself")
        } else {
            absent(self.why(Layer::SystemCalls))
        }
    }

    fn memory(&self, kept: Option<u8>) -> Enforcement {
        match kept {
            Some(version) => enforced(format!("a cgroup of version {version}")),
            None if self.layers.has(Layer::Limits) => {
                approximate("the address space of each process").remedy(cgroup_remedy("memory"))
            }
            None => absent("nothing limits it").remedy(cgroup_remedy("memory")),
        }
    }

    fn deadline(&self) -> Enforcement {
        match (self.layers.has(Layer::Namespaces), self.layers.has(Layer::SystemCalls)) {
            (true, _) => enforced("its namespace of processes is killed with its first"),
            (false, true) => approximate(
                "its process group is killed, which its system calls do not let it leave",
            )
            .remedy(probe::namespaces_remedy()),
            (false, false) => {
                let why = self.why(Layer::Namespaces);
                absent(format!("its process group is killed, and it can leave that; {why}"))
                    .remedy(probe::namespaces_remedy())
            }
        }
    }

    fn why(&self, layer: Layer) -> String {
        let found = self.host.missing.get(&layer).cloned();
        found.unwrap_or_else(|| format!("the layer `{layer}` is switched off"))
    }
}

fn cpu(kept: Option<u8>) -> Enforcement {
    match kept {
        Some(version) => enforced(format!("a cgroup of version {version}")),
        None => approximate("stopped and continued by what it used, and a limit of it in all")
            .remedy(cgroup_remedy("cpu")),
    }
}

fn enforced(mechanism: impl Into<String>) -> Enforcement {
    Enforcement::new(Strength::Enforced, mechanism)
}

fn approximate(mechanism: impl Into<String>) -> Enforcement {
    Enforcement::new(Strength::Approximate, mechanism)
}

fn absent(mechanism: impl Into<String>) -> Enforcement {
    Enforcement::new(Strength::Absent, mechanism)
}

fn cgroup_remedy(controller: &str) -> String {
    format!(
        "run it as root, or have systemd delegate the cgroup: Delegate={controller} in the unit of the program that \
         starts it"
    )
}

const LANDLOCK_REMEDY: &str =
    "run Linux 5.13 or newer with `landlock` in the kernel parameter lsm=";
