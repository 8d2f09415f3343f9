//! One service's output, from its FIFO into its log.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use wardkit_core::{Clock, Event, Labels, Severity};
use wardkit_logs::writer::{Limits, Peek, Writer, Written, discard};

use super::patterns::Wanted;
use super::{Begin, Shared};
use crate::part::Inputs;
use crate::start::chain;

/// The output of one service.
pub(super) struct Source {
    service: Arc<str>,
    generation: u64,
    pub(super) fifo: OwnedFd,
    /// How much at the front of the FIFO earlier runs have written.
    earlier: u64,
    /// How much at the front was looked through.
    looked: usize,
    /// How much lay in the FIFO when it was found full; whoever wrote to it may have had to wait.
    stalled: Option<u64>,
    wanted: Wanted,
    path: PathBuf,
    limits: Limits,
    /// `None` until there is something to write, and while the log cannot be opened.
    writer: Option<Writer>,
    trouble: Option<Trouble>,
    ticked: Duration,
}

/// The log cannot be written.
struct Trouble {
    retry_at: Duration,
    /// What was given up while the log could not even be opened.
    lost: u64,
    reason: String,
}

/// What all sources need.
pub(super) struct Context {
    pub(super) shared: Arc<Shared>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) inputs: Inputs,
}

/// What is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// Whole lines.
    Lines,
    /// Also the beginning of a line that nobody will end.
    Everything,
}

/// How far a source was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Taken {
    /// There is more to take at once.
    pub(super) is_more: bool,
    /// The log was put aside.
    pub(super) rotated: bool,
}

impl Source {
    pub(super) fn new(service: Arc<str>, path: PathBuf, begin: Begin) -> Self {
        Self {
            service,
            generation: begin.generation,
            earlier: if begin.is_new { begin.backlog } else { 0 },
            looked: 0,
            stalled: begin.was_full.then_some(begin.backlog),
            wanted: Wanted::of(&begin.spec),
            fifo: begin.fifo,
            path,
            limits: begin.limits,
            writer: None,
            trouble: None,
            ticked: Duration::ZERO,
        }
    }

    /// Goes on with another run.
    pub(super) fn begin(&mut self, begin: Begin, context: &Context) {
        let limits = begin.limits.clone();
        let is_clean = begin.is_new && begin.backlog == 0;
        let next = Self::new(Arc::clone(&self.service), std::mem::take(&mut self.path), begin);
        let before = std::mem::replace(self, next);
        (self.writer, self.trouble) = (before.writer, before.trouble);
        (self.ticked, self.limits) = (before.ticked, before.limits);
        if is_clean {
            self.end_line(context);
        }
        self.limit(limits);
    }

