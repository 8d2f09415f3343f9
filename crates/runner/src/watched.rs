//! Services that start themselves, or that others start: found by their PID file, their command line or their cgroup.

mod launch;
mod look;
mod run;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use wardkit_guardian::Spawn;
use wardkit_process::Signal;
use wardkit_supervise::{Input, Kind, Process, ServiceSpec, SpawnError, SpawnErrorClass};

use crate::part::{Holder, Inputs};
use look::Sign;
use run::{Order, Run};

/// The runs of watched services.
pub(crate) struct Watching {
    inputs: Inputs,
    instance: String,
    runs: HashMap<String, Watched>,
}

/// A run that is looked after.
struct Watched {
    generation: u64,
    orders: mpsc::Sender<Order>,
    task: AbortHandle,
}

impl Watching {
    /// Creates it without runs. `instance` is the name in the marker of our processes.
    pub(crate) fn new(inputs: Inputs, instance: impl Into<String>) -> Self {
        Self { inputs, instance: instance.into(), runs: HashMap::new() }
    }

    /// Begins to look after a run; says why it cannot be recognised.
    fn begin<F>(
        &mut self,
        spec: &Arc<ServiceSpec>,
        generation: u64,
        work: impl FnOnce(Run) -> F,
    ) -> Result<(), String>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let sign = Sign::of(spec, &self.instance)?;
        let (orders, received) = mpsc::channel(ORDERS);
        let (service, inputs) = (spec.name.as_str().into(), self.inputs.clone());
        let run = Run::new(service, generation, sign, inputs, (orders.clone(), received));
        let task = tokio::spawn(work(run)).abort_handle();
        let old = self.runs.insert(spec.name.clone(), Watched { generation, orders, task });
        if let Some(old) = old {
            old.task.abort();
        }
        Ok(())
    }

    fn order(&self, service: &str, generation: u64, order: Order) -> bool {
        let run = self.runs.get(service).filter(|run| run.generation == generation);
        // Who was asked so often that there is no place does it already.
        run.is_some_and(|run| {
            !matches!(run.orders.try_send(order), Err(mpsc::error::TrySendError::Closed(_)))
        })
    }
}

impl Holder for Watching {
    fn holds(&self, spec: &ServiceSpec) -> bool {
        // Without what speaks to systemd, its units are answered here: that they cannot be looked after.
        spec.kind == Kind::Watched && (spec.unit.is_none() || !cfg!(feature = "systemd"))
    }

    fn find(&mut self, spec: &Arc<ServiceSpec>, generation: u64, kept: Option<Process>) {
        let kept = kept.and_then(|process| serde_json::from_str(&process.identity).ok());
        if let Err(why) = self.begin(spec, generation, |run| run.find(kept)) {
            let service = spec.name.as_str().into();
            self.inputs.try_send(Input::Missing { service, generation, stale: Some(why) });
        }
    }

    fn spawn(&mut self, spec: &Arc<ServiceSpec>, generation: u64, spawn: Spawn) {
        let (patience, instance) = (spec.start_timeout, self.instance.clone());
        let begun = self.begin(spec, generation, move |run| run.start(spawn, instance, patience));
        if let Err(why) = begun {
            let service = spec.name.as_str().into();
            let error = SpawnError::new(SpawnErrorClass::Configuration, why);
            self.inputs.try_send(Input::SpawnFailed { service, generation, error });
        }
    }

    fn stop(&mut self, spec: &Arc<ServiceSpec>, generation: u64) {
        let signal = spec.stop_signal.parse().unwrap_or(Signal::TERM);
        self.order(&spec.name, generation, Order::Signal(signal));
    }

    fn kill_tree(&mut self, spec: &Arc<ServiceSpec>, generation: u64) {
        if self.order(&spec.name, generation, Order::Kill) {
            return;
        }
        // It was not found. What we started for it may still be there.
        let (service, inputs): (Arc<str>, _) = (spec.name.as_str().into(), self.inputs.clone());
        let marker = launch::marker(&self.instance, &spec.name);
        tokio::spawn(async move {
            if launch::clear(marker).await {
                inputs.send(Input::TreeGone { service, generation }).await;
            }
        });
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.runs.values().for_each(|run| run.task.abort());
    }
}

impl fmt::Debug for Watching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watching").field("runs", &self.runs.len()).finish_non_exhaustive()
    }
}

/// An end, a signal and a kill may come at once.
const ORDERS: usize = 8;
