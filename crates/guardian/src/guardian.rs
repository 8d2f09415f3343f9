//! The guardian's side: one loop, one thread, nothing that waits for anybody.

use std::collections::{BTreeMap, HashSet};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{Pid, WaitOptions, waitpid};
use wardkit_process::{Inherited, Scan, Signal, Signals, Tree, become_subreaper, ended_child};

use crate::protocol::{Answer, Refusal, Request};
use crate::socket::Socket;
use crate::{Error, Stop};

mod master;
mod requests;
mod service;

use master::MasterProcess;
use service::Service;

/// Holds services until it is told to end: the whole life of the guardian's process.
///
/// `listener` is the socket that the process was given as standard input by [`Client::start`](crate::Client::start).
/// Call it before anything large is made, from a process that has one thread.
///
/// # Errors
///
/// When the kernel refuses what a guardian needs; it does not end for what a master or a service does.
pub fn run(listener: BorrowedFd<'_>) -> Result<(), Error> {
    become_subreaper()?;
    // A guardian that could not runs on with them.
    let _ = wardkit_process::give_back_program_pages();
    let signals = Signals::take(&[Signal::TERM, Signal::INT, Signal::HUP, Signal::CHILD])?;
    rustix::io::ioctl_fionbio(listener, true)?;
    // A child has a copy of it until it is the program that it is to be, also when we die in between: so whoever can
    // connect to nobody knows that all that we have started carries its marker.
    let _until_exec = listener.try_clone_to_owned();
    let mut guardian = Guardian {
        held: BTreeMap::new(),
        instance: String::new(),
        inherited: Inherited::take(SPARED),
        master: MasterProcess::of(Socket::maker(listener)),
        connection: None,
        connections: 0,
        ends: false,
    };
    while !guardian.may_end() {
        guardian.wait(&signals, listener)?;
        // A master that has hung up is no master: what comes with its end is judged after that.
        guardian.hear();
        while let Some(signal) = signals.next()? {
            guardian.on_signal(signal);
        }
        guardian.reap()?;
        guardian.master.look_after(&guardian.inherited, guardian.connection.is_some())?;
        if let Some(peer) = Socket::accept(listener) {
            guardian.on_connect(peer);
        }
        guardian.stop_due();
        guardian.tell();
    }
    Ok(())
}

struct Guardian {
    /// By name: the latest start of each.
    held: BTreeMap<String, Service>,
    instance: String,
    inherited: Inherited,
    master: MasterProcess,
    connection: Option<Connection>,
    connections: u64,
    ends: bool,
}

/// A master that is attached.
struct Connection {
    socket: Socket,
    number: u64,
    pid: u32,
    is_greeted: bool,
    /// Who does not read what it is told is not heard any further.
    is_full: bool,
}

impl Connection {
    /// Says something; returns whether it was sent. That the other end is gone is noticed when it is read from.
    fn say(&mut self, id: u64, answer: &Answer, pidfd: Option<BorrowedFd<'_>>) -> bool {
        let sent = self.socket.send(id, answer, pidfd);
        self.is_full = matches!(sent, Ok(false));
        matches!(sent, Ok(true))
    }
}

impl Guardian {
    fn wait(&self, signals: &Signals, listener: BorrowedFd<'_>) -> Result<(), Error> {
        let listener = PollFd::from_borrowed_fd(listener, PollFlags::IN);
        let mut fds = vec![PollFd::new(signals, PollFlags::IN), listener];
        fds.extend(self.connection.as_ref().map(|connection| {
            let flags = if connection.is_full { PollFlags::OUT } else { PollFlags::IN };
            PollFd::new(&connection.socket, flags)
        }));
        fds.extend(self.held.values().filter_map(Service::watched));
        fds.extend(self.master.process.as_ref().map(|master| PollFd::new(master, PollFlags::IN)));
        let wakes = self.held.values().filter_map(Service::wakes).chain(self.master.restart).min();
        let rest = wakes.map(|at| at.saturating_duration_since(now()));
        let timeout = rest.and_then(|rest| Timespec::try_from(rest + TICK).ok());
        rustix::io::retry_on_intr(|| rustix::event::poll(&mut fds, timeout.as_ref()))?;
        Ok(())
    }

    fn on_signal(&mut self, signal: Signal) {
        let is_end = [Signal::TERM, Signal::INT].contains(&signal);
        match (&self.connection, &self.master.process) {
            // The master stops in the order that it knows; one that is gone is noticed elsewhere.
            (Some(_), Some(master)) if is_end => drop(master.signal(signal)),
            (None, _) if is_end => self.end(),
            _ => {}
        }
    }

