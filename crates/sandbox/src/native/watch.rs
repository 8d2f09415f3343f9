//! One loop that watches over a program from its start to its end.

mod guard;
mod signals;
mod streams;
mod throttle;

use std::collections::BTreeMap;
use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::thread::Scope;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags};
use wardkit_core::Clock;

use super::cgroups::Controller;
use super::child::{LISTENER, Step};
use super::names;
use super::start::{self, Running, setup};
use super::sys::{self, End};
use crate::{Attendant, Denied, Ended, Input, Policy, SandboxError, Usage};
use guard::Guard;
use streams::{Feed, Flow};
use throttle::Throttle;

/// Watches over a program until it has ended; returns how it ended and what it used.
pub(crate) fn over(
    mut running: Running,
    policy: &Policy,
    clock: &dyn Clock,
    input: Input<'_>,
    attendant: &mut dyn Attendant,
) -> Result<(Ended, Usage), SandboxError> {
    let begun = clock.uptime();
    let limits = &policy.limits;
    let feed = Feed::new(running.input.take(), input, limits.input.0);
    let has_throttle = running.group.keeps(Controller::Cpu).is_none();
    let throttle = has_throttle.then(|| Throttle::new(limits, begun));
    let guard = Guard::new(&running, clock, begun.saturating_add(limits.timeout), throttle);
    std::thread::scope(|scope| {
        let mut watch = Watch {
            running: &running,
            guard: &guard,
            scope,
            clock,
            attendant,
            feed,
            output: Flow::new(limits.output.0),
            errors: Flow::new(limits.output.0),
            listener: None,
            denied: BTreeMap::new(),
            prompt: Prompt { left: PROMPT_DENIALS, since: begun },
            has_started: false,
            has_signals: true,
            is_reaped: false,
        };
        let cut = watch.until_end();
        let (end, cpu, most) = watch.reap()?;
        let cut = cut?;
        let drained = watch.drain(cut.is_some())?;
        let usage = Usage {
            cpu,
            throttled: guard.stood_still().unwrap_or_else(|| running.group.throttled()),
            wall: clock.uptime().saturating_sub(begun),
            peak_memory: running.group.memory_peak().unwrap_or(most),
            denied: denied(&watch.denied),
        };
        let ended = cut.or(drained).unwrap_or_else(|| match end {
            End::Exited(status) => Ended::Exited(u8::try_from(status & 0xFF).unwrap_or(1)),
            End::Killed(_) if running.group.ran_out_of_memory() => Ended::OutOfMemory,
            End::Killed(libc::SIGKILL | libc::SIGXCPU)
                if has_throttle && cpu.as_secs() >= start::cpu_seconds(policy) =>
            {
                Ended::CpuBudget
            }
            End::Killed(signal) => Ended::Killed(signal),
        });
        Ok((ended, usage))
    })
}

/// Waits until a child that becomes no program has gone through every step, and reaps it.
pub(crate) fn started(running: &Running) -> Result<(), (Step, io::Error)> {
    let mut listener = None;
    let result = loop {
        match message(&running.status, &mut listener) {
            Ok(Message::Listener) => {}
            Ok(Message::Silence) => break Ok(()),
            Ok(Message::Failed(step, error)) => break Err((step, error)),
            Err(error) => break Err((Step::Stdio, error)),
        }
    };
    if result.is_err() {
        running.kill();
    }
    match (result, sys::reap(running.pidfd.as_fd(), true)) {
        // Whoever was ended on the way is silent too.
        (Ok(()), Ok(Some((End::Exited(0), ..)))) => Ok(()),
        (Ok(()), _) => Err((Step::Exec, io::ErrorKind::Interrupted.into())),
        (failed, _) => failed,
    }
}

struct Watch<'scope, 'env> {
    running: &'env Running,
    guard: &'env Guard<'env>,
    scope: &'scope Scope<'scope, 'env>,
    clock: &'env dyn Clock,
    attendant: &'env mut dyn Attendant,
    feed: Feed<'env>,
    output: Flow,
    errors: Flow,
    listener: Option<OwnedFd>,
    denied: BTreeMap<u32, u64>,
    prompt: Prompt,
    has_started: bool,
    has_signals: bool,
    is_reaped: bool,
}

/// Also where a sink panics nothing runs on.
impl Drop for Watch<'_, '_> {
    fn drop(&mut self) {
        if !self.is_reaped {
            let _ = self.reap();
        }
    }
}

