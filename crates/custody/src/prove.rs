//! Holding a log against what is kept.

use std::path::{Path, PathBuf};

use wardkit_auditlog::{Failure, Verdict, Verifier};
use wardkit_tlog::{Note, VerifierKey};

use crate::custody::{Custody, resolve};
use crate::trail::has_log;
use crate::{Error, Subject};

/// What else a log is held against.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Proof {
    against: Vec<Note>,
    archives: Vec<PathBuf>,
    key: Option<VerifierKey>,
}

impl Proof {
    /// Asks for a proof from what is kept here alone.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a checkpoint that was kept elsewhere.
    pub fn with_note(mut self, note: Note) -> Self {
        self.against.push(note);
        self
    }

    /// Reads segments that are no longer in the log's directory from this one.
    pub fn with_archive(mut self, dir: impl Into<PathBuf>) -> Self {
        self.archives.push(dir.into());
        self
    }

    /// Trusts this identity instead of the one that is kept here.
    pub fn with_key(mut self, key: VerifierKey) -> Self {
        self.key = Some(key);
        self
    }
}

/// What came of it. The log is as it was seen when there is no failure.
#[derive(Debug)]
#[must_use]
#[non_exhaustive]
pub struct Proven {
    /// Whose log it is, as far as that is known.
    pub identity: Option<VerifierKey>,
    /// What was read. `None` when there was nothing to read, or nobody to trust.
    pub verdict: Option<Verdict>,
    /// What is wrong.
    pub failures: Vec<Mismatch>,
    /// Why the head of an intact log was not remembered.
    pub forgotten: Option<Error>,
}

impl Proven {
    /// Tells whether nothing is wrong.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        self.failures.is_empty()
    }
}

/// Something that is wrong with a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mismatch {
    /// What is in the log contradicts itself, its keys or what was seen of it.
    #[error(transparent)]
    Log(#[from] Failure),
    /// The log that was begun there is gone.
    #[error("the log of {size} entries that was here is gone")]
    Gone {
        /// How many entries it had.
        size: u64,
    },
    /// No key is kept here, or was given, that vouches for it.
    #[error("no key that vouches for this log is kept here")]
    UnknownKey,
    /// The given key is not that of the log that was begun there.
    #[error("the log that was begun here has another identity: {identity}")]
    OtherKey {
        /// The identity that is kept.
        identity: String,
    },
}

impl Custody {
    /// Proves a log from its first line to its last, against the keys and the head that are kept here. The head of an
    /// intact log is remembered.
    ///
    /// # Errors
    ///
    /// When there is no log and never was one, or a file cannot be read. What can be read and is wrong is in the
    /// answer.
    pub fn prove(&self, log: impl AsRef<Path>, proof: &Proof) -> Result<Proven, Error> {
        let dir = resolve(log.as_ref());
        let kept = self.find(&dir, &proof.archives)?.map(|keyring| keyring.identity().clone());
        let mut proven = Proven {
            identity: proof.key.clone().or_else(|| kept.clone()),
            verdict: None,
            failures: Vec::new(),
            forgotten: None,
        };
        let Some(identity) = proven.identity.clone() else {
            if !has_log(&dir) {
                return Err(no_log(&dir));
            }
            proven.failures.push(Mismatch::UnknownKey);
            return Ok(proven);
        };
        if let Some(kept) = kept.filter(|kept| *kept != identity) {
            proven.failures.push(Mismatch::OtherKey { identity: kept.to_string() });
        }
        let seen = self.seen().last(Subject::Log(&identity))?;
        if !has_log(&dir) {
            let size = seen.ok_or_else(|| no_log(&dir))?.number;
            proven.failures.push(Mismatch::Gone { size });
            return Ok(proven);
        }
        let mut verifier = Verifier::new(identity.clone());
        for archive in &proof.archives {
            verifier = verifier.archive(archive);
        }
        for note in &proof.against {
            verifier = verifier.against(note.clone());
        }
        if let Some(seen) = seen {
            verifier = verifier.last_seen(seen.into());
        }
        let verdict = verifier.verify(&dir).map_err(Error::log(&dir))?;
        proven.failures.extend(verdict.failures.iter().cloned().map(Mismatch::Log));
        if proven.is_intact() {
            let seen = self.seen().advance(Subject::Log(&identity), verdict.sealed);
            proven.forgotten = self.make_data_dir().and(seen).err();
        }
        proven.verdict = Some(verdict);
        Ok(proven)
    }
}

fn no_log(dir: &Path) -> Error {
    Error::io("find a log in", dir)(std::io::ErrorKind::NotFound.into())
}
