//! What changed in the package databases, and which changes that explains.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{
    Bookkeeping, Claim, Claims, Inventory, PathId, Phase, Revision, Standing, TrustSource,
    attributes, checksum, record,
};
use crate::{
    Actor, Algorithm, Assessment, Case, ChangeKind, Confidence, EntryKind, Error, FileTime,
    Finding, Outcome, Package, PackageChange, Ruling, Verdict,
};

/// Judges changes by the package databases.
///
/// A change is [`Ruling::Vouched`] only if all of this holds:
///
/// - the path is what the record of a package says: a file's content equals its digest, a directory is listed, a link
///   leads to what a changed package lists, and what is gone was listed before and is no more; or it was only written
///   anew, and its content is the baseline's;
/// - that record was written in the same transaction: since the ledger last saw the database at rest;
/// - every writer that is known descends from the package manager, which a trusted owner runs;
/// - nothing changed that no record has: owner, permission bits, capabilities, other attributes, inode flags;
/// - nobody but trusted owners may write the record; where that fails for a file, it is [`Ruling::RecordExposed`], whether
///   the record has its digest or only its name.
///
/// No record lists what a transaction makes anew for the whole system: the cache of the dynamic linker, the index of
/// manuals. The sources name those paths, and none other of them counts. Where the package manager is known to be the
/// only writer, what it made and removed again counts too, and so do a source's derived files, such as Python's
/// bytecode.
///
/// So a file that is exchanged for an older one of the same package is no less of a finding, nor is one with the set-user-id
/// bit on top, nor one that a bot changes together with the `RECORD` in its own virtual environment.
///
/// Of several states of a path within one window the last is judged. A writer who is not known does not speak against a
/// change: the record does, where he is not the package manager.
#[derive(Debug)]
pub struct Ledger {
    sources: Vec<Source>,
    algorithm: Algorithm,
    owners: Vec<u32>,
}

#[derive(Debug)]
struct Source {
    database: Box<dyn TrustSource>,
    /// At rest, before what goes on now.
    before: Inventory,
    latest: Inventory,
    /// When the latest was first seen as it is.
    since: Duration,
}

impl Ledger {
    /// Creates a ledger whose sources vouch for nothing until [`begin`](Self::begin). `algorithm` is the one of the
    /// baseline.
    #[must_use]
    pub fn new(sources: Vec<Box<dyn TrustSource>>, algorithm: Algorithm) -> Self {
        let new = |database| Source {
            database,
            before: Inventory::default(),
            latest: Inventory::default(),
            since: Duration::ZERO,
        };
        Self { sources: sources.into_iter().map(new).collect(), algorithm, owners: Vec::new() }
    }

    /// Has files of these owners pass for new files of a package, beside root's.
    #[must_use]
    pub fn with_owners(mut self, owners: impl IntoIterator<Item = u32>) -> Self {
        self.owners.extend(owners);
        self
    }

    /// Takes the databases as they are. A record that was written after the baseline's scan began counts as changed,
    /// so that an upgrade while nobody watched is seen as one. A package that was removed meanwhile is not.
    ///
    /// # Errors
    ///
    /// When a database cannot be read; the others are taken nevertheless.
    pub fn begin(&mut self, baseline: Option<FileTime>) -> Result<(), Error> {
        let mut result = Ok(());
        for source in &mut self.sources {
            match source.database.inventory(&Inventory::default()) {
                Ok(inventory) => source.begin(inventory, baseline),
                Err(error) => result = Err(error),
            }
        }
        result
    }

    /// Judges what changed. `now` is on the clock that never runs backwards. A source that cannot be read vouches for
    /// nothing, and why is returned beside.
    #[must_use]
    pub fn assess(&mut self, now: Duration, cases: &[Case]) -> (Assessment, Vec<Error>) {
        let mut assessment = Assessment::default();
        assessment
            .verdicts
            .resize_with(cases.len(), || Verdict { ruling: Ruling::Unlisted, package: None });
        let mut errors = Vec::new();
        for source in &mut self.sources {
            match source.assess(now, cases, self.algorithm, &self.owners) {
                Ok(of_source) => {
                    assessment.packages.extend(of_source.packages);
                    for (best, verdict) in assessment.verdicts.iter_mut().zip(of_source.verdicts) {
                        if rank(verdict.ruling) > rank(best.ruling) {
                            *best = verdict;
                        }
                    }
                }
                Err(error) => errors.push(error),
            }
        }
        (assessment, errors)
    }

