use std::collections::VecDeque;
use std::ffi::OsString;
use std::fmt;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use wardkit_process::{Launch, Output, Process, Signal};

use crate::protocol::{Answer, Request};
use crate::socket::{Message, Socket};
use crate::{Ended, Master, Record, Spawn, Stop};

mod connect;
mod error;
mod events;
mod requests;
#[cfg(feature = "tokio")]
mod tokio;

#[cfg(feature = "tokio")]
pub use self::tokio::AsyncClient;
pub use error::Error;
pub use events::{Event, Held};

/// How a guardian is started and what it is to know of its master.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// The socket; it lies in a folder that nobody else may write to.
    pub socket: PathBuf,
    /// The program that calls [`run`](crate::run), with its arguments.
    pub guardian: Vec<OsString>,
    /// The guardian's environment.
    pub environment: Vec<(OsString, OsString)>,
    /// What the guardian is to know of its master.
    pub master: Master,
}

/// The master's side: asks the guardian, and hears from it.
///
/// Requests wait for their answers, a few milliseconds; what the guardian tells by itself is read by
/// [`next_event`](Client::next_event) when the descriptor is readable.
pub struct Client {
    socket: Socket,
    /// Known from the greeting on.
    guardian: Option<Process>,
    requests: u64,
    failures: u32,
    events: VecDeque<Event>,
    /// Those that are stopped one after the other, and what comes after them.
    plan: Option<(VecDeque<Stop>, Then)>,
}

impl Client {
    /// Attaches to the guardian that listens on the socket, or starts one when there is none.
    ///
    /// Only one master may do so at a time: whoever calls this holds a lock on the installation.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] when another master is attached, others when the guardian cannot be started or does not answer.
    pub fn start(options: &Options) -> Result<Self, Error> {
        if let Some(client) = Self::attach(options)? {
            return Ok(client);
        }
        let listener = connect::listen(&options.socket)?;
        let mut launch = Launch::new(&options.guardian);
        launch.environment.clone_from(&options.environment);
        launch.stdin = Some(listener);
        (launch.stdout, launch.stderr) = (Output::Inherit, Output::Inherit);
        let guardian = launch.start()?;
        let socket = connect::connect(&options.socket)?.ok_or(Error::Gone)?;
        Self::greet(socket, Some(guardian), &options.master)
    }

