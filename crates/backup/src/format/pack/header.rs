//! The end of a pack: the sealed list of its blobs, and how long that is.

use std::num::NonZeroU32;

use super::{BlobKind, PackedBlob};
use crate::format::{FormatError, Id, MasterKey, Nonce, SEAL_OVERHEAD};

/// How long a sealed header may be: restic reads none that is longer.
pub const MAX_HEADER_BYTES: u32 = 16 << 20;

/// How long the sealed header is, by the last four bytes of a pack that has `pack_size` bytes. The header lies right in
/// front of those four.
///
/// # Errors
///
/// When no pack of that size has such a header.
pub fn pack_header_length(last: [u8; 4], pack_size: u64) -> Result<u32, FormatError> {
    let length = u32::from_le_bytes(last);
    if length > MAX_HEADER_BYTES {
        return Err(FormatError::TooLarge { what: WHAT, limit: MAX_HEADER_BYTES.into() });
    }
    if u64::from(length) + LENGTH as u64 > pack_size {
        return Err(malformed("is longer than the pack"));
    }
    if (length as usize) < SEAL_OVERHEAD + PLAIN_ENTRY {
        return Err(malformed("is too short"));
    }
    Ok(length)
}

/// The blobs of a pack, by its sealed header. They fill the pack without a gap, or else it is refused.
///
/// # Errors
///
/// When the header was not sealed by this key, or does not agree with a pack of that size.
pub fn open_pack_header(
    key: &MasterKey,
    sealed: &[u8],
    pack_size: u64,
) -> Result<Vec<PackedBlob>, FormatError> {
    let header = key.open(sealed)?;
    let mut blobs = Vec::with_capacity(header.len() / PLAIN_ENTRY);
    let (mut rest, mut offset) = (&header[..], 0_u32);
    while !rest.is_empty() {
        let blob = next(&mut rest, offset)?;
        offset =
            offset.checked_add(blob.length).ok_or(malformed("has blobs for more than 4 GiB"))?;
        blobs.push(blob);
    }
    if u64::from(offset) + (sealed.len() + LENGTH) as u64 != pack_size {
        return Err(malformed("does not list what fills the pack"));
    }
    Ok(blobs)
}

/// Appends the sealed header of these blobs, and its length.
pub(super) fn append(
    blobs: &[PackedBlob],
    key: &MasterKey,
    nonce: &Nonce,
    pack: &mut Vec<u8>,
) -> Result<(), FormatError> {
    let mut header = Vec::with_capacity(blobs.len() * COMPRESSED_ENTRY);
    for blob in blobs {
        let kind = match (blob.kind, blob.uncompressed) {
            (BlobKind::Data, None) => DATA,
            (BlobKind::Tree, None) => TREE,
            (BlobKind::Data, Some(_)) => COMPRESSED_DATA,
            (BlobKind::Tree, Some(_)) => COMPRESSED_TREE,
        };
        header.push(kind);
        header.extend_from_slice(&blob.length.to_le_bytes());
        if let Some(length) = blob.uncompressed {
            header.extend_from_slice(&length.get().to_le_bytes());
        }
        header.extend_from_slice(blob.id.as_bytes());
    }
    let length = u32::try_from(header.len() + SEAL_OVERHEAD)
        .ok()
        .filter(|&length| length <= MAX_HEADER_BYTES)
        .ok_or(FormatError::TooLarge { what: WHAT, limit: MAX_HEADER_BYTES.into() })?;
    key.seal_into(nonce, &header, pack);
    pack.extend_from_slice(&length.to_le_bytes());
    Ok(())
}

/// Whether a header of so many blobs can be read again.
pub(super) fn check_room(blobs: usize) -> Result<(), FormatError> {
    let length = blobs.saturating_mul(COMPRESSED_ENTRY).saturating_add(SEAL_OVERHEAD);
    if length > MAX_HEADER_BYTES as usize {
        return Err(FormatError::TooLarge { what: WHAT, limit: MAX_HEADER_BYTES.into() });
    }
    Ok(())
}

fn next(rest: &mut &[u8], offset: u32) -> Result<PackedBlob, FormatError> {
    let [kind] = take(rest)?;
    let (kind, compressed) = match kind {
        DATA => (BlobKind::Data, false),
        TREE => (BlobKind::Tree, false),
        COMPRESSED_DATA => (BlobKind::Data, true),
        COMPRESSED_TREE => (BlobKind::Tree, true),
        _ => return Err(malformed("has a blob of a kind that is not known")),
    };
    let length = u32::from_le_bytes(take(rest)?);
    if (length as usize) < SEAL_OVERHEAD {
        return Err(malformed("has a blob that is too short to be sealed"));
    }
    let uncompressed = if compressed {
        let length = NonZeroU32::new(u32::from_le_bytes(take(rest)?));
        Some(length.ok_or(malformed("has a compressed blob of nothing"))?)
    } else {
        None
    };
    let id = Id::from_bytes(take(rest)?);
    Ok(PackedBlob { kind, id, offset, length, uncompressed })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], FormatError> {
    let (taken, behind) = rest.split_first_chunk().ok_or(malformed("ends within a blob"))?;
    *rest = behind;
    Ok(*taken)
}

const fn malformed(reason: &'static str) -> FormatError {
    FormatError::Malformed { what: WHAT, reason }
}

const WHAT: &str = "a pack's header";

const DATA: u8 = 0;
const TREE: u8 = 1;
const COMPRESSED_DATA: u8 = 2;
const COMPRESSED_TREE: u8 = 3;

/// A kind, a length and an id.
const PLAIN_ENTRY: usize = 1 + 4 + 32;
/// One length more.
const COMPRESSED_ENTRY: usize = PLAIN_ENTRY + 4;
/// The header's length at the end of the pack.
const LENGTH: usize = 4;