    /// Returns the package that a path belongs to, as far as the databases were known when they were read last.
    #[must_use]
    pub fn package_of(&self, path: &Path) -> Option<Package> {
        let id = PathId::of(path);
        self.sources.iter().find_map(|source| source.latest.package_of(id, source.database.name()))
    }
}

impl Inventory {
    fn package_of(&self, path: PathId, source: &str) -> Option<Package> {
        let (name, installed) = self.packages.iter().find(|(_, one)| one.lists(path))?;
        Some(Package {
            source: source.to_owned(),
            name: name.clone(),
            version: installed.version.clone(),
        })
    }
}

impl Source {
    fn begin(&mut self, inventory: Inventory, baseline: Option<FileTime>) {
        self.latest = inventory.clone();
        self.before = inventory;
        let Some(baseline) = baseline else { return };
        for package in self.before.packages.values_mut() {
            if package.recorded >= baseline {
                package.revision = Revision::default();
                "?".clone_into(&mut package.version);
            }
        }
    }

    fn assess(
        &mut self,
        now: Duration,
        cases: &[Case],
        algorithm: Algorithm,
        owners: &[u32],
    ) -> Result<Assessment, Error> {
        let current = self.database.inventory(&self.latest)?;
        if current != self.latest {
            self.since = now;
        }
        self.latest = current;
        let transaction = Transaction::new(self, cases, algorithm, owners)?;
        let verdicts = cases.iter().map(|case| transaction.verdict(case)).collect();
        let assessment = Assessment { packages: transaction.packages(), verdicts };
        // What was interrupted and stays so is at rest too.
        if !transaction.is_open || now.saturating_sub(self.since) >= PATIENCE {
            self.before = self.latest.clone();
        }
        Ok(assessment)
    }
}

/// What a database went through, as far as it concerns some cases.
struct Transaction<'a> {
    source: &'a dyn TrustSource,
    before: &'a Inventory,
    now: &'a Inventory,
    changed: BTreeSet<&'a str>,
    /// What the changed packages that list any of the cases' paths say.
    claims: BTreeMap<&'a str, Claims>,
    is_open: bool,
    algorithm: Algorithm,
    owners: &'a [u32],
}

impl<'a> Transaction<'a> {
    fn new(
        source: &'a Source,
        cases: &[Case],
        algorithm: Algorithm,
        owners: &'a [u32],
    ) -> Result<Self, Error> {
        let (before, now) = (&source.before, &source.latest);
        let names: BTreeSet<&str> =
            before.packages.keys().chain(now.packages.keys()).map(String::as_str).collect();
        let (old, new) =
            (|name: &str| before.packages.get(name), |name: &str| now.packages.get(name));
        let revision =
            |name: &str| (old(name).map(|one| one.revision), new(name).map(|one| one.revision));
        let is_changed = |name: &&str| revision(name).0 != revision(name).1;
        let changed: BTreeSet<&str> = names.into_iter().filter(is_changed).collect();
        let is_open = now.packages.iter().any(|(name, one)| {
            let was = old(name).map(|one| one.phase);
            one.phase == Phase::Partial
                && (was != Some(Phase::Partial) || changed.contains(name.as_str()))
        });
        let ids: Vec<PathId> = cases
            .iter()
            .map(|case| PathId::of(path_of(source.database.as_ref(), case).as_path()))
            .collect();
        let mut claims = BTreeMap::new();
        for &name in &changed {
            let Some(package) = new(name) else { continue };
            if ids.iter().any(|&id| package.lists(id)) {
                claims.insert(name, source.database.claims(name, package)?);
            }
        }
        let source = source.database.as_ref();
        Ok(Self { source, before, now, changed, claims, is_open, algorithm, owners })
    }

