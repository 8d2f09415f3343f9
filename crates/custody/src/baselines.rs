//! Baselines of file integrity: signed with keys that are kept here, remembered here, and on the trail.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use serde_json::json;
use wardkit_auditlog::{Durability, Entry as Record};
use wardkit_integrity::{
    Algorithm, Baseline, BaselineDir, BaselineHeader, Change, Comparison, Digest,
    Error as IntegrityError, Known as _, Policy, Refusal, Seen, Snapshot,
};
use wardkit_tlog::{EpochChain, Hash, VerifierKey};

use crate::custody::{Custody, resolve};
use crate::files::{Kept, read, replace};
use crate::keyring::seed;
use crate::{Error, Keyring, Mark, Subject, Trail};

/// The baselines in a directory, each signed with the keys of this custody.
///
/// Only what is newer than all that was accepted before is opened. What is accepted stands on the trail first: a
/// baseline that nobody put on record is never written.
#[derive(Debug)]
pub struct Baselines {
    custody: Custody,
    dir: BaselineDir,
    /// The directory's path without links: what it is remembered under.
    path: PathBuf,
}

/// The rules that a scan followed.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Rules<'r> {
    /// The rules.
    pub policy: &'r Policy,
    /// The text they were read from, to be kept with the baseline. Without it they let nothing change.
    pub text: Option<&'r str>,
}

impl<'r> Rules<'r> {
    /// Puts rules and their text together.
    #[must_use]
    pub const fn new(policy: &'r Policy, text: Option<&'r str>) -> Self {
        Self { policy, text }
    }
}

/// What may be accepted: a scan, and what of it is other than a baseline says.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Proposal<'p> {
    /// The newest baseline.
    pub previous: &'p Baseline,
    /// What it was compared by.
    pub comparison: &'p Comparison<'p>,
    /// The scan.
    pub now: &'p Snapshot,
    /// What the comparison found.
    pub changes: &'p [Change],
}

impl<'p> Proposal<'p> {
    /// Puts a scan beside the baseline that it was compared with.
    #[must_use]
    pub const fn new(
        previous: &'p Baseline,
        comparison: &'p Comparison<'p>,
        now: &'p Snapshot,
        changes: &'p [Change],
    ) -> Self {
        Self { previous, comparison, now, changes }
    }
}

/// Who accepts, and where that is put on record.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Acceptor<'a> {
    /// The audit trail.
    pub trail: &'a Trail,
    /// Who: a user, or the daemon itself.
    pub actor: &'a str,
}

impl<'a> Acceptor<'a> {
    /// Names who accepts, and the trail.
    #[must_use]
    pub const fn new(trail: &'a Trail, actor: &'a str) -> Self {
        Self { trail, actor }
    }

    fn record(&self, kind: &str, subject: &str, detail: serde_json::Value) -> Record {
        let mut record = Record::new(kind, subject).by(self.actor);
        record.detail = detail;
        record
    }

    fn append(&self, records: Vec<Record>) -> Result<(), Error> {
        self.trail.append(records, Durability::Sealed).map(drop)
    }
}

impl Custody {
    /// Returns the baselines in a directory, which need not be there.
    #[must_use]
    pub fn baselines(&self, dir: impl AsRef<Path>) -> Baselines {
        let path = resolve(dir.as_ref());
        Baselines { custody: self.clone(), dir: BaselineDir::new(&path), path }
    }
}

impl Baselines {
    /// Returns the directory's path without links.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the numbers of the generations that are there, the oldest first. None is verified.
    ///
    /// # Errors
    ///
    /// When the directory cannot be read.
    pub fn generations(&self) -> Result<Vec<u64>, Error> {
        match self.dir.generations() {
            Err(IntegrityError::Baseline { reason: Refusal::Missing, .. }) => Ok(Vec::new()),
            generations => Ok(generations?),
        }
    }

    /// Returns what was accepted last in this directory, whether or not it is still there.
    ///
    /// # Errors
    ///
    /// When what was remembered cannot be read.
    pub fn remembered(&self) -> Result<Option<Mark>, Error> {
        self.custody.seen().last(Subject::Directory(&self.path))
    }

