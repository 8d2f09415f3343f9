//! The files that were put aside: `NAME.1`, `NAME.2`, ... in the order of time, compressed as `NAME.1.zst`.
//!
//! Numbers only grow, so that neither a clock that is set back nor a program that dies in the middle mixes them up.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A file that waits to be compressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compression {
    path: PathBuf,
}

/// A file that was put aside.
#[derive(Debug)]
pub(super) struct Archive {
    pub(super) number: u64,
    pub(super) path: PathBuf,
    pub(super) is_compressed: bool,
    pub(super) bytes: u64,
    modified: SystemTime,
}

impl Compression {
    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Compresses the file and removes it once that is durable. A run that is cut off leaves the file as it was.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or the compressed one cannot be written.
    #[cfg(feature = "zstd")]
    pub fn run(&self) -> io::Result<()> {
        let unfinished = with_ending(&self.path, UNFINISHED);
        let done = with_ending(&self.path, COMPRESSED);
        let compress = || {
            let mut from = fs::File::open(&self.path)?;
            let metadata = from.metadata()?;
            let to = super::open_file(&unfinished)?.0;
            to.set_len(0)?;
            to.set_permissions(metadata.permissions())?;
            zstd::stream::copy_encode(&mut from, &to, LEVEL)?;
            // Its age is that of what it says.
            to.set_modified(metadata.modified()?)?;
            to.sync_all()?;
            // Who holds a budget may have removed the file meanwhile: then it is not to come back.
            fs::metadata(&self.path)?;
            fs::rename(&unfinished, &done)?;
            fs::remove_file(&self.path)
        };
        compress().inspect_err(|_| drop(fs::remove_file(&unfinished)))
    }
}

/// The files that were put aside, oldest first. One that is just being compressed may be missing.
pub(super) fn list(path: &Path) -> io::Result<Vec<Archive>> {
    let mut found = list_names(path)?;
    found.dedup_by_key(|archive| archive.number);
    Ok(found)
}

/// As [`list`], with both names of a file that has been compressed and not been removed yet, that one first.
fn list_names(path: &Path) -> io::Result<Vec<Archive>> {
    let Some(name) = path.file_name() else { return Ok(Vec::new()) };
    let mut found = list_of(directory(path), |of| of == name.as_encoded_bytes())?;
    found.sort_by_key(|archive| (archive.number, !archive.is_compressed));
    Ok(found)
}

/// Opens a file that was put aside, and tells whether it is compressed. None is there when it was removed meanwhile.
pub(super) fn open(path: &Path, number: u64) -> io::Result<Option<(fs::File, bool)>> {
    // In this order: one is removed only when the other is there.
    for (name, is_compressed) in names(path, number) {
        match fs::File::open(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            file => return Ok(Some((file?, is_compressed))),
        }
    }
    Ok(None)
}

fn names(path: &Path, number: u64) -> [(PathBuf, bool); 2] {
    let plain = with_ending(path, &format!(".{number}"));
    let compressed = with_ending(&plain, COMPRESSED);
    [(plain, false), (compressed, true)]
}

/// The files in a directory that were put aside of logs whose names are wanted.
fn list_of(directory: &Path, is_wanted: impl Fn(&[u8]) -> bool) -> io::Result<Vec<Archive>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let file = entry.file_name();
        let plain = file.as_encoded_bytes().strip_suffix(COMPRESSED.as_bytes());
        let numbered = plain.unwrap_or(file.as_encoded_bytes());
        let Some(point) = memchr::memrchr(b'.', numbered) else { continue };
        let number = str::from_utf8(&numbered[point + 1..]).ok().and_then(number_of);
        let Some(number) = number.filter(|_| is_wanted(&numbered[..point])) else { continue };
        // It may have been removed meanwhile.
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_file() {
            found.push(Archive {
                number,
                path: entry.path(),
                is_compressed: plain.is_some(),
                bytes: metadata.len(),
                modified: metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH),
            });
        }
    }
    Ok(found)
}

