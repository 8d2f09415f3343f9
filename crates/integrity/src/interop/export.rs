//! Lists for other programs.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::Write;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{major, minor};

use super::Format;
use super::names::vis;
use crate::{Algorithm, Digest, Entry, EntryKind, Error, Fault, Flags};

/// Writes entries as a list that another program can compare with.
///
/// | format | what is in it | how it is checked |
/// |---|---|---|
/// | [`Sha256sum`](Format::Sha256sum) | regular files | `sha256sum --check LIST` |
/// | [`B3sum`](Format::B3sum) | regular files whose names are UTF-8 | `b3sum --check LIST` |
/// | [`Mtree`](Format::Mtree) | everything; digests only where they are SHA-256 | `mtree -f LIST -p ROOT` |
///
/// A file with more than 4 GiB of holes has a digest that is of no use to other programs; theirs will differ.
#[derive(Clone, Debug)]
#[must_use]
pub struct Export {
    format: Format,
    algorithm: Algorithm,
    root: Option<PathBuf>,
}

/// What a list got, and what not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exported {
    /// How many entries were written.
    pub written: u64,
    /// How many were left out because the format has no place for them: what is no regular file or has no digest, what
    /// could not be looked at, and what is not below the root.
    pub left_out: u64,
    /// What was left out because the format cannot spell the name.
    pub unnameable: Vec<PathBuf>,
}

impl Export {
    /// Creates an export of entries whose digests are of an algorithm.
    ///
    /// # Errors
    ///
    /// Fails where the format has no digests of that algorithm, and where it can only be read.
    pub fn new(format: Format, algorithm: Algorithm) -> Result<Self, Error> {
        let is_possible = match format {
            Format::Sha256sum | Format::B3sum => format.algorithm() == algorithm,
            Format::Mtree => true,
            Format::Aide => false,
        };
        if is_possible {
            return Ok(Self { format, algorithm, root: None });
        }
        Err(Error::Export { format, algorithm })
    }

    /// Writes names relative to a directory, and only what lies there. Without it names are absolute, and those of
    /// mtree relative to `/`.
    pub fn with_root(mut self, root: impl Into<PathBuf>) -> Self {
        self.root = Some(root.into());
        self
    }

    /// Writes the list.
    ///
    /// # Errors
    ///
    /// Fails where the writer does.
    pub fn write(
        &self,
        entries: impl IntoIterator<Item = Entry>,
        mut writer: impl Write,
    ) -> Result<Exported, Error> {
        let mut exported = Exported::default();
        let mut put = |text: &[u8]| {
            writer.write_all(text).map_err(|source| Error::WriteList(Arc::new(source)))
        };
        let mut mtree = Mtree { algorithm: self.algorithm, directories: HashSet::new() };
        if self.format == Format::Mtree {
            put(mtree.header().as_bytes())?;
        }
        for mut entry in entries {
            // No other program's digest.
            if entry.fault == Some(Fault::Sparse) {
                entry.content = None;
            }
            let Some(name) = self.name(&entry.path) else {
                exported.left_out += 1;
                continue;
            };
            let line = match self.format {
                Format::Mtree => mtree.lines(name, &entry).map(String::into_bytes),
                _ => entry.content.map(|digest| sum(self.format, name, digest)),
            };
            match line {
                Some(line) if line.is_empty() => exported.unnameable.push(entry.path),
                Some(line) => {
                    put(&line)?;
                    exported.written += 1;
                }
                None => exported.left_out += 1,
            }
        }
        writer.flush().map_err(|source| Error::WriteList(Arc::new(source)))?;
        Ok(exported)
    }

    /// Returns the name that a path has in the list, if it has one.
    fn name<'p>(&self, path: &'p Path) -> Option<&'p Path> {
        match (&self.root, self.format) {
            (Some(root), _) => path.strip_prefix(root).ok(),
            (None, Format::Mtree) => path.strip_prefix("/").ok(),
            (None, _) => Some(path),
        }
    }
}

