//! The guardian: what it tells, and what is done when it dies.

use std::time::Duration;

use wardkit_core::Severity;
use wardkit_guardian::{AsyncClient, Client, Error, Event, Stop, Then as GuardianThen};
use wardkit_process::Signal;
use wardkit_supervise::Action;

use super::asked::answer;
use super::runs::Lost;
use super::{Driver, Todo};
use crate::ended::ended;
use crate::services::Then;
use crate::{restore, start};

/// Waits for what the guardian tells; for ever when there is none.
pub(super) async fn event(guardian: &mut Option<AsyncClient>) -> Result<Event, Error> {
    match guardian {
        Some(guardian) => guardian.event().await,
        None => std::future::pending().await,
    }
}

impl Driver {
    /// Asks the guardian. The outer error means that nobody knows whether it was done.
    pub(super) fn client<T>(
        &mut self,
        ask: impl FnOnce(&mut Client) -> Result<T, Error>,
    ) -> Result<Result<T, Error>, Lost> {
        let Some(guardian) = &mut self.guardian else { return Err(Lost(Error::Gone)) };
        match ask(guardian.client()) {
            Err(error @ (Error::Gone | Error::Silent | Error::Malformed)) => Err(Lost(error)),
            answer => Ok(answer),
        }
    }

    pub(super) fn hear(&mut self, event: Event) {
        match event {
            Event::Ended(held) => {
                if let Some(ended) = held.ended {
                    self.ended(&held.record, ended);
                }
            }
            Event::Stopped { service, generation, left } if left.is_empty() => {
                self.tree_gone(&service, generation);
            }
            // What is left of a run that is not ours to decide on is asked to go until it does.
            Event::Stopped { service, generation, .. }
                if self
                    .displaced
                    .get(&service)
                    .is_some_and(|(earlier, _)| *earlier == generation) =>
            {
                let stop = Stop::kill(service, generation);
                if let Err(Lost(error)) = self.client(|client| client.stop(&stop)) {
                    self.lose_guardian(&error);
                }
            }
            // The supervisor asks again in its own time.
            _ => {}
        }
    }

    /// Takes note that there is no guardian any more. One that does not answer is made to go.
    pub(super) fn lose_guardian(&mut self, error: &Error) {
        let Some(mut guardian) = self.guardian.take() else { return };
        if !matches!(error, Error::Gone) {
            // One that has gone meanwhile need not be signalled.
            let _ = guardian.client().guardian().signal(Signal::KILL);
        }
        // Its socket closes a moment before it is dead. One that was our child would stay as a zombie.
        let _ = guardian.client().guardian().wait(Some(KILLED));
        let _ = guardian.client().guardian().state();
        self.revival.at = Some(self.shared.time.now().boot);
        let message = format!("{}; services run on, and another is started", start::chain(error));
        self.tell("supervise.guardian_lost", Severity::Warning, message);
    }

    /// Starts another guardian and has it hold what runs; returns whether there is one.
    pub(super) fn revive(&mut self) -> bool {
        let now = self.shared.time.now().boot;
        if self.revival.at.is_some_and(|at| at > now) {
            return false;
        }
        match self.take_guardian() {
            Ok(guardian) => {
                self.guardian = Some(guardian);
                self.is_guardian_fresh = true;
                self.revival = super::Revival::default();
                for (service, generation) in self.killing.clone() {
                    let action = Action::KillTree { service, generation };
                    self.todo.push_front(Todo { action, is_doubtful: true });
                }
                true
            }
            Err(error) => {
                self.revival.failures = self.revival.failures.saturating_add(1);
                let wait = FIRST_WAIT.saturating_mul(1 << self.revival.failures.min(9));
                self.revival.at = Some(now.saturating_add(wait.min(LONGEST_WAIT)));
                if self.revival.failures == 1 {
                    let message = format!("no guardian can be started: {}", start::chain(&error));
                    self.tell("supervise.guardian_failed", Severity::Error, message);
                }
                false
            }
        }
    }

    fn take_guardian(&mut self) -> Result<AsyncClient, Error> {
        let mut client = Client::start(&restore::guardian_options(&self.shared.options))?;
        let mut ended = Vec::new();
        for present in self.runs.values() {
            match client.adopt(&present.record, present.process()) {
                Ok(held) => ended.extend(held.ended.map(|ended| (held.record, ended))),
                Err(error @ (Error::Gone | Error::Silent | Error::Malformed)) => {
                    return Err(error);
                }
                Err(error) => {
                    let service = &present.record.service;
                    let message = format!("{service}: {}", start::chain(&error));
                    self.tell("supervise.adoption_failed", Severity::Warning, message);
                }
            }
        }
        let pid = client.guardian().pid();
        let guardian = AsyncClient::new(client)?;
        for part in &mut self.parts {
            part.guardian(pid);
        }
        for (record, ended) in ended {
            self.ended(&record, ended);
        }
        Ok(guardian)
    }

    /// Ends everything as it was wanted, and says so.
    pub(super) async fn finish(mut self) {
        self.keep(Vec::new());
        self.probing.end().await;
        let Some(end) = self.end.take() else { return };
        if let Some(guardian) = self.guardian.take() {
            let mut client = guardian.into_client();
            let parted = match end.then {
                Then::LeaveRunning => client.leave(),
                Then::Stop | Then::Kill => {
                    for run in self.runs.values().filter(|_| end.then == Then::Kill) {
                        let record = &run.record;
                        // One that is gone already is refused.
                        let _ = client.stop(&Stop::kill(&*record.service, record.generation));
                    }
                    let guardian = client.guardian().try_clone();
                    let asked = client.stop_all(&[], GuardianThen::End);
                    if let (Ok(()), Ok(guardian)) = (&asked, guardian) {
                        // One that stays is found and told by whoever comes next.
                        let _ = tokio::time::timeout(PARTING, ended(&guardian)).await;
                        let _ = guardian.state();
                    }
                    asked
                }
            };
            if let Err(error) = parted {
                let message = start::chain(&error);
                self.tell("supervise.guardian_lost", Severity::Warning, message);
            }
        }
        if end.then != Then::LeaveRunning {
            for part in &mut self.parts {
                part.stopped();
            }
        }
        self.shared.shut_down();
        for reply in end.replies {
            answer(reply, Ok(()));
        }
    }
}

/// What is killed is gone in a moment, unless the system is in a bad way.
const KILLED: Duration = Duration::from_secs(1);
/// A guardian without services ends at once.
const PARTING: Duration = Duration::from_secs(5);
const FIRST_WAIT: Duration = Duration::from_millis(10);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
