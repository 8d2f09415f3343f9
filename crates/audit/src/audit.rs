//! The audit: asks the engines, and makes one report of what they say.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use wardkit_core::Clock;

use crate::cache::{Cache, Page, Pages};
use crate::engine::{Engine, Project, Sink, by_engine_of, kinds};
use crate::files::{Judge, Judged};
use crate::report::SCHEMA_VERSION;
use crate::suppress::{Comment, Suppressor};
use crate::walk::Root;
use crate::{
    Changes, Check, Day, EngineKind, Error, Finding, Note, NoteKind, Outcome, Profile, Report,
    Settings, Status, Suppressed, SuppressedBy, Totals, fingerprint, import, suppress,
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
    cache: Option<Cache>,
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
            cache: None,
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

    /// Remembers what engines say of files, and asks them only about what is new.
    #[must_use]
    pub fn with_cache(mut self, cache: Cache) -> Self {
        self.cache = Some(cache);
        self
    }

    /// Audits a tree of files.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Root`] when the tree cannot be entered, and [`Error::Setting`] for a glob that is none.
    pub fn of_tree(&self, path: &Path) -> Result<Report, Error> {
        let root = Root::open(path)?;
        let excluded = self.settings.excluded()?;
        let walked = root.walk(&[String::new()], &|path| excluded.is_match(path));
        let mut work = self.work();
        work.sink.notes.extend(walked.notes);
        let pages = self.pages(path, &work);
        let seen = self.judge_files(&root, &walked.files, pages.as_ref(), &mut work);
        if let Some(pages) = pages {
            pages.keep(seen);
        }
        let facts = std::mem::take(&mut work.sink.facts);
        let project =
            Project { root: Some(&root), files: &walked.files, facts: &facts, is_part: false };
        self.judge_whole(&project, &mut work);
        self.report(work)
    }

    /// Audits some files and folders of a tree, named by their paths from its root. What only the whole tree shows is not told:
    /// that something is nowhere, or what is about another file.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Root`] when the tree cannot be entered, and [`Error::Setting`] for a glob that is none.
    pub fn of_part(&self, path: &Path, parts: &[String]) -> Result<Report, Error> {
        let root = Root::open(path)?;
        let excluded = self.settings.excluded()?;
        let walked = root.walk(parts, &|path| excluded.is_match(path));
        let mut work = Work { is_part: true, ..self.work() };
        work.sink.notes.extend(walked.notes);
        // What is known of the other files is kept for the audit of the whole.
        let pages = self.pages(path, &work);
        self.judge_files(&root, &walked.files, pages.as_ref(), &mut work);
        let facts = std::mem::take(&mut work.sink.facts);
        let project =
            Project { root: Some(&root), files: &walked.files, facts: &facts, is_part: true };
        self.judge_whole(&project, &mut work);
        let chosen: BTreeSet<&str> = walked.files.iter().map(String::as_str).collect();
        work.sink.findings.retain(|finding| {
            let is_outside = finding.path().is_empty() || finding.path().starts_with('/');
            is_outside || chosen.contains(finding.path())
        });
        self.report(work)
    }

    /// Audits what is no tree of files, such as the host.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`] for a glob that is none.
    pub fn without_tree(&self) -> Result<Report, Error> {
        let mut work = self.work();
        self.judge_whole(
            &Project { root: None, files: &[], facts: &[], is_part: false },
            &mut work,
        );
        self.report(work)
    }

    fn work(&self) -> Work {
        let is_of_engine =
            |check: &Check| self.only.as_ref().is_none_or(|only| only.contains(&check.engine));
        let is_asked = |check: &Check| {
            self.profile.includes(check) && !self.settings.disable.contains(check.id.as_ref())
        };
        let all = self.engines.iter().flat_map(|engine| engine.checks()).filter(is_of_engine);
        let all: Vec<Check> = all.collect();
        let mut catalogue: Vec<Check> = all.iter().filter(|one| is_asked(one)).cloned().collect();
        let own = |check: &Check| !self.settings.disable.contains(check.id.as_ref());
        catalogue.extend(suppress::checks().into_iter().filter(own));
        for check in &mut catalogue {
            if let Some(severity) = self.settings.severity.get(check.id.as_ref()) {
                check.severity = *severity;
            }
        }
        catalogue.sort_by(|a, b| a.id.cmp(&b.id));
        let mut selected: BTreeSet<String> =
            catalogue.iter().map(|check| check.id.to_string()).collect();
        let by_engine = all.iter().filter(|check| selected.contains(check.id.as_ref()));
        let by_engine: Vec<String> =
            by_engine.map(|check| by_engine_of(&check.id, check.engine)).collect();
        selected.extend(by_engine);
        // Two engines may look for the same in different files or ways: it is one check.
        catalogue.dedup_by(|a, b| a.id == b.id);
        let sink = Sink::new(Arc::new(selected));
        Work { catalogue, sink, comments: Vec::new(), files: 0, is_part: false }
    }

    /// Reads what was said before of the files of a tree, for the same checks and engines.
    fn pages(&self, root: &Path, work: &Work) -> Option<Pages> {
        let cache = self.cache.as_ref()?;
        let versions: Vec<String> =
            self.engines.iter().map(|engine| engine.version().unwrap_or_default()).collect();
        let selected = work.sink.selected();
        let rules = versions.iter().chain(selected.iter()).map(String::as_str);
        cache.of_tree(root, rules)
    }

    /// Returns what is to be remembered of the files.
    fn judge_files(
        &self,
        root: &Root,
        paths: &[String],
        pages: Option<&Pages>,
        work: &mut Work,
    ) -> Vec<(String, Option<Page>)> {
        let judge =
            Judge { root, clock: self.clock, engines: &self.engines, pages, blank: &work.sink };
        let mut seen = Vec::new();
        for Judged { sink, comments, page } in judge.files(paths) {
            work.sink.merge(sink);
            work.files += usize::from(comments.is_some());
            work.comments.extend(comments.into_iter().flatten());
            seen.extend(page);
        }
        seen
    }

    fn judge_whole(&self, project: &Project<'_>, work: &mut Work) {
        for engine in &self.engines {
            engine.whole(project, &mut work.sink);
        }
    }

    fn report(&self, work: Work) -> Result<Report, Error> {
        let Work { catalogue, sink, comments, files, is_part } = work;
        let mut findings = sink.findings;
        if let Some(only) = &self.only {
            findings.retain(|finding| only.contains(&finding.engine));
        }
        for finding in &mut findings {
            if let Some(severity) = self.settings.severity.get(&finding.id) {
                finding.severity = *severity;
            }
        }
        let today = Day::of(self.clock.now());
        let mut suppressed = Vec::new();
        let mut suppressor = Suppressor::new(comments, &self.settings.allow, today)?;
        sort_and_mark(&mut findings);
        import::merge_doubles(&mut findings);
        let mut told = suppressor.apply(findings, &mut suppressed);
        let ran: BTreeSet<&str> = catalogue.iter().map(|check| check.id.as_ref()).collect();
        let mut own = suppressor.findings(&|id| ran.contains(id));
        // An exception of the settings may be for a file that was not looked at.
        let is_open = |finding: &Finding| is_part && finding.path() == Settings::FILE;
        own.retain(|finding| ran.contains(finding.id.as_str()) && !is_open(finding));
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
    is_part: bool,
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
            let is_of_files =
                !matches!(check.engine, EngineKind::Host | EngineKind::Live | EngineKind::Audit);
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
