use std::collections::BTreeSet;
use std::sync::Arc;

use wardkit_sandbox::{Capabilities, Ended, Limits, Outcome, Prepared, Report, SandboxError};

use crate::abi::Given;
use crate::budget::Budget;
use crate::engine::{Instance, Loaded};
use crate::governor::Governor;
use crate::host::{Asker, Host, Questions, range};
use crate::meter::Meter;
use crate::pool::{PluginId, Pool};
use crate::share::Draws;
use crate::stop::Stop;

/// A module that is ready to be called.
pub(crate) struct Plugin {
    pub(crate) loaded: Box<dyn Loaded>,
    pub(crate) limits: Limits,
    pub(crate) granted: Arc<BTreeSet<String>>,
    pub(crate) allowance: Arc<dyn Draws>,
    pub(crate) pool: Arc<Pool>,
    pub(crate) id: PluginId,
    pub(crate) meter: Arc<dyn Meter>,
    pub(crate) questions: Questions,
    pub(crate) report: Report,
}

impl Prepared for Plugin {
    fn call(
        &self,
        input: &[u8],
        capabilities: &Arc<dyn Capabilities>,
    ) -> Result<Outcome, SandboxError> {
        let length = input_length(input, &self.limits)?;
        let _slot = self.pool.enter(self.id, self.limits.timeout)?;
        let mut instance = match self.loaded.start(self.host(capabilities)) {
            Ok(instance) => instance,
            Err(stop) => return Ok(Outcome::new(stop.into(), Vec::new(), self.report.clone())),
        };
        let (ended, output) = match self.converse(&mut *instance, input, length) {
            Ok((Given::Output { .. }, output)) => (Ended::Exited(0), output),
            Ok((Given::Failed(status), output)) => (Ended::Exited(status), output),
            Err((stop, output)) => (stop.into(), output),
        };
        Ok(self.outcome(ended, output, instance.memory().1))
    }
}

impl Plugin {
    fn host(&self, capabilities: &Arc<dyn Capabilities>) -> Host {
        let governor = Governor::new(
            Arc::clone(&self.meter),
            Arc::clone(&self.allowance),
            self.limits.timeout,
        );
        let asker =
            Asker::new(Arc::clone(capabilities), Arc::clone(&self.granted), self.questions.clone());
        Host::new(governor, Budget::new(self.limits.memory.0), asker)
    }

    /// The order of a call; what lies in the output when it is too long is given up to its limit.
    fn converse(
        &self,
        instance: &mut dyn Instance,
        input: &[u8],
        length: i32,
    ) -> Result<(Given, Vec<u8>), (Stop, Vec<u8>)> {
        let ended = |stop| (stop, Vec::new());
        // Whoever is in debt from calls before pays first.
        instance.memory().1.governor.check().map_err(ended)?;
        instance.init().map_err(ended)?;
        let address = instance.alloc(length).map_err(ended)?;
        let (memory, _) = instance.memory();
        let room = range(memory, address.cast_unsigned(), length.cast_unsigned()).map_err(ended)?;
        memory[room].copy_from_slice(input);
        let given = Given::read(instance.handle(address, length).map_err(ended)?);
        let Given::Output { address, length } = given else { return Ok((given, Vec::new())) };
        let (memory, _) = instance.memory();
        let output = &memory[range(memory, address, length).map_err(ended)?];
        let most = usize::try_from(self.limits.output.0).unwrap_or(usize::MAX);
        if output.len() > most {
            return Err((Stop::OutputLimit, output[..most].to_vec()));
        }
        Ok((given, output.to_vec()))
    }

    fn outcome(&self, ended: Ended, output: Vec<u8>, host: &mut Host) -> Outcome {
        host.governor.settle();
        let mut outcome = Outcome::new(ended, output, self.report.clone());
        let (errors, denied) = host.told();
        outcome.errors = errors;
        outcome.usage.denied = denied;
        outcome.usage.cpu = host.governor.cpu();
        outcome.usage.throttled = host.governor.throttled();
        outcome.usage.wall = host.governor.wall();
        outcome.usage.peak_memory = host.budget.peak();
        outcome
    }
}

/// Returns the length of an input that is not too long.
pub(crate) fn input_length(input: &[u8], limits: &Limits) -> Result<i32, SandboxError> {
    let length = i32::try_from(input.len()).ok();
    let length = length.filter(|length| u64::from(length.cast_unsigned()) <= limits.input.0);
    length.ok_or_else(|| SandboxError::Invalid {
        what: "input".into(),
        reason: format!("it has {} bytes, and may have {}", input.len(), limits.input),
    })
}
