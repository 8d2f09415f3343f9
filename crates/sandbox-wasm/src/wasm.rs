use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use wardkit_sandbox::{
    Enforcement, Guarantee, HostCaps, Policy, Prepared, Report, Sandbox, SandboxError, Strength,
};

use crate::abi;
use crate::check::Module;
use crate::config::{Config, Isolation};
use crate::engine::{self, Runs};
use crate::host::Questions;
use crate::meter::{HostMeter, Meter};
use crate::plugin::Plugin;
use crate::pool::Pool;
use crate::process::{Keeper, Remote};
use crate::share::Allowance;

/// Runs WebAssembly modules that can compute and nothing else.
pub struct Wasm {
    engine: Box<dyn Runs>,
    pool: Arc<Pool>,
    meter: Arc<dyn Meter>,
    next: AtomicU64,
    questions: Questions,
    /// Keeps the processes of the calls, when each is one.
    keeper: Option<Arc<Keeper>>,
}

impl Wasm {
    /// With the defaults: the interpreter, 64 calls at one time.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Setup`] when the engine cannot be made.
    pub fn new() -> Result<Self, SandboxError> {
        Self::with(&Config::default())
    }

    /// With an engine and slots of one's own choice.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Setup`] when the engine cannot be made.
    pub fn with(config: &Config) -> Result<Self, SandboxError> {
        let slots = config.slots.max(1);
        Ok(Self {
            engine: engine::make(&config.engine, slots)?,
            pool: Arc::new(Pool::new(slots, config.waiting)),
            meter: Arc::new(HostMeter),
            next: AtomicU64::new(0),
            // Each call has one open at most, and as many again may be left behind by calls that were ended.
            questions: Questions::Apart { open: Arc::default(), most: slots * 2 },
            keeper: match &config.isolation {
                Isolation::Engine => None,
                Isolation::Process(worker) => Some(Arc::new(Keeper::new(worker.clone()))),
            },
        })
    }

    fn report(&self) -> Report {
        let mut report = Report::default();
        let nothing = "a module has no import that reaches it";
        for guarantee in [
            Guarantee::Files,
            Guarantee::Network,
            Guarantee::Processes,
            Guarantee::Privileges,
            Guarantee::SystemCalls,
        ] {
            report.note(guarantee, Enforcement::new(Strength::Enforced, nothing));
        }
        let engine = self.engine.name();
        for (guarantee, mechanism) in [
            (
                Guarantee::Telemetry,
                "each capability that is asked for and denied is counted".into(),
            ),
            (
                Guarantee::Memory,
                format!("{engine}: one budget of pages, tables, stack and answers"),
            ),
            (
                Guarantee::Cpu,
                format!("{}, and the clock of the thread", self.engine.interruption()),
            ),
            (Guarantee::Deadline, format!("{}; nothing is left", self.engine.interruption())),
            (Guarantee::Output, "lengths are checked before anything is copied".into()),
        ] {
            report.note(guarantee, Enforcement::new(Strength::Enforced, mechanism));
        }
        report
    }
}

impl Sandbox for Wasm {
    fn probe(&self) -> HostCaps {
        HostCaps::new(self.report())
    }

    fn prepare(&self, program: &[u8], policy: &Policy) -> Result<Box<dyn Prepared>, SandboxError> {
        let report = self.report();
        report.satisfies(policy)?;
        only_capabilities(policy)?;
        Module::read(program)?.fits(policy)?;
        match &self.keeper {
            None => self.within(program, policy, report),
            Some(keeper) => self.apart(keeper, program, policy, report),
        }
    }
}

impl Wasm {
    /// A module that runs in this process.
    fn within(
        &self,
        program: &[u8],
        policy: &Policy,
        report: Report,
    ) -> Result<Box<dyn Prepared>, SandboxError> {
        let before = self.meter.cpu();
        let loaded = self.engine.load(program)?;
        self.in_time(self.meter.cpu().saturating_sub(before), policy)?;
        Ok(Box::new(Plugin {
            loaded,
            limits: policy.limits.clone(),
            granted: Arc::new(policy.grants.capabilities.clone()),
            allowance: Arc::new(Allowance::new(policy.limits.cpu)),
            pool: Arc::clone(&self.pool),
            id: self.next.fetch_add(1, Ordering::Relaxed),
            meter: Arc::clone(&self.meter),
            questions: self.questions.clone(),
            report,
        }))
    }

    /// A module whose every call is a process.
    fn apart(
        &self,
        keeper: &Arc<Keeper>,
        program: &[u8],
        policy: &Policy,
        report: Report,
    ) -> Result<Box<dyn Prepared>, SandboxError> {
        let mut remote = Remote {
            keeper: Arc::clone(keeper),
            engine: self.engine.number(),
            program: self.engine.pack(program)?,
            policy: policy.clone(),
            granted: Arc::new(policy.grants.capabilities.clone()),
            allowance: Arc::new(Allowance::new(policy.limits.cpu)),
            pool: Arc::clone(&self.pool),
            id: self.next.fetch_add(1, Ordering::Relaxed),
            meter: Arc::clone(&self.meter),
            questions: self.questions.clone(),
            report,
        };
        self.in_time(remote.try_to_load()?, policy)?;
        Ok(Box::new(remote))
    }

    fn in_time(&self, took: Duration, policy: &Policy) -> Result<(), SandboxError> {
        if took <= policy.limits.load || self.engine.compiles() {
            return Ok(());
        }
        Err(SandboxError::Invalid {
            what: "module".into(),
            reason: format!("it takes {took:?} to load, and may take {:?}", policy.limits.load),
        })
    }
}

impl fmt::Debug for Wasm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wasm").field("engine", &self.engine.name()).finish_non_exhaustive()
    }
}

/// What only a native program can have is refused: a grant that does nothing is a mistake of somebody's.
fn only_capabilities(policy: &Policy) -> Result<(), SandboxError> {
    let grants = &policy.grants;
    let what = [
        ("places of the host", !grants.binds.is_empty()),
        ("an environment", !grants.environment.is_empty()),
        ("the network", grants.network),
    ];
    match what.iter().find(|(_, granted)| *granted) {
        Some((what, _)) => Err(SandboxError::Invalid {
            what: "policy".into(),
            reason: format!(
                "it grants {what}, and a module of `{}` has no use for that",
                abi::MODULE
            ),
        }),
        None => Ok(()),
    }
}