impl Watch<'_, '_> {
    /// Goes on until the program has ended, or must be: then it says why.
    fn until_end(&mut self) -> Result<Option<Ended>, SandboxError> {
        loop {
            let now = self.clock.uptime();
            let Some(mut wake) = self.guard.step(now) else { return Ok(Some(Ended::Timeout)) };
            self.prompt.renew(now);
            if self.is_flooded() {
                wake = wake.min(now.saturating_add(FLOOD_PAUSE));
            }
            let ready = self.wait(wake.saturating_sub(now))?;
            if let Some(cut) = self.handle(&ready)? {
                return Ok(Some(cut));
            }
            if ready.contains(&Source::End) {
                return Ok(None);
            }
        }
    }

    /// Ends it and all that it started; returns how it ended, its processor time and its most memory.
    fn reap(&mut self) -> Result<(End, Duration, u64), SandboxError> {
        self.guard.end();
        self.running.kill();
        self.is_reaped = true;
        let reaped = sys::reap(self.running.pidfd.as_fd(), true).map_err(setup("reaping"))?;
        Ok(reaped.unwrap_or((End::Killed(libc::SIGKILL), Duration::ZERO, 0)))
    }

    /// Waits until something is ready, and says what.
    fn wait(&self, longest: Duration) -> Result<Vec<Source>, SandboxError> {
        let mut sources: Vec<(Source, BorrowedFd<'_>, PollFlags)> =
            vec![(Source::End, self.running.pidfd.as_fd(), PollFlags::IN)];
        if !self.has_started {
            sources.push((Source::Status, self.running.status.as_fd(), PollFlags::IN));
        }
        if self.output.is_open() {
            sources.push((Source::Output, self.running.output.as_fd(), PollFlags::IN));
        }
        if self.errors.is_open() {
            sources.push((Source::Errors, self.running.errors.as_fd(), PollFlags::IN));
        }
        // What was taken for a program that never began would be lost to the one that is started in its place.
        if let Some((fd, flags)) = self.feed.wants().filter(|_| self.has_started) {
            sources.push((Source::Input, fd, flags));
        }
        if let Some(listener) = self.listener.as_ref().filter(|_| !self.is_flooded()) {
            sources.push((Source::Listener, listener.as_fd(), PollFlags::IN));
        }
        if let Some(signals) = self.attendant.signals().filter(|_| self.has_signals) {
            sources.push((Source::Signals, signals, PollFlags::IN));
        }
        let mut polled: Vec<PollFd<'_>> =
            sources.iter().map(|(_, fd, flags)| PollFd::from_borrowed_fd(*fd, *flags)).collect();
        let timeout = Timespec::try_from(longest).unwrap_or(Timespec { tv_sec: 60, tv_nsec: 0 });
        match rustix::event::poll(&mut polled, Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(setup("waiting for the program")(errno.into())),
        }
        let is_ready = |polled: &PollFd<'_>| !polled.revents().is_empty();
        let both = sources.iter().zip(&polled);
        Ok(both.filter(|(_, polled)| is_ready(polled)).map(|((source, ..), _)| *source).collect())
    }

    /// Does what is to be done; returns why the program must end.
    fn handle(&mut self, ready: &[Source]) -> Result<Option<Ended>, SandboxError> {
        if ready.contains(&Source::Status) {
            self.hear()?;
        }
        if ready.contains(&Source::Listener) || (self.is_flooded() && self.listener.is_some()) {
            self.refuse();
        }
        if ready.contains(&Source::Input) {
            self.feed.step()?;
        }
        if ready.contains(&Source::Signals)
            && let Some(ended) = self.pass_signals()?
        {
            return Ok(Some(ended));
        }
        let (guard, scope, sink) = (self.guard, self.scope, &mut *self.attendant);
        let mut fits = true;
        if ready.contains(&Source::Output) {
            let step = self
                .output
                .step(&self.running.output, &mut |part| guard.pass_on(scope, || sink.output(part)));
            fits &= step.map_err(setup(PASSING))?;
        }
        if ready.contains(&Source::Errors) {
            let step = self
                .errors
                .step(&self.running.errors, &mut |part| guard.pass_on(scope, || sink.errors(part)));
            fits &= step.map_err(setup(PASSING))?;
        }
        Ok((!fits).then_some(Ended::OutputLimit))
    }

    /// Passes on the signals that wait; returns how the program must end, if by one of them.
    fn pass_signals(&mut self) -> Result<Option<Ended>, SandboxError> {
        let Some(source) = self.attendant.signals() else { return Ok(None) };
        let Some(numbers) = signals::waiting(source)? else {
            self.has_signals = false;
            return Ok(None);
        };
        Ok(numbers.into_iter().find_map(|number| signals::pass(self.running, number)))
    }

    /// Takes what is left in the pipes of a program that has ended.
    fn drain(&mut self, was_cut: bool) -> Result<Option<Ended>, SandboxError> {
        // The child's message comes before its end, unless it was ended on its way.
        if !self.has_started && !was_cut {
            self.hear()?;
        }
        let sink = &mut *self.attendant;
        let output = self.output.drain(&self.running.output, &mut |part| sink.output(part));
        let errors = self.errors.drain(&self.running.errors, &mut |part| sink.errors(part));
        let fits = output.and_then(|output| Ok(output && errors?)).map_err(setup(PASSING))?;
        Ok((!fits).then_some(Ended::OutputLimit))
    }

    /// Takes one message of the child.
    fn hear(&mut self) -> Result<(), SandboxError> {
        loop {
            match message(&self.running.status, &mut self.listener) {
                Ok(Message::Listener) if self.has_ended() => {}
                Ok(Message::Listener) => return Ok(()),
                Ok(Message::Silence) => {
                    self.has_started = true;
                    return Ok(());
                }
                Ok(Message::Failed(step, source)) => {
                    return Err(SandboxError::Setup { step: step.name(), source });
                }
                Err(source) => return Err(setup("hearing of the program's start")(source)),
            }
        }
    }

    fn has_ended(&self) -> bool {
        let mut polled = [PollFd::new(&self.running.pidfd, PollFlags::IN)];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        rustix::event::poll(&mut polled, Some(&now)).is_ok_and(|ready| ready > 0)
    }

    /// Refuses one system call and counts it.
    fn refuse(&mut self) {
        let Some(listener) = &self.listener else { return };
        let is_asked = {
            let mut polled = [PollFd::new(listener, PollFlags::IN)];
            let now = Timespec { tv_sec: 0, tv_nsec: 0 };
            let _ = rustix::event::poll(&mut polled, Some(&now));
            polled[0].revents()
        };
        if is_asked.contains(PollFlags::IN) {
            if let Ok(Some(call)) = sys::refuse_one(listener.as_fd()) {
                let count = self.denied.entry(call).or_default();
                *count = count.saturating_add(1);
                self.prompt.left = self.prompt.left.saturating_sub(1);
                match names::name(call) {
                    Some(name) => self.attendant.denied(name),
                    None => self.attendant.denied(&format!("call {call}")),
                }
            }
        } else if is_asked.intersects(PollFlags::HUP | PollFlags::ERR) {
            self.listener = None;
        }
    }

    /// Whether it asks for what it does not get so often that answers come slowly: each costs the host more than it.
    fn is_flooded(&self) -> bool {
        self.prompt.left == 0
    }
}

/// How many denials are still answered at once.
struct Prompt {
    left: u64,
    since: Duration,
}

impl Prompt {
    /// Forgets a flood that is over: a program may live for years.
    fn renew(&mut self, now: Duration) {
        if now.saturating_sub(self.since) >= PROMPT_WITHIN {
            *self = Self { left: PROMPT_DENIALS, since: now };
        }
    }
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    End,
    Status,
    Output,
    Errors,
    Input,
    Listener,
    Signals,
}

/// What a child says.
enum Message {
    Listener,
    Failed(Step, io::Error),
    /// Nothing more: it became its program, or has ended.
    Silence,
}

fn message(status: &OwnedFd, listener: &mut Option<OwnedFd>) -> io::Result<Message> {
    let mut bytes = [0; 8];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::CMSG_CLOEXEC;
    let buffers = &mut [IoSliceMut::new(&mut bytes)];
    let received = match rustix::net::recvmsg(status, buffers, &mut control, flags) {
        Ok(received) => received,
        // It was ended before it took our message.
        Err(Errno::CONNRESET) => return Ok(Message::Silence),
        Err(errno) => return Err(errno.into()),
    };
    for one in control.drain() {
        if let RecvAncillaryMessage::ScmRights(mut fds) = one {
            *listener = fds.next();
        }
    }
    match (received.bytes, bytes) {
        (0, _) => Ok(Message::Silence),
        (1, [LISTENER, ..]) => Ok(Message::Listener),
        (5, [step, a, b, c, d, ..]) => {
            let step = Step::ALL.get(usize::from(step)).copied().unwrap_or(Step::Exec);
            let errno = i32::from_le_bytes([a, b, c, d]);
            Ok(Message::Failed(step, io::Error::from_raw_os_error(errno)))
        }
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

fn denied(counted: &BTreeMap<u32, u64>) -> Vec<Denied> {
    let named = |(call, count): (&u32, &u64)| {
        let name = names::name(*call).map_or_else(|| format!("call {call}"), str::to_owned);
        Denied::new(name, *count)
    };
    let mut denied: Vec<Denied> = counted.iter().map(named).collect();
    denied.sort();
    denied
}

const PASSING: &str = "passing output on";

/// So many denials are answered at once in this time.
const PROMPT_DENIALS: u64 = 1_000;
const PROMPT_WITHIN: Duration = Duration::from_mins(1);

/// From then on one is answered in this time.
const FLOOD_PAUSE: Duration = Duration::from_millis(5);