    /// Takes notice of what has ended: services, and orphans that came to us, for whom nobody else waits.
    fn reap(&mut self) -> Result<(), Error> {
        while let Some(pid) = ended_child()? {
            let is_it = |one: &&mut Service| one.is_child && one.record.identity.pid == pid;
            match self.held.values_mut().filter(|one| one.ended.is_none()).find(is_it) {
                Some(service) => service.look()?,
                None => drop(waitpid(Pid::from_raw(pid.cast_signed()), WaitOptions::NOHANG)?),
            }
        }
        Ok(self.held.values_mut().filter(|one| !one.is_child).try_for_each(Service::look)?)
    }

    fn on_connect(&mut self, (socket, pid): (Socket, u32)) {
        self.connections += 1;
        let number = self.connections;
        let mut next = Connection { socket, number, pid, is_greeted: false, is_full: false };
        if let Some(attached) = &self.connection {
            next.say(1, &Answer::Refused(Refusal::Busy(attached.pid)), None);
        } else {
            self.connection = Some(next);
        }
    }

    fn hear(&mut self) {
        while let Some(connection) = &mut self.connection {
            connection.is_full = !connection.socket.has_room();
            if connection.is_full {
                return;
            }
            match connection.socket.receive() {
                Ok(None) => return,
                Ok(Some((id, request, fd))) => self.answer(id, request, fd),
                Err(_) => {
                    // It cannot be told to which request, but which version we speak.
                    connection.say(0, &Answer::Refused(Refusal::Malformed), None);
                    self.connection = None;
                }
            }
        }
    }

    fn answer(&mut self, id: u64, request: Request, fd: Option<OwnedFd>) {
        let answer = self.on_request(request, fd).unwrap_or_else(Answer::Refused);
        // What is held is told with its pidfd.
        let service = match &answer {
            Answer::Held(record, _) => self.held.get(&record.service),
            _ => None,
        };
        if let Some(connection) = &mut self.connection {
            connection.say(id, &answer, service.and_then(Service::pidfd));
        }
    }

    /// Tells what this master was not told yet, as long as there is room.
    fn tell(&mut self) {
        let Some(master) = self.connection.as_mut().filter(|one| one.is_greeted) else { return };
        for service in self.held.values_mut() {
            if service.ended.is_some() && service.told < master.number {
                if !master.say(0, &service.answer(), service.pidfd()) {
                    return;
                }
                service.told = master.number;
            }
            let (name, generation) = (&service.record.service, service.record.generation);
            let Some(left) = &service.left else { continue };
            let stopped = Answer::Stopped(name.clone(), generation, left.clone());
            if !master.say(0, &stopped, None) {
                return;
            }
            service.left = None;
        }
    }

    /// Goes on with what is to stop, as far as it can now: with one look at all processes, however many stop.
    fn stop_due(&mut self) {
        let now = now();
        let is_due = |one: &Service| one.ending.as_ref().is_some_and(|it| it.wakes() <= now);
        if !self.held.values().any(is_due) {
            return;
        }
        let (others, scan, mut doomed) = (self.roots(), Scan::default(), Vec::new());
        for service in self.held.values_mut().filter(|one| is_due(one)) {
            let tree = service.tree(&self.instance, &others);
            if service.step(now, tree.members_in(&scan).ok()) {
                doomed.push(tree);
            }
        }
        // Who is still there is looked for again, and told in the end.
        let _ = Tree::kill_all(&doomed);
    }

    /// Stops what is left of all at once, and ends then.
    fn end(&mut self) {
        self.ends = true;
        for service in self.held.values_mut().filter(|service| !service.is_gone) {
            service.stop(&Stop::new(service.record.service.clone(), service.record.generation));
        }
    }

    fn may_end(&self) -> bool {
        if self.ends {
            let is_told = |one: &Service| self.connection.is_none() || one.left.is_none();
            return self.held.values().all(|one| one.ending.is_none() && is_told(one));
        }
        // Nobody needs us: nothing runs, and no end waits to be heard.
        self.connection.is_none()
            && self.master.process.is_none()
            && self.master.restart.is_none()
            && self.held.values().all(|one| one.told == service::ACKNOWLEDGED)
    }

    /// Returns the children of ours that are no orphans: services that run, and the master.
    fn roots(&self) -> Arc<HashSet<u32>> {
        let running = self.held.values().filter_map(Service::running);
        Arc::new(running.chain(&self.master.process).map(wardkit_process::Process::pid).collect())
    }
}

#[expect(clippy::disallowed_methods, reason = "the timer of the guardian's loop")]
fn now() -> Instant {
    Instant::now()
}

/// Nearly last to be killed when memory runs out: what holds services costs less than any of them.
const SPARED: i16 = -900;

/// Timers are rounded up to it, so that none is met too early and asked about twice.
const TICK: Duration = Duration::from_millis(1);
