//! One loop that watches over a program from its start to its end.

mod streams;
mod throttle;

use std::collections::BTreeMap;
use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags};
use wardkit_core::Clock;

use super::cgroups::Controller;
use super::child::{LISTENER, Step};
use super::names;
use super::start::{self, Running, setup};
use super::sys::{self, End};
use crate::{Denied, Ended, Input, Policy, SandboxError, Sink, Usage};
use streams::{Feed, Flow};
use throttle::Throttle;

/// Watches over a program until it has ended; returns how it ended and what it used.
pub(crate) fn over(
    mut running: Running,
    policy: &Policy,
    clock: &dyn Clock,
    input: Input<'_>,
    sink: &mut dyn Sink,
) -> Result<(Ended, Usage), SandboxError> {
    let begun = clock.uptime();
    let has_throttle = running.group.keeps(Controller::Cpu).is_none();
    let mut watch = Watch {
        deadline: begun.saturating_add(policy.limits.timeout),
        throttle: has_throttle.then(|| Throttle::new(&policy.limits, begun)),
        feed: Feed::new(running.input.take(), input, policy.limits.input.0),
        output: Flow::new(policy.limits.output.0),
        errors: Flow::new(policy.limits.output.0),
        listener: None,
        denied: BTreeMap::new(),
        denials: 0,
        has_started: false,
        clock,
        sink,
        running,
    };
    let cut = watch.until_end();
    watch.running.kill();
    let reaped = sys::reap(watch.running.pidfd.as_fd(), true).map_err(setup("reaping"))?;
    let cut = cut?;
    let drained = watch.drain()?;
    let (end, cpu, most) = reaped.unwrap_or((End::Killed(libc::SIGKILL), Duration::ZERO, 0));
    let group = &watch.running.group;
    let usage = Usage {
        cpu,
        throttled: watch
            .throttle
            .map_or_else(|| group.throttled(), |throttle| throttle.stood_still),
        wall: clock.uptime().saturating_sub(begun),
        peak_memory: group.memory_peak().unwrap_or(most),
        denied: denied(&watch.denied),
    };
    let ended = match (cut.or(drained), end) {
        (Some(cut), _) => cut,
        (None, End::Exited(status)) => Ended::Exited(u8::try_from(status & 0xFF).unwrap_or(1)),
        (None, End::Killed(_)) if group.ran_out_of_memory() => Ended::OutOfMemory,
        (None, End::Killed(libc::SIGKILL | libc::SIGXCPU))
            if has_throttle && cpu.as_secs() >= start::cpu_seconds(policy) =>
        {
            Ended::CpuBudget
        }
        (None, End::Killed(signal)) => Ended::Killed(signal),
    };
    Ok((ended, usage))
}

/// Waits until a child became its program, or ended well without one; reaps it when it did not.
pub(crate) fn started(running: &Running) -> Result<(), (Step, io::Error)> {
    let mut listener = None;
    let result = loop {
        match message(&running.status, &mut listener) {
            Ok(Message::Listener) => {}
            Ok(Message::Started) => break Ok(()),
            Ok(Message::Failed(step, error)) => break Err((step, error)),
            Err(error) => break Err((Step::Stdio, error)),
        }
    };
    running.kill();
    let _ = sys::reap(running.pidfd.as_fd(), true);
    result
}

struct Watch<'a> {
    running: Running,
    clock: &'a dyn Clock,
    sink: &'a mut dyn Sink,
    feed: Feed<'a>,
    output: Flow,
    errors: Flow,
    deadline: Duration,
    throttle: Option<Throttle>,
    listener: Option<OwnedFd>,
    denied: BTreeMap<u32, u64>,
    denials: u64,
    has_started: bool,
}

impl Watch<'_> {
    /// Goes on until the program has ended, or must be: then it says why.
    fn until_end(&mut self) -> Result<Option<Ended>, SandboxError> {
        loop {
            let now = self.clock.uptime();
            if now >= self.deadline {
                return Ok(Some(Ended::Timeout));
            }
            let mut wake = self.deadline;
            if let Some(throttle) = &mut self.throttle {
                wake = wake.min(throttle.step(now, &self.running));
            }
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
        if let Some((fd, flags)) = self.feed.wants() {
            sources.push((Source::Input, fd, flags));
        }
        if let Some(listener) = self.listener.as_ref().filter(|_| !self.is_flooded()) {
            sources.push((Source::Listener, listener.as_fd(), PollFlags::IN));
        }
        let mut polled: Vec<PollFd<'_>> =
            sources.iter().map(|(_, fd, flags)| PollFd::from_borrowed_fd(*fd, *flags)).collect();
        let timeout = Timespec::try_from(longest).unwrap_or(Timespec { tv_sec: 60, tv_nsec: 0 });
        match rustix::event::poll(&mut polled, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
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
        let passed_on = setup("passing output on");
        let mut fits = true;
        if ready.contains(&Source::Output) {
            let step = self.output.step(&self.running.output, &mut |part| self.sink.output(part));
            fits &= step.map_err(passed_on)?;
        }
        let passed_on = setup("passing output on");
        if ready.contains(&Source::Errors) {
            let step = self.errors.step(&self.running.errors, &mut |part| self.sink.errors(part));
            fits &= step.map_err(passed_on)?;
        }
        Ok((!fits).then_some(Ended::OutputLimit))
    }

    /// Takes what is left in the pipes of a program that has ended.
    fn drain(&mut self) -> Result<Option<Ended>, SandboxError> {
        // The child's message comes before its end.
        if !self.has_started {
            self.hear()?;
        }
        let passed_on = setup("passing output on");
        let sink = &mut *self.sink;
        let output = self.output.drain(&self.running.output, &mut |part| sink.output(part));
        let errors = self.errors.drain(&self.running.errors, &mut |part| sink.errors(part));
        let fits = output.and_then(|output| Ok(output && errors?)).map_err(passed_on)?;
        Ok((!fits).then_some(Ended::OutputLimit))
    }

    /// Takes one message of the child.
    fn hear(&mut self) -> Result<(), SandboxError> {
        loop {
            match message(&self.running.status, &mut self.listener) {
                Ok(Message::Listener) if self.has_ended() => {}
                Ok(Message::Listener) => return Ok(()),
                Ok(Message::Started) => {
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
                self.denials = self.denials.saturating_add(1);
            }
        } else if is_asked.intersects(PollFlags::HUP | PollFlags::ERR) {
            self.listener = None;
        }
    }

    /// Whether it asks for what it does not get so often that answers come slowly: each costs the host more than it.
    fn is_flooded(&self) -> bool {
        self.denials >= PROMPT_DENIALS
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
}

/// What a child says.
enum Message {
    Listener,
    Failed(Step, io::Error),
    Started,
}

fn message(status: &OwnedFd, listener: &mut Option<OwnedFd>) -> io::Result<Message> {
    let mut bytes = [0; 8];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::CMSG_CLOEXEC;
    let received =
        rustix::net::recvmsg(status, &mut [IoSliceMut::new(&mut bytes)], &mut control, flags)?;
    for one in control.drain() {
        if let RecvAncillaryMessage::ScmRights(mut fds) = one {
            *listener = fds.next();
        }
    }
    match (received.bytes, bytes) {
        (0, _) => Ok(Message::Started),
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

/// So many denials are answered at once.
const PROMPT_DENIALS: u64 = 1_000;

/// From then on one is answered in this time.
const FLOOD_PAUSE: Duration = Duration::from_millis(5);
