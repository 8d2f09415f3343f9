//! What this host can enforce, found out by doing it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};

use super::cgroups::{self, Controller, Controllers, Group};
use super::child::Step;
use super::files::Layout;
use super::layer::{Layer, Layers};
use super::start::{CLONING, Image, MAPPING, Ready};
use super::{sys, watch};
use crate::{Limits, Policy, SandboxError};

/// What was found out about this host.
#[derive(Debug)]
pub(crate) struct Host {
    pub layers: Layers,
    /// Why a layer is missing.
    pub missing: BTreeMap<Layer, String>,
    /// The version of Landlock.
    pub landlock: u32,
    pub identity: Identity,
    pub controllers: Controllers,
    /// Which version of the hierarchy keeps which limit.
    pub kept: BTreeMap<Controller, u8>,
}

/// As whom a program runs, seen from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// As a user that nobody else is.
    High,
    /// As `nobody`, where other users do not exist.
    Nobody,
    /// As the user that starts it.
    Own,
}

impl Host {
    /// Tries everything, with a process that does nothing, and leaves out what fails.
    pub(crate) fn find(controllers: Controllers, wanted: Layers) -> Self {
        let mut host = Self::untried(controllers, wanted);
        // Each round leaves one thing out, so that there is an end.
        for _ in 0..ROUNDS {
            let Err(failure) = host.attempt() else { break };
            if !host.give_way(&failure) {
                break;
            }
        }
        host.find_limits();
        host
    }

    /// Takes every layer for one that works. A program is not started where one does not, for which
    /// [`is_for_want_of_a_layer`] then has the reason; limits are tried in any case.
    pub(crate) fn assumed(controllers: Controllers, wanted: Layers) -> Self {
        let mut host = Self::untried(controllers, wanted);
        host.find_limits();
        host
    }

    fn untried(controllers: Controllers, wanted: Layers) -> Self {
        let is_root = rustix::process::geteuid().is_root();
        let mut host = Self {
            layers: wanted,
            missing: BTreeMap::new(),
            landlock: sys::landlock_version(),
            identity: if is_root { Identity::High } else { Identity::Own },
            kept: BTreeMap::new(),
            controllers,
        };
        host.controllers.sweep(|pid| fs::exists(format!("/proc/{pid}")).unwrap_or(true));
        if host.landlock == 0 {
            host.leave_out(Layer::Landlock, "the kernel has no Landlock, or does not start it");
        }
        host
    }

    /// Returns the user of the next program, seen from outside.
    pub(crate) fn user(&self) -> u32 {
        match self.identity {
            Identity::High => {
                let run = USERS.fetch_add(1, Ordering::Relaxed) & 0xFF;
                FIRST_USER | (std::process::id() & 0x3F_FFFF) << 8 | run
            }
            Identity::Nobody => NOBODY,
            Identity::Own => rustix::process::geteuid().as_raw(),
        }
    }

    fn leave_out(&mut self, layer: Layer, why: &str) {
        if self.layers.has(layer) {
            self.layers = self.layers.without(layer);
            self.missing.insert(layer, why.into());
        }
    }

    /// Starts a process that goes through every layer and ends.
    fn attempt(&self) -> Result<(), Failure> {
        let (policy, layout) = (Policy::default(), Layout::default());
        let ready = Ready::new(self, self.layers, &policy, layout, Image::Nothing, Vec::new());
        let running = ready.and_then(|ready| ready.start(self, Group::default()));
        match running {
            Ok(running) => match watch::started(&running) {
                Ok(()) => Ok(()),
                Err((step, error)) => Err(Failure::Child(step, error)),
            },
            Err(error) => Err(Failure::Parent(error)),
        }
    }

