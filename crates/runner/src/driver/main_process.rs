//! A service that says that another process is its main one: it is watched from here, and the guardian goes on to hold
//! the one that it started.

use std::sync::Arc;

use wardkit_process::{Process, State};
use wardkit_supervise::{Ending, Input, Notice};

use super::Driver;
use crate::ended::{ended, exit_of};
use crate::part::Sent;
use crate::restore;

impl Driver {
    /// Takes in what a part says; of another main process only what is certain.
    pub(super) fn note(&mut self, input: Input) {
        let Input::Notified { service, generation, notice: Notice::MainProcess(main) } = input
        else {
            return self.ready.push_back(input);
        };
        let Some(present) = self.runs.get_mut(&service) else {
            // Whoever else holds it has made sure.
            let notice = Notice::MainProcess(main);
            return self.ready.push_back(Input::Notified { service, generation, notice });
        };
        if present.record.generation != generation {
            return;
        }
        // It has ended, or somebody else has its number: the one before counts.
        let Some(Ok(process)) = main.pid.map(Process::with_pid) else { return };
        if process.pid() == present.record.identity.pid {
            return;
        }
        let mut record = present.record.clone();
        record.identity = process.identity().clone();
        let process = Arc::new(process);
        present.main = Some(Arc::clone(&process));
        self.watch(&service, generation, process);
        let notice = Notice::MainProcess(restore::process(&record));
        self.ready.push_back(Input::Notified { service, generation, notice });
    }

    /// Waits for the end of a main process that is not the guardian's.
    pub(super) fn watch(&self, service: &Arc<str>, generation: u64, process: Arc<Process>) {
        let (service, inputs) = (Arc::clone(service), self.shared.inputs.clone());
        tokio::spawn(async move {
            ended(&process).await;
            // Whoever is its parent asks first how it ended; the guardian does so at once.
            let mut exit = wardkit_process::Exit::Unknown;
            for _ in 0..MOST_ASKED {
                match process.state() {
                    Ok(State::Ended { exit: known, .. }) => {
                        exit = known;
                        break;
                    }
                    Ok(_) => tokio::time::sleep(BETWEEN).await,
                    Err(_) => break,
                }
            }
            let pid = process.pid();
            inputs.post(Sent::MainEnded { service, generation, pid, exit }).await;
        });
    }

    pub(super) fn main_ended(
        &mut self,
        service: Arc<str>,
        generation: u64,
        pid: u32,
        exit: wardkit_process::Exit,
    ) {
        let Some(present) = self.runs.get_mut(&service) else { return };
        let is_main = present.main.as_ref().is_some_and(|main| main.pid() == pid);
        if present.record.generation != generation || present.has_ended || !is_main {
            return;
        }
        present.has_ended = true;
        let mut ending = Ending::new(exit_of(exit));
        if let Some(run) = &present.run {
            for part in &mut self.parts {
                part.ended(run, None, &mut ending);
            }
        }
        self.ready.push_back(Input::Exited { service, generation, ending });
    }
}

/// How often a parent that has not asked how its child ended is waited for.
const MOST_ASKED: u32 = 100;
const BETWEEN: std::time::Duration = std::time::Duration::from_millis(10);
