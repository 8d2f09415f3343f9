//! From touched paths to few reports: settles, groups, tells once, merges what is too much.
//!
//! Pure: time and what was found come in as an [`Input`], what to do comes out as [`Action`]s.

mod grouping;
mod known;
mod limiter;
mod losses;
mod messages;
mod paths;
mod scopes;
mod window;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use wardkit_core::Severity;

use self::known::Known;
use self::limiter::Limiter;
use self::losses::Losses;
pub use self::messages::{Action, Assessment, Case, Input, Moment, Observation, Verdict};
use self::paths::Paths;
use self::scopes::Scopes;
use self::window::Window;
use crate::{Batch, Finding, LostReason, Report, Ruling};

/// Turns what a watch and scans find into what an operator is told.
///
/// A driver feeds it and does what it says:
///
/// - what was touched goes in, [`Action::Inspect`] comes out; the driver looks at the path, compares it with the
///   baseline and answers with [`Input::Inspected`], once for each;
/// - [`Action::Detected`] is a change at the moment that it is known, for whoever must react at once;
/// - when it has been quiet for a while, [`Action::Assess`] asks what the package databases say of all that changed;
///   the driver answers with [`Input::Assessed`]; an empty [`Assessment`] will do, and so will none after half a minute;
/// - [`Action::Report`] is what an operator is told;
/// - [`Action::Rescan`] asks for a scan, answered with [`Input::ScanFinished`] or [`Input::ScanFailed`].
///
/// The driver calls [`step`](Self::step) with [`Input::Tick`] no later than [`wake_at`](Self::wake_at).
///
/// Every change that goes in comes out in exactly one report, by itself or counted in a group: reports are merged,
/// never dropped. A state of a path is told once, until it is accepted, or the path is as before, or it changes again.
///
/// # Memory
///
/// All lists have limits. Where one is full, changes are merged to a count that names their root, which is scanned
/// again; and a state that was told may be forgotten, and told again by the next scan.
#[derive(Debug)]
pub struct Monitor {
    options: MonitorOptions,
    paths: Paths,
    scopes: Scopes,
    losses: Losses,
    known: Known,
    window: Window,
    assessing: Option<Assessing>,
    batches: u64,
    limiter: Limiter,
}

/// How a [`Monitor`] settles, groups and limits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MonitorOptions {
    /// What is watched: a scope to scan again is one of these.
    pub roots: Vec<PathBuf>,
    /// How long nothing must change before what changed is reported.
    pub quiet: Duration,
    /// How long a report waits at most, however much goes on.
    pub longest: Duration,
    /// How long a change waits at most for a package manager to finish its work.
    pub patience: Duration,
    /// How many findings of one window are reported one by one; more are grouped.
    pub most_single: usize,
    /// How many findings a group lists; more are counted.
    pub most_listed: usize,
    /// How many paths of each kind are remembered: in inspection, changed in this window, told.
    pub most_paths: usize,
    /// How many reports of one rule may come at once.
    pub burst: u32,
    /// After how long a rule may report once more.
    pub refill: Duration,
}

impl MonitorOptions {
    /// Creates the defaults: reports after 2 s of quiet or 30 s at most.
    #[must_use]
    pub fn new<P: Into<PathBuf>>(roots: impl IntoIterator<Item = P>) -> Self {
        Self {
            roots: roots.into_iter().map(Into::into).collect(),
            quiet: Duration::from_secs(2),
            longest: Duration::from_secs(30),
            patience: Duration::from_mins(2),
            most_single: 50,
            most_listed: 10_000,
            // A path with its change takes about 1 KiB.
            most_paths: 16_384,
            burst: 20,
            refill: Duration::from_secs(30),
        }
    }

    /// Sets how long it must be quiet, and how long a report waits at most.
    #[must_use]
    pub const fn with_settling(mut self, quiet: Duration, longest: Duration) -> Self {
        self.quiet = quiet;
        self.longest = longest;
        self
    }

    /// Sets how many reports of one rule may come at once, and after how long there may be one more.
    #[must_use]
    pub const fn with_rate(mut self, burst: u32, refill: Duration) -> Self {
        self.burst = burst;
        self.refill = refill;
        self
    }

    /// Sets how many paths of each kind are remembered.
    #[must_use]
    pub const fn with_most_paths(mut self, most: usize) -> Self {
        self.most_paths = most;
        self
    }
}

#[derive(Debug)]
struct Assessing {
    batch: u64,
    cases: Arc<[Case]>,
    until: Duration,
}

impl Monitor {
    /// Creates a monitor that has seen nothing.
    #[must_use]
    pub fn new(options: MonitorOptions) -> Self {
        Self {
            paths: Paths::new(options.most_paths),
            scopes: Scopes::default(),
            losses: Losses::default(),
            known: Known::new(options.most_paths.saturating_mul(KNOWN_FACTOR)),
            window: Window::default(),
            assessing: None,
            batches: 0,
            limiter: Limiter::new(options.burst, options.refill),
            options,
        }
    }