/// Writes a line as `sha256sum` and `b3sum` do, or none where they could not read the name again.
fn sum(format: Format, name: &Path, digest: Digest) -> Vec<u8> {
    let is_text = name.to_str().is_some_and(|name| !name.contains('\u{fffd}'));
    if format == Format::B3sum && !is_text {
        return Vec::new();
    }
    // coreutils take a lone dash for the standard input.
    let name = match name.as_os_str().as_bytes() {
        b"-" => b"./-",
        name => name,
    };
    let escape = |byte: u8| match byte {
        b'\\' => Some(b"\\\\".as_slice()),
        b'\n' => Some(b"\\n".as_slice()),
        b'\r' if format == Format::Sha256sum => Some(b"\\r".as_slice()),
        _ => None,
    };
    let mut line = Vec::with_capacity(name.len() + 68);
    if name.iter().any(|&byte| escape(byte).is_some()) {
        line.push(b'\\');
    }
    line.extend_from_slice(format!("{digest}  ").as_bytes());
    for &byte in name {
        line.extend_from_slice(escape(byte).unwrap_or(&[byte]));
    }
    line.push(b'\n');
    line
}

struct Mtree {
    algorithm: Algorithm,
    /// The directories that have a line: mtree wants one for each on the way.
    directories: HashSet<PathBuf>,
}

impl Mtree {
    fn header(&self) -> String {
        let mut header = "#mtree\n".to_owned();
        if self.algorithm != Algorithm::Sha256 {
            let _ = writeln!(
                header,
                "# without digests: they are {}, which mtree does not know",
                self.algorithm
            );
        }
        header
    }

    /// Returns the line of an entry, and those of directories on the way that are not listed themselves.
    fn lines(&mut self, name: &Path, entry: &Entry) -> Option<String> {
        let kind = match entry.kind {
            EntryKind::File => "file",
            EntryKind::Directory => "dir",
            EntryKind::Symlink => "link",
            EntryKind::Fifo => "fifo",
            EntryKind::Socket => "socket",
            EntryKind::CharDevice => "char",
            EntryKind::BlockDevice => "block",
            EntryKind::Unknown => return None,
        };
        let mut lines = String::new();
        for directory in missing(name, &self.directories) {
            let _ = writeln!(lines, "{} type=dir", spelled(directory));
            self.directories.insert(directory.to_owned());
        }
        if entry.kind == EntryKind::Directory {
            self.directories.insert(name.to_owned());
        }
        let _ = write!(lines, "{} type={kind}", spelled(name));
        // Of what could not be looked at the kind is all that is known.
        if (entry.dev, entry.nlink, entry.mode) != (0, 0, 0) {
            self.put_details(entry, &mut lines);
        }
        lines.push('\n');
        Some(lines)
    }

    fn put_details(&self, entry: &Entry, line: &mut String) {
        let Entry { mode, uid, gid, nlink, mtime, .. } = entry;
        let _ = write!(line, " mode={mode:04o} uid={uid} gid={gid} nlink={nlink}");
        let _ = write!(line, " time={}.{:09}", mtime.seconds, mtime.nanos);
        match entry.kind {
            EntryKind::File => {
                let _ = write!(line, " size={}", entry.size);
            }
            EntryKind::CharDevice | EntryKind::BlockDevice => {
                let (major, minor) = (major(entry.rdev), minor(entry.rdev));
                let _ = write!(line, " device=linux,{major},{minor}");
            }
            _ => {}
        }
        if let Some(target) = &entry.target {
            let _ = write!(line, " link={}", vis(target.as_os_str().as_bytes()));
        }
        if let Some(flags) = entry.flags {
            let _ = write!(line, " flags={}", flag_names(flags));
        }
        if let Some(digest) = entry.content.filter(|_| self.algorithm == Algorithm::Sha256) {
            let _ = write!(line, " sha256digest={digest}");
        }
    }
}

/// Returns the directories above a name that have no line, the outermost first.
fn missing<'p>(name: &'p Path, known: &HashSet<PathBuf>) -> Vec<&'p Path> {
    let mut missing: Vec<&Path> =
        name.ancestors().skip(1).take_while(|directory| !known.contains(*directory)).collect();
    missing.reverse();
    missing
}

/// Spells a name as a whole path, which mtree tells by a slash in it.
fn spelled(name: &Path) -> String {
    match name.as_os_str().as_bytes() {
        b"" => ".".to_owned(),
        name => format!("./{}", vis(name)),
    }
}

/// Names the flags that mtree has names for.
fn flag_names(flags: Flags) -> String {
    let words = [(0x10, "schg"), (0x20, "sappnd"), (0x40, "nodump")];
    let names: Vec<&str> =
        words.iter().filter(|(bit, _)| flags.bits() & bit != 0).map(|(_, name)| *name).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(",") }
}
