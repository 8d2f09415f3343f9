//! What somebody wants, and when that is done.

use wardkit_supervise::{Command, Config, Input, SpawnError, SpawnErrorClass, State, WaitFor};

use super::Driver;
use crate::Refused;
use crate::services::{Reply, Request, Then};

/// Somebody who waits until something is done.
pub(super) struct Waiter {
    service: String,
    goal: Goal,
    reply: Reply,
}

/// What somebody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goal {
    /// That it runs, as this run of it at least.
    Up { generation: u64 },
    /// That nothing of it is left.
    Down,
    /// That it is kept.
    Kept,
}

/// How all this ends.
pub(super) struct End {
    pub(super) then: Then,
    pub(super) replies: Vec<Reply>,
}

impl Driver {
    /// Takes in what somebody wants.
    pub(super) fn request(&mut self, request: Request) {
        match request {
            Request::Command { service, command, by, reply } => {
                self.command(service, command, by, reply);
            }
            Request::Reload { config, reply } => self.reload(config, reply),
            Request::Shutdown { then, reply } => self.shut_down(then, reply),
        }
    }

    fn command(&mut self, service: String, command: Command, by: String, reply: Reply) {
        if self.end.is_some() {
            return answer(reply, Err(Refused::ShutDown));
        }
        let status = self.shared.supervisor().status_of(&service);
        let Some(status) = status else {
            return answer(reply, Err(Refused::Unknown { name: service, known: Vec::new() }));
        };
        let goal = match &command {
            Command::Stop => Goal::Down,
            Command::Start => Goal::Up { generation: 0 },
            Command::Restart => {
                let runs = matches!(status.state, State::Running { .. } | State::Starting);
                Goal::Up { generation: status.generation + u64::from(runs) }
            }
            _ => Goal::Kept,
        };
        let is_contrary = |waiter: &Waiter| match (waiter.goal, goal) {
            (Goal::Up { .. }, Goal::Down) | (Goal::Down, Goal::Up { .. }) => {
                waiter.service == service
            }
            _ => false,
        };
        let (overtaken, others) =
            std::mem::take(&mut self.waiters).into_iter().partition(is_contrary);
        self.waiters = others;
        for Waiter { service, reply, .. } in overtaken {
            answer(reply, Err(Refused::Overtaken { name: service }));
        }
        self.give_up_starts();
        self.waiters.push(Waiter { service: service.clone(), goal, reply });
        self.ready.push_back(Input::Command { service, command, by });
    }

    fn reload(&mut self, config: Box<Config>, reply: Reply) {
        if self.end.is_some() {
            return answer(reply, Err(Refused::ShutDown));
        }
        let violations = config.violations(&self.shared.options.parts);
        if !violations.is_empty() {
            return answer(reply, Err(Refused::Configuration { violations }));
        }
        self.give_up_starts();
        self.shared.logs.set_budget(config.logs_budget.whole());
        self.ready.push_back(Input::Reload(config));
        self.turn();
        self.declare();
        answer(reply, Ok(()));
    }

    fn shut_down(&mut self, then: Then, reply: Reply) {
        let end = self.end.get_or_insert(End { then, replies: Vec::new() });
        end.replies.push(reply);
        if then == Then::Kill {
            end.then = then;
        }
        if end.then == Then::Stop {
            self.give_up_starts();
            self.ready.push_back(Input::Shutdown);
        }
        for Waiter { reply, .. } in self.waiters.drain(..) {
            answer(reply, Err(Refused::ShutDown));
        }
    }

    /// Answers starts that wait for the store: whoever wants something now must not wait for that, too.
    fn give_up_starts(&mut self) {
        if self.keeper.is_sound() {
            return;
        }
        for (service, generation) in self.withdraw_starts() {
            let reason = "its record could not be kept";
            let error = SpawnError::new(SpawnErrorClass::Transient, reason);
            self.ready.push_back(Input::SpawnFailed { service, generation, error });
        }
    }

    /// Answers those who wait for what is done by now.
    pub(super) fn answer(&mut self) {
        if self.waiters.is_empty() {
            return;
        }
        for waiter in std::mem::take(&mut self.waiters) {
            match self.verdict(&waiter) {
                Some(verdict) => answer(waiter.reply, verdict),
                None if waiter.reply.is_closed() => {}
                None => self.waiters.push(waiter),
            }
        }
    }

    /// Returns what came of what somebody wanted; `None` while it is under way.
    fn verdict(&self, waiter: &Waiter) -> Option<Result<(), Refused>> {
        let name = waiter.service.clone();
        let supervisor = self.shared.supervisor();
        let Some(status) = supervisor.status_of(&name) else {
            return Some(Err(Refused::Overtaken { name }));
        };
        let kept = || match self.keeper.doubt(&name) {
            Some(why) => Err(Refused::NotKept { why: why.to_owned() }),
            None => Ok(()),
        };
        let state = status.state.as_str();
        let not_running = |why: Vec<String>| {
            let why = why.join("; ");
            Some(Err(Refused::NotRunning { name: name.clone(), state, why }))
        };
        match (waiter.goal, &status.state) {
            (Goal::Up { .. } | Goal::Down, State::Unkillable) => {
                Some(Err(Refused::Unkillable { name }))
            }
            (Goal::Down, State::Starting | State::Running { .. } | State::Stopping) => None,
            (Goal::Up { generation }, State::Running { .. }) => {
                (status.generation >= generation).then(kept)
            }
            (Goal::Kept | Goal::Down, _) | (Goal::Up { .. }, State::Finished) => Some(kept()),
            (Goal::Up { .. }, State::Stopped) => Some(Err(Refused::Overtaken { name })),
            (
                Goal::Up { .. },
                State::Failed { .. } | State::CrashLoop { .. } | State::Backoff { .. },
            ) => {
                let explained = supervisor.explain(&name);
                not_running(explained.map(|explained| explained.why).unwrap_or_default())
            }
            (Goal::Up { .. }, State::Held { by }) => {
                let is_vain = |wait: &&wardkit_supervise::Wait| {
                    wait.until != WaitFor::End && HOPELESS.contains(&wait.is)
                };
                let vain: Vec<String> =
                    by.iter().filter(is_vain).map(ToString::to_string).collect();
                if vain.is_empty() { None } else { not_running(vain) }
            }
            _ => None,
        }
    }

    /// Returns whether all has been done that was to be done before the end.
    pub(super) fn is_over(&mut self) -> bool {
        let Some(end) = &self.end else { return false };
        match end.then {
            Then::LeaveRunning => self.todo.is_empty(),
            Then::Kill => true,
            Then::Stop => {
                let supervisor = self.shared.supervisor();
                // What the kernel does not let go of is not waited for.
                supervisor.is_down()
                    || supervisor.status().iter().all(|status| {
                        !matches!(
                            status.state,
                            State::Starting | State::Running { .. } | State::Stopping
                        )
                    })
            }
        }
    }
}

pub(super) fn answer(reply: Reply, verdict: Result<(), Refused>) {
    // Whoever asked may have gone.
    let _ = reply.send(verdict);
}

/// States of another service in which it gets ready only when somebody does something, or after minutes.
const HOPELESS: [&str; 5] = ["failed", "crash_loop", "stopped", "maintenance", "unkillable"];
