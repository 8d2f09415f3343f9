//! What remains of a change once the profile has had its say.

use std::io::{self, Read};
use std::path::Path;

use super::{Policy, Profile, Rule, rotation};
use crate::digest::Hasher;
use crate::{Algorithm, Change, ChangeKind, Digest, Entry, EntryKind, Field};

/// What lies around a changed path, before and now.
///
/// Called by [`Policy::judge`] on the caller's thread, for changed files of the profiles `growing` and `rotated` only.
/// What cannot be told is left out, and the change is then reported: no error can make one go away.
pub trait Surroundings {
    /// Returns the entries of a directory whose names begin with these bytes, as they were.
    fn before(&self, directory: &Path, beginning: &[u8]) -> Vec<Entry>;

    /// Returns the entries of a directory whose names begin with these bytes, as they are.
    fn now(&self, directory: &Path, beginning: &[u8]) -> Vec<Entry>;

    /// Opens a regular file for reading, following no symbolic link on the whole way and waiting for nobody.
    fn open(&self, path: &Path) -> Option<Box<dyn Read + '_>>;

    /// Returns the algorithm of the contents' digests.
    fn algorithm(&self) -> Algorithm;
}

/// Knows of no surroundings: what moved away counts as gone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nothing;

impl Surroundings for Nothing {
    fn before(&self, _: &Path, _: &[u8]) -> Vec<Entry> {
        Vec::new()
    }

    fn now(&self, _: &Path, _: &[u8]) -> Vec<Entry> {
        Vec::new()
    }

    fn open(&self, _: &Path) -> Option<Box<dyn Read + '_>> {
        None
    }

    fn algorithm(&self) -> Algorithm {
        Algorithm::default()
    }
}

impl Policy {
    /// Returns what remains to be reported of a change, or `None` where all of it is as the rule expects.
    ///
    /// Most profiles leave a change as it is. `growing` lets pass that a file became longer, and `rotated` that what it
    /// held moved to a rotated name; the first bytes are read again where the scan has not taken their digest.
    #[must_use]
    pub fn judge(
        &self,
        change: Change,
        old: Option<&Entry>,
        new: Option<&Entry>,
        around: &dyn Surroundings,
    ) -> Option<Change> {
        let rule = self.rule(&change.path);
        let expected: &[Field] = match rule.profile() {
            Profile::Ignore => return None,
            Profile::Static | Profile::Config | Profile::State => return Some(change),
            Profile::Growing => match (old, new) {
                (Some(old), Some(new)) if grew(rule, old, new, around) => &GROWN,
                _ => &[],
            },
            Profile::Rotated => match (old, new) {
                (Some(old), Some(new)) if grew(rule, old, new, around) => &GROWN,
                (Some(old), Some(new)) if is_file(new) && rotation::moved(old, around) => &MOVED,
                (Some(old), None) if rotation::moved(old, around) => return None,
                (None, Some(new)) if rotation::arrived(new, around) => return None,
                _ => &[],
            },
        };
        without(change, expected)
    }
}

/// Drops fields; a modification of which nothing is left is none.
fn without(mut change: Change, expected: &[Field]) -> Option<Change> {
    if expected.is_empty() || change.kind != ChangeKind::Modified {
        return Some(change);
    }
    change.fields.retain(|changed| !expected.contains(&changed.field));
    (!change.fields.is_empty()).then_some(change)
}

fn grew(rule: &Rule, old: &Entry, new: &Entry, around: &dyn Surroundings) -> bool {
    if !is_file(old) || !is_file(new) || new.size < old.size {
        return false;
    }
    // A rule that leaves the content out asks for the size alone.
    !rule.fields(EntryKind::File).contains(Field::Content) || continues(old, new, around)
}

/// Tells whether a file still begins with what another, or itself, held before.
pub(super) fn continues(old: &Entry, new: &Entry, around: &dyn Surroundings) -> bool {
    let Some(content) = old.content else { return false };
    if new.size < old.size {
        return false;
    }
    if new.size == old.size && new.content.is_some() {
        return new.content == old.content;
    }
    match new.prefix {
        Some(prefix) if prefix.size == old.size => prefix.digest == content,
        _ => around
            .open(&new.path)
            .and_then(|reader| digest(reader, old.size, around.algorithm()))
            .is_some_and(|digest| digest == content),
    }
}

pub(super) fn is_file(entry: &Entry) -> bool {
    entry.kind == EntryKind::File && entry.fault.is_none()
}

/// Returns the digest of so many bytes, or `None` where there are fewer.
pub(super) fn digest(reader: impl Read, size: u64, algorithm: Algorithm) -> Option<Digest> {
    let mut hasher = Hasher::new(algorithm);
    let copied = io::copy(&mut reader.take(size), &mut Sink(&mut hasher)).ok()?;
    (copied == size).then(|| hasher.finish())
}

struct Sink<'h>(&'h mut Hasher);

impl io::Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is other when a file became longer.
const GROWN: [Field; 4] = [Field::Content, Field::Size, Field::Mtime, Field::Ctime];

/// What is other when another file took the name.
const MOVED: [Field; 6] =
    [Field::Content, Field::Size, Field::Mtime, Field::Ctime, Field::Btime, Field::Inode];
