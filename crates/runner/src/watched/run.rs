//! One run of a watched service: from where it is found to where nothing of it is left.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};
use wardkit_guardian::Spawn;
use wardkit_process::{Identity, Outcome, Process, Signal, State, Tree};
use wardkit_supervise::{Ending, Exit, Input, Notice, SpawnError, SpawnErrorClass};

use super::launch::{self, Launched};
use super::look::{Looked, Sign};
use crate::ended::{ended, exit_of};
use crate::part::Inputs;
use crate::start;

/// What is wanted of a run, or known of it.
#[derive(Debug)]
pub(super) enum Order {
    /// Signal its main process.
    Signal(Signal),
    /// Kill all that is left of it.
    Kill,
    /// The command that starts it has ended.
    CommandEnded(Exit),
}

/// One run.
pub(super) struct Run {
    service: Arc<str>,
    generation: u64,
    sign: Sign,
    inputs: Inputs,
    /// Where its orders come from, and who may send more.
    orders: mpsc::Receiver<Order>,
    sender: mpsc::Sender<Order>,
    launched: Option<Launched>,
    /// How the command ended.
    command: Option<Exit>,
}

enum Heard {
    Ended,
    Order(Order),
}

impl Run {
    pub(super) fn new(
        service: Arc<str>,
        generation: u64,
        sign: Sign,
        inputs: Inputs,
        (sender, orders): (mpsc::Sender<Order>, mpsc::Receiver<Order>),
    ) -> Self {
        let (launched, command) = (None, None);
        Self { service, generation, sign, inputs, orders, sender, launched, command }
    }

    /// Looks for the process that was recorded, or else for any that is the service.
    pub(super) async fn find(self, recorded: Option<Identity>) {
        let looked = match recorded.and_then(|identity| Process::open(&identity).ok()) {
            Some(process) => Looked::Running(process),
            None => self.look(None).await,
        };
        let (service, generation) = (self.service.clone(), self.generation);
        let stale = match looked {
            Looked::Running(process) => {
                let shown = shown(&process);
                self.inputs.send(Input::Found { service, generation, process: shown }).await;
                return self.look_after(process).await;
            }
            Looked::Stale(why) => Some(why),
            Looked::Nothing => None,
        };
        self.inputs.send(Input::Missing { service, generation, stale }).await;
    }

    /// Starts the service by its command, if it has one, when nothing is left of earlier starts.
    pub(super) async fn start(mut self, spawn: Spawn, instance: String, patience: Duration) {
        let is_clear = launch::clear(launch::marker(&instance, &spawn.service)).await;
        let error = if !is_clear {
            let why = "something of an earlier start is left and cannot be killed";
            SpawnError::new(SpawnErrorClass::Transient, why)
        } else if spawn.command.is_empty() {
            return self.await_start(patience).await;
        } else {
            match Launched::start(&spawn, &instance) {
                Ok(launched) => {
                    tokio::spawn(launch::reap(launched.process(), self.sender.clone()));
                    self.launched = Some(launched);
                    return self.await_start(patience).await;
                }
                Err(error) => start::failure(&spawn, &error),
            }
        };
        let (service, generation) = (self.service.clone(), self.generation);
        self.inputs.send(Input::SpawnFailed { service, generation, error }).await;
    }

    /// Waits until the service is there that was started here, or that others start.
    async fn await_start(mut self, patience: Duration) {
        let deadline = Instant::now() + patience;
        let mut wait = FIRST_LOOK;
        loop {
            let stale = match self.look(None).await {
                Looked::Running(process) => {
                    let (service, generation) = (self.service.clone(), self.generation);
                    let process_shown = shown(&process);
                    let spawned = Input::Spawned { service, generation, process: process_shown };
                    self.inputs.send(spawned).await;
                    return self.look_after(process).await;
                }
                Looked::Stale(why) => Some(why),
                Looked::Nothing => None,
            };
            let rest = deadline.saturating_duration_since(Instant::now());
            if let Some(why) = self.why_not_there(rest, stale) {
                self.tell_end(Ending::new(Exit::Error(why))).await;
                return self.clear(None).await;
            }
            match timeout(wait.min(rest), self.orders.recv()).await {
                Ok(Some(Order::CommandEnded(exit))) => {
                    // What it leaves is there now, or about to be.
                    self.command = Some(exit);
                    wait = FIRST_LOOK;
                }
                Ok(Some(Order::Kill)) => {
                    if self.kill(None).await {
                        return self.tell_gone().await;
                    }
                }
                Ok(Some(Order::Signal(_))) => {}
                Ok(None) => return,
                Err(_) => wait = (wait * 2).min(LAST_LOOK),
            }
        }
    }

    /// Returns why the service is not waited for any longer.
    fn why_not_there(&self, rest: Duration, stale: Option<String>) -> Option<String> {
        let what = match &self.command {
            Some(exit) if *exit != Exit::Code(0) => {
                format!("the command that starts it ended with {}", said(exit))
            }
            _ if !rest.is_zero() => return None,
            _ if self.launched.is_some() => "its command was run, and it is not there".to_owned(),
            _ => "it is not there, and no command starts it".to_owned(),
        };
        Some(stale.map_or_else(|| what.clone(), |stale| format!("{what}; {stale}")))
    }

