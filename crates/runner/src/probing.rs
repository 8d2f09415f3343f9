//! Runs probes: programs in trees of their own, everything else as `wardkit-probe` asks it.

mod exec;

use std::collections::HashMap;
use std::ffi::OsString;
use std::sync::Arc;

use tokio::task::JoinHandle;
use wardkit_probe::{HttpGet, Outcome};
use wardkit_supervise::{Input, ProbeKind, ProbePhase, ProbeResult, ServiceSpec};

use crate::part::Inputs;
use crate::{Options, start};

/// Runs the probes of all services. How many at a time, the supervisor sees to.
pub(crate) struct Probing {
    http: Arc<dyn HttpGet>,
    inputs: Inputs,
    inherited: Vec<(OsString, OsString)>,
    /// What the mark of each program begins with.
    mark: String,
    running: HashMap<u64, JoinHandle<()>>,
}

impl Probing {
    /// Ends the programs of probes that an earlier life of this installation has left, and is ready for its own. It
    /// lives on a runtime.
    pub(crate) fn new(options: &Options, inputs: Inputs) -> Self {
        let mark = format!("{}/{}", options.instance, std::process::id());
        let (all, ours) = (format!("{}/", options.instance), format!("{mark}/"));
        tokio::task::spawn_blocking(move || exec::end_left(&all, &ours));
        Self {
            http: Arc::clone(&options.http),
            inputs,
            inherited: options.environment.clone(),
            mark,
            running: HashMap::new(),
        }
    }

    /// Runs a probe; what it finds is sent.
    pub(crate) fn run(
        &mut self,
        spec: &Arc<ServiceSpec>,
        generation: u64,
        phase: ProbePhase,
        run: u64,
    ) {
        self.running.retain(|_, task| !task.is_finished());
        let Some(probe) = spec.probes.of(phase) else { return };
        let service: Arc<str> = spec.name.as_str().into();
        let inputs = self.inputs.clone();
        let tell = move |result| async move {
            inputs.send(Input::Probed { service, generation, run, result }).await;
        };
        let task = if probe.kind() == Some(ProbeKind::Exec) {
            let mark = format!("{}/{}/{run}", self.mark, spec.name);
            let launch = start::spawn(spec, generation, &self.inherited)
                .map_err(|error| error.reason)
                .map(|spawn| exec::launch(spawn, &probe.exec, &mark));
            tokio::spawn(async move {
                let result = match launch {
                    Ok(launch) => exec::run(launch, &mark).await,
                    Err(reason) => ProbeResult::Failed(reason),
                };
                tell(result).await;
            })
        } else if let Some(target) = probe.target() {
            let (http, timeout) = (Arc::clone(&self.http), probe.timeout);
            tokio::spawn(async move {
                let outcome = wardkit_probe::ask(&target, &*http, timeout).await;
                tell(result(&outcome)).await;
            })
        } else {
            return;
        };
        self.running.insert(run, task);
    }

    /// Gives a run up, and kills what it has started.
    pub(crate) fn cancel(&mut self, run: u64) {
        if let Some(task) = self.running.remove(&run) {
            task.abort();
        }
    }

    /// Gives all runs up.
    pub(crate) async fn end(&mut self) {
        for (_, task) in self.running.drain() {
            task.abort();
            // Nobody asks what came of it.
            let _ = task.await;
        }
    }
}

fn result(outcome: &Outcome) -> ProbeResult {
    match outcome {
        Outcome::Passed | Outcome::Degraded { .. } => ProbeResult::Passed,
        Outcome::Failed { reason } => ProbeResult::Failed(reason.clone()),
    }
}