    /// Takes in what happened and returns what to do.
    #[must_use]
    pub fn step(&mut self, now: Moment, input: Input) -> Vec<Action> {
        let mut actions = Vec::new();
        match input {
            Input::Watched(batch) => self.watched(now, batch, &mut actions),
            Input::Inspected { path, observation } => {
                self.inspected(now, &path, observation, &mut actions);
            }
            Input::ScanFinished { scope, started, observations } => {
                self.scanned(now, scope, started, observations, &mut actions);
            }
            Input::ScanFailed { scope, reason } => {
                self.scopes.failed(now.uptime, &scope);
                let report = Report::ScanFailed { scope, reason, at: now.wall };
                actions.push(Action::Report(report));
            }
            Input::Assessed { batch, assessment } => {
                if self.assessing.as_ref().is_some_and(|one| one.batch == batch) {
                    self.judge(now, assessment, &mut actions);
                }
            }
            Input::BaselineCreated { entries, unreadable } => {
                let report = Report::BaselineCreated { entries, unreadable, at: now.wall };
                actions.push(Action::Report(report));
            }
            Input::Accepted { generation, paths } => {
                for path in &paths {
                    self.known.forget(path);
                }
                let count = u64::try_from(paths.len()).unwrap_or(u64::MAX);
                let report = Report::BaselineAccepted { generation, count, at: now.wall };
                actions.push(Action::Report(report));
            }
            Input::Tick => {}
        }
        self.pass(now, &mut actions);
        actions
    }

