//! Reads files below a root.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::super::facts::{Fact, FileFact};

/// Reads files below a root. Paths are given without the leading `/`.
pub(super) struct Reader {
    root: PathBuf,
    /// The root without links; nothing when it is the host's own, where every link is right.
    bound: Option<PathBuf>,
}

impl Reader {
    pub(super) fn new(root: &Path) -> Self {
        let bound = (root != Path::new("/"))
            .then(|| root.canonicalize().unwrap_or_else(|_| root.to_owned()));
        Self { root: root.to_owned(), bound }
    }

    /// Reads a file of text; bytes that are none are replaced.
    pub(super) fn text(&self, path: &str) -> Fact<String> {
        fact(self.read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Returns the names in a folder, sorted.
    pub(super) fn names(&self, path: &str) -> Fact<Vec<String>> {
        let list = || -> io::Result<Vec<String>> {
            let mut names = Vec::new();
            for entry in fs::read_dir(self.inside(path)?)?.take(MOST_NAMES) {
                names.push(entry?.file_name().to_string_lossy().into_owned());
            }
            names.sort();
            Ok(names)
        };
        fact(list())
    }

    /// Returns the owner and the mode of what a path leads to.
    pub(super) fn file(&self, path: &str) -> Fact<FileFact> {
        let look = || Ok(described(path, &fs::metadata(self.inside(path)?)?));
        fact(look())
    }

    /// Whether there is such a thing.
    pub(super) fn exists(&self, path: &str) -> Fact<bool> {
        match self.file(path) {
            Fact::Known(_) => Fact::Known(true),
            Fact::Absent => Fact::Known(false),
            Fact::Unknown(why) => Fact::Unknown(why),
        }
    }

    /// Returns where a path lies on this machine.
    pub(super) fn inside(&self, path: &str) -> io::Result<PathBuf> {
        let place = self.root.join(path.trim_start_matches('/'));
        let Some(bound) = &self.bound else { return Ok(place) };
        let real = place.canonicalize()?;
        if real.starts_with(bound) {
            return Ok(real);
        }
        Err(io::Error::new(ErrorKind::PermissionDenied, "a link out of the root"))
    }

    /// Opens a regular file.
    pub(super) fn open(&self, path: &str) -> io::Result<File> {
        // A pipe without a writer would keep the audit waiting for ever.
        let nonblock = OFlags::NONBLOCK.bits().cast_signed();
        let place = self.inside(path)?;
        let file = File::options().read(true).custom_flags(nonblock).open(place)?;
        if file.metadata()?.is_file() {
            return Ok(file);
        }
        Err(io::Error::new(ErrorKind::InvalidData, "not a regular file"))
    }

    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let file = self.open(path)?;
        let mut bytes = Vec::new();
        file.take(LARGEST + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > LARGEST {
            return Err(io::Error::new(ErrorKind::InvalidData, "larger than 32 MB"));
        }
        Ok(bytes)
    }
}

pub(super) fn described(path: &str, metadata: &Metadata) -> FileFact {
    FileFact {
        path: format!("/{}", path.trim_start_matches('/')),
        mode: metadata.mode(),
        uid: metadata.uid(),
        gid: metadata.gid(),
    }
}

fn fact<T>(read: io::Result<T>) -> Fact<T> {
    match read {
        Ok(value) => Fact::Known(value),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Fact::Absent
        }
        Err(error) => Fact::Unknown(error.to_string()),
    }
}

/// The records of the package manager of a large host are 10 MB.
const LARGEST: u64 = 32_000_000;
const MOST_NAMES: usize = 20_000;