    /// Has other limits hold from now on.
    pub(super) fn limit(&mut self, limits: Limits) {
        if self.limits != limits {
            self.limits = limits;
            // Opened anew with what comes next.
            self.writer = None;
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn compresses(&self) -> bool {
        self.limits.compress
    }

    /// Takes as much as a FIFO holds, so that others get their turn.
    pub(super) fn take(&mut self, peek: &mut Peek, context: &Context) -> Taken {
        let mut taken = Taken { is_more: false, rotated: self.tick(context) };
        for _ in 0..AT_A_TIME {
            match self.take_once(What::Lines, peek, context) {
                Some(rotated) => taken.rotated |= rotated,
                None => return taken,
            }
        }
        taken.is_more = true;
        taken
    }

    /// Takes everything and ends the last line: nothing more comes from this run.
    pub(super) fn finish(&mut self, peek: &mut Peek, context: &Context) -> Taken {
        let mut taken = self.take(peek, context);
        taken.rotated |= self.take_once(What::Everything, peek, context) == Some(true);
        self.end_line(context);
        taken
    }

    /// Does what is due, and tells what has not been told; returns whether the log was put aside.
    pub(super) fn tick(&mut self, context: &Context) -> bool {
        self.wanted.tell((&self.service, self.generation), &context.inputs);
        let now = context.clock.uptime();
        let Some(writer) = &mut self.writer else { return false };
        let is_due = writer.due(&*context.clock).is_some_and(|due| due.is_zero());
        if !is_due && now.saturating_sub(self.ticked) < TICK {
            return false;
        }
        self.ticked = now;
        let result = writer.tick(&*context.clock);
        result.unwrap_or_else(|error| {
            self.fail(error.to_string(), context);
            false
        })
    }

    /// Returns in how much time something is due although nothing was written.
    pub(super) fn due(&self, context: &Context) -> Option<Duration> {
        let now = context.clock.uptime();
        let retry = self.trouble.as_ref().map(|trouble| trouble.retry_at.saturating_sub(now));
        let tick = self.writer.as_ref().and_then(|writer| writer.due(&*context.clock));
        let tick = tick.map(|due| due.max(retry.unwrap_or_default()));
        let owed = self.wanted.is_owed().then_some(OWED);
        [retry, tick, owed].into_iter().flatten().min()
    }

    /// Takes what is at the front of the FIFO, and returns whether the log was put aside for it; `None` when there is
    /// nothing to take now.
    fn take_once(&mut self, what: What, peek: &mut Peek, context: &Context) -> Option<bool> {
        // A FIFO that cannot be looked into is opened anew with the next run.
        let seen = peek.look(&self.fifo).ok()?;
        let earlier = usize::try_from(self.earlier).unwrap_or(usize::MAX);
        let seen = if earlier > 0 { &seen[..seen.len().min(earlier)] } else { seen };
        let end = match seen.iter().rposition(|byte| *byte == b'\n') {
            Some(place) => place + 1,
            // Nobody will end it, or it is too long, or whoever writes it waits for room.
            None if what == What::Everything
                || earlier > 0
                || seen.len() >= self.limits.max_line
                || self.is_full() =>
            {
                seen.len()
            }
            None => return None,
        };
        let lines = &seen[..end];
        if lines.is_empty() {
            return None;
        }
        self.look_through(lines, context);
        let is_resting =
            self.trouble.as_ref().is_some_and(|trouble| context.clock.uptime() < trouble.retry_at);
        let result = if is_resting { Err(None) } else { self.write(lines, context).map_err(Some) };
        match result {
            Ok(written) => {
                self.passed(written.taken, context);
                let counts = &context.shared.counts;
                counts.bytes.fetch_add(written.taken as u64, Ordering::Relaxed);
                counts.left_out.fetch_add(written.left_out, Ordering::Relaxed);
                Some(written.rotated)
            }
            Err(reason) => {
                if let Some(reason) = reason {
                    self.fail(reason, context);
                }
                // It waits in the FIFO as long as there is room.
                if self.is_full() { self.give_up(lines, context) } else { None }
            }
        }
    }

    /// Tells whether whoever writes must wait; what cannot be asked is not to keep anybody waiting.
    fn is_full(&self) -> bool {
        Peek::is_full(&self.fifo).unwrap_or(true)
    }

    /// Finds what probes wait for in what was not looked through yet.
    fn look_through(&mut self, lines: &[u8], context: &Context) {
        let news = lines.get(self.looked..).unwrap_or_default();
        if self.earlier == 0 && !news.is_empty() {
            let run = (&self.service, self.generation);
            self.wanted.look(news, context.clock.uptime(), run, &context.inputs);
        }
        self.looked = self.looked.max(lines.len());
    }

    fn write(&mut self, lines: &[u8], context: &Context) -> Result<Written, String> {
        let clock = &*context.clock;
        if self.writer.is_none() {
            let opened = Writer::open(&self.path, self.limits.clone(), clock);
            let mut opened = opened.map_err(|error| chain(&error))?;
            if let Some(Trouble { lost, reason, .. }) = &self.trouble
                && *lost > 0
            {
                let text = format!("{lost} bytes are left out here: {reason}");
                opened.note(&text).map_err(|error| error.to_string())?;
            }
            self.writer = Some(opened);
        }
        let Some(writer) = &mut self.writer else { return Ok(Written::default()) };
        let mut write = || {
            if self.stalled == Some(0) {
                writer.note(STALLED)?;
                self.stalled = None;
            }
            writer.take_part_from(clock, &self.fifo, lines)
        };
        let written = write().map_err(|error| error.to_string())?;
        if self.trouble.take().is_some() {
            self.tell("supervise.log_recovered", Severity::Notice, "is written again", context);
        }
        Ok(written)
    }

    /// Leaves lines out that cannot be written, so that the service need not wait.
    fn give_up(&mut self, lines: &[u8], context: &Context) -> Option<bool> {
        let reason = self.trouble.as_ref().map(|trouble| trouble.reason.clone())?;
        let left_out = if let Some(writer) = &mut self.writer {
            writer.skip_from(&self.fifo, lines, &reason).ok()?
        } else {
            discard(&self.fifo, lines.len()).ok()?;
            if let Some(trouble) = &mut self.trouble {
                trouble.lost += lines.len() as u64;
            }
            lines.split_inclusive(|byte| *byte == b'\n').count() as u64
        };
        context.shared.counts.left_out.fetch_add(left_out, Ordering::Relaxed);
        self.passed(lines.len(), context);
        Some(false)
    }

    /// Takes note that so much has left the FIFO.
    fn passed(&mut self, count: usize, context: &Context) {
        self.looked = self.looked.saturating_sub(count);
        let was_earlier = self.earlier > 0;
        self.earlier = self.earlier.saturating_sub(count as u64);
        if let Some(stalled) = &mut self.stalled {
            *stalled = stalled.saturating_sub(count as u64);
        }
        if was_earlier && self.earlier == 0 {
            self.end_line(context);
        }
    }

    /// Ends the last line of a run that has ended, and says what of it is missing.
    fn end_line(&mut self, context: &Context) {
        if let Some(Err(error)) = self.writer.as_mut().map(Writer::end) {
            self.fail(error.to_string(), context);
        }
    }

    /// Leaves a log alone for a while that cannot be written, and tells so once.
    fn fail(&mut self, reason: String, context: &Context) {
        context.shared.counts.failures.fetch_add(1, Ordering::Relaxed);
        let retry_at = context.clock.uptime() + PAUSE;
        if let Some(trouble) = &mut self.trouble {
            (trouble.retry_at, trouble.reason) = (retry_at, reason);
        } else {
            let message = format!("cannot be written: {reason}; the service runs on");
            self.tell("supervise.log_failed", Severity::Error, &message, context);
            self.trouble = Some(Trouble { retry_at, lost: 0, reason });
        }
    }

    fn tell(&self, kind: &'static str, severity: Severity, what: &str, context: &Context) {
        let message = format!("the log {} {what}", self.path.display());
        let event = Event::new(context.clock.now(), kind, severity, "supervise")
            .with_subject(&*self.service)
            .with_message(message);
        let event = match Labels::from_pairs([("service", &*self.service)]) {
            Ok(labels) => event.with_labels(labels),
            Err(_) => event,
        };
        context.inputs.publish(event);
    }
}

/// As many looks as a FIFO of a mebibyte takes, and one more.
const AT_A_TIME: usize = 17;
/// How often it is looked whether somebody has taken the log away, while it is written.
const TICK: Duration = Duration::from_secs(1);
/// How soon it is tried again to tell what could not be told for want of room.
const OWED: Duration = Duration::from_millis(50);
/// How long a log that cannot be written is left alone.
const PAUSE: Duration = Duration::from_secs(1);
/// What a log says where its service may have had to wait.
const STALLED: &str = "nobody took this output for a while: up to here it had filled its pipe, and its writer may have \
                       waited or left lines out";
