//! The process that decides, and that is started again when it dies.

use std::time::{Duration, Instant};

use wardkit_process::{Error, Inherited, Launch, Output, Process};

use super::now;
use crate::Master;

pub(super) struct MasterProcess {
    pub(super) process: Option<Process>,
    /// How it is started; nothing when it is not to be.
    pub(super) how: Option<Master>,
    /// Starts in a row that did not come to last.
    failures: u32,
    attached: Option<Instant>,
    pub(super) restart: Option<Instant>,
}

impl MasterProcess {
    /// Begins with whoever started us.
    pub(super) fn of(process: Option<Process>) -> Self {
        Self { process, how: None, failures: 0, attached: None, restart: None }
    }

    /// Takes a master; returns how many starts in a row did not last.
    pub(super) fn attach(&mut self, pid: u32, how: Master) -> Result<u32, Error> {
        if self.process.as_ref().map(Process::pid) != Some(pid) {
            self.process = Some(Process::with_pid(pid)?);
        }
        self.how = Some(how).filter(|how| !how.command.is_empty());
        (self.attached, self.restart) = (Some(now()), None);
        Ok(self.failures)
    }

    /// Starts it again when it has died and the time has come.
    pub(super) fn look_after(&mut self, ours: &Inherited, is_attached: bool) -> Result<(), Error> {
        let now = now();
        if let Some(process) = &self.process {
            if is_attached || !process.has_ended()? {
                return Ok(());
            }
            self.process = None;
            if self.attached.take().is_some_and(|since| now - since >= STABLE) {
                self.failures = 0;
            }
            self.restart = self.how.as_ref().map(|_| now + delay(self.failures));
        }
        let Some(how) = self.how.as_ref().filter(|_| self.restart.is_some_and(|at| at <= now))
        else {
            return Ok(());
        };
        let mut launch = Launch::new(&how.command);
        launch.environment.clone_from(&how.environment);
        launch.directory.clone_from(&how.directory);
        ours.give(&mut launch);
        (launch.stdout, launch.stderr) = (Output::Inherit, Output::Inherit);
        self.failures = self.failures.saturating_add(1);
        self.process = launch.start().ok();
        // One that was not started is tried again; one that was is looked after above.
        self.restart = if self.process.is_some() { None } else { Some(now + delay(self.failures)) };
        Ok(())
    }
}

/// The first start comes at once.
fn delay(failures: u32) -> Duration {
    let doubled = failures.checked_sub(1).map(|times| FIRST_DELAY * (1 << times.min(9)));
    doubled.unwrap_or_default().min(LONGEST_DELAY)
}

/// A master that was attached for so long is sound.
const STABLE: Duration = Duration::from_mins(1);

const FIRST_DELAY: Duration = Duration::from_millis(100);

const LONGEST_DELAY: Duration = Duration::from_secs(30);
