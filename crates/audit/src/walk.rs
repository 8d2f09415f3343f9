//! The files of a tree, none of them outside.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Dir, FileType, Mode, OFlags};

use crate::{Error, Note, NoteKind};

/// A folder that is audited.
#[derive(Debug)]
pub(crate) struct Root {
    folder: OwnedFd,
    path: PathBuf,
}

/// What a walk came upon.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    /// The regular files, sorted.
    pub(crate) files: Vec<String>,
    pub(crate) notes: Vec<Note>,
}

/// What a file holds.
#[derive(Debug)]
pub(crate) struct Content(Vec<u8>);

impl Root {
    /// Opens the folder at a path; links on the way to it are followed.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let failed = |source: rustix::io::Errno| Error::Root {
            path: path.to_owned(),
            source: source.into(),
        };
        let folder = rustix::fs::open(path, flags, Mode::empty()).map_err(failed)?;
        Ok(Self { folder, path: path.to_owned() })
    }

    /// Walks what lies at or below some paths; nothing stands for the whole tree. Links are not followed: what they lead to
    /// inside is met where it lies, and what is outside is no part of the tree. `is_excluded` is asked about each path.
    pub(crate) fn walk(&self, parts: &[String], is_excluded: &dyn Fn(&str) -> bool) -> Walked {
        let mut walked = Walked::default();
        let mut folders = Vec::new();
        for part in parts {
            self.begin(part, is_excluded, &mut folders, &mut walked);
        }
        while let Some(folder) = folders.pop() {
            if let Err(error) = self.list(&folder, is_excluded, &mut folders, &mut walked) {
                walked.notes.push(Note::new(NoteKind::Unread, folder, error.to_string()));
            }
            if walked.files.len() > MOST_FILES {
                let message = format!("the rest of the tree: more than {MOST_FILES} files");
                walked.notes.push(Note::new(NoteKind::Unread, "", message));
                break;
            }
        }
        walked.files.sort();
        walked.files.dedup();
        walked
    }

    /// Takes up a path that was named. What is left out of the tree is left out when it is named, too.
    fn begin(
        &self,
        part: &str,
        is_excluded: &dyn Fn(&str) -> bool,
        folders: &mut Vec<String>,
        walked: &mut Walked,
    ) {
        let mut above = part;
        let is_left_out = loop {
            if is_excluded(above) && !above.is_empty() {
                break true;
            }
            let Some((folder, _)) = above.rsplit_once('/') else { break false };
            above = folder;
        };
        if is_left_out {
            walked.notes.push(Note::new(NoteKind::Skipped, part, "left out"));
            return;
        }
        match if part.is_empty() { Ok(FileType::Directory) } else { self.kind(part) } {
            Ok(FileType::Directory) => folders.push(part.to_owned()),
            Ok(FileType::RegularFile) => walked.files.push(part.to_owned()),
            Ok(_) => {
                walked.notes.push(Note::new(NoteKind::Unread, part, "neither a file nor a folder"));
            }
            Err(error) => {
                walked.notes.push(Note::new(NoteKind::Unread, part, error.to_string()));
            }
        }
    }

    fn list(
        &self,
        folder: &str,
        is_excluded: &dyn Fn(&str) -> bool,
        folders: &mut Vec<String>,
        walked: &mut Walked,
    ) -> io::Result<()> {
        let opened = self.descend(Path::new(folder), OFlags::DIRECTORY)?;
        for entry in Dir::new(opened)? {
            let entry = entry?;
            if matches!(entry.file_name().to_bytes(), b"." | b"..") {
                continue;
            }
            let name = entry.file_name().to_string_lossy();
            let path =
                if folder.is_empty() { name.to_string() } else { format!("{folder}/{name}") };
            if entry.file_name().to_str().is_err() {
                walked.notes.push(Note::new(NoteKind::Unread, path, "its name is no UTF-8"));
                continue;
            }
            let kind = match entry.file_type() {
                FileType::Unknown => self.kind(&path)?,
                known => known,
            };
            match kind {
                FileType::Directory if is_left_out(&name) || is_excluded(&path) => {
                    walked.notes.push(Note::new(NoteKind::Skipped, path, "left out"));
                }
                FileType::Directory if path.matches('/').count() >= DEEPEST => {
                    let message = format!("more than {DEEPEST} folders deep");
                    walked.notes.push(Note::new(NoteKind::Unread, path, message));
                }
                FileType::Directory => folders.push(path),
                FileType::RegularFile if !is_excluded(&path) => walked.files.push(path),
                FileType::Symlink => self.note_link(path, walked),
                _ => {}
            }
        }
        Ok(())
    }

    fn kind(&self, path: &str) -> io::Result<FileType> {
        let flags = rustix::fs::AtFlags::SYMLINK_NOFOLLOW;
        let stat = rustix::fs::statat(&self.folder, path, flags)?;
        Ok(FileType::from_raw_mode(stat.st_mode))
    }

    /// A link that leads out of the tree is told.
    fn note_link(&self, path: String, walked: &mut Walked) {
        let target = self.path.join(&path).canonicalize();
        let is_inside = match (target, self.path.canonicalize()) {
            (Ok(target), Ok(root)) => target.starts_with(root),
            // It leads nowhere.
            _ => true,
        };
        if !is_inside {
            let message = "a link out of the tree, not followed";
            walked.notes.push(Note::new(NoteKind::Skipped, path, message));
        }
    }

    /// Reads a file that is not too large; one byte more than the limit tells that it is.
    pub(crate) fn read(&self, path: &Path) -> io::Result<Content> {
        self.read_up_to(path, LARGEST).map(Content)
    }

    /// Reads a file, and one byte more than the limit where there is more.
    pub(crate) fn read_up_to(&self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        let file = File::from(self.descend(path, OFlags::NONBLOCK)?);
        if !file.metadata()?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        let mut bytes = Vec::new();
        file.take(most + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Opens a path name by name, without following a link at any of them.
    fn descend(&self, path: &Path, last: OFlags) -> io::Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = flags | OFlags::DIRECTORY;
        let mut names: Vec<_> = path.components().collect();
        let end = names.pop();
        let mut at = rustix::fs::openat(&self.folder, ".", folder, Mode::empty())?;
        for name in names {
            at = rustix::fs::openat(&at, plain(name)?, folder, Mode::empty())?;
        }
        let Some(end) = end else { return Ok(at) };
        Ok(rustix::fs::openat(&at, plain(end)?, flags | last, Mode::empty())?)
    }
}

