//! Watching a host: what a watch, scans, a baseline and a policy come to together.

use std::collections::VecDeque;
use std::fmt;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use wardkit_core::Clock;

use crate::selection::is_below_any;
use crate::{
    Action, Assessment, Baseline, Cancel, Case, Change, ChangeSource, Comparison, Entry, Error,
    Fields, Finding, Input, Known as _, Ledger, Moment, Monitor, MonitorOptions, Observation,
    Outside, Pace, Policy, Report, Reuse, ScanOptions, diff,
};

/// Watches what a baseline describes and says what becomes other, until somebody accepts it.
///
/// It has no thread of its own: call [`turn`](Self::turn) in a loop. Each turn waits for changes, looks at what was
/// touched, scans what is due, and returns what there is to tell.
pub struct Sentry {
    baseline: Arc<Baseline>,
    policy: Arc<Policy>,
    source: Box<dyn ChangeSource>,
    monitor: Monitor,
    ledger: Ledger,
    options: SentryOptions,
    clock: Arc<dyn Clock>,
    /// When the next scan of everything is due, and which part of the files it reads whatever they look like.
    next_scan: Duration,
    part: u32,
    /// How many parts were read since this time, one after the other.
    read: u32,
    read_since: Duration,
    queue: VecDeque<Action>,
}

/// How a [`Sentry`] works.
#[derive(Clone)]
#[non_exhaustive]
pub struct SentryOptions {
    /// What is watched; unless set, the roots of the baseline.
    pub roots: Vec<PathBuf>,
    /// What is left out whatever the policy says: where baselines and trail are kept.
    pub exclude: Vec<PathBuf>,
    /// How often everything is looked at.
    pub scan_every: Duration,
    /// Within how much time every file is read, whatever it looks like.
    pub full_every: Duration,
    /// How many threads scan.
    pub threads: NonZeroUsize,
    /// How many bytes a second scans read at most, and how they wait.
    pub byte_rate: Option<(u64, Arc<dyn Pace + Send>)>,
    /// Ends scans early.
    pub cancel: Cancel,
    /// How reports settle, and how many there may be.
    pub monitor: MonitorOptions,
}

impl SentryOptions {
    /// Creates the defaults: a scan an hour, every file read once a day, one thread.
    #[must_use]
    pub fn new<P: Into<PathBuf>>(roots: impl IntoIterator<Item = P>) -> Self {
        let roots: Vec<PathBuf> = roots.into_iter().map(Into::into).collect();
        Self {
            monitor: MonitorOptions::new(roots.iter().cloned()),
            roots,
            exclude: Vec::new(),
            scan_every: Duration::from_hours(1),
            full_every: Duration::from_hours(24),
            threads: NonZeroUsize::MIN,
            byte_rate: None,
            cancel: Cancel::new(),
        }
    }
}

impl fmt::Debug for SentryOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SentryOptions")
            .field("roots", &self.roots)
            .field("exclude", &self.exclude)
            .field("scan_every", &self.scan_every)
            .field("full_every", &self.full_every)
            .finish_non_exhaustive()
    }
}

/// What a [`Sentry`] tells.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// A change at the moment that it is known; nobody has judged it yet, and a report of it follows.
    Detected(Box<Finding>),
    /// What an operator is told.
    Report(Report),
    /// A package database could not be read: it vouches for nothing until it can.
    Untrusted(String),
}

