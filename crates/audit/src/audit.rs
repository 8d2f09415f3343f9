//! The audit: asks the engines, and makes one report of what they say.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rayon::prelude::*;
use wardkit_core::Clock;

use crate::engine::{Budget, Engine, Project, Sink, SourceFile, kinds};
use crate::report::SCHEMA_VERSION;
use crate::suppress::{Comment, Suppressor};
use crate::walk::Root;
use crate::{
    Changes, Check, Day, EngineKind, Error, Finding, Note, NoteKind, Outcome, Profile, Report,
    Settings, Status, Suppressed, SuppressedBy, Totals, fingerprint, suppress,
};

/// An audit: what is looked for, and by whom.
///
/// ```
/// use wardkit_audit::{Audit, Profile};
/// use wardkit_core::SystemClock;
///
/// let clock = SystemClock;
/// let report = Audit::new(&clock).with_profile(Profile::Full).without_tree()?;
/// assert!(report.findings.is_empty());
/// # Ok::<(), wardkit_audit::Error>(())
/// ```
pub struct Audit<'a> {
    clock: &'a dyn Clock,
    engines: Vec<Box<dyn Engine + 'a>>,
    settings: Settings,
    profile: Profile,
    only: Option<BTreeSet<EngineKind>>,
    changes: Option<Changes>,
}

impl<'a> Audit<'a> {
    /// Creates an audit without engines.
    #[must_use]
    pub fn new(clock: &'a dyn Clock) -> Self {
        Self {
            clock,
            engines: Vec::new(),
            settings: Settings::default(),
            profile: Profile::default(),
            only: None,
            changes: None,
        }
    }

    /// Returns the audit's own checks: of suppressions. They are always made.
    #[must_use]
    pub fn catalogue() -> Vec<Check> {
        suppress::checks()
    }

    /// Adds an engine.
    #[must_use]
    pub fn with_engine(mut self, engine: impl Engine + 'a) -> Self {
        self.engines.push(Box::new(engine));
        self
    }

    /// Takes over what the project says of its audit.
    #[must_use]
    pub fn with_settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Chooses the checks.
    #[must_use]
    pub fn with_profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// Chooses among the engines.
    #[must_use]
    pub fn only_engines(mut self, kinds: impl IntoIterator<Item = EngineKind>) -> Self {
        self.only = Some(kinds.into_iter().collect());
        self
    }

    /// Tells only what is on lines that changed.
    #[must_use]
    pub fn only_changes(mut self, changes: Changes) -> Self {
        self.changes = Some(changes);
        self
    }

    /// Audits a tree of files.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Root`] when the tree cannot be entered, and [`Error::Setting`] for a glob that is none.
    pub fn of_tree(&self, root: &Path) -> Result<Report, Error> {
        let root = Root::open(root)?;
        let excluded = self.settings.excluded()?;
        let walked = root.walk(&|path| excluded.is_match(path));
        let mut work = self.work();
        work.sink.notes.extend(walked.notes);
        self.judge_files(&root, &walked.files, &mut work);
        let project = Project { root: Some(&root), files: &walked.files };
        self.judge_whole(&project, &mut work);
        self.report(work)
    }

    /// Audits what is no tree of files, such as the host.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`] for a glob that is none.
    pub fn without_tree(&self) -> Result<Report, Error> {
        let mut work = self.work();
        self.judge_whole(&Project { root: None, files: &[] }, &mut work);
        self.report(work)
    }

    fn work(&self) -> Work {
        let is_asked = |check: &Check| {
            self.only.as_ref().is_none_or(|only| only.contains(&check.engine))
                && self.profile.includes(check)
                && !self.settings.disable.contains(check.id.as_ref())
        };
        let mut catalogue: Vec<Check> =
            self.engines.iter().flat_map(|engine| engine.checks()).filter(is_asked).collect();
        let own = |check: &Check| !self.settings.disable.contains(check.id.as_ref());
        catalogue.extend(suppress::checks().into_iter().filter(own));
        for check in &mut catalogue {
            if let Some(severity) = self.settings.severity.get(check.id.as_ref()) {
                check.severity = *severity;
            }
        }
        catalogue.sort_by(|a, b| a.id.cmp(&b.id));
        let selected = catalogue.iter().map(|check| check.id.to_string()).collect();
        let sink = Sink::new(Arc::new(selected));
        Work { catalogue, sink, comments: Vec::new(), files: 0 }
    }

    fn judge_files(&self, root: &Root, paths: &[String], work: &mut Work) {
        let blank = || Sink::new(work.sink.selected());
        let judged: Vec<(Sink, Option<Vec<Comment>>)> =
            paths.par_iter().map(|path| self.judge_file(root, path, blank())).collect();
        for (sink, comments) in judged {
            work.sink.merge(sink);
            work.files += usize::from(comments.is_some());
            work.comments.extend(comments.into_iter().flatten());
        }
    }

