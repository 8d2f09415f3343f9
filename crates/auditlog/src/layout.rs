//! The files of a log: their names, and how they are written and read.

use std::fs::{self, File};
use std::io::{self, BufRead, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use wardkit_tlog::{Frontier, Hash, Note, TreeHead};

use crate::entry::MAX_LINE;
use crate::{Error, LineFault};

/// The directory of a log, and where its older segments were moved.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    dir: PathBuf,
    archives: Vec<PathBuf>,
}

impl Layout {
    pub(crate) const fn new(dir: PathBuf) -> Self {
        Self::with_archives(dir, Vec::new())
    }

    pub(crate) const fn with_archives(dir: PathBuf, archives: Vec<PathBuf>) -> Self {
        Self { dir, archives }
    }

    /// The newest checkpoint.
    pub(crate) fn checkpoint(&self) -> PathBuf {
        self.dir.join("checkpoint")
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.dir.join("lock")
    }

    /// The segment whose first entry has this number.
    pub(crate) fn segment(&self, first: u64) -> PathBuf {
        self.dir.join(file_name(first, SEGMENT))
    }

    /// The checkpoint at the end of a segment that is closed.
    pub(crate) fn note(&self, first: u64) -> PathBuf {
        self.dir.join(file_name(first, NOTE))
    }

    /// The tree at the end of a segment that is closed; the note's root vouches for it.
    pub(crate) fn peaks(&self, first: u64) -> PathBuf {
        self.dir.join(format!("{first:012}.peaks"))
    }

    /// Returns the numbers of the segments' first entries, in order, archives included.
    pub(crate) fn segments(&self) -> Result<Vec<u64>, Error> {
        let mut firsts = numbers_in(&self.dir, SEGMENT)?;
        for archive in &self.archives {
            firsts.extend(numbers_in(archive, SEGMENT)?);
        }
        firsts.sort_unstable();
        firsts.dedup();
        Ok(firsts)
    }

    /// Returns the numbers of the first entries of the segments that have a checkpoint here, in order.
    pub(crate) fn closed(&self) -> Result<Vec<u64>, Error> {
        numbers_in(&self.dir, NOTE)
    }

    /// Opens a segment where it is. It is in the archive before it is gone from the log's directory.
    pub(crate) fn open_segment(&self, first: u64) -> Result<(PathBuf, File), Error> {
        let path = self.segment(first);
        let mut result = open_file(&path);
        for archive in &self.archives {
            if result.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
                result = open_file(&archive.join(file_name(first, SEGMENT)));
            }
        }
        result.map_err(Error::io("read", &path)).map(|file| (path, file))
    }

    /// Makes new and renamed files durable.
    pub(crate) fn sync_dir(&self) -> Result<(), Error> {
        sync_dir(&self.dir)
    }
}

/// Returns the newest checkpoint of the log in a directory, which nobody has verified yet, or `None` where there is none.
///
/// # Errors
///
/// When the file cannot be read, or holds no note.
pub fn newest_checkpoint(dir: impl AsRef<Path>) -> Result<Option<Note>, Error> {
    read_note(&Layout::new(dir.as_ref().to_owned()).checkpoint())
}

/// Returns the numbers in the names of the files with an extension.
fn numbers_in(dir: &Path, extension: &str) -> Result<Vec<u64>, Error> {
    let read = |error| Error::io("list", dir)(error);
    let mut numbers = Vec::new();
    for entry in fs::read_dir(dir).map_err(read)? {
        let name = entry.map_err(read)?.file_name();
        let stem = name.to_str().and_then(|name| name.strip_suffix(extension));
        if let Some(number) = stem.and_then(|stem| stem.parse().ok())
            && name == *file_name(number, extension)
        {
            numbers.push(number);
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn file_name(first: u64, extension: &str) -> String {
    format!("{first:012}{extension}")
}

const SEGMENT: &str = ".jsonl";
const NOTE: &str = ".note";
/// The hashes of 63 subtrees, a line each, are shorter.
const MAX_PEAKS: usize = 4096;

/// Makes new and renamed files in a directory durable.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), Error> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(Error::io("synchronise", dir))
}

pub(crate) fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Puts a file in place of another, whole or not at all.
pub(crate) fn replace(path: &Path, text: &str) -> Result<(), Error> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let draft = PathBuf::from(draft);
    let write = || {
        // Whatever stands there, a link too, is not written through.
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = File::create_new(&draft)?;
        file.write_all(text.as_bytes())?;
        file.sync_data()?;
        fs::rename(&draft, path)
    };
    write().map_err(Error::io("write", path))
}

/// Tells whether a file is still the one that stands at a path.
pub(crate) fn is_at(path: &Path, file: &File) -> io::Result<bool> {
    let open = file.metadata()?;
    match fs::symlink_metadata(path) {
        Ok(found) => Ok((found.dev(), found.ino()) == (open.dev(), open.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Opens a file for reading. A pipe in its place must not keep anybody waiting.
fn open_file(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"))
}

/// Reads a file, and one byte more than it may have at most.
fn read_file(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_file(path)?.take(most as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a note, or `None` where there is no such file.
pub(crate) fn read_note(path: &Path) -> Result<Option<Note>, Error> {
    let bytes = match read_file(path, Note::MAX_BYTES) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io("read", path)(error)),
    };
    Note::from_bytes(&bytes).map(Some).map_err(Error::proof(path))
}

pub(crate) fn peaks_text(tree: &Frontier) -> String {
    let lines: Vec<String> = tree.peaks().iter().map(Hash::to_string).collect();
    lines.join("\n")
}

/// Reads a tree that has this head, or `None` where it is missing or has another.
pub(crate) fn read_peaks(path: &Path, head: TreeHead) -> Option<Frontier> {
    let text = String::from_utf8(read_file(path, MAX_PEAKS).ok()?).ok()?;
    let peaks: Option<Vec<Hash>> = text.lines().map(|line| line.parse().ok()).collect();
    Frontier::from_peaks(head.size, peaks?).ok().filter(|tree| tree.head() == head)
}

/// Reads the next line without its newline into `line`, and tells whether there was one.
///
/// A last line without newline is [`LineFault::Torn`]; `line` then holds what is there of it.
pub(crate) fn next_line(
    reader: &mut impl BufRead,
    line: &mut Vec<u8>,
) -> io::Result<Result<bool, LineFault>> {
    line.clear();
    let read = io::Read::take(reader, MAX_LINE as u64).read_until(b'\n', line)?;
    if read == 0 {
        return Ok(Ok(false));
    }
    if line.pop_if(|byte| *byte == b'\n').is_some() {
        return Ok(Ok(true));
    }
    Ok(Err(if read == MAX_LINE { LineFault::TooLong } else { LineFault::Torn }))
}