    /// Returns when [`step`](Self::step) must be called again, on the clock that never runs backwards; `None` when
    /// nothing waits.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        let window = match &self.assessing {
            Some(assessing) => Some(assessing.until),
            None => self.window.due(self.options.quiet, self.options.longest),
        };
        let losses = self.losses.due();
        [window, self.paths.due(), self.scopes.due(), losses, self.limiter.due()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Returns how many changes wait to be reported.
    #[must_use]
    pub fn waiting(&self) -> usize {
        let assessed = self.assessing.as_ref().map_or(0, |assessing| assessing.cases.len());
        self.window.len() + assessed
    }

    fn watched(&mut self, now: Moment, batch: Batch, actions: &mut Vec<Action>) {
        for lost in batch.lost {
            let root = self.root_of(&lost.scope);
            if is_news(lost.reason) && self.losses.lose(now.uptime, &root, lost.reason) {
                let report = Report::WatchLost {
                    scope: lost.scope.clone(),
                    reason: lost.reason,
                    at: now.wall,
                };
                actions.push(Action::Report(report));
            }
            self.rescan(lost.scope, actions);
        }
        for touched in batch.touched {
            match self.paths.touch(now.uptime, touched.path, touched.actor) {
                paths::Answer::Inspect(path) => actions.push(Action::Inspect(path)),
                paths::Answer::Wait => {}
                paths::Answer::Full(path) => {
                    let scope = self.root_of(&path);
                    self.rescan(scope, actions);
                }
            }
        }
    }

    fn inspected(
        &mut self,
        now: Moment,
        path: &Path,
        observation: Option<Box<Observation>>,
        actions: &mut Vec<Action>,
    ) {
        let (actors, again) = self.paths.inspected(now.uptime, path);
        // A scan may have found it first, and scans do not know who it was.
        self.window.attribute(path, &actors);
        if let Some(observation) = observation {
            if let Some(case) = self.news(now, *observation, actors) {
                actions.push(Action::Detected(Box::new(case.finding.clone())));
                self.settle(now, case, actions);
            }
        } else {
            self.known.forget(path);
            self.window.revert(path);
        }
        if again {
            actions.push(Action::Inspect(path.to_owned()));
        }
    }

    /// Adds a case to the window, or counts it where there is no room.
    fn settle(&mut self, now: Moment, case: Case, actions: &mut Vec<Action>) {
        let path = case.finding.change.path.clone();
        if self.window.has_room(&path, self.options.most_paths) {
            self.window.add(now.uptime, case);
            return;
        }
        // Not remembered as told: the scan tells it again, with all there is to know.
        self.known.forget(&path);
        let root = self.root_of(&path);
        self.window.count(now.uptime, &root, case.finding);
        self.rescan(root, actions);
    }

    fn scanned(
        &mut self,
        now: Moment,
        scope: PathBuf,
        started: Duration,
        observations: Vec<Observation>,
        actions: &mut Vec<Action>,
    ) {
        self.scopes.finished(now.uptime, &scope, started);
        let changes = u64::try_from(observations.len()).unwrap_or(u64::MAX);
        let differing = observations.iter().map(|one| one.change.path.as_path()).collect();
        self.known.keep_below(&scope, started, &differing);
        let mut news: u64 = 0;
        for observation in observations {
            if self.known.is_newer(&observation.change.path, started) {
                continue;
            }
            if let Some(case) = self.news(now, observation, Vec::new()) {
                news += 1;
                actions.push(Action::Detected(Box::new(case.finding.clone())));
                self.window.add(now.uptime, case);
            }
        }
        if news > 0 {
            actions.push(Action::Report(Report::ScanFinished { scope, changes, at: now.wall }));
        }
    }

    /// Makes a case of a change that was not told yet.
    fn news(
        &mut self,
        now: Moment,
        observation: Observation,
        actors: Vec<crate::Actor>,
    ) -> Option<Case> {
        if !self.known.learn(now.uptime, &observation.change) {
            return None;
        }
        let mut finding = Finding::new(observation.change, observation.severity, now.wall);
        finding.rule = observation.rule;
        finding.actors = actors;
        Some(Case::new(finding, observation.entry, now.uptime))
    }

    fn rescan(&mut self, scope: PathBuf, actions: &mut Vec<Action>) {
        if self.scopes.lose(&scope) {
            actions.push(Action::Rescan(scope));
        }
    }

    /// Does what is due.
    fn pass(&mut self, now: Moment, actions: &mut Vec<Action>) {
        actions.extend(self.paths.pass(now.uptime).into_iter().map(Action::Inspect));
        actions.extend(self.scopes.pass(now.uptime).into_iter().map(Action::Rescan));
        let lost = self.losses.pass(now.uptime).into_iter();
        let report = |(scope, reason)| Report::WatchLost { scope, reason, at: now.wall };
        actions.extend(lost.map(report).map(Action::Report));
        if self.assessing.as_ref().is_some_and(|assessing| assessing.until <= now.uptime) {
            self.judge(now, Assessment::default(), actions);
        }
        let due = self.window.due(self.options.quiet, self.options.longest);
        if self.assessing.is_none() && due.is_some_and(|due| due <= now.uptime) {
            self.close(now, actions);
        }
        let reports = self.limiter.pass(now.uptime);
        actions.extend(reports.into_iter().map(Action::Report));
    }

    /// Closes the window and has its cases judged.
    fn close(&mut self, now: Moment, actions: &mut Vec<Action>) {
        let (cases, counted) = self.window.close();
        self.report(now, counted.into_iter().map(Report::Group).collect(), actions);
        if cases.is_empty() {
            return;
        }
        let (batch, cases) = (self.batches, Arc::<[Case]>::from(cases));
        self.batches += 1;
        let until = now.uptime.saturating_add(ANSWER_TIME);
        self.assessing = Some(Assessing { batch, cases: Arc::clone(&cases), until });
        actions.push(Action::Assess { batch, cases });
    }

    fn judge(&mut self, now: Moment, assessment: Assessment, actions: &mut Vec<Action>) {
        let Some(assessing) = self.assessing.take() else { return };
        let verdicts = assessment.verdicts.into_iter().map(Some).chain(std::iter::repeat(None));
        let mut findings = Vec::new();
        for (case, verdict) in assessing.cases.iter().zip(verdicts) {
            let verdict = verdict.unwrap_or_default();
            let age = now.uptime.saturating_sub(case.since);
            if verdict.ruling == Ruling::Pending && age < self.options.patience {
                self.window.put_back(now.uptime, case.clone());
                continue;
            }
            let mut finding = case.finding.clone();
            finding.ruling = verdict.ruling;
            finding.package = verdict.package;
            if verdict.ruling == Ruling::Vouched {
                finding.severity = Severity::Info;
            }
            findings.push(finding);
        }
        let reports = grouping::reports(findings, &assessment.packages, &self.options);
        self.report(now, reports, actions);
    }

    fn report(&mut self, now: Moment, reports: Vec<Report>, actions: &mut Vec<Action>) {
        for report in reports {
            let report = self.limiter.admit(now.uptime, report, self.options.most_listed);
            actions.extend(report.map(Action::Report));
        }
    }

    /// Returns the innermost root that a path lies below, or else its directory.
    fn root_of(&self, path: &Path) -> PathBuf {
        let roots = self.options.roots.iter().filter(|root| path.starts_with(root));
        let innermost = roots.max_by_key(|root| root.as_os_str().len()).map(PathBuf::as_path);
        innermost.or(path.parent()).unwrap_or(path).to_owned()
    }
}

/// Tells whether a loss is one that an operator should hear of, and no part of the day's work.
const fn is_news(reason: LostReason) -> bool {
    !matches!(reason, LostReason::Started | LostReason::Polled | LostReason::Moved)
}

/// How long the driver may take for an assessment before the changes are reported without one.
const ANSWER_TIME: Duration = Duration::from_secs(30);
/// What was told is small: a path and a fingerprint.
const KNOWN_FACTOR: usize = 4;