/// Gives the file the next number.
pub(super) fn put_aside(path: &Path) -> io::Result<()> {
    let mut number = list(path)?.last().map_or(0, |archive| archive.number);
    loop {
        number = number.checked_add(1).ok_or_else(|| io::Error::other("no number is left"))?;
        let names = names(path, number);
        // The newest may have been missing in the list.
        if names.iter().all(|(name, _)| fs::symlink_metadata(name).is_err()) {
            return fs::rename(path, &names[0].0);
        }
    }
}

/// Removes what a compression that was cut off left behind, and what is more than the limits allow.
pub(super) fn tidy(path: &Path, keep: usize, room: u64) -> io::Result<()> {
    let archives = list_names(path)?;
    for archive in &archives {
        if !archive.is_compressed {
            remove(&with_ending(&archive.path, UNFINISHED))?;
        } else if archives.iter().any(|one| one.number == archive.number && !one.is_compressed) {
            // It was renamed when it was whole.
            remove(&with_ending(path, &format!(".{}", archive.number)))?;
        }
    }
    let bytes: u64 = archives.iter().map(|archive| archive.bytes).sum();
    // Looked at anew only where there may be too many: in a directory of many logs each look costs.
    if archives.len() > keep || bytes > room { hold(path, keep, room).map(drop) } else { Ok(()) }
}

/// Returns the next file of a log that waits to be compressed: for a thread that does not have the writer.
#[must_use]
pub fn next_compression(path: &Path) -> Option<Compression> {
    if !cfg!(feature = "zstd") {
        return None;
    }
    let archives = list(path).ok()?;
    let waiting = archives.into_iter().find(|archive| !archive.is_compressed)?;
    Some(Compression { path: waiting.path })
}

pub(super) fn hold(path: &Path, keep: usize, room: u64) -> io::Result<usize> {
    let archives = list(path)?;
    let mut bytes: u64 = archives.iter().map(|archive| archive.bytes).sum();
    let mut removed = 0;
    for (index, archive) in archives.iter().enumerate() {
        if archives.len() - index <= keep && bytes <= room {
            break;
        }
        remove(&archive.path)?;
        bytes -= archive.bytes;
        removed += 1;
    }
    Ok(removed)
}

/// Holds all files of several logs within one budget: removes the oldest that were put aside, whosever they are, and
/// returns their paths. Current files stay, so they may be more than the budget.
///
/// # Errors
///
/// When a directory cannot be read, or a file cannot be removed.
pub fn hold_budget<P: AsRef<Path>>(logs: &[P], budget: u64) -> io::Result<Vec<PathBuf>> {
    let mut bytes = 0_u64;
    let mut names: HashMap<&Path, HashSet<&[u8]>> = HashMap::new();
    for path in logs.iter().map(AsRef::as_ref) {
        bytes += fs::metadata(path).map_or(0, |data| data.len());
        let name = path.file_name().map(OsStr::as_encoded_bytes);
        names.entry(directory(path)).or_default().extend(name);
    }
    let mut archives = Vec::new();
    // Each directory is read once: there may be a thousand logs in it.
    for (directory, names) in names {
        archives.extend(list_of(directory, |of| names.contains(of))?);
    }
    bytes += archives.iter().map(|archive| archive.bytes).sum::<u64>();
    archives.sort_by_key(|archive| archive.modified);
    let mut removed = Vec::new();
    for archive in archives {
        if bytes <= budget {
            break;
        }
        remove(&archive.path)?;
        bytes -= archive.bytes;
        removed.push(archive.path);
    }
    Ok(removed)
}

/// A number as it is written, so that each has one name.
fn number_of(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number > 0 && number.to_string() == text).then_some(number)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn directory(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

const COMPRESSED: &str = ".zst";
const UNFINISHED: &str = ".zst.unfinished";
/// Logs become a tenth already at this level, and it takes a third of the time of the next ones.
#[cfg(feature = "zstd")]
const LEVEL: i32 = 3;
