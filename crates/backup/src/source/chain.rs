//! Several sources in one snapshot.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use super::path::compare;
use super::{Entry, EntryKind, Failure, Program, Source, SourceError};

/// Several sources in one snapshot, with programs that run before and after.
///
/// What two sources tell of is taken from the one that was added first, unless the other claims it
/// ([`Source::claims`]). A source that has nothing to back up is a failure of the snapshot as long as another has.
#[derive(Debug, Default)]
pub struct Chain {
    links: Vec<Link>,
    before: Vec<Program>,
    after: Vec<Program>,
    /// Whether the programs for afterwards are still to be run.
    owes_after: bool,
    failures: Vec<Failure>,
    /// What was told last, if it is no directory: nothing lies below it.
    last_item: Option<PathBuf>,
}

#[derive(Debug)]
struct Link {
    source: Box<dyn Source>,
    claims: HashSet<PathBuf>,
    next: Option<Entry>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    New,
    Ready,
    Told,
    /// It had nothing to back up.
    Out,
}

impl Chain {
    /// A chain of nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a source.
    #[must_use]
    pub fn with(mut self, source: impl Source + 'static) -> Self {
        let claims = source.claims().into_iter().collect();
        let source = Box::new(source);
        self.links.push(Link { source, claims, next: None, state: State::New });
        self
    }

    /// Runs a program before anything is read. If it fails, there is no backup.
    #[must_use]
    pub fn before(mut self, program: Program) -> Self {
        self.before.push(program);
        self
    }

    /// Runs a program after everything was read, or the backup failed: whatever was done before is undone. If it fails,
    /// there is no snapshot.
    #[must_use]
    pub fn after(mut self, program: Program) -> Self {
        self.after.push(program);
        self
    }

    fn prepare_all(&mut self) -> Result<(), SourceError> {
        self.before.iter().try_for_each(Program::run)?;
        let mut errors = Vec::new();
        for link in &mut self.links {
            match link.source.prepare() {
                Ok(()) => link.state = State::Ready,
                Err(error) => {
                    link.state = State::Out;
                    errors.push((link.source.paths(), error));
                }
            }
        }
        if self.links.iter().all(|link| link.state == State::Out) {
            let nothing = SourceError::Nothing { failures: Vec::new() };
            return Err(errors.into_iter().next().map_or(nothing, |(_, error)| error));
        }
        let failures = errors.into_iter().flat_map(|(paths, error)| left_out(paths, error));
        self.failures = failures.collect();
        Ok(())
    }

    /// Runs the programs for afterwards, all of them, and returns the first error.
    fn run_after(&mut self) -> Result<(), SourceError> {
        if !std::mem::take(&mut self.owes_after) {
            return Ok(());
        }
        let results: Vec<_> = self.after.iter().map(Program::run).collect();
        results.into_iter().collect()
    }

    /// Takes the next entry of each source, and tells a failure if there is one.
    fn fill(&mut self) -> Option<Failure> {
        for link in &mut self.links {
            while link.next.is_none() && link.state == State::Ready {
                match link.source.next_entry() {
                    Some(Ok(entry)) => link.next = Some(entry),
                    Some(Err(failure)) => return Some(failure),
                    None => link.state = State::Told,
                }
            }
        }
        None
    }

    /// The source whose entry comes next, of several with the same path the first.
    fn first(&self) -> Option<usize> {
        let waiting = self.links.iter().enumerate();
        let waiting = waiting.filter_map(|(place, link)| Some((place, &link.next.as_ref()?.path)));
        let first = waiting.min_by(|(_, left), (_, right)| compare(left, right));
        first.map(|(place, _)| place)
    }

    fn is_claimed_by_another(&self, place: usize, path: &Path) -> bool {
        let others = self.links.iter().enumerate().filter(|&(other, _)| other != place);
        let mut claims = others.map(|(_, link)| &link.claims).filter(|claims| !claims.is_empty());
        claims.any(|claims| path.ancestors().any(|path| claims.contains(path)))
    }
}

impl Source for Chain {
    fn paths(&self) -> Vec<PathBuf> {
        let mut paths: Vec<_> = self.links.iter().flat_map(|link| link.source.paths()).collect();
        paths.sort_unstable_by(|left, right| left.as_os_str().cmp(right.as_os_str()));
        paths.dedup();
        paths
    }

    fn claims(&self) -> Vec<PathBuf> {
        self.links.iter().flat_map(|link| link.claims.iter().cloned()).collect()
    }

    fn prepare(&mut self) -> Result<(), SourceError> {
        self.owes_after = true;
        let prepared = self.prepare_all();
        if prepared.is_err() {
            // The first error says what is wrong.
            let _ = self.run_after();
        }
        prepared
    }

    fn next_entry(&mut self) -> Option<Result<Entry, Failure>> {
        if let Some(failure) = self.failures.pop() {
            return Some(Err(failure));
        }
        loop {
            if let Some(failure) = self.fill() {
                return Some(Err(failure));
            }
            let place = self.first()?;
            let entry = self.links[place].next.take()?;
            // The same of the others, unless it is theirs alone.
            let is_claimed = self.is_claimed_by_another(place, &entry.path);
            let is_below = self.last_item.as_ref().is_some_and(|item| entry.path.starts_with(item));
            if is_claimed || is_below {
                continue;
            }
            for link in &mut self.links {
                let is_same = |next: &Entry| next.path == entry.path;
                if link.next.as_ref().is_some_and(is_same) && !link.claims.contains(&entry.path) {
                    link.next = None;
                }
            }
            let is_directory = entry.metadata.kind == EntryKind::Directory;
            self.last_item = (!is_directory).then(|| entry.path.clone());
            return Some(Ok(entry));
        }
    }

    fn finish(&mut self) -> Result<(), SourceError> {
        let sources = self.links.iter_mut().filter(|link| link.state != State::Out);
        let finished: Vec<_> = sources.map(|link| link.source.finish()).collect();
        let after = self.run_after();
        finished.into_iter().chain([after]).collect()
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        // Whatever runs is ended first; an error has nobody to hear it.
        self.links.clear();
        let _ = self.run_after();
    }
}

/// What a source that cannot be prepared leaves out.
fn left_out(paths: Vec<PathBuf>, error: SourceError) -> Vec<Failure> {
    if let SourceError::Nothing { failures } = error {
        return failures;
    }
    let reason = error.to_string();
    let failure = |path| Failure::new(path, "back up", io::Error::other(reason.clone()));
    paths.into_iter().map(failure).collect()
}
