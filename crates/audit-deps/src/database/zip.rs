//! Archives of advisories, read with limits: what was made to fill a disk or a memory is refused before it does.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt as _;

use flate2::read::DeflateDecoder;

/// Gives each file of an archive to `take`, with its path.
///
/// What is refused is said in words. Limits are on what comes out, not on what the archive says of it.
pub(super) fn each(file: &File, take: &mut Take<'_>) -> Result<(), String> {
    let length = file.metadata().map_err(shown)?.len();
    let entries = directory(file, length)?;
    let mut unpacked: u64 = 0;
    for entry in &entries {
        if entry.name.ends_with('/') {
            continue;
        }
        entry.is_acceptable()?;
        let content = entry.content(file)?;
        unpacked += content.len() as u64;
        if unpacked > FREE && unpacked / length.max(1) > HIGHEST_RATIO {
            return Err(format!("it unpacks to more than {HIGHEST_RATIO} times its size"));
        }
        if unpacked > LARGEST_WHOLE {
            return Err(format!("it unpacks to more than {} GB", LARGEST_WHOLE >> 30));
        }
        take(&entry.name, &content)?;
    }
    Ok(())
}

/// Takes a path and what the file at it holds.
pub(super) type Take<'a> = dyn FnMut(&str, &[u8]) -> Result<(), String> + 'a;

struct Entry {
    name: String,
    flags: u16,
    method: u16,
    mode: u32,
    checksum: u32,
    packed: u64,
    offset: u64,
}

impl Entry {
    fn is_acceptable(&self) -> Result<(), String> {
        let name = &self.name;
        let is_outside = name.starts_with('/')
            || name.contains('\\')
            || name.contains('\0')
            || name.split('/').any(|part| part == "..");
        if is_outside {
            return Err(format!("the path {name:?} leads out of it"));
        }
        if self.mode & 0o170_000 == 0o120_000 {
            return Err(format!("{name:?} is a link"));
        }
        if self.flags & 1 != 0 {
            return Err(format!("{name:?} is encrypted"));
        }
        let extension = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        if ["zip", "gz", "tar", "bz2", "xz", "zst", "7z", "rar"].contains(&extension.as_str()) {
            return Err(format!("{name:?} is an archive inside the archive"));
        }
        Ok(())
    }

    fn content(&self, file: &File) -> Result<Vec<u8>, String> {
        let named = |error: &str| format!("{:?}: {error}", self.name);
        let mut head = [0; 30];
        file.read_exact_at(&mut head, self.offset).map_err(|_| named("is not there"))?;
        if !head.starts_with(b"PK\x03\x04") {
            return Err(named("is not where the archive says"));
        }
        let skipped = 30 + u64::from(short(&head, 26)) + u64::from(short(&head, 28));
        let packed = Part { file, at: self.offset + skipped, left: self.packed };
        let mut content = Vec::new();
        let limit = LARGEST_FILE + 1;
        let read = match self.method {
            0 => packed.take(limit).read_to_end(&mut content),
            8 => DeflateDecoder::new(packed).take(limit).read_to_end(&mut content),
            _ => return Err(named("is packed in a way that OSV does not use")),
        };
        read.map_err(|_| named("cannot be unpacked"))?;
        if content.len() as u64 > LARGEST_FILE {
            return Err(named(&format!("unpacks to more than {} MB", LARGEST_FILE >> 20)));
        }
        let mut sum = flate2::Crc::new();
        sum.update(&content);
        if sum.sum() != self.checksum {
            return Err(named("is not what was packed"));
        }
        Ok(content)
    }
}

/// The bytes of a file from a place on.
struct Part<'a> {
    file: &'a File,
    at: u64,
    left: u64,
}

impl io::Read for Part<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.file.read_at(&mut buffer[..most], self.at)?;
        (self.at, self.left) = (self.at + count as u64, self.left - count as u64);
        Ok(count)
    }
}