    fn packages(&self) -> Vec<PackageChange> {
        let version = |inventory: &Inventory, name: &str| {
            inventory.packages.get(name).map(|package| package.version.clone())
        };
        let change = |name: &&str| PackageChange {
            source: self.source.name().to_owned(),
            name: (*name).to_owned(),
            old: version(self.before, name),
            new: version(self.now, name),
        };
        self.changed.iter().map(change).collect()
    }

    fn verdict(&self, case: &Case) -> Verdict {
        let path = path_of(self.source, case);
        let id = PathId::of(&path);
        let lists = |inventory: &Inventory, name: &str| {
            inventory.packages.get(name).is_some_and(|package| package.lists(id))
        };
        let keeper = self.bookkeeper(&path);
        let mut changed = self.changed.iter().copied();
        let owner = changed.clone().find(|name| lists(self.now, name));
        let owner = owner.or_else(|| changed.find(|name| lists(self.before, name)));
        let Some(name) = keeper.or(owner) else {
            let package = self.now.package_of(id, self.source.name());
            let ruling = match package {
                // Caches that are made anew, and the directories they lie in: the baseline itself has this content.
                _ if self.is_rewritten(case) || self.is_byproduct(case) => Ruling::Vouched,
                _ if self.is_open && !self.is_foreign(&case.finding) => Ruling::Pending,
                Some(_) => Ruling::RecordUnchanged,
                None => Ruling::Unlisted,
            };
            return Verdict { ruling, package };
        };
        let ruling = match self.ruling(case, name, keeper.is_none()) {
            Ruling::Differs | Ruling::ContentUnknown if self.is_open => Ruling::Pending,
            ruling => ruling,
        };
        let here = self.now.packages.get(name).or_else(|| self.before.packages.get(name));
        let package = here.map(|package| Package {
            source: self.source.name().to_owned(),
            name: name.to_owned(),
            version: package.version.clone(),
        });
        Verdict { ruling, package }
    }