fn plain(component: Component<'_>) -> io::Result<&std::ffi::OsStr> {
    match component {
        Component::Normal(name) => Ok(name),
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "not a path inside the tree")),
    }
}

impl Content {
    /// Returns what was read: of a file that is too large its begin.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the text, or why nobody would want it looked at.
    pub(crate) fn into_text(self) -> Result<String, &'static str> {
        if self.0.len() as u64 > LARGEST {
            return Err("larger than 2 MB");
        }
        if memchr::memchr(0, &self.0).is_some() {
            return Err("binary");
        }
        let text = String::from_utf8(self.0).map_err(|_| "not UTF-8")?;
        if is_minified(&text) { Err("minified") } else { Ok(text) }
    }
}

/// What no person wrote has a few very long lines.
fn is_minified(text: &str) -> bool {
    if text.len() < 10_000 {
        return false;
    }
    let lines = 1 + memchr::memchr_iter(b'\n', text.as_bytes()).count();
    text.len() / lines > 500
}

/// Folders that hold what others wrote, or what was built.
fn is_left_out(name: &str) -> bool {
    const NAMES: [&str; 14] = [
        ".git",
        ".hg",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".svn",
        ".tox",
        ".venv",
        "__pycache__",
        "node_modules",
        "site-packages",
        "target",
        "vendor",
        "venv",
    ];
    NAMES.contains(&name)
}

/// Larger files are data, or were generated.
const LARGEST: u64 = 2_000_000;

/// A tree deeper than this was made to be.
const DEEPEST: usize = 64;

/// Paths of so many files are some 100 MB.
const MOST_FILES: usize = 500_000;
