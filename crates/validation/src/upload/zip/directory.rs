//! Reads the directory at the end of a ZIP archive, with every number checked.

use std::collections::HashSet;
use std::io::{self, Read, Seek, SeekFrom};

/// The record at the very end, and the longest comment behind it.
const END: u64 = 22;
const COMMENT: u64 = 65_535;

/// What the record begins with, and what an entry of the directory and one before its data do.
const RECORD: &[u8] = b"PK\x05\x06";
const LISTED: &[u8] = b"PK\x01\x02";
const HEADER: &[u8] = b"PK\x03\x04";

/// A directory is never larger: a hundred bytes for an entry, and far more entries than anybody allows.
const DIRECTORY: u64 = 32 << 20;

/// What an archive says it has in it.
#[derive(Debug)]
pub(in crate::upload) struct Directory {
    pub(super) entries: Vec<Entry>,
    /// Where the directory begins, counted as offsets in the archive are.
    pub(super) start: u64,
    /// Bytes before the archive: more than none, and the file is something else too.
    pub(in crate::upload) before: u64,
}

/// One file in an archive.
#[derive(Debug)]
pub(in crate::upload) struct Entry {
    pub(super) name: Vec<u8>,
    pub(super) packed: u64,
    pub(super) unpacked: u64,
    pub(super) offset: u64,
    /// The name that readers of Info-ZIP's extra field take instead.
    pub(super) other_name: Option<Vec<u8>>,
    flags: u16,
    method: u16,
    made_by: u8,
    attributes: u32,
}

/// What was found at the end of a file.
pub(in crate::upload) enum Located {
    /// No archive ends here.
    Nothing,
    /// One does, and its directory cannot be read.
    Broken,
    /// One does, with more entries than were asked for.
    TooMany,
    /// One does.
    Found(Directory),
}

impl Entry {
    /// Links, devices and pipes, where the mode of Unix is given.
    pub(super) const fn is_special(&self) -> bool {
        let format = (self.attributes >> 16) & 0o170_000;
        matches!(self.made_by, 3 | 19) && format != 0 && format != 0o100_000 && format != 0o040_000
    }

    pub(super) const fn is_encrypted(&self) -> bool {
        self.flags & 1 != 0
    }

    pub(super) const fn is_stored(&self) -> bool {
        self.method == 0
    }

    /// Its sizes stand behind its data, and are nought before them.
    const fn is_streamed(&self) -> bool {
        self.flags & 8 != 0
    }
}

/// Looks for an archive that ends with the file.
pub(in crate::upload) fn locate<R: Read + Seek>(
    file: &mut R,
    len: u64,
    most: usize,
) -> io::Result<Located> {
    let tail_at = len.saturating_sub(END + COMMENT);
    file.seek(SeekFrom::Start(tail_at))?;
    let mut tail = Vec::new();
    file.by_ref().take(END + COMMENT).read_to_end(&mut tail)?;
    let ends = memchr::memmem::rfind_iter(&tail, RECORD).find(|at| {
        // The comment must reach to the end: that tells the record from bytes that look like it.
        u16_at(&tail, at + 20).is_some_and(|comment| at + 22 + usize::from(comment) == tail.len())
    });
    let Some(at) = ends else { return loose(file, &tail, tail_at) };
    // Readers that go by the last record, whatever its comment says, find another directory than those that do not.
    if memchr::memmem::find(&tail[at + 4..], RECORD).is_some() {
        return Ok(Located::Broken);
    }
    let end_at = tail_at + at as u64;
    let numbers = (u16_at(&tail, at + 10), u32_at(&tail, at + 12), u32_at(&tail, at + 16));
    let (Some(count), Some(size), Some(start)) = numbers else { return Ok(Located::Broken) };
    let (mut count, mut size, mut start) = (u64::from(count), u64::from(size), u64::from(start));
    let mut record_at = end_at;
    if count == 0xffff || size == 0xffff_ffff || start == 0xffff_ffff {
        match large(file, end_at)? {
            Some(found) => (record_at, count, size, start) = found,
            None => return Ok(Located::Broken),
        }
    }
    if count > most as u64 {
        return Ok(Located::TooMany);
    }
    let Some(before) = size.checked_add(start).and_then(|end| record_at.checked_sub(end)) else {
        return Ok(Located::Broken);
    };
    if size > DIRECTORY {
        return Ok(Located::TooMany);
    }
    file.seek(SeekFrom::Start(before.saturating_add(start)))?;
    let mut bytes = Vec::new();
    file.by_ref().take(size).read_to_end(&mut bytes)?;
    Ok(match entries(&bytes, count) {
        Some(entries) => Located::Found(Directory { entries, start, before }),
        None => Located::Broken,
    })
}

/// Says whether an archive ends before the end of the file, by a record whose comment does not fit. Many readers do
/// not mind, when a directory stands before it.
fn loose<R: Read + Seek>(file: &mut R, tail: &[u8], tail_at: u64) -> io::Result<Located> {
    let Some(at) = memchr::memmem::rfind(tail, RECORD) else { return Ok(Located::Nothing) };
    let start = u32_at(tail, at + 12)
        .and_then(|size| tail_at.saturating_add(at as u64).checked_sub(u64::from(size)));
    let Some(start) = start else { return Ok(Located::Nothing) };
    let mut begins = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    file.by_ref().take(LISTED.len() as u64).read_to_end(&mut begins)?;
    Ok(if begins == LISTED { Located::Broken } else { Located::Nothing })
}