    /// Attaches to the guardian that listens on the socket; `None` when there is none.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] when another master is attached, others when the guardian does not answer.
    pub fn attach(options: &Options) -> Result<Option<Self>, Error> {
        for _ in 0..MOST_ATTEMPTS {
            let Some(socket) = connect::connect(&options.socket)? else { return Ok(None) };
            match Self::greet(socket, None, &options.master) {
                Ok(client) => return Ok(Some(client)),
                // Whoever listened was just killed, or ended: only the socket itself says that nobody listens.
                Err(Error::Gone) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::Gone)
    }

    fn greet(socket: OwnedFd, started: Option<Process>, master: &Master) -> Result<Self, Error> {
        let (requests, failures, events, plan) = (0, 0, VecDeque::new(), None);
        let guardian = started;
        let mut client =
            Self { socket: Socket::new(socket), guardian, requests, failures, events, plan };
        match client.send(&Request::Hello(master.clone()), None) {
            // A refusal may have come already, and the end of the connection with it.
            Ok(_) | Err(Error::Gone) => {}
            Err(error) => return Err(error),
        }
        let deadline = deadline();
        match client.answer(client.requests, deadline)? {
            (Answer::Welcome(pid, failures), _) => {
                client.failures = failures;
                if client.guardian.is_none() {
                    client.guardian = match Process::with_pid(pid) {
                        Ok(guardian) => Some(guardian),
                        Err(wardkit_process::Error::Gone { .. }) => return Err(Error::Gone),
                        Err(error) => return Err(error.into()),
                    };
                }
                Ok(client)
            }
            _ => Err(Error::Malformed),
        }
    }

    /// Starts a service. The same start asked for twice, by whomever, makes one process.
    ///
    /// # Errors
    ///
    /// [`Error::Spawn`] with the step that was refused; [`Error::NotGone`] when something of an earlier start is left,
    /// [`Error::Outdated`] when there was a later one.
    pub fn spawn(&mut self, spawn: &Spawn) -> Result<Held, Error> {
        self.ask_for_held(&Request::Spawn(spawn.clone()), None)
    }

    /// Has the guardian hold a service that another one has started: with the process where the master holds it, from
    /// its record alone where both had died. One that is gone is held as ended.
    ///
    /// # Errors
    ///
    /// [`Error::ProcessChanged`] when it cannot be told whether it is the recorded one.
    pub fn adopt(&mut self, record: &Record, process: Option<&Process>) -> Result<Held, Error> {
        let request = Request::Adopt(record.clone());
        self.ask_for_held(&request, process.map(AsFd::as_fd))
    }

    /// Returns everything that the guardian holds, also what has ended and was not forgotten.
    ///
    /// # Errors
    ///
    /// When the guardian does not answer.
    pub fn list(&mut self) -> Result<Vec<Held>, Error> {
        let mut all: Vec<Held> = Vec::new();
        loop {
            let after = all.last().map_or_else(String::new, |held| held.record.service.clone());
            match self.ask(&Request::Next(after), None)? {
                (Answer::Held(record, ended), fd) => all.push(held(record, ended, fd)),
                (Answer::Done, _) => return Ok(all),
                _ => return Err(Error::Malformed),
            }
        }
    }

    /// Says that a service's end is noted for good; until then each new master is told of it.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`] when this start is not held or runs.
    pub fn acknowledge(&mut self, service: &str, generation: u64) -> Result<(), Error> {
        self.do_it(&Request::Acknowledge(service.to_owned(), generation))
    }

    /// Drops what the guardian knows of a service that is gone.
    ///
    /// # Errors
    ///
    /// [`Error::NotGone`] when something of it is left.
    pub fn forget(&mut self, service: &str) -> Result<(), Error> {
        self.do_it(&Request::Forget(service.to_owned()))
    }

    /// Sends a signal to a service's first process.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`] when this start is not held or has ended.
    pub fn signal(&mut self, service: &str, generation: u64, signal: Signal) -> Result<(), Error> {
        self.do_it(&Request::Signal(service.to_owned(), generation, signal))
    }

    /// Begins to stop a service and all that it started; [`Event::Stopped`] tells when it is gone.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`] when this start is not held.
    pub fn stop(&mut self, stop: &Stop) -> Result<(), Error> {
        self.do_it(&Request::Stop(stop.clone()))
    }

    /// Begins to stop services one after the other; [`Event::AllStopped`] tells when all are gone. The next is stopped
    /// when the end of the one before is read. Then the guardian goes on, or stops what it still holds, all at once, and
    /// ends.
    ///
    /// # Errors
    ///
    /// When the guardian does not answer.
    pub fn stop_all(&mut self, stops: &[Stop], then: Then) -> Result<(), Error> {
        self.plan = Some((stops.iter().cloned().collect(), then));
        self.stop_next()
    }

    /// Leaves the services running: the guardian does not start this master again, and waits for the next one.
    ///
    /// # Errors
    ///
    /// When the guardian does not answer.
    pub fn leave(mut self) -> Result<(), Error> {
        self.do_it(&Request::Leave)
    }

    /// Returns what the guardian has told, if it has told anything.
    ///
    /// # Errors
    ///
    /// [`Error::Gone`] when the guardian has died: start another and adopt the services.
    pub fn next_event(&mut self) -> Result<Option<Event>, Error> {
        loop {
            if let Some(event) = self.events.pop_front() {
                if let Event::Stopped { service, .. } = &event
                    && self
                        .plan
                        .as_ref()
                        .and_then(|(plan, _)| plan.front())
                        .is_some_and(|stop| stop.service == *service)
                {
                    self.plan.as_mut().and_then(|(plan, _)| plan.pop_front());
                    self.stop_next()?;
                }
                return Ok(Some(event));
            }
            match self.receive()? {
                // An answer that came after its time.
                Some((id, _, _)) if id != 0 => {}
                Some((_, answer, fd)) => self.events.extend(event(answer, fd)),
                None => return Ok(None),
            }
        }
    }

    /// Waits for what the guardian tells next, but not longer than told.
    ///
    /// # Errors
    ///
    /// As [`next_event`](Client::next_event).
    #[expect(clippy::disallowed_methods, reason = "a deadline for another process")]
    pub fn wait_event(&mut self, longest: Duration) -> Result<Option<Event>, Error> {
        let deadline = Instant::now() + longest;
        loop {
            if let Some(event) = self.next_event()? {
                return Ok(Some(event));
            }
            if !self.wait(PollFlags::IN, deadline)? {
                return Ok(None);
            }
        }
    }

    /// Returns how many starts of the master in a row the guardian saw end before they had lasted for a minute: above
    /// one, the master dies again and again.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Returns the guardian's process.
    ///
    /// # Panics
    ///
    /// Never: a client that was not greeted is given to nobody.
    #[must_use]
    pub fn guardian(&self) -> &Process {
        self.guardian.as_ref().expect("known from the greeting on")
    }

    /// Goes on with the plan: one that is not held is gone already.
    fn stop_next(&mut self) -> Result<(), Error> {
        while let Some((plan, then)) = &mut self.plan {
            let (next, then) = (plan.front().cloned(), *then);
            let Some(stop) = next else {
                self.plan = None;
                if then == Then::End {
                    self.do_it(&Request::End)?;
                }
                self.events.push_back(Event::AllStopped);
                return Ok(());
            };
            match self.stop(&stop) {
                Err(Error::Unknown) => self.plan.as_mut().and_then(|(plan, _)| plan.pop_front()),
                done => return done,
            };
        }
        Ok(())
    }

    fn ask_for_held(
        &mut self,
        request: &Request,
        fd: Option<BorrowedFd<'_>>,
    ) -> Result<Held, Error> {
        match self.ask(request, fd)? {
            (Answer::Held(record, ended), fd) => Ok(held(record, ended, fd)),
            _ => Err(Error::Malformed),
        }
    }

    fn do_it(&mut self, request: &Request) -> Result<(), Error> {
        match self.ask(request, None)? {
            (Answer::Done, _) => Ok(()),
            _ => Err(Error::Malformed),
        }
    }

    fn ask(
        &mut self,
        request: &Request,
        fd: Option<BorrowedFd<'_>>,
    ) -> Result<(Answer, Option<OwnedFd>), Error> {
        let id = self.send(request, fd)?;
        let deadline = deadline();
        self.answer(id, deadline)
    }

    fn send(&mut self, request: &Request, fd: Option<BorrowedFd<'_>>) -> Result<u64, Error> {
        self.requests += 1;
        let deadline = deadline();
        loop {
            match self.socket.send(self.requests, request, fd) {
                Ok(true) => return Ok(self.requests),
                Ok(false) => {}
                Err(Error::Gone) => return Err(self.gone()),
                Err(error) => return Err(error),
            }
            if !self.wait(PollFlags::OUT, deadline)? {
                return Err(Error::Silent);
            }
        }
    }

    /// Waits for the answer to a request; what else comes is kept.
    fn answer(
        &mut self,
        wanted: u64,
        deadline: Instant,
    ) -> Result<(Answer, Option<OwnedFd>), Error> {
        loop {
            match self.receive()? {
                Some((0, answer, fd)) => self.events.extend(event(answer, fd)),
                Some((id, Answer::Refused(refusal), _)) if id == wanted => {
                    return Err(refusal.into());
                }
                Some((id, answer, fd)) if id == wanted => return Ok((answer, fd)),
                Some(_) => {}
                None if self.wait(PollFlags::IN, deadline)? => {}
                None => return Err(Error::Silent),
            }
        }
    }

    fn receive(&mut self) -> Result<Option<Message<Answer>>, Error> {
        self.socket.receive().map_err(|error| match error {
            Error::Gone => self.gone(),
            other => other,
        })
    }

    /// Waits until the socket is ready; returns false when the time is over.
    #[expect(clippy::disallowed_methods, reason = "a deadline for another process")]
    fn wait(&self, flags: PollFlags, deadline: Instant) -> Result<bool, Error> {
        let rest = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(rest).map_err(|_| Error::Silent)?;
        match rustix::event::poll(&mut [PollFd::new(&self.socket, flags)], Some(&timeout)) {
            Ok(ready) => Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => Ok(true),
            Err(errno) => Err(errno.into()),
        }
    }

    /// A guardian that we started is ours to wait for.
    fn gone(&self) -> Error {
        if let Some(guardian) = &self.guardian {
            let _ = guardian.state();
        }
        Error::Gone
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("guardian", &self.guardian)
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}

/// Readable when the guardian has told something, or is gone.
impl AsFd for Client {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// What the guardian does when all services are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Then {
    /// It waits for the next request.
    Stay,
    /// It ends.
    End,
}

#[expect(clippy::disallowed_methods, reason = "a deadline for another process")]
fn deadline() -> Instant {
    Instant::now() + PATIENCE
}

fn event(answer: Answer, fd: Option<OwnedFd>) -> Option<Event> {
    match answer {
        Answer::Held(record, ended) => Some(Event::Ended(held(record, ended, fd))),
        Answer::Stopped(service, generation, left) => {
            Some(Event::Stopped { service, generation, left })
        }
        _ => None,
    }
}

fn held(record: Record, ended: Option<Ended>, fd: Option<OwnedFd>) -> Held {
    let process = match fd {
        Some(fd) => Process::from_pidfd(fd, &record.identity).ok(),
        None => Process::open(&record.identity).ok(),
    };
    Held { record, ended, process }
}

/// Each means that a guardian was met and was gone before it answered.
const MOST_ATTEMPTS: usize = 20;

/// A guardian that is busy ending a large tree answers after that.
const PATIENCE: Duration = Duration::from_secs(10);