    /// Opens the newest baseline and remembers it. There is no falling back to an older one.
    ///
    /// # Errors
    ///
    /// When it is missing, torn, altered, not signed with a key that is kept here, or older than one that was accepted.
    pub fn newest(&self) -> Result<Baseline, Error> {
        // Whether there is one is said before whose keys could verify it.
        let is_missing = self.generations()?.is_empty() && self.remembered()?.is_none();
        let chain = if is_missing { None } else { Some(self.chain()?) };
        let keys = chain.iter().flat_map(EpochChain::keys).collect::<Vec<_>>();
        let mut baseline = self.dir.newest(keys.iter().copied(), None)?;
        while let Err(refusal) = self.check(&baseline, &keys) {
            // Somebody may have accepted a newer one since it was opened. Each turn takes another generation.
            let newer = self.dir.newest(keys.iter().copied(), None)?;
            if newer.generation() <= baseline.generation() {
                return Err(refusal);
            }
            baseline = newer;
        }
        self.remember(&baseline.header().lineage, baseline.seen())?;
        Ok(baseline)
    }

    /// Makes the directory, where there is none yet. A scan that covers it should come after.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub fn make_dir(&self) -> Result<(), Error> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.path);
        made.map_err(Error::io("create", &self.path))
    }

    /// Checks that a first baseline can be made: that there is none, nor what is left of one that was accepted.
    ///
    /// # Errors
    ///
    /// When there is something, or what was remembered cannot be read.
    pub fn check_vacant(&self) -> Result<(), Error> {
        // Knowing no key, it gets no further than to whether there is one.
        match self.dir.newest(std::iter::empty(), None) {
            Err(IntegrityError::Baseline { path, reason: Refusal::Missing }) => {
                // A first attempt that crashed leaves a file that nobody ever accepted.
                if path == self.path || self.remembered()?.is_none() {
                    return Ok(());
                }
                Err(IntegrityError::Baseline { path, reason: Refusal::Missing }.into())
            }
            Err(error @ IntegrityError::Io { .. }) => Err(error.into()),
            _ => {
                let path = self.path.clone();
                Err(IntegrityError::Baseline { path, reason: Refusal::Exists }.into())
            }
        }
    }

    /// Opens a baseline that was accepted once.
    ///
    /// # Errors
    ///
    /// When it is missing, torn, altered, or not signed with a key that is kept here.
    pub fn generation(&self, generation: u64) -> Result<Baseline, Error> {
        let chain = self.chain()?;
        let keys = chain.keys().collect::<Vec<_>>();
        Ok(self.dir.generation(generation, keys.iter().copied())?)
    }

    /// Returns the text of the policy that a baseline was made with, or `None` where it was made without.
    ///
    /// # Errors
    ///
    /// When the copy is missing, or is not what the signed digest says.
    pub fn policy(&self, baseline: &Baseline) -> Result<Option<(Policy, String)>, Error> {
        let digest = baseline.header().policy;
        if digest == Policy::everything().digest() {
            return Ok(None);
        }
        let path = self.policy_path(digest);
        let refused = |reason| Error::Policy { path: path.clone(), reason };
        let bytes = read(&path, Kept::Public)?.ok_or_else(|| refused("the copy is missing"))?;
        let text = str::from_utf8(&bytes).map_err(|_| refused("the copy is no text"))?;
        let policy = Policy::parse(text).map_err(|_| refused("the copy is no policy"))?;
        if policy.digest() != digest {
            return Err(refused("the copy says something else"));
        }
        Ok(Some((policy, text.to_owned())))
    }

    /// Signs a scan as the first baseline, and puts that on the trail.
    ///
    /// # Errors
    ///
    /// When there is one already, the trail cannot be written, or the disk refuses. Then there is none.
    pub fn init(
        &self,
        now: &Snapshot,
        rules: Rules<'_>,
        acceptor: Acceptor<'_>,
    ) -> Result<Seen, Error> {
        self.check_vacant()?;
        let mut lineage = [0; 16];
        lineage.copy_from_slice(&seed()?[..16]);
        let header = self.header(lineage, now.algorithm(), rules, now.roots().to_vec());
        let header = header.with_scan_started(now.scan_started());
        self.keep_policy(rules)?;
        let before = self.remembered()?;
        let subject = self.path.to_string_lossy();
        let detail = json!({
            "entries": now.len(),
            "roots": texts(now.roots()),
            "policy": rules.policy.digest().to_string(),
            // Somebody took the earlier ones away: whoever reads the trail should know.
            "replaces_generation": before.map(|mark| mark.number),
        });
        acceptor.append(vec![acceptor.record("integrity.baseline.proposed", &subject, detail)])?;
        let key = self.custody.keyring(PURPOSE)?.signing_key()?;
        let written = self.dir.init(&header, now.entries(), &key);
        let seen = self.settle(acceptor, written)?;
        self.custody.seen().forget(Subject::Directory(&self.path))?;
        self.remember(&lineage, seen)?;
        acceptor.append(vec![acceptor.record(
            "integrity.baseline.created",
            &subject,
            json!({"generation": seen.generation, "entries": now.len(), "digest": seen.digest.to_string()}),
        )])?;
        Ok(seen)
    }

    /// Signs the next baseline: what `accept` says of a scan, and otherwise what the newest baseline says. Each accepted
    /// change stands on the trail before it is written.
    ///
    /// # Errors
    ///
    /// When the previous baseline is no longer the newest, the trail cannot be written, or the disk refuses. Then the
    /// newest is the one that was, as before.
    pub fn accept(
        &self,
        proposal: &Proposal<'_>,
        rules: Rules<'_>,
        accept: impl Fn(&Change) -> bool,
        acceptor: Acceptor<'_>,
    ) -> Result<Seen, Error> {
        let Proposal { previous, comparison, now, changes } = *proposal;
        let (accepted, left): (Vec<&Change>, Vec<&Change>) =
            changes.iter().partition(|change| accept(change));
        let old = previous.header();
        let mut roots = old.roots.clone();
        roots.extend(now.roots().iter().filter(|root| !old.roots.contains(root)).cloned());
        let is_whole = left.is_empty() && old.roots.iter().all(|root| now.roots().contains(root));
        let header = self.header(old.lineage, previous.algorithm(), rules, roots);
        // Entries that stay as they were are as old as the scan that found them: a later time would have a quick scan
        // trust them.
        let started = if is_whole { now.scan_started() } else { old.scan_started };
        let header = header.with_scan_started(started);
        self.keep_policy(rules)?;
        let subject = self.path.to_string_lossy();
        let proposed = json!({
            "after_generation": previous.generation(),
            "accepted": accepted.len(),
            "left": left.len(),
            "policy": rules.policy.digest().to_string(),
        });
        acceptor.append(vec![acceptor.record(
            "integrity.baseline.proposed",
            &subject,
            proposed,
        )])?;
        for some in accepted.chunks(RECORDS) {
            let record = |change: &&Change| {
                let detail = serde_json::to_value(change).map_err(io::Error::from);
                let detail = detail.map_err(Error::io("describe", &change.path))?;
                let path = change.path.to_string_lossy();
                Ok(acceptor.record("integrity.change.accepted", &path, detail))
            };
            acceptor.append(some.iter().map(record).collect::<Result<_, Error>>()?)?;
        }
        let key = self.custody.keyring(PURPOSE)?.signing_key()?;
        let entries = comparison.accepted(now, &accept);
        let seen = self.settle(acceptor, self.dir.commit(previous, &header, entries, &key))?;
        self.remember(&old.lineage, seen)?;
        acceptor.append(vec![acceptor.record(
            "integrity.baseline.accepted",
            &subject,
            json!({
                "generation": seen.generation,
                "accepted": accepted.len(),
                "left": left.len(),
                "digest": seen.digest.to_string(),
            }),
        )])?;
        Ok(seen)
    }

    fn header(
        &self,
        lineage: [u8; 16],
        algorithm: Algorithm,
        rules: Rules<'_>,
        roots: Vec<PathBuf>,
    ) -> BaselineHeader {
        BaselineHeader::new(self.custody.host(), lineage)
            .with_algorithm(algorithm)
            .with_policy(rules.policy.digest())
            .with_roots(roots)
    }

    /// Says on the trail that nothing came of what was proposed.
    fn settle(
        &self,
        acceptor: Acceptor<'_>,
        written: Result<Seen, IntegrityError>,
    ) -> Result<Seen, Error> {
        if let Err(error) = &written {
            let detail = json!({"reason": error.to_string()});
            let subject = self.path.to_string_lossy();
            // What kept the baseline from being written may keep this too, and is what the caller must hear of.
            let _ = acceptor.append(vec![acceptor.record(
                "integrity.baseline.withdrawn",
                &subject,
                detail,
            )]);
        }
        Ok(written?)
    }

    fn chain(&self) -> Result<EpochChain, Error> {
        let keyring = self.custody.existing_keyring(PURPOSE)?;
        keyring.as_ref().map(Keyring::chain).transpose()?.ok_or_else(|| Error::Unsigned {
            dir: self.path.clone(),
            data_dir: self.custody.data_dir().to_owned(),
        })
    }

    /// Holds a baseline against what was accepted in its lineage, and in its directory.
    fn check(&self, baseline: &Baseline, keys: &[&VerifierKey]) -> Result<(), Error> {
        let (seen, lineage) = (self.custody.seen(), hex(&baseline.header().lineage));
        for subject in [Subject::Lineage(&lineage), Subject::Directory(&self.path)] {
            if let Some(mark) = seen.last(subject)? {
                let digest = Digest::from_bytes(*mark.root.as_bytes());
                let seen = Seen { generation: mark.number, digest };
                baseline.check_seen(&seen).map_err(|reason| IntegrityError::Baseline {
                    path: self.path.clone(),
                    reason,
                })?;
                self.check_descent(baseline, seen, keys)?;
            }
        }
        Ok(())
    }

    /// Checks that a newer baseline continues the one that was accepted. One of another lineage was replaced by it once,
    /// however high its number is.
    fn check_descent(
        &self,
        baseline: &Baseline,
        accepted: Seen,
        keys: &[&VerifierKey],
    ) -> Result<(), Error> {
        if accepted.generation >= baseline.generation() {
            return Ok(());
        }
        let before = self.dir.generation(accepted.generation, keys.iter().copied())?;
        let is_continued = before.header().lineage == baseline.header().lineage;
        let forked = |reason| IntegrityError::Baseline { path: self.path.clone(), reason };
        before.check_seen(&accepted).map_err(forked)?;
        if is_continued {
            return Ok(());
        }
        Err(forked(Refusal::Forked { generation: baseline.generation() }).into())
    }

    fn remember(&self, lineage: &[u8; 16], accepted: Seen) -> Result<(), Error> {
        let (seen, lineage) = (self.custody.seen(), hex(lineage));
        let mark = Mark::new(accepted.generation, Hash::from_bytes(*accepted.digest.as_bytes()));
        seen.advance(Subject::Lineage(&lineage), mark)?;
        seen.advance(Subject::Directory(&self.path), mark)
    }

    /// Keeps the text of a policy beside the baseline, whose signed header has its digest.
    fn keep_policy(&self, rules: Rules<'_>) -> Result<(), Error> {
        self.make_dir()?;
        let Some(text) = rules.text else { return Ok(()) };
        let path = self.policy_path(rules.policy.digest());
        if fs::symlink_metadata(&path).is_ok()
            && read(&path, Kept::Public)?.is_some_and(|kept| *kept == *text.as_bytes())
        {
            return Ok(());
        }
        replace(&path, text.as_bytes())
    }

    fn policy_path(&self, digest: Digest) -> PathBuf {
        self.path.join(format!("policy-{}.toml", &digest.to_string()[..16]))
    }
}

fn texts(paths: &[PathBuf]) -> Vec<String> {
    paths.iter().map(|path| path.to_string_lossy().into_owned()).collect()
}

fn hex(bytes: &[u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(*bytes))
}

/// How many records are made at once: each takes about a kilobyte.
const RECORDS: usize = 4096;

/// Whose keys sign baselines: the first part of the name of the note's origin.
const PURPOSE: &str = "fim";
