//! One service: what is known of it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use wardkit_core::Timestamp;

use super::probing::ProbeState;
use super::rules::RuleState;
use crate::{
    Desired, Ended, Kind, Maintenance, Process, Reason, Rest, ServiceSpec, Step, Topic, WaitFor,
};

/// One service.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub(super) name: Arc<str>,
    pub(super) spec: Arc<ServiceSpec>,
    /// What is wrong with its declaration; it is not started then.
    pub(super) broken: Vec<String>,
    /// It is no longer declared, and ends.
    pub(super) is_removed: bool,
    /// It is no longer declared, and has ended.
    pub(super) is_gone: bool,
    pub(super) desired: Desired,
    /// Why it is not to run.
    pub(super) down_by: Reason,
    /// Somebody wants it to start now, whatever it waits for in time.
    pub(super) is_asked: bool,
    pub(super) generation: u64,
    pub(super) phase: Phase,
    /// Why the present run must end, although the service is to run.
    pub(super) stop: Option<Reason>,
    /// The present run ends because another of its group failed.
    pub(super) is_cycling: bool,
    pub(super) rest: Rest,
    /// The next start is a restart.
    pub(super) is_restart: bool,
    /// Runs that failed, in a row.
    pub(super) failures: u32,
    /// When it was started again, as far as that counts.
    pub(super) restarted: VecDeque<Duration>,
    /// It is in a crash loop, or was and has not been stable since.
    pub(super) is_looping: bool,
    pub(super) restarts: u64,
    /// It ran once: its program was there.
    pub(super) has_run: bool,
    pub(super) maintenance: Option<Maintenance>,
    pub(super) history: VecDeque<Ended>,
    /// What is still to be done to recover.
    pub(super) steps: VecDeque<Step>,
    pub(super) is_step_sent: bool,
    /// Those that depend on it are started again once it is ready.
    pub(super) restarts_dependants: bool,
    /// When a task runs next.
    pub(super) next_run: Option<Timestamp>,
    /// What it says of itself.
    pub(super) says: Option<String>,
    /// What was found where it should have been, when it was looked for last.
    pub(super) stale: Option<String>,
    pub(super) rules: Vec<RuleState>,
    /// What whoever drives it has remarked.
    pub(super) remarks: BTreeMap<Topic, Vec<String>>,
    /// A need of it, or of one of those, that is not to run.
    pub(super) cut: Option<usize>,
    /// It will not be ready unless somebody does something.
    pub(super) is_hopeless: bool,
    /// For whom it waits.
    pub(super) waits: Vec<(usize, WaitFor)>,
    pub(super) face: Face,
    pub(super) word: &'static str,
    pub(super) since: Timestamp,
    pub(super) timer: Option<Duration>,
    pub(super) is_queued: bool,
    pub(super) is_changed: bool,
}

/// What others see of a service: when it changes, they are looked at.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Face {
    pub(super) phase: u8,
    pub(super) is_ready: bool,
    pub(super) is_wanted: bool,
    pub(super) is_cut: bool,
    pub(super) is_hopeless: bool,
    pub(super) is_cycling: bool,
    pub(super) must_stop: bool,
}

/// How far the present run is.
#[derive(Clone, Debug)]
pub(super) enum Phase {
    /// There is none, and nothing is left of the last one.
    Idle,
    /// It is looked for.
    Finding {
        /// Of a run that was kept: when it began and whether it was ready. None of a watched service that is to start.
        kept: Option<Kept>,
        is_sent: bool,
    },
    /// It is to be started.
    Spawning,
    /// It runs.
    Alive(Box<Run>),
    /// It was asked to end.
    Stopping {
        run: Box<Run>,
        why: Reason,
        /// When it is killed, or killed again.
        kill_at: Duration,
        is_killed: bool,
        is_stuck: bool,
    },
    /// Its main process has ended, and what is left is being killed.
    Clearing { kill_at: Duration, is_killed: bool, is_stuck: bool },
}

/// What was kept of a run.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) process: Option<Process>,
    pub(super) started: Duration,
    pub(super) ready: bool,
}

/// A run.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) process: Process,
    pub(super) started: Duration,
    pub(super) has_started: bool,
    pub(super) is_ready: bool,
    pub(super) was_ready: bool,
    /// When it must be ready for the first time.
    pub(super) deadline: Option<Duration>,
    pub(super) probes: [Option<ProbeState>; 3],
}

impl Phase {
    pub(super) const fn is_idle(&self) -> bool {
        matches!(self, Self::Idle)
    }

    pub(super) fn run(&self) -> Option<&Run> {
        match self {
            Self::Alive(run) | Self::Stopping { run, .. } => Some(run),
            _ => None,
        }
    }

    pub(super) const fn number(&self) -> u8 {
        match self {
            Self::Idle => 0,
            Self::Finding { .. } => 1,
            Self::Spawning => 2,
            Self::Alive(_) => 3,
            Self::Stopping { .. } => 4,
            Self::Clearing { .. } => 5,
        }
    }
}

impl Unit {
    pub(super) fn new(spec: ServiceSpec, now: Timestamp) -> Self {
        Self {
            name: spec.name.as_str().into(),
            rules: vec![RuleState::default(); spec.rules.len()],
            spec: Arc::new(spec),
            broken: Vec::new(),
            is_removed: false,
            is_gone: false,
            desired: Desired::Down,
            down_by: Reason::Unknown,
            is_asked: false,
            generation: 0,
            phase: Phase::Idle,
            stop: None,
            is_cycling: false,
            rest: Rest::None,
            is_restart: false,
            failures: 0,
            restarted: VecDeque::new(),
            is_looping: false,
            restarts: 0,
            has_run: false,
            maintenance: None,
            history: VecDeque::new(),
            steps: VecDeque::new(),
            is_step_sent: false,
            restarts_dependants: false,
            next_run: None,
            says: None,
            stale: None,
            remarks: BTreeMap::new(),
            cut: None,
            is_hopeless: false,
            waits: Vec::new(),
            face: Face::default(),
            word: "stopped",
            since: now,
            timer: None,
            is_queued: false,
            is_changed: false,
        }
    }

    /// Forgets that it failed.
    pub(super) fn forgive(&mut self) {
        self.failures = 0;
        self.restarted.clear();
        self.is_looping = false;
    }

    /// Returns whether those that need it may start.
    pub(super) fn is_ready(&self) -> bool {
        match &self.phase {
            Phase::Alive(run) => run.is_ready && self.spec.kind != Kind::Task,
            Phase::Idle => self.spec.kind == Kind::Task && self.rest == Rest::Finished,
            _ => false,
        }
    }

    /// Returns whether those that are bound to it must go.
    pub(super) fn is_lost(&self) -> bool {
        !matches!(self.phase, Phase::Alive(_) | Phase::Finding { .. }) && !self.is_ready()
    }

    pub(super) fn remember(&mut self, ended: Ended) {
        if self.history.len() >= MOST_HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(ended);
    }
}

/// As many as an explanation shows at a glance.
const MOST_HISTORY: usize = 10;