    /// Returns the changed package that a path of the database itself changed for.
    fn bookkeeper(&self, path: &Path) -> Option<&'a str> {
        match self.source.bookkeeping(path)? {
            Bookkeeping::Any => self.changed.first().copied(),
            Bookkeeping::Of(name) => self.changed.get(name.as_str()).copied(),
        }
    }

    fn ruling(&self, case: &Case, name: &str, is_listed: bool) -> Ruling {
        if self.is_foreign(&case.finding) {
            return Ruling::ForeignWriter;
        }
        let ruling = if is_listed { self.content(case, name) } else { self.own(case) };
        let is_exposed = self.is_exposed(name);
        let is_file = case.entry.as_ref().is_some_and(|entry| entry.kind == EntryKind::File);
        match ruling {
            Ruling::Vouched if is_exposed => Ruling::RecordExposed,
            // Whether such a record has a digest makes no difference: neither makes a finding less.
            Ruling::ContentUnknown if is_exposed && is_file => Ruling::RecordExposed,
            ruling => ruling,
        }
    }

    fn is_exposed(&self, name: &str) -> bool {
        [self.before, self.now]
            .iter()
            .filter_map(|inventory| inventory.packages.get(name))
            .any(|package| package.standing == Standing::Exposed)
    }

    /// Tells whether a package changed whose record nobody else could have written: only such a one lets pass what no
    /// record has.
    fn has_guarded_change(&self) -> bool {
        self.changed.iter().any(|name| !self.is_exposed(name))
    }

    /// Judges what is the database's own: nothing vouches for its content but that the packages are what it says.
    fn own(&self, case: &Case) -> Ruling {
        let change = &case.finding.change;
        match (&case.entry, change.kind) {
            (_, ChangeKind::Unreadable) => Ruling::Differs,
            (Some(entry), _) if attributes::is_beyond_records(change, entry, self.owners) => {
                Ruling::BeyondRecord
            }
            _ => Ruling::Vouched,
        }
    }

    /// Tells whether a listed path is what the record says.
    fn content(&self, case: &Case, name: &str) -> Ruling {
        let change = &case.finding.change;
        let is_draft = path_of(self.source, case) != change.path;
        let claim = self.claims.get(name).and_then(|claims| claims.get(&change.path)).copied();
        let entry = match (&case.entry, change.kind) {
            // What came and went by the package manager's hand is as it should be again.
            _ if case.finding.outcome == Outcome::Reverted => return Ruling::Vouched,
            (None, ChangeKind::Removed) if is_draft || claim.is_none() => return Ruling::Vouched,
            (Some(entry), ChangeKind::Added | ChangeKind::Modified) => entry,
            _ => return Ruling::Differs,
        };
        if attributes::is_beyond_records(change, entry, self.owners) {
            return Ruling::BeyondRecord;
        }
        let Some(claim) = claim else {
            // A directory outlives the package that listed it, and loses the names that went with it.
            let outlives =
                entry.kind == EntryKind::Directory && change.kind == ChangeKind::Modified;
            return if outlives { Ruling::Vouched } else { Ruling::Differs };
        };
        match (entry.kind, claim) {
            (EntryKind::Directory, _) => Ruling::Vouched,
            (EntryKind::Symlink, _) => self.link(&change.path, entry.target.as_deref()),
            (EntryKind::File, Claim::Listed) => Ruling::ContentUnknown,
            (EntryKind::File, claim)
                if checksum::agrees(&change.path, entry, self.algorithm, claim) =>
            {
                Ruling::Vouched
            }
            _ => Ruling::Differs,
        }
    }

    /// No record has the targets of links. One that leads to a path of a changed package leads to what that vouches for.
    fn link(&self, path: &Path, target: Option<&Path>) -> Ruling {
        let base = path.parent().unwrap_or(path);
        let Some(target) = target.and_then(|target| record::resolve(base, target)) else {
            return Ruling::ContentUnknown;
        };
        let id = PathId::of(&target);
        let mut changed = self.changed.iter().filter_map(|name| self.now.packages.get(*name));
        if changed.any(|package| package.lists(id)) {
            Ruling::Vouched
        } else {
            Ruling::ContentUnknown
        }
    }

    /// Tells whether a transaction only wrote a path anew, with the content that the baseline has.
    fn is_rewritten(&self, case: &Case) -> bool {
        let kept = case.entry.as_ref().is_some_and(attributes::is_content_known);
        self.has_guarded_change()
            && kept
            && attributes::is_rewritten(&case.finding.change)
            && !self.is_foreign(&case.finding)
    }

    /// Tells whether the package manager is known to have left a path as it was, or to have compiled what it brought.
    ///
    /// No record says so: only its hand does, and none that is not known for sure.
    fn is_byproduct(&self, case: &Case) -> bool {
        let Finding { change, actors, outcome, .. } = &case.finding;
        let is_known = |actor: &Actor| actor.confidence != Confidence::Unknown;
        let by_manager = !actors.is_empty() && actors.iter().all(is_known);
        let is_harmless = *outcome == Outcome::Reverted
            || self.source.is_derived(&change.path) && self.own(case) == Ruling::Vouched;
        self.has_guarded_change() && by_manager && is_harmless && !self.is_foreign(&case.finding)
    }

    fn is_foreign(&self, finding: &Finding) -> bool {
        let is_known = |actor: &&Actor| actor.confidence != Confidence::Unknown;
        let mut known = finding.actors.iter().filter(is_known);
        // Beyond that many, somebody may be missing.
        finding.actors.len() >= Finding::MOST_ACTORS
            || known.any(|actor| !self.source.is_manager(actor))
    }
}

/// Returns the path that a case is about: its own, or the one that it is a draft of.
fn path_of(source: &dyn TrustSource, case: &Case) -> PathBuf {
    let path = &case.finding.change.path;
    source.draft_of(path).unwrap_or_else(|| path.clone())
}

/// Which of two sources' rulings counts.
const fn rank(ruling: Ruling) -> u8 {
    match ruling {
        Ruling::Vouched => 9,
        Ruling::Pending => 8,
        Ruling::RecordExposed => 7,
        Ruling::Differs | Ruling::BeyondRecord | Ruling::ForeignWriter => 6,
        Ruling::ContentUnknown => 5,
        Ruling::RecordUnchanged => 4,
        Ruling::Unlisted => 1,
        Ruling::Unassessed => 0,
    }
}

/// How long a database that does not move may look unfinished before it is taken as it is.
const PATIENCE: Duration = Duration::from_mins(2);