    /// Looks after the main process until nothing of the run is left.
    async fn look_after(mut self, mut process: Process) {
        // What tells its tree cannot be read any more when it has ended.
        let mut tree = self.sign.tree(&process);
        loop {
            match self.hear(&process).await {
                Some(Heard::Ended) => {
                    let Some(next) = self.successor(&process).await else {
                        let tree = tree.just_ended();
                        let ending = self.ending_of(&process).await;
                        self.tell_end(ending).await;
                        return self.clear(Some(tree)).await;
                    };
                    let (service, generation) = (self.service.clone(), self.generation);
                    let notice = Notice::MainProcess(shown(&next));
                    self.inputs.send(Input::Notified { service, generation, notice }).await;
                    process = next;
                    tree = self.sign.tree(&process);
                }
                Some(Heard::Order(Order::Signal(signal))) => {
                    // One that may not be signalled is killed when its time is over.
                    let _ = process.signal(signal);
                }
                Some(Heard::Order(Order::Kill)) => {
                    if self.kill(Some(tree.clone())).await {
                        let ending = self.ending_of(&process).await;
                        self.tell_end(ending).await;
                        return self.tell_gone().await;
                    }
                }
                Some(Heard::Order(Order::CommandEnded(exit))) => self.command = Some(exit),
                None => return,
            }
        }
    }

    async fn hear(&mut self, process: &Process) -> Option<Heard> {
        tokio::select! {
            () = ended(process) => Some(Heard::Ended),
            order = self.orders.recv() => order.map(Heard::Order),
        }
    }

    /// Returns the process that is the main one now that this one has ended: somebody restarted the service.
    async fn successor(&self, ended: &Process) -> Option<Process> {
        match self.look(Some(ended.identity().clone())).await {
            Looked::Running(next) if next.identity() != ended.identity() => Some(next),
            _ => None,
        }
    }

    /// Kills what is left when it is told to.
    async fn clear(mut self, tree: Option<Tree>) {
        while let Some(order) = self.orders.recv().await {
            if matches!(order, Order::Kill) && self.kill(tree.clone()).await {
                return self.tell_gone().await;
            }
        }
    }

    /// Kills a tree, and what our command has started besides; returns whether nothing of them is left.
    async fn kill(&self, tree: Option<Tree>) -> bool {
        let trees = tree.into_iter().chain(self.launched.as_ref().map(Launched::tree));
        for tree in trees {
            let killed = tokio::task::spawn_blocking(move || tree.kill_and_wait(KILL_PATIENCE));
            if !matches!(killed.await, Ok(Ok(Outcome { left, .. })) if left.is_empty()) {
                return false;
            }
        }
        true
    }

    async fn look(&self, last: Option<Identity>) -> Looked {
        if !self.sign.is_slow() {
            return self.sign.look(last.as_ref());
        }
        // All processes of the host are gone through aside.
        let sign = self.sign.clone();
        let looked = tokio::task::spawn_blocking(move || sign.look(last.as_ref())).await;
        looked.unwrap_or(Looked::Nothing)
    }

    /// Returns how a process ended; its parent is waited for, as far as it can be known only then.
    async fn ending_of(&mut self, process: &Process) -> Ending {
        let command = self.launched.as_ref().map(Launched::process);
        if command.is_some_and(|command| command.identity() == process.identity()) {
            return Ending::new(self.command_exit().await);
        }
        let mut wait = FIRST_LOOK;
        loop {
            match process.state() {
                Ok(State::Ended { exit, .. }) => return Ending::new(exit_of(exit)),
                Ok(_) if wait < LAST_LOOK => sleep(wait).await,
                _ => return Ending::new(Exit::Unknown),
            }
            wait *= 2;
        }
    }

    /// Returns how our own child ended, which is learnt only once.
    async fn command_exit(&mut self) -> Exit {
        while self.command.is_none() {
            match timeout(LAST_LOOK, self.orders.recv()).await {
                Ok(Some(Order::CommandEnded(exit))) => self.command = Some(exit),
                // What else is wanted meanwhile is wanted again.
                Ok(Some(_)) => {}
                _ => break,
            }
        }
        self.command.clone().unwrap_or(Exit::Unknown)
    }

    async fn tell_end(&self, ending: Ending) {
        let (service, generation) = (self.service.clone(), self.generation);
        self.inputs.send(Input::Exited { service, generation, ending }).await;
    }

    async fn tell_gone(self) {
        let Self { service, generation, inputs, launched, .. } = self;
        if let Some(launched) = launched {
            launched.remove();
        }
        inputs.send(Input::TreeGone { service, generation }).await;
    }
}

fn shown(process: &Process) -> wardkit_supervise::Process {
    let identity = serde_json::to_string(process.identity()).unwrap_or_default();
    wardkit_supervise::Process::new(process.pid(), identity)
}

fn said(exit: &Exit) -> String {
    match exit {
        Exit::Code(code) => format!("exit code {code}"),
        Exit::Signal { signal, .. } => format!("signal {signal}"),
        _ => "an unknown exit".to_owned(),
    }
}

/// A program takes a few milliseconds to start.
const FIRST_LOOK: Duration = Duration::from_millis(2);
/// While something starts or ends it is looked at twice a second at least.
pub(super) const LAST_LOOK: Duration = Duration::from_millis(500);
/// What is still there then is told by the supervisor, and killed again.
const KILL_PATIENCE: Duration = Duration::from_secs(4);