/// Reads the list of files, and sees to it that no two of them share bytes: that is how a small archive becomes large
/// without packing anything well.
fn directory(file: &File, length: u64) -> Result<Vec<Entry>, String> {
    let (count, at, size) = end(file, length)?;
    if count > MOST_FILES {
        return Err(format!("it has more than {MOST_FILES} files"));
    }
    if size > LARGEST_LIST || at.checked_add(size).is_none_or(|end| end > length) {
        return Err("its list of files is not in it".to_owned());
    }
    let mut list = vec![0; usize::try_from(size).map_err(shown)?];
    file.read_exact_at(&mut list, at).map_err(shown)?;
    let (mut entries, mut rest) = (Vec::new(), list.as_slice());
    for _ in 0..count {
        let (entry, after) = entry(rest).ok_or("its list of files is broken")?;
        rest = after;
        entries.push(entry);
    }
    let mut places: Vec<(u64, u64)> = entries
        .iter()
        .map(|one| (one.offset, one.offset.saturating_add(30 + one.packed)))
        .collect();
    places.sort_unstable();
    let is_shared = |pair: &[(u64, u64)]| pair[0].1 > pair[1].0;
    if places.windows(2).any(is_shared) || places.last().is_some_and(|last| last.1 > at) {
        return Err("files in it share their bytes".to_owned());
    }
    Ok(entries)
}

/// Returns the number of files, and where the list of them is and how long.
fn end(file: &File, length: u64) -> Result<(u64, u64, u64), String> {
    let from = length.saturating_sub(22 + 65_535);
    let mut tail = vec![0; usize::try_from(length - from).map_err(shown)?];
    file.read_exact_at(&mut tail, from).map_err(shown)?;
    let at = tail.windows(4).rposition(|four| four == b"PK\x05\x06").ok_or("it is no archive")?;
    let end = tail.get(at..at + 22).ok_or("it is cut off")?;
    let (count, size, start) = (short(end, 10), long(end, 12), long(end, 16));
    if count != u16::MAX && size != u32::MAX && start != u32::MAX {
        return Ok((count.into(), start.into(), size.into()));
    }
    let before = at.checked_sub(20).map(|before| &tail[before..at]);
    let locator = before.filter(|bytes| bytes.starts_with(b"PK\x06\x07")).ok_or("it is cut off")?;
    let mut head = [0; 56];
    file.read_exact_at(&mut head, wide(locator, 8)).map_err(shown)?;
    if !head.starts_with(b"PK\x06\x06") {
        return Err("its list of files is not where it says".to_owned());
    }
    Ok((wide(&head, 32), wide(&head, 48), wide(&head, 40)))
}

fn entry(list: &[u8]) -> Option<(Entry, &[u8])> {
    let head = list.get(..46).filter(|head| head.starts_with(b"PK\x01\x02"))?;
    let (name_length, extra_length) = (short(head, 28) as usize, short(head, 30) as usize);
    let rest = &list[46..];
    let (name, rest) = rest.split_at_checked(name_length)?;
    let (mut extra, rest) = rest.split_at_checked(extra_length)?;
    let (_, rest) = rest.split_at_checked(short(head, 32) as usize)?;
    let (mut packed, mut offset) = (u64::from(long(head, 20)), u64::from(long(head, 42)));
    let size = long(head, 24);
    // What does not fit into four bytes stands here, in this order.
    while let Some((field, after)) = extra.split_first_chunk::<4>() {
        let (mut content, after) = after.split_at_checked(short(field, 2) as usize)?;
        if short(field, 0) == 1 {
            for (is_there, value) in [
                (size == u32::MAX, &mut 0),
                (long(head, 20) == u32::MAX, &mut packed),
                (long(head, 42) == u32::MAX, &mut offset),
            ] {
                if is_there {
                    let (bytes, more) = content.split_first_chunk::<8>()?;
                    (*value, content) = (u64::from_le_bytes(*bytes), more);
                }
            }
        }
        extra = after;
    }
    let entry = Entry {
        name: std::str::from_utf8(name).ok()?.to_owned(),
        flags: short(head, 8),
        method: short(head, 10),
        mode: long(head, 38) >> 16,
        checksum: long(head, 16),
        packed,
        offset,
    };
    Some((entry, rest))
}

fn short(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn long(bytes: &[u8], at: usize) -> u32 {
    u32::from(short(bytes, at)) | u32::from(short(bytes, at + 2)) << 16
}

fn wide(bytes: &[u8], at: usize) -> u64 {
    u64::from(long(bytes, at)) | u64::from(long(bytes, at + 4)) << 32
}

fn shown(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// npm's export has some 200,000.
const MOST_FILES: u64 = 2_000_000;
const LARGEST_LIST: u64 = 1 << 30;

/// The largest advisories list some thousand versions for some hundred packages.
const LARGEST_FILE: u64 = 32 << 20;
const LARGEST_WHOLE: u64 = 16 << 30;

/// JSON packs to a fifth to a thirtieth; small archives may pack better.
const HIGHEST_RATIO: u64 = 100;
const FREE: u64 = 16 << 20;
