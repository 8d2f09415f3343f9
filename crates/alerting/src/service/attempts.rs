//! The attempts under way, a task each.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::{Id, JoinError, JoinSet};

use super::handle::Command;
use crate::{Channel, Delivery, Outcome};

/// An attempt to be made.
pub(super) struct Job {
    pub(super) channel: Arc<dyn Channel>,
    pub(super) delivery: Delivery,
    pub(super) timeout: Duration,
    pub(super) report: Report,
}

/// Who wants to know what becomes of an attempt.
pub(super) enum Report {
    /// The outbox, by the message.
    Outbox(u64),
    /// Whoever tests a channel.
    Test(oneshot::Sender<Outcome>),
}

/// Makes the attempts that the service's thread hands over.
pub(super) struct Attempts {
    jobs: mpsc::Receiver<Job>,
    outcomes: Sender<Command>,
    running: JoinSet<Outcome>,
    reports: HashMap<Id, Report>,
}

/// Returns both ends: attempts to be made go in at one, what became of them comes out of the other.
pub(super) fn new(outcomes: Sender<Command>) -> (mpsc::Sender<Job>, Attempts) {
    let (sender, jobs) = mpsc::channel(JOBS);
    let attempts = Attempts { jobs, outcomes, running: JoinSet::new(), reports: HashMap::new() };
    (sender, attempts)
}

impl Attempts {
    /// Runs until the service's thread has ended. Dropping it drops the attempts.
    pub(super) async fn run(mut self, mut ended: oneshot::Receiver<()>) {
        loop {
            tokio::select! {
                Some(job) = self.jobs.recv() => self.start(job),
                Some(done) = self.running.join_next_with_id() => self.report(done),
                _ = &mut ended => return,
            }
        }
    }

    fn start(&mut self, job: Job) {
        let Job { channel, delivery, timeout, report } = job;
        let task = self.running.spawn(async move {
            let attempt = tokio::time::timeout(timeout, channel.send(&delivery)).await;
            attempt.unwrap_or_else(|_| Outcome::Retry {
                after: None,
                reason: format!("no answer within {} s", timeout.as_secs()),
            })
        });
        self.reports.insert(task.id(), report);
    }

    fn report(&mut self, done: Result<(Id, Outcome), JoinError>) {
        let (id, outcome) = done.unwrap_or_else(|error| {
            let reason = "the channel panicked".to_owned();
            (error.id(), Outcome::Retry { after: None, reason })
        });
        // Whoever wanted to know may be gone.
        match self.reports.remove(&id) {
            Some(Report::Outbox(sequence)) => {
                let _ = self.outcomes.send(Command::Outcome(sequence, outcome));
            }
            Some(Report::Test(reply)) => {
                let _ = reply.send(outcome);
            }
            None => {}
        }
    }
}

impl fmt::Debug for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempts").field("running", &self.running.len()).finish_non_exhaustive()
    }
}

/// How many attempts are handed over at a time. Each channel has its own limit; this one only smooths the way.
const JOBS: usize = 256;
