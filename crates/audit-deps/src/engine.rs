//! The engine: reads what a tree says of dependencies, and judges it.

use std::time::Duration;

use wardkit_audit::{Check, Engine, Note, NoteKind, Project, Sink, Status};
use wardkit_core::Timestamp;

use crate::{Database, Ecosystem, Inventory, Newest, Vex, checks, judge, lock};

/// Judges the dependencies of a tree.
///
/// Without a [`Database`] nothing is known of vulnerabilities: those checks end as unknown and never pass.
///
/// ```
/// use wardkit_audit::{Audit, Status};
/// use wardkit_audit_deps::DepsEngine;
/// use wardkit_core::{Clock as _, SystemClock};
///
/// # let tree = tempfile::tempdir()?;
/// std::fs::write(tree.path().join("requirements.txt"), "aiogramm==3.4.1\n")?;
/// let clock = SystemClock;
/// let report = Audit::new(&clock).with_engine(DepsEngine::new(clock.now())).of_tree(tree.path())?;
/// assert!(report.findings.iter().any(|one| one.id == "dep-typosquat"));
/// assert!(report.checks.iter().any(|one| one.id == "dep-vuln" && one.status == Status::Unknown));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct DepsEngine {
    pub(crate) now: Timestamp,
    pub(crate) database: Option<Database>,
    /// Why there is no database, in words.
    pub(crate) missing: String,
    pub(crate) stale_after: Duration,
    pub(crate) newest: Option<Newest>,
    pub(crate) vex: Vex,
    judges_tests: bool,
}

impl DepsEngine {
    /// Creates an engine that has no advisories. It compares their day with `now`.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self {
            now,
            database: None,
            missing: "no advisories were imported".to_owned(),
            stale_after: WEEK,
            newest: None,
            vex: Vex::default(),
            judges_tests: false,
        }
    }

    /// Returns the checks.
    #[must_use]
    pub fn catalogue() -> Vec<Check> {
        checks::all()
    }

    /// Gives it advisories.
    #[must_use]
    pub fn with_database(mut self, database: Database) -> Self {
        self.database = Some(database);
        self
    }

    /// Says why it has no advisories.
    #[must_use]
    pub fn without_database(mut self, reason: impl Into<String>) -> Self {
        (self.database, self.missing) = (None, reason.into());
        self
    }

    /// Says how old advisories may be; a week else. Four times as old is as grave as a vulnerability.
    #[must_use]
    pub fn with_stale_after(mut self, age: Duration) -> Self {
        self.stale_after = age;
        self
    }

    /// Gives it the newest releases.
    #[must_use]
    pub fn with_newest(mut self, newest: Newest) -> Self {
        self.newest = Some(newest);
        self
    }

    /// Gives it what somebody found out about vulnerabilities: those that do not matter here are notes.
    #[must_use]
    pub fn with_vex(mut self, vex: Vex) -> Self {
        self.vex = vex;
        self
    }

    /// Judges what tests, examples and fixtures depend on, too.
    #[must_use]
    pub fn judging_tests(mut self) -> Self {
        self.judges_tests = true;
        self
    }
}

impl Engine for DepsEngine {
    fn checks(&self) -> Vec<Check> {
        checks::all()
    }

    /// It says nothing of files one by one.
    fn version(&self) -> Option<String> {
        Some(env!("CARGO_PKG_VERSION").to_owned())
    }

    /// Files that are taken as a whole are read later; comments keep findings back only where there are comments.
    fn wants(&self, path: &str) -> bool {
        let may_have_comments = [".txt", "pyproject.toml", "Cargo.toml", "Pipfile"];
        may_have_comments.iter().any(|end| path.ends_with(end)) && lock::is_known(path)
    }

    fn whole(&self, project: &Project<'_>, sink: &mut Sink) {
        let inventories = inventories(project, sink);
        if inventories.iter().all(|one| one.packages.is_empty() && one.wishes.is_empty()) {
            for check in checks::all() {
                sink.outcome(&check.id, Status::NotApplicable, Vec::new());
            }
            return;
        }
        let is_told = |one: &&Inventory| self.judges_tests || judge::is_own(&one.path);
        let told: Vec<&Inventory> = inventories.iter().filter(is_told).collect();
        judge::advisories(self, &told, sink);
        judge::pins(project, &told, sink);
        judge::drift(&told, sink);
        judge::names(&told, sink);
        judge::newest(self.newest.as_ref(), &told, sink);
    }
}

/// Reads every file that says something of dependencies. What cannot be read is told, and keeps checks from passing.
pub(crate) fn inventories(project: &Project<'_>, sink: &mut Sink) -> Vec<Inventory> {
    let release = project.read("etc/os-release").and_then(|text| debian_release(&text));
    let mut inventories = Vec::new();
    for path in project.files().iter().filter(|path| lock::is_known(path)) {
        let read = project.read_up_to(path, LARGEST);
        let read = read
            .and_then(|text| lock::read(path, &text).unwrap_or_else(|| Ok(Inventory::default())));
        match read {
            Ok(mut inventory) => {
                settle(&mut inventory, release);
                inventories.push(inventory);
            }
            Err(reason) => sink.note(Note::new(NoteKind::Unread, path, reason)),
        }
    }
    inventories
}

/// Advisories of Debian are about one release of it.
fn settle(inventory: &mut Inventory, release: Option<u16>) {
    for package in &mut inventory.packages {
        if let (Ecosystem::Debian(0), Some(release)) = (package.ecosystem, release) {
            package.ecosystem = Ecosystem::Debian(release);
        }
    }
}

fn debian_release(text: &str) -> Option<u16> {
    let of = |key: &str| {
        text.lines().find_map(|line| line.strip_prefix(key)).map(|one| one.trim_matches('"'))
    };
    (of("ID=") == Some("debian")).then(|| of("VERSION_ID=")?.parse().ok())?
}

const WEEK: Duration = Duration::from_hours(7 * 24);

/// The lockfile of a large workspace of npm has some ten megabytes.
const LARGEST: u64 = 64 << 20;
