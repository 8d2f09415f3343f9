//! Proofs together with the checkpoint that they lead to: files that are checked offline.

use std::fmt;
use std::str::FromStr;

use crate::text::{from_base64, from_decimal, to_base64};
use crate::{Checkpoint, ConsistencyProof, Error, Hash, InclusionProof, Note, VerifierKey};

/// Shows that an entry is in a log: a proof and the checkpoint that it leads to.
///
/// Prints and parses as C2SP tlog-proof; such files are called `.tlog-proof`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct InclusionEvidence {
    /// What the application added. Nothing vouches for it.
    pub extra: Option<Vec<u8>>,
    /// Where the entry is.
    pub proof: InclusionProof,
    /// The signed checkpoint.
    pub checkpoint: Note,
}

impl InclusionEvidence {
    /// Puts a proof and its checkpoint together.
    #[must_use]
    pub const fn new(proof: InclusionProof, checkpoint: Note) -> Self {
        Self { extra: None, proof, checkpoint }
    }

    /// Checks that the log holds the entry with this leaf hash, and returns the checkpoint that says so.
    ///
    /// # Errors
    ///
    /// When the checkpoint is not signed by a known key or is of another log, or the proof does not lead to it.
    pub fn verify<'k>(
        &self,
        leaf: Hash,
        origin: &str,
        keys: impl IntoIterator<Item = &'k VerifierKey, IntoIter: Clone>,
    ) -> Result<Checkpoint, Error> {
        let checkpoint = Checkpoint::open(&self.checkpoint, origin, keys)?;
        self.proof.verify(leaf, checkpoint.head())?;
        Ok(checkpoint)
    }
}

impl fmt::Display for InclusionEvidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{INCLUSION}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "{EXTRA}{}", to_base64(extra))?;
        }
        writeln!(f, "{INDEX}{}", self.proof.index)?;
        write_path(f, &self.proof.path)?;
        write!(f, "\n{}", self.checkpoint)
    }
}

impl FromStr for InclusionEvidence {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (proof, checkpoint) = split(text)?;
        let mut lines = proof.split('\n').peekable();
        if lines.next() != Some(INCLUSION) {
            return Err(Error::Proof("the first line is not c2sp.org/tlog-proof@v1"));
        }
        let extra =
            lines.next_if(|line| line.starts_with(EXTRA)).and_then(|line| line.strip_prefix(EXTRA));
        let extra = extra
            .map(from_base64)
            .map(|extra| extra.ok_or(Error::Proof("the extra data are not base64")));
        let index = lines.next().and_then(|line| from_decimal(line.strip_prefix(INDEX)?));
        let index = index.ok_or(Error::Proof("no line with the index"))?;
        let proof = InclusionProof { index, path: read_path(lines)? };
        Ok(Self { extra: extra.transpose()?, proof, checkpoint })
    }
}

/// Shows that a log only grew: a proof from an earlier size, and the checkpoint that it leads to.
///
/// Prints and parses as the body of C2SP tlog-witness's `add-checkpoint`, so a witness takes it as it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ConsistencyEvidence {
    /// The size that the proof starts from.
    pub old_size: u64,
    /// What leads from there to the checkpoint.
    pub proof: ConsistencyProof,
    /// The signed checkpoint.
    pub checkpoint: Note,
}

impl ConsistencyEvidence {
    /// Puts a proof and its checkpoint together.
    #[must_use]
    pub const fn new(old_size: u64, proof: ConsistencyProof, checkpoint: Note) -> Self {
        Self { old_size, proof, checkpoint }
    }

    /// Checks that the log still begins with the entries of a checkpoint seen earlier, and returns the later one.
    ///
    /// # Errors
    ///
    /// When the later checkpoint is not signed by a known key or is of another log, or the proof starts from another
    /// size, or does not lead from the earlier checkpoint to the later one.
    pub fn verify<'k>(
        &self,
        earlier: &Checkpoint,
        keys: impl IntoIterator<Item = &'k VerifierKey, IntoIter: Clone>,
    ) -> Result<Checkpoint, Error> {
        let later = Checkpoint::open(&self.checkpoint, earlier.origin(), keys)?;
        let expected = earlier.head().size;
        if self.old_size != expected {
            return Err(Error::ProofStart { expected, found: self.old_size });
        }
        self.proof.verify(earlier.head(), later.head())?;
        Ok(later)
    }
}

impl fmt::Display for ConsistencyEvidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{OLD}{}", self.old_size)?;
        write_path(f, &self.proof.path)?;
        write!(f, "\n{}", self.checkpoint)
    }
}

impl FromStr for ConsistencyEvidence {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (proof, checkpoint) = split(text)?;
        let mut lines = proof.split('\n');
        let old_size = lines.next().and_then(|line| from_decimal(line.strip_prefix(OLD)?));
        let old_size = old_size.ok_or(Error::Proof("no line with the old size"))?;
        Ok(Self { old_size, proof: ConsistencyProof { path: read_path(lines)? }, checkpoint })
    }
}

/// Splits at the first empty line into the proof, without its last newline, and the checkpoint's note.
fn split(text: &str) -> Result<(&str, Note), Error> {
    let (proof, note) =
        text.split_once("\n\n").ok_or(Error::Proof("no empty line before the checkpoint"))?;
    Ok((proof, note.parse()?))
}

fn write_path(f: &mut fmt::Formatter<'_>, path: &[Hash]) -> fmt::Result {
    path.iter().try_for_each(|hash| writeln!(f, "{hash}"))
}

fn read_path<'t>(lines: impl Iterator<Item = &'t str>) -> Result<Vec<Hash>, Error> {
    let mut path = Vec::new();
    for line in lines {
        if path.len() == MAX_PATH {
            return Err(Error::Proof("more hashes than any tree has levels"));
        }
        path.push(line.parse()?);
    }
    Ok(path)
}

/// The tallest tree has 63 levels below its root, and a consistency proof may start with one node more.
const MAX_PATH: usize = 64;

const INCLUSION: &str = "c2sp.org/tlog-proof@v1";
const EXTRA: &str = "extra ";
const INDEX: &str = "index ";
const OLD: &str = "old ";