    /// Leaves out what failed; returns whether there is anything left to try.
    fn give_way(&mut self, failure: &Failure) -> bool {
        let why = failure.why();
        match failure.step() {
            Some(Trouble::Identity) if self.identity == Identity::High => {
                self.identity = Identity::Nobody;
            }
            Some(Trouble::Identity) if self.identity == Identity::Nobody => {
                self.identity = Identity::Own;
            }
            Some(Trouble::Identity | Trouble::Namespaces) => {
                let can_without = rustix::process::geteuid().is_root();
                let has_user = self.layers.has(Layer::UserNamespace);
                if has_user && can_without {
                    self.leave_out(Layer::UserNamespace, &why);
                } else if self.layers.has(Layer::Namespaces) {
                    self.leave_out(Layer::UserNamespace, &why);
                    self.leave_out(Layer::Namespaces, &why);
                } else {
                    return false;
                }
            }
            Some(Trouble::Landlock) => self.leave_out(Layer::Landlock, &why),
            Some(Trouble::Telemetry) => self.leave_out(Layer::Telemetry, &why),
            Some(Trouble::Filter) => {
                self.leave_out(Layer::Telemetry, &why);
                self.leave_out(Layer::SystemCalls, &why);
            }
            None => return false,
        }
        true
    }

    fn find_limits(&mut self) {
        if !self.layers.has(Layer::Cgroups) {
            return;
        }
        let run = USERS.fetch_add(1, Ordering::Relaxed);
        let name = cgroups::name(&format!("probe-{run}"));
        let group = Group::make(&self.controllers, &name, &Limits::default());
        let keeps = |one: Controller| group.keeps(one).map(|version| (one, version));
        self.kept = Controller::ALL.into_iter().filter_map(keeps).collect();
    }
}

/// Whether a program did not begin because this host lacks a layer that it was taken to have.
pub(crate) fn is_for_want_of_a_layer(error: &SandboxError) -> bool {
    let SandboxError::Setup { step, .. } = error else { return false };
    let of_layers =
        [Step::User, Step::Root, Step::Bind, Step::Landlock, Step::Filter, Step::Listener];
    [CLONING, MAPPING].contains(step) || of_layers.iter().any(|one| one.name() == *step)
}

/// What an operator could change so that namespaces can be made.
pub(crate) fn namespaces_remedy() -> String {
    let is =
        |path: &str, value: &str| fs::read_to_string(path).is_ok_and(|found| found.trim() == value);
    if is("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1") {
        "AppArmor forbids them: give the program a profile with the rule `userns,`, or set the sysctl \
         kernel.apparmor_restrict_unprivileged_userns=0"
            .into()
    } else if is("/proc/sys/kernel/unprivileged_userns_clone", "0") {
        "set the sysctl kernel.unprivileged_userns_clone=1".into()
    } else if is("/proc/sys/user/max_user_namespaces", "0") {
        "set the sysctl user.max_user_namespaces to more than 0".into()
    } else {
        "a container or a unit of systemd around this process may forbid them: allow user namespaces, or run it \
         outside; a unit: no RestrictNamespaces=yes, and no @mount in SystemCallFilter=~"
            .into()
    }
}

/// What went wrong with the process that does nothing.
#[derive(Debug)]
enum Failure {
    Parent(SandboxError),
    Child(Step, io::Error),
}

/// What to leave out.
enum Trouble {
    Identity,
    Namespaces,
    Landlock,
    Filter,
    Telemetry,
}

impl Failure {
    fn step(&self) -> Option<Trouble> {
        match self {
            Self::Parent(SandboxError::Setup { step, .. }) if *step == CLONING => {
                Some(Trouble::Namespaces)
            }
            Self::Parent(SandboxError::Setup { step, .. }) if *step == MAPPING => {
                Some(Trouble::Identity)
            }
            Self::Parent(_) => None,
            Self::Child(step, _) => match step {
                Step::User => Some(Trouble::Identity),
                Step::Root | Step::Bind => Some(Trouble::Namespaces),
                Step::Landlock => Some(Trouble::Landlock),
                Step::Filter => Some(Trouble::Filter),
                Step::Listener => Some(Trouble::Telemetry),
                Step::Group
                | Step::Stdio
                | Step::Limits
                | Step::Privileges
                | Step::Directory
                | Step::Exec => None,
            },
        }
    }

    fn why(&self) -> String {
        match self {
            Self::Parent(SandboxError::Setup { step, source }) => {
                format!("{step} failed: {source}")
            }
            Self::Parent(error) => error.to_string(),
            Self::Child(step, error) => format!("{} failed: {error}", step.name()),
        }
    }
}

/// More than there are things to leave out.
const ROUNDS: u32 = 10;

/// Users from here on are nobody's: ranges for containers end far below.
const FIRST_USER: u32 = 0x4000_0000;

const NOBODY: u32 = 65_534;

static USERS: AtomicU32 = AtomicU32::new(0);
