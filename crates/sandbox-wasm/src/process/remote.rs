use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use wardkit_sandbox::{
    Capabilities, Ended, Enforcement, Guarantee, Limits, Outcome, Policy, Prepared, Refused,
    Report, SandboxError,
};

use super::keeper::{self, Keeper};
use super::messages::{Order, Said, Task, write_answer};
use super::parts::Writer;
use crate::host::{Asker, MOST_OF_A_REQUEST, Questions};
use crate::meter::Meter;
use crate::plugin::input_length;
use crate::pool::{PluginId, Pool};
use crate::share::{Allowance, Draws as _};

/// A module whose every call is a process of its own.
pub(crate) struct Remote {
    pub(crate) keeper: Arc<Keeper>,
    /// Of the engines, by its number.
    pub(crate) engine: u64,
    /// The module, or the code that was made of it.
    pub(crate) program: Vec<u8>,
    pub(crate) policy: Policy,
    pub(crate) granted: Arc<BTreeSet<String>>,
    pub(crate) allowance: Arc<Allowance>,
    pub(crate) pool: Arc<Pool>,
    pub(crate) id: PluginId,
    pub(crate) meter: Arc<dyn Meter>,
    pub(crate) questions: Questions,
    pub(crate) report: Report,
}

impl Remote {
    /// Loads it once, in a process as any other; returns the time of a processor that this took.
    pub(crate) fn try_to_load(&mut self) -> Result<Duration, SandboxError> {
        self.report = both(&self.report, &self.keeper.report());
        let order = self.order(Task::Load, &[]);
        match self.keeper.run(&order, &self.walls(&order), &mut |_| Writer::default())? {
            Said::Done(Outcome { ended: Ended::Exited(0), usage, .. }) => Ok(usage.cpu),
            Said::Done(outcome) => {
                Err(invalid(format!("it cannot be loaded: {:?}", outcome.ended)))
            }
            Said::Invalid(reason) => Err(invalid(reason)),
            other => Err(keeper::failed(other)),
        }
    }

    fn order(&self, task: Task, input: &[u8]) -> Order {
        Order {
            task,
            engine: self.engine,
            program: self.program.clone(),
            limits: self.policy.limits.clone(),
            granted: (*self.granted).clone(),
            input: input.to_vec(),
        }
    }

    fn walls(&self, order: &Order) -> Policy {
        keeper::walls(&self.policy, order)
    }
}

impl Prepared for Remote {
    fn call(
        &self,
        input: &[u8],
        capabilities: &Arc<dyn Capabilities>,
    ) -> Result<Outcome, SandboxError> {
        let limits = &self.policy.limits;
        input_length(input, limits)?;
        let _slot = self.pool.enter(self.id, limits.timeout)?;
        let order = self.order(Task::Call, input);
        let walls = self.walls(&order);
        let deadline = self.meter.uptime().saturating_add(walls.limits.timeout);
        let capabilities = Arc::clone(capabilities);
        let asker = Asker::new(capabilities, Arc::clone(&self.granted), self.questions.clone());
        let last = self.keeper.run(&order, &walls, &mut |said| match said {
            Said::Asks { name, request } => {
                let left = deadline.saturating_sub(self.meter.uptime()).min(limits.timeout);
                write_answer(&answer(&asker, &name, &request, left))
            }
            Said::Used(time) => {
                Writer::default().time(self.allowance.charge(self.meter.uptime(), time))
            }
            _ => Writer::default(),
        })?;
        match last {
            Said::Done(outcome) => Ok(self.outcome(outcome, limits)),
            Said::Invalid(reason) => Err(invalid(reason)),
            other => Err(keeper::failed(other)),
        }
    }
}

impl Remote {
    /// What a worker claims is taken within the limits that it has.
    fn outcome(&self, mut outcome: Outcome, limits: &Limits) -> Outcome {
        let most = usize::try_from(limits.output.0).unwrap_or(usize::MAX);
        if outcome.output.len() > most {
            outcome.output.truncate(most);
            outcome.ended = Ended::OutputLimit;
        }
        outcome.errors.truncate(MOST_SAID);
        outcome.report = self.report.clone();
        outcome
    }
}

/// A worker's question is checked as if a plugin had put it: a worker may have been taken over.
fn answer(
    asker: &Asker,
    name: &[u8],
    request: &[u8],
    deadline: Duration,
) -> Result<Vec<u8>, Refused> {
    let name = asker.granted(name).ok_or(Refused::NotGranted)?;
    if request.len() > MOST_OF_A_REQUEST {
        return Err(Refused::Invalid("it is too long".into()));
    }
    asker.ask(&name, request, deadline)
}

/// The engine's report, with what holds its process.
fn both(engine: &Report, process: &Report) -> Report {
    let mut report = Report::default();
    for (guarantee, within) in engine.iter() {
        let around = process.iter().find(|(other, _)| *other == guarantee);
        let around = around.map_or("nothing", |(_, around)| around.mechanism.as_str());
        let mechanism = match guarantee {
            Guarantee::Telemetry => within.mechanism.clone(),
            _ => format!("{}; around the engine's process: {around}", within.mechanism),
        };
        report.note(guarantee, Enforcement::new(within.strength, mechanism));
    }
    report
}

fn invalid(reason: String) -> SandboxError {
    SandboxError::Invalid { what: "module".into(), reason }
}

/// What a plugin says, and the line about what is missing.
const MOST_SAID: usize = 65 * 1024;