/// Compares the directory with the headers before the data: readers that go by one must see what readers of the other
/// see.
pub(super) fn agrees<R: Read + Seek>(file: &mut R, directory: &Directory) -> io::Result<bool> {
    let offsets: HashSet<u64> = directory.entries.iter().map(|entry| entry.offset).collect();
    if !directory.entries.is_empty() && !offsets.contains(&0) {
        return Ok(false);
    }
    for entry in &directory.entries {
        if !entry_agrees(file, directory, entry, &offsets)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn entry_agrees<R: Read + Seek>(
    file: &mut R,
    directory: &Directory,
    entry: &Entry,
    offsets: &HashSet<u64>,
) -> io::Result<bool> {
    let Some(at) = directory.before.checked_add(entry.offset) else { return Ok(false) };
    file.seek(SeekFrom::Start(at))?;
    let mut header = Vec::with_capacity(30 + entry.name.len());
    file.by_ref().take(30 + entry.name.len() as u64).read_to_end(&mut header)?;
    let same_name = header.get(30..) == Some(entry.name.as_slice())
        && u16_at(&header, 26).map(usize::from) == Some(entry.name.len());
    let sizes = (u32_at(&header, 18).map(u64::from), u32_at(&header, 22).map(u64::from));
    let fits =
        |told: Option<u64>, size: u64| told.is_some_and(|told| told == size || told == 0xffff_ffff);
    let same_sizes =
        entry.is_streamed() || (fits(sizes.0, entry.packed) && fits(sizes.1, entry.unpacked));
    let Some(extra) = u16_at(&header, 28) else { return Ok(false) };
    let end = entry
        .offset
        .saturating_add(header.len() as u64)
        .saturating_add(u64::from(extra))
        .saturating_add(entry.packed);
    Ok(header.starts_with(HEADER)
        && same_name
        && same_sizes
        && u16_at(&header, 8) == Some(entry.method)
        && !is_followed(file, directory.before, end, offsets)?)
}

/// Tells whether an entry begins where another one ends, and is not in the directory: who reads from the beginning
/// unpacks it.
fn is_followed<R: Read + Seek>(
    file: &mut R,
    before: u64,
    end: u64,
    offsets: &HashSet<u64>,
) -> io::Result<bool> {
    let mut after = Vec::new();
    file.seek(SeekFrom::Start(before.saturating_add(end)))?;
    file.by_ref().take(28).read_to_end(&mut after)?;
    // Nothing, or sizes and a checksum: of 32 bits or 64, with a mark or without.
    Ok([0, 12, 16, 20, 24].into_iter().any(|gap| {
        after.get(gap..).is_some_and(|rest| rest.starts_with(HEADER))
            && !offsets.contains(&end.saturating_add(gap as u64))
    }))
}

/// Reads the records of archives beyond 4 GiB or 65 535 entries: where they are, the count, the size, the start.
fn large<R: Read + Seek>(file: &mut R, end_at: u64) -> io::Result<Option<(u64, u64, u64, u64)>> {
    let Some(locator_at) = end_at.checked_sub(20) else { return Ok(None) };
    let mut locator = [0; 20];
    file.seek(SeekFrom::Start(locator_at))?;
    file.read_exact(&mut locator)?;
    // The record stands right before its locator; one with more fields, or elsewhere, nobody writes.
    let Some(record_at) = locator_at.checked_sub(56) else { return Ok(None) };
    let mut record = [0; 56];
    file.seek(SeekFrom::Start(record_at))?;
    file.read_exact(&mut record)?;
    if !locator.starts_with(b"PK\x06\x07") || !record.starts_with(b"PK\x06\x06") {
        return Ok(None);
    }
    let read =
        || Some((record_at, u64_at(&record, 32)?, u64_at(&record, 40)?, u64_at(&record, 48)?));
    Ok(read())
}

fn entries(bytes: &[u8], count: u64) -> Option<Vec<Entry>> {
    let mut entries = Vec::new();
    let mut rest = bytes;
    for _ in 0..count {
        if !rest.starts_with(LISTED) {
            return None;
        }
        let name_len = usize::from(u16_at(rest, 28)?);
        let extra_len = usize::from(u16_at(rest, 30)?);
        let comment_len = usize::from(u16_at(rest, 32)?);
        let name = rest.get(46..46 + name_len)?.to_vec();
        let extra = rest.get(46 + name_len..46 + name_len + extra_len)?;
        let mut entry = Entry {
            name,
            packed: u64::from(u32_at(rest, 20)?),
            unpacked: u64::from(u32_at(rest, 24)?),
            offset: u64::from(u32_at(rest, 42)?),
            flags: u16_at(rest, 8)?,
            method: u16_at(rest, 10)?,
            other_name: None,
            made_by: *rest.get(5)?,
            attributes: u32_at(rest, 38)?,
        };
        widen(&mut entry, extra)?;
        entries.push(entry);
        rest = rest.get(46 + name_len + extra_len + comment_len..)?;
    }
    // Entries that the count leaves out are seen by readers that go by the size.
    rest.is_empty().then_some(entries)
}

/// The extra field of another name.
const UNICODE_PATH: u16 = 0x7075;

/// Takes sizes that have no room in 32 bits from the extra field, and another name.
fn widen(entry: &mut Entry, mut extra: &[u8]) -> Option<()> {
    while extra.len() >= 4 {
        let (id, len) = (u16_at(extra, 0)?, usize::from(u16_at(extra, 2)?));
        let field = extra.get(4..4 + len)?;
        if id == 1 {
            let mut at = 0;
            for size in [&mut entry.unpacked, &mut entry.packed, &mut entry.offset] {
                if *size == 0xffff_ffff {
                    *size = u64_at(field, at)?;
                    at += 8;
                }
            }
        }
        if id == UNICODE_PATH {
            // A version and a checksum stand before it.
            entry.other_name = Some(field.get(5..)?.to_vec());
        }
        extra = &extra[4 + len..];
    }
    Some(())
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}
