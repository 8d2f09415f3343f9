//! Logs that move to rotated names.
//!
//! A *family* is a log and its archives: names that begin with the log's and go on with a number or a date, then
//! perhaps with the suffix of a compressor. What a member held must be found at the beginning of another, unless it was
//! the oldest and had to make room for a rotation that did take place.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::judge::{continues, is_file};
use crate::order;
use crate::{Entry, Surroundings};

/// Tells whether what a file held has moved to another name of its family, or fell out at its end.
pub(super) fn moved(old: &Entry, around: &dyn Surroundings) -> bool {
    if !is_file(old) {
        return false;
    }
    let family = Family::of(&old.path, around);
    family.holds(old, around)
        || (family.is_archive(&old.path)
            && family.rotated(around)
            && !family.before.iter().any(|older| older.mtime < old.mtime && family.kept(older)))
}

/// Tells whether a new file is the archive that a rotation left: it has owner, group and permissions of its family.
pub(super) fn arrived(new: &Entry, around: &dyn Surroundings) -> bool {
    if !is_file(new) {
        return false;
    }
    let family = Family::of(&new.path, around);
    let access = |entry: &Entry| (entry.uid, entry.gid, entry.mode);
    family.is_archive(&new.path)
        && family.before.iter().any(|member| access(member) == access(new))
        && family.rotated(around)
}

/// A log and its archives, before and now.
struct Family {
    base: Vec<u8>,
    before: Vec<Entry>,
    now: Vec<Entry>,
}

impl Family {
    fn of(path: &Path, around: &dyn Surroundings) -> Self {
        let (directory, name) = order::split(path);
        let directory = Path::new(std::ffi::OsStr::from_bytes(directory));
        let known = |base: &[u8]| {
            let mut before = around.before(directory, base);
            before.retain(|entry| is_file(entry) && belongs(name_of(entry), base));
            before
        };
        let mut base = base_of(name);
        let mut before = known(base);
        // `node-18` is an archive only where there is a `node`.
        if base != name && !before.iter().any(|entry| name_of(entry) == base) {
            base = name;
            before = known(base);
        }
        let mut now = around.now(directory, base);
        now.retain(|entry| is_file(entry) && belongs(name_of(entry), base));
        // What was rotated last is the likeliest place, and a family that somebody floods costs no more than this.
        now.sort_by_key(|entry| std::cmp::Reverse(entry.mtime));
        now.truncate(LARGEST);
        Self { base: base.to_vec(), before, now }
    }

    fn is_archive(&self, path: &Path) -> bool {
        order::split(path).1 != self.base
    }

    /// Tells whether what a member held is at the beginning of another one now.
    fn holds(&self, old: &Entry, around: &dyn Surroundings) -> bool {
        let others = || self.now.iter().filter(|entry| entry.path != old.path);
        // Nothing is lost of nothing. Equal digests cost nothing, the same inode is the likeliest, then the rest is read.
        old.size == 0
            || others().any(|entry| old.content.is_some() && entry.content == old.content)
            || others().any(|entry| same_inode(old, entry) && continues(old, entry, around))
            || others().any(|entry| !same_inode(old, entry) && continues(old, entry, around))
            || others().any(|entry| unpacked(old, entry, around))
    }

    /// Tells whether some member is now, byte by byte, what this one was.
    fn kept(&self, old: &Entry) -> bool {
        old.content.is_some() && self.now.iter().any(|entry| entry.content == old.content)
    }

    /// Tells whether the log itself began anew and what it held is in an archive.
    fn rotated(&self, around: &dyn Surroundings) -> bool {
        let log =
            |entries: &[Entry]| entries.iter().find(|entry| name_of(entry) == self.base).cloned();
        let Some(old) = log(&self.before) else { return false };
        let goes_on = log(&self.now).is_some_and(|new| continues(&old, &new, around));
        !goes_on && self.holds(&old, around)
    }
}

fn same_inode(old: &Entry, new: &Entry) -> bool {
    (old.dev, old.inode) == (new.dev, new.inode)
}

/// Tells whether a compressed file begins with what another held.
#[cfg(feature = "policy")]
fn unpacked(old: &Entry, new: &Entry, around: &dyn Surroundings) -> bool {
    use std::io::Read as _;

    if !name_of(new).ends_with(b".gz") || old.content.is_none() {
        return false;
    }
    let Some(reader) = around.open(&new.path) else { return false };
    // Neither the packed bytes nor the unpacked ones have any other end than what was known before.
    let unpacked = flate2::read::MultiGzDecoder::new(reader.take(new.size));
    super::judge::digest(unpacked, old.size, around.algorithm()) == old.content
}

#[cfg(not(feature = "policy"))]
fn unpacked(_: &Entry, _: &Entry, _: &dyn Surroundings) -> bool {
    false
}

fn name_of(entry: &Entry) -> &[u8] {
    order::split(&entry.path).1
}

fn belongs(name: &[u8], base: &[u8]) -> bool {
    name == base || base_of(name) == base
}

/// Returns the name of the log that a name is an archive of, or else the name.
fn base_of(name: &[u8]) -> &[u8] {
    let packed = PACKED.iter().find_map(|suffix| name.strip_suffix(*suffix)).unwrap_or(name);
    let is_count = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    let counted = packed.iter().rev().take_while(|byte| is_count(byte)).count();
    let (front, count) = packed.split_at(packed.len() - counted);
    let base = match (front.strip_suffix(b"."), count.first()) {
        // `app.log.1`, `app.log.2026-01-31`
        (Some(base), Some(b'0'..=b'9')) => base,
        // `app.log-20260131`
        (None, Some(b'-' | b'_')) if count.iter().any(u8::is_ascii_digit) => front,
        _ => packed,
    };
    if base.is_empty() { name } else { base }
}

/// What compressors append; of these only `.gz` is looked into.
const PACKED: [&[u8]; 5] = [b".gz", b".xz", b".zst", b".bz2", b".lz4"];

/// A family with more archives than this is looked through no further.
const LARGEST: usize = 400;