impl Sentry {
    /// Puts everything together. What changed before is found by the first turns: the source says that it has just
    /// started.
    #[must_use]
    pub fn new(
        baseline: Arc<Baseline>,
        policy: Arc<Policy>,
        source: Box<dyn ChangeSource>,
        options: SentryOptions,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            monitor: Monitor::new(options.monitor.clone()),
            ledger: Ledger::new(Vec::new(), baseline.algorithm()),
            next_scan: clock.uptime().saturating_add(options.scan_every),
            // Whoever starts it anew each night would else have the same parts read each day.
            part: u32::try_from(clock.now().as_unix_seconds() % PARTS).unwrap_or(0),
            read: 0,
            read_since: clock.uptime(),
            queue: VecDeque::new(),
            baseline,
            policy,
            source,
            options,
            clock,
        }
    }

    /// Has package databases explain what changes. What they say counts from the baseline's scan on.
    ///
    /// # Errors
    ///
    /// When a database cannot be read; the others count nevertheless.
    pub fn trust(&mut self, mut ledger: Ledger) -> Result<(), Error> {
        let begun = ledger.begin(Some(self.baseline.scan_started()));
        self.ledger = ledger;
        begun
    }

    /// Says that a first baseline was made: nothing of what it holds is news.
    pub fn created(&mut self, unreadable: u64) -> Vec<Notice> {
        let entries = self.baseline.len();
        self.feed(Input::BaselineCreated { entries, unreadable });
        self.work()
    }

    /// Goes on with a later baseline. What was accepted is told no more, and what differs from it anew.
    pub fn rebase(&mut self, baseline: Arc<Baseline>) -> Vec<Notice> {
        let changes = diff(self.baseline.entries(), baseline.entries(), |_, _| Fields::ALL);
        let paths = changes.map(|change| change.path).collect();
        let generation = baseline.generation();
        self.baseline = baseline;
        // What was accepted may have changed again since it was looked at.
        self.next_scan = self.clock.uptime();
        self.feed(Input::Accepted { generation, paths });
        self.work()
    }

    /// Waits for changes, at most so long, does what is due, and returns what there is to tell.
    ///
    /// # Errors
    ///
    /// When the watch fails for good. What it might have told since is then unknown: start again with another.
    pub fn turn(&mut self, wait: Duration) -> Result<Vec<Notice>, Error> {
        let now = self.clock.uptime();
        let due = self.monitor.wake_at().map_or(self.next_scan, |wake| wake.min(self.next_scan));
        let batch = self.source.next(wait.min(due.saturating_sub(now)))?;
        if !batch.is_empty() {
            self.feed(Input::Watched(batch));
        }
        let mut notices = self.work();
        if self.clock.uptime() >= self.next_scan {
            self.next_scan = self.clock.uptime().saturating_add(self.options.scan_every);
            self.scan_all();
        }
        self.feed(Input::Tick);
        notices.append(&mut self.work());
        Ok(notices)
    }

    /// Returns the baseline in force.
    #[must_use]
    pub const fn baseline(&self) -> &Arc<Baseline> {
        &self.baseline
    }

    fn feed(&mut self, input: Input) {
        let now = Moment::of(&*self.clock);
        self.queue.extend(self.monitor.step(now, input));
    }

    /// Does what the monitor asks for until it asks for nothing more.
    fn work(&mut self) -> Vec<Notice> {
        let mut notices = Vec::new();
        while let Some(action) = self.queue.pop_front() {
            match action {
                Action::Inspect(path) => {
                    let observation = self.inspect(&path).map(Box::new);
                    self.feed(Input::Inspected { path, observation });
                }
                Action::Rescan(scope) => {
                    self.scan(scope, Reuse::Unchanged);
                }
                Action::Detected(finding) => notices.push(Notice::Detected(finding)),
                Action::Report(report) => notices.push(Notice::Report(report)),
                Action::Assess { batch, cases } => {
                    let assessment = self.assess(&cases, &mut notices);
                    self.feed(Input::Assessed { batch, assessment });
                }
            }
        }
        notices
    }

    /// Looks at a path and compares it.
    fn inspect(&self, path: &Path) -> Option<Observation> {
        if !is_below_any(path, &self.options.roots) {
            return None;
        }
        let (change, entry) = self.comparison().inspect(path)?;
        Some(self.observation(change, entry))
    }

    /// Scans everything, and reads this time's part of the files; all of them where scans took so long, or failed, that
    /// their parts are not all read in time.
    fn scan_all(&mut self) {
        let (full, every) = (self.options.full_every, self.options.scan_every);
        let of = full.as_millis() / every.as_millis().max(1);
        let of = u32::try_from(of).unwrap_or(u32::MAX).max(1);
        let now = self.clock.uptime();
        let is_late = now.saturating_sub(self.read_since) > full.saturating_add(every);
        let part = self.part % of;
        let reuse = if is_late { Reuse::Nothing } else { Reuse::UnchangedExcept { part, of } };
        self.part = (part + 1) % of;
        let mut is_done = true;
        for root in self.options.roots.clone() {
            is_done &= self.scan(root, reuse);
        }
        self.read = if is_done { self.read.saturating_add(1) } else { 0 };
        if is_done && is_late || self.read >= of {
            (self.read, self.read_since) = (0, now);
        }
    }

    /// Scans, and tells whether that could be done.
    fn scan(&mut self, scope: PathBuf, reuse: Reuse) -> bool {
        let started = self.clock.uptime();
        let found = self.compare(&scope, reuse);
        let is_done = found.is_ok();
        self.feed(match found {
            Ok(observations) => Input::ScanFinished { scope, started, observations },
            // Whoever ended it wants to hear no more of it.
            Err(_) if self.options.cancel.is_cancelled() => return false,
            Err(error) => Input::ScanFailed { scope, reason: error.to_string() },
        });
        is_done
    }

    fn compare(&self, scope: &Path, reuse: Reuse) -> Result<Vec<Observation>, Error> {
        let selection = Outside::new(&*self.policy, &self.options.exclude);
        let mut scan = ScanOptions::new([scope])
            .with_bases(&self.options.roots)
            .with_algorithm(self.baseline.algorithm())
            .with_selection(&selection)
            .with_known(&*self.baseline, reuse)
            .with_threads(self.options.threads)
            .with_clock(&*self.clock)
            .with_cancel(&self.options.cancel);
        if let Some((rate, pace)) = &self.options.byte_rate {
            scan = scan.with_byte_rate(*rate, &**pace);
        }
        let now = scan.run()?;
        let found = self.comparison().of_snapshot(&now);
        let observation = |change: Change| {
            let entry = now.entry(&change.path);
            self.observation(change, entry)
        };
        Ok(found.changes.into_iter().map(observation).collect())
    }

    fn observation(&self, change: Change, entry: Option<Entry>) -> Observation {
        let rule = self.policy.rule(&change.path);
        let (name, severity) = (rule.name().to_owned(), rule.severity());
        Observation::new(change, entry).with_rule(name, severity)
    }

    fn assess(&mut self, cases: &[Case], notices: &mut Vec<Notice>) -> Assessment {
        let (assessment, errors) = self.ledger.assess(self.clock.uptime(), cases);
        notices.extend(errors.iter().map(|error| Notice::Untrusted(error.to_string())));
        assessment
    }

    fn comparison(&self) -> Comparison<'_> {
        Comparison::new(&self.baseline, &self.policy).with_exclude(&self.options.exclude[..])
    }
}

impl fmt::Debug for Sentry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sentry")
            .field("baseline", &self.baseline)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// More than there are parts, as a rule.
const PARTS: i64 = 1 << 31;
