//! What an engine is, and what it is given.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use wardkit_core::Clock;

use crate::{Check, EngineKind, Fact, Finding, Location, Note, Outcome, Status, walk};

/// Looks for what its checks describe.
///
/// [`Audit`](crate::Audit) calls it: `checks` once, then `file` for each file that it wants, from many threads and in no
/// order, then `whole` once. What it finds is sorted later. A panic ends the audit; hostile files must not cause one.
pub trait Engine: Send + Sync {
    /// Returns what it looks for. The names of engines that it serves come from here.
    fn checks(&self) -> Vec<Check>;

    /// Returns what its answers about a file depend on besides the file: its own version, and a digest of rules and settings
    /// that it was given. With it they, and the facts among them, are kept as long as the file stays as it is, and `file` is not
    /// called again. Without it, as an engine must answer that remembers files in other ways, they are never kept.
    fn version(&self) -> Option<String> {
        None
    }

    /// Whether a file is to be read for it, by the path from the root.
    fn wants(&self, _path: &str) -> bool {
        false
    }

    /// Makes ready what files of this kind need. Called before `file`, where the content is not known from before; the time
    /// that it takes is not the file's.
    fn prepare(&self, _path: &str) {}

    /// Judges one file.
    fn file(&self, _file: &SourceFile<'_>, _sink: &mut Sink) {}

    /// Judges what no single file shows, or what is no file at all.
    fn whole(&self, _project: &Project<'_>, _sink: &mut Sink) {}
}

/// A file that is judged.
#[derive(Debug)]
pub struct SourceFile<'a> {
    pub(crate) path: &'a str,
    pub(crate) text: &'a str,
    pub(crate) budget: Budget<'a>,
    /// Where lines begin; counted once for all engines, when the first place is asked for.
    pub(crate) starts: &'a OnceLock<Vec<usize>>,
}

impl SourceFile<'_> {
    /// Returns the path from the root, with `/` between its names.
    #[must_use]
    pub fn path(&self) -> &str {
        self.path
    }

    /// Returns the content.
    #[must_use]
    pub fn text(&self) -> &str {
        self.text
    }

    /// Returns how long it may take.
    #[must_use]
    pub fn budget(&self) -> &Budget<'_> {
        &self.budget
    }

    /// Returns the place of a byte of the text.
    #[must_use]
    pub fn location(&self, offset: usize) -> Location {
        let starts = self.starts.get_or_init(|| {
            let ends = memchr::memchr_iter(b'\n', self.text.as_bytes());
            std::iter::once(0).chain(ends.map(|end| end + 1)).collect()
        });
        let offset = self.text.floor_char_boundary(offset);
        let line = starts.partition_point(|start| *start <= offset);
        let start = starts.get(line - 1).copied().unwrap_or_default();
        let column = 1 + self.text[start..offset].chars().count();
        let number = |count| u32::try_from(count).unwrap_or(u32::MAX);
        Location::line(self.path, number(line)).spanning(number(column), number(line))
    }
}

/// How long the work on a file may take. An engine asks now and then, and stops when it is spent.
#[derive(Clone, Copy)]
pub struct Budget<'a> {
    clock: &'a dyn Clock,
    until: Duration,
}

impl<'a> Budget<'a> {
    pub(crate) fn new(clock: &'a dyn Clock, lasts: Duration) -> Self {
        Self { clock, until: clock.uptime().saturating_add(lasts) }
    }

    /// Whether there is no time left.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.clock.uptime() > self.until
    }
}

impl std::fmt::Debug for Budget<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Budget").field("until", &self.until).finish_non_exhaustive()
    }
}

/// The tree that is audited, or nothing when there is none.
#[derive(Debug)]
pub struct Project<'a> {
    pub(crate) root: Option<&'a walk::Root>,
    pub(crate) files: &'a [String],
    pub(crate) facts: &'a [Fact],
    pub(crate) is_part: bool,
}

impl Project<'_> {
    /// Returns the paths of all files that are looked at, sorted; also of those that no engine wants.
    #[must_use]
    pub fn files(&self) -> &[String] {
        self.files
    }

    /// Whether only some files of the tree are looked at: that something is not among them says nothing.
    #[must_use]
    pub fn is_part(&self) -> bool {
        self.is_part
    }

    /// Returns the facts of a kind that engines kept, in the order of the paths.
    pub fn facts(&self, kind: &str) -> impl Iterator<Item = &Fact> {
        self.facts.iter().filter(move |fact| fact.kind == kind)
    }

    /// Reads a file. `None` when there is none, or it is too large, or it is no text.
    #[must_use]
    pub fn read(&self, path: impl AsRef<Path>) -> Option<String> {
        self.root?.read(path.as_ref()).ok()?.into_text().ok()
    }

    /// Reads a file that programs write, such as a lockfile: it may be larger than what people write, up to `most` bytes.
    ///
    /// # Errors
    ///
    /// Returns why it cannot be looked at, in words.
    pub fn read_up_to(&self, path: impl AsRef<Path>, most: u64) -> Result<String, String> {
        let root = self.root.ok_or("there is no tree")?;
        let bytes = root.read_up_to(path.as_ref(), most).map_err(|error| error.to_string())?;
        if bytes.len() as u64 > most {
            return Err(format!("larger than {} MB", most / 1_000_000));
        }
        String::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned())
    }
}

/// Takes what an engine finds.
#[derive(Debug, Default)]
pub struct Sink {
    selected: Arc<BTreeSet<String>>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) notes: Vec<Note>,
    pub(crate) facts: Vec<Fact>,
}

impl Sink {
    pub(crate) fn new(selected: Arc<BTreeSet<String>>) -> Self {
        Self { selected, ..Self::default() }
    }

    /// Whether a check was asked for; what it would find is not taken otherwise.
    #[must_use]
    pub fn wants(&self, id: &str) -> bool {
        self.selected.contains(id)
    }

    /// Whether a check was asked for, and that this engine looks for it: some have several that do.
    #[must_use]
    pub fn wants_by(&self, id: &str, engine: EngineKind) -> bool {
        self.selected.contains(&by_engine_of(id, engine))
    }

    /// Takes a finding.
    pub fn report(&mut self, finding: Finding) {
        if self.wants(&finding.id) {
            self.findings.push(finding);
        }
    }

    /// Takes how a check ended. Without it a check ends as its findings say, and passes when there are none.
    pub fn outcome(&mut self, id: &str, status: Status, evidence: Vec<String>) {
        if self.wants(id) {
            self.outcomes.push(Outcome::new(id, status, evidence));
        }
    }

    /// Takes what was not looked at.
    pub fn note(&mut self, note: Note) {
        self.notes.push(note);
    }

    /// Takes what [`Engine::whole`] needs to know of the file that is judged.
    pub fn keep(&mut self, fact: Fact) {
        self.facts.push(fact);
    }

    pub(crate) fn selected(&self) -> Arc<BTreeSet<String>> {
        Arc::clone(&self.selected)
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.outcomes.extend(other.outcomes);
        self.notes.extend(other.notes);
        self.facts.extend(other.facts);
    }
}

/// Returns the names of the engines that these checks belong to, sorted.
/// Stands for an engine's part of a check among what was asked for; no check has a space in its name.
pub(crate) fn by_engine_of(id: &str, engine: EngineKind) -> String {
    format!("{id} {engine}")
}

pub(crate) fn kinds(checks: &[Check]) -> Vec<EngineKind> {
    let kinds: BTreeSet<EngineKind> = checks.iter().map(|check| check.engine).collect();
    kinds.into_iter().collect()
}
