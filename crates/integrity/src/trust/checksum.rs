//! The digests that records have.

use std::io::Read as _;
use std::path::Path;

use md5::{Digest as _, Md5};

use super::{Claim, record};
use crate::digest::Hasher;
use crate::{Algorithm, Entry};

/// Tells whether a file's content is what a record claims, and still what the entry has.
///
/// One pass makes both digests: who exchanges the file between the look and this is found by the entry's.
pub(super) fn agrees(path: &Path, entry: &Entry, algorithm: Algorithm, claim: Claim) -> bool {
    let Some(content) = entry.content else { return false };
    match claim {
        Claim::Listed => false,
        Claim::Sha256(expected) if algorithm == Algorithm::Sha256 => content == expected,
        Claim::Sha256(expected) => {
            let mut hasher = Hasher::new(Algorithm::Sha256);
            let digest = read(path, entry, algorithm, |bytes| hasher.update(bytes));
            digest == Some(content) && hasher.finish() == expected
        }
        Claim::Md5(expected) => {
            let mut hasher = Md5::new();
            let digest = read(path, entry, algorithm, |bytes| hasher.update(bytes));
            digest == Some(content) && <[u8; 16]>::from(hasher.finalize()) == expected
        }
    }
}

/// Reads a file of the entry's size and returns its digest.
fn read(
    path: &Path,
    entry: &Entry,
    algorithm: Algorithm,
    mut also: impl FnMut(&[u8]),
) -> Option<crate::Digest> {
    let (file, found) = record::open(path).ok()?;
    if found.len() != entry.size {
        return None;
    }
    let mut rest = file.take(entry.size);
    let mut hasher = Hasher::new(algorithm);
    let mut buffer = vec![0; PIECE];
    loop {
        let length = rest.read(&mut buffer).ok()?;
        if length == 0 {
            return Some(hasher.finish());
        }
        hasher.update(&buffer[..length]);
        also(&buffer[..length]);
    }
}

const PIECE: usize = 128 << 10;
