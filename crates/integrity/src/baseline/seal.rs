//! The note that vouches for a baseline's file.

use wardkit_tlog::{Checkpoint, Error as TlogError, Note, SigningKey, TreeHead, VerifierKey};

use super::write::Written;
use super::{BaselineHeader, Refusal};
use crate::Digest;

/// What a verified note says of its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) origin: String,
    pub(super) head: TreeHead,
    pub(super) digest: Digest,
    pub(super) generation: u64,
    pub(super) lineage: [u8; 16],
}

/// Signs for a file.
pub(super) fn sign(
    header: &BaselineHeader,
    generation: u64,
    written: &Written,
    key: &SigningKey,
) -> Result<Note, TlogError> {
    let claim = Claim {
        origin: origin(&header.host),
        head: written.head,
        digest: written.digest,
        generation,
        lineage: header.lineage,
    };
    let [digest, generation, lineage] = claim.extensions();
    Checkpoint::new(claim.origin, claim.head)?
        .with_extension(digest)?
        .with_extension(generation)?
        .with_extension(lineage)?
        .sign(key)
}

/// Returns the name of a host's baselines for everybody.
pub(super) fn origin(host: &str) -> String {
    format!("{host}/fim")
}

impl Claim {
    /// Verifies a note and reads what it says.
    pub(super) fn open<'k>(
        note: &[u8],
        keys: impl IntoIterator<Item = &'k VerifierKey, IntoIter: Clone>,
    ) -> Result<Self, Refusal> {
        if !note.ends_with(b"\n") {
            return Err(Refusal::Torn);
        }
        let note =
            Note::from_bytes(note).map_err(|_| Refusal::Malformed("it is no signed note"))?;
        let checkpoint: Result<Checkpoint, _> = match note.verify(keys) {
            Ok(verified) => verified.text().parse(),
            Err(TlogError::NoKnownSigner) => return Err(Refusal::ForeignKey),
            Err(_) => return Err(Refusal::Altered),
        };
        let claim = checkpoint.ok().as_ref().and_then(Self::of);
        claim.ok_or(Refusal::Malformed("it does not vouch for a baseline"))
    }

    fn of(checkpoint: &Checkpoint) -> Option<Self> {
        let [digest, generation, lineage] = checkpoint.extensions() else { return None };
        let claim = Self {
            origin: checkpoint.origin().to_owned(),
            head: checkpoint.head(),
            digest: digest.strip_prefix(DIGEST)?.parse().ok()?,
            generation: generation.strip_prefix(GENERATION)?.parse().ok()?,
            lineage: u128::from_str_radix(lineage.strip_prefix(LINEAGE)?, 16).ok()?.to_be_bytes(),
        };
        // The round trip refuses every other spelling.
        (claim.extensions() == checkpoint.extensions()).then_some(claim)
    }

    fn extensions(&self) -> [String; 3] {
        [
            format!("{DIGEST}{}", self.digest),
            format!("{GENERATION}{}", self.generation),
            format!("{LINEAGE}{:032x}", u128::from_be_bytes(self.lineage)),
        ]
    }
}

const DIGEST: &str = "file-blake3 ";
const GENERATION: &str = "generation ";
const LINEAGE: &str = "lineage ";
