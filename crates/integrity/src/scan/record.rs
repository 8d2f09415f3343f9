//! The bytes of an entry in a snapshot: its name and what [`codec`](crate::codec) makes of the rest.

use std::path::PathBuf;

use crate::codec::{self, put_number, take_array, take_digest, take_number};
use crate::{Entry, Prefix};

/// An entry in a snapshot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'a> {
    pub(super) name: &'a [u8],
    /// The entry, if there is one: of a directory above a root only the name is known.
    entry: Option<&'a [u8]>,
    has_prefix: bool,
}

/// Appends the record of a name.
pub(super) fn put(name: &[u8], entry: Option<&Entry>, out: &mut Vec<u8>) {
    let prefix = entry.and_then(|entry| entry.prefix);
    let mut body = Vec::new();
    if let Some(entry) = entry {
        codec::encode(entry, &mut body);
    }
    let (has_entry, has_prefix) = (u64::from(entry.is_some()), u64::from(prefix.is_some()));
    put_number((name.len() as u64) << 2 | has_prefix << 1 | has_entry, out);
    out.extend_from_slice(name);
    if entry.is_some() {
        let prefixed = if prefix.is_some() { PREFIX } else { 0 };
        put_number((body.len() + prefixed) as u64, out);
    }
    out.extend_from_slice(&body);
    if let Some(prefix) = prefix {
        out.extend_from_slice(&prefix.size.to_le_bytes());
        out.extend_from_slice(prefix.digest.as_bytes());
    }
}

/// Returns the records in bytes that [`put`] wrote.
pub(super) fn records(mut bytes: &[u8]) -> impl Iterator<Item = Record<'_>> {
    std::iter::from_fn(move || take(&mut bytes))
}

/// Returns the name in the first record.
pub(super) fn name(bytes: &[u8]) -> &[u8] {
    Record::of(bytes).name
}

/// Returns the entry in the first record.
pub(super) fn entry(bytes: &[u8], path: PathBuf) -> Option<Entry> {
    Record::of(bytes).entry(path)
}

impl<'a> Record<'a> {
    /// Returns the first record.
    pub(super) fn of(mut bytes: &'a [u8]) -> Self {
        take(&mut bytes).unwrap_or(Self { name: &[], entry: None, has_prefix: false })
    }

    /// Returns the entry with its path.
    pub(super) fn entry(self, path: PathBuf) -> Option<Entry> {
        let mut bytes = self.entry?;
        let mut entry = codec::decode(&mut bytes, path).ok()?;
        if self.has_prefix {
            let size = u64::from_le_bytes(take_array(&mut bytes).ok()?);
            entry.prefix = Some(Prefix { size, digest: take_digest(&mut bytes).ok()? });
        }
        Some(entry)
    }
}

fn take<'a>(bytes: &mut &'a [u8]) -> Option<Record<'a>> {
    let head = take_number(bytes).ok()?;
    let length = usize::try_from(head >> 2).ok()?;
    let name = bytes.split_off(..length)?;
    let has_prefix = head & 2 != 0;
    let entry = if head & 1 != 0 { Some(codec::take_bytes(bytes).ok()?) } else { None };
    Some(Record { name, entry, has_prefix })
}

/// The bytes of a prefix: its size and its digest.
const PREFIX: usize = 8 + 32;
