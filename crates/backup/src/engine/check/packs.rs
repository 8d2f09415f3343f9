//! The list of the packs against the index.

use super::Finding;
use super::report::Check;
use crate::engine::objects::list;
use crate::engine::{Error, Index, IndexedBlob, Quality, Role};
use crate::format::{Id, SEAL_OVERHEAD};
use crate::store::Kind;

/// Checks that all packs of the index are there, with the length that their blobs add up to; tells all packs and their
/// lengths, by their ids.
pub(super) fn check<R: Role>(check: &Check<'_, R>, index: &Index) -> Result<Vec<(Id, u64)>, Error> {
    let packs = list(check.repository.store(), Kind::Pack)?;
    let mut is_known = vec![false; packs.len()];
    for (pack, blobs) in index.by_pack().iter() {
        check.go_on()?;
        let Ok(number) = packs.binary_search_by_key(&pack, |(id, _)| *id) else {
            check.find(missing(pack, &blobs));
            continue;
        };
        is_known[number] = true;
        let (expected, found) = (size(&blobs), packs[number].1);
        if expected != found {
            check.find(Finding::PackSize { pack, expected, found });
        }
    }
    for ((pack, _), _) in packs.iter().zip(&is_known).filter(|(_, is_known)| !**is_known) {
        check.find(Finding::PackUnused { pack: *pack });
    }
    duplicates(check, index);
    check.report().packs = packs.len() as u64;
    Ok(packs)
}

/// A pack that only old indexes name, or that is marked, may be gone.
fn missing(pack: Id, blobs: &[IndexedBlob]) -> Finding {
    if blobs.iter().any(|blob| blob.quality == Quality::Good) {
        Finding::PackMissing { pack, blobs: blobs.len() }
    } else {
        Finding::PackGone { pack }
    }
}

/// How long a pack of these blobs is, with its header.
fn size(blobs: &[IndexedBlob]) -> u64 {
    let lengths: u64 = blobs
        .iter()
        .map(|place| {
            let entry = if place.blob.uncompressed.is_some() { COMPRESSED } else { PLAIN };
            u64::from(place.blob.length) + entry
        })
        .sum();
    lengths + SEAL_OVERHEAD as u64 + LENGTH
}

fn duplicates<R>(check: &Check<'_, R>, index: &Index) {
    let (mut blobs, mut bytes) = (0, 0);
    let mut previous = None;
    for place in index.blobs().filter(|place| place.quality == Quality::Good) {
        let name = (place.blob.kind, place.blob.id);
        if previous == Some(name) {
            blobs += 1;
            bytes += u64::from(place.blob.length);
        }
        previous = Some(name);
    }
    if blobs > 0 {
        check.find(Finding::Duplicates { blobs, bytes });
    }
}

/// A blob's entry in the header: kind, length and id.
const PLAIN: u64 = 1 + 4 + 32;
/// With its length before compression.
const COMPRESSED: u64 = PLAIN + 4;
/// The length of the header.
const LENGTH: u64 = 4;