    /// Judges one file, when somebody wants it.
    fn judge_file(&self, root: &Root, path: &str, mut sink: Sink) -> (Sink, Option<Vec<Comment>>) {
        let wanting: Vec<_> = self.engines.iter().filter(|engine| engine.wants(path)).collect();
        if wanting.is_empty() {
            return (sink, None);
        }
        let content = match root.read(Path::new(path)) {
            Ok(content) => content.into_text(),
            Err(error) => {
                sink.note(Note::new(NoteKind::Unread, path, error.to_string()));
                return (sink, None);
            }
        };
        let text = match content {
            Ok(text) => text,
            Err(reason) => {
                sink.note(Note::new(NoteKind::Skipped, path, reason));
                return (sink, None);
            }
        };
        let budget = Budget::new(self.clock, PER_FILE);
        let starts = OnceLock::new();
        for engine in wanting {
            engine.file(&SourceFile { path, text: &text, budget, starts: &starts }, &mut sink);
        }
        if budget.is_spent() {
            let message = format!("took longer than {} seconds", PER_FILE.as_secs());
            sink.note(Note::new(NoteKind::Unread, path, message));
        }
        (sink, Some(suppress::in_file(path, &text)))
    }

    fn judge_whole(&self, project: &Project<'_>, work: &mut Work) {
        for engine in &self.engines {
            engine.whole(project, &mut work.sink);
        }
    }

    fn report(&self, work: Work) -> Result<Report, Error> {
        let Work { catalogue, sink, comments, files } = work;
        let mut findings = sink.findings;
        for finding in &mut findings {
            if let Some(severity) = self.settings.severity.get(&finding.id) {
                finding.severity = *severity;
            }
        }
        let today = Day::of(self.clock.now());
        let mut suppressed = Vec::new();
        let mut suppressor = Suppressor::new(comments, &self.settings.allow, today)?;
        sort_and_mark(&mut findings);
        let mut told = suppressor.apply(findings, &mut suppressed);
        let ran: BTreeSet<&str> = catalogue.iter().map(|check| check.id.as_ref()).collect();
        let mut own = suppressor.findings(&|id| ran.contains(id));
        own.retain(|finding| ran.contains(finding.id.as_str()));
        sort_and_mark(&mut own);
        told.extend(own);
        let told = self.changed(told, &mut suppressed);
        let mut report = Report {
            schema_version: SCHEMA_VERSION,
            engines: kinds(&catalogue),
            totals: Totals { files, ..Totals::default() },
            checks: outcomes(&catalogue, sink.outcomes, &told, &sink.notes),
            findings: told,
            suppressed,
            notes: sink.notes,
            catalogue,
        };
        report.settle();
        Ok(report)
    }

    fn changed(&self, told: Vec<Finding>, suppressed: &mut Vec<Suppressed>) -> Vec<Finding> {
        let Some(changes) = &self.changes else { return told };
        let (told, before): (Vec<_>, Vec<_>) =
            told.into_iter().partition(|finding| changes.touch(finding));
        suppressed.extend(before.into_iter().map(|finding| Suppressed {
            finding,
            by: SuppressedBy::Unchanged,
            reason: "on no line that changed".to_owned(),
        }));
        told
    }
}

impl std::fmt::Debug for Audit<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Audit")
            .field("engines", &self.engines.len())
            .field("profile", &self.profile)
            .finish_non_exhaustive()
    }
}

/// What there is while an audit goes on.
struct Work {
    catalogue: Vec<Check>,
    sink: Sink,
    comments: Vec<Comment>,
    files: usize,
}

/// Fingerprints count equal findings in the order of their places.
fn sort_and_mark(findings: &mut [Finding]) {
    findings.sort_by(|a, b| (&a.id, &a.files, &a.current).cmp(&(&b.id, &b.files, &b.current)));
    fingerprint::assign(findings);
}

/// Returns how each check ended: as its engine said, else as its findings say. Where files could not be read, a check of
/// files that found nothing has not passed.
fn outcomes(
    catalogue: &[Check],
    said: Vec<Outcome>,
    findings: &[Finding],
    notes: &[Note],
) -> Vec<Outcome> {
    let has_gaps = notes.iter().any(|note| note.kind == NoteKind::Unread);
    let mut said: BTreeMap<String, Outcome> =
        said.into_iter().map(|outcome| (outcome.id.clone(), outcome)).collect();
    let mut worst: BTreeMap<&str, Status> = BTreeMap::new();
    for finding in findings {
        let status = worst.entry(&finding.id).or_insert(finding.status);
        *status = finding.status.max(*status);
    }
    let ended = |check: &Check| {
        let by_findings = worst.get(check.id.as_ref()).copied();
        let mut outcome = said.remove(check.id.as_ref()).unwrap_or_else(|| {
            let is_of_files = !matches!(check.engine, EngineKind::Host | EngineKind::Audit);
            let default = if is_of_files && has_gaps { Status::Unknown } else { Status::Pass };
            Outcome::new(check.id.as_ref(), default, Vec::new())
        });
        match by_findings {
            Some(status) => outcome.status = outcome.status.max(status),
            // All that it found is not to be told.
            None if outcome.status == Status::Fail => outcome.status = Status::Pass,
            None => {}
        }
        outcome
    };
    catalogue.iter().map(ended).collect()
}

/// No file that a person wrote takes a hundredth of it.
const PER_FILE: Duration = Duration::from_secs(2);
