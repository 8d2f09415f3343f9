use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::{Error, Signature};

/// The packages of a home, each under the digest of its bytes, with their signatures beside them.
#[derive(Debug)]
pub(super) struct Packages {
    folder: PathBuf,
    lock: PathBuf,
}

impl Packages {
    pub(super) fn open(home: &Path) -> Result<Self, Error> {
        let folder = home.join("packages");
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .map_err(io_error("make", &folder))?;
        for folder in [home, &folder] {
            let data = fs::metadata(folder).map_err(io_error("look at", folder))?;
            if data.mode() & 0o022 != 0 {
                let others = io::Error::other("others may write there");
                return Err(io_error("trust", folder)(others));
            }
        }
        Ok(Self { folder, lock: home.join("lock") })
    }

    /// Waits until no other process installs anything here. The lock ends with the file.
    pub(super) fn lock(&self) -> Result<File, Error> {
        let file = self.lock_file()?;
        file.lock().map_err(io_error("lock", &self.lock))?;
        Ok(file)
    }

    /// Takes the lock, unless somebody has it.
    pub(super) fn try_lock(&self) -> Result<Option<File>, Error> {
        let file = self.lock_file()?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(io_error("lock", &self.lock)(error)),
        }
    }

    fn lock_file(&self) -> Result<File, Error> {
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        options.open(&self.lock).map_err(io_error("open", &self.lock))
    }

    /// Writes a package so that it is there whole and on the disk, or not at all.
    pub(super) fn put(
        &self,
        digest: &str,
        archive: &[u8],
        signature: Option<&Signature>,
    ) -> Result<(), Error> {
        let (package, beside) = (self.path(digest, PACKAGE)?, self.path(digest, SIGNATURE)?);
        match signature {
            Some(signature) => self.write(&beside, signature.to_text().as_bytes())?,
            None => remove(&beside)?,
        }
        self.write(&package, archive)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), Error> {
        let draft = path.with_extension("new");
        remove(&draft)?;
        let write = || {
            let mut file = File::options().write(true).create_new(true).mode(0o600).open(&draft)?;
            let (begin, rest) = bytes.split_at(bytes.len().min(HEAD));
            deaths::may_come()?;
            file.write_all(begin)?;
            deaths::may_come()?;
            file.write_all(rest)?;
            deaths::may_come()?;
            file.sync_all()?;
            deaths::may_come()?;
            fs::rename(&draft, path)?;
            deaths::may_come()?;
            File::open(&self.folder)?.sync_all()?;
            deaths::may_come()
        };
        write().map_err(io_error("write", path))
    }

    /// Reads a package, whose bytes are those that were installed, and its signature.
    pub(super) fn read(&self, digest: &str) -> Result<(Vec<u8>, Option<Signature>), Error> {
        let (package, beside) = (self.path(digest, PACKAGE)?, self.path(digest, SIGNATURE)?);
        let archive = read(&package, MOST_PACKAGE)?;
        if blake3::hash(&archive).to_hex().as_str() != digest {
            let reason = format!("{} was changed", package.display());
            return Err(Error::Package { reason });
        }
        let signature = match read(&beside, MOST_SIGNATURE) {
            Ok(bytes) => {
                let malformed = Error::Signature { reason: "it is no text" };
                Some(Signature::parse(&String::from_utf8(bytes).map_err(|_| malformed)?)?)
            }
            Err(Error::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        Ok((archive, signature))
    }

    /// Removes everything but the packages that are named.
    pub(super) fn remove_others(&self, kept: &BTreeSet<&str>) -> Result<(), Error> {
        let files = fs::read_dir(&self.folder).map_err(io_error("read", &self.folder))?;
        for file in files {
            let path = file.map_err(io_error("read", &self.folder))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let digest = [PACKAGE, SIGNATURE].iter().find_map(|ending| name.strip_suffix(ending));
            if !digest.is_some_and(|digest| kept.contains(digest)) {
                remove(&path)?;
            }
        }
        Ok(())
    }

    /// The registry is a file, and what it says becomes no path.
    fn path(&self, digest: &str, ending: &str) -> Result<PathBuf, Error> {
        if digest.len() != 64 || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Error::Package { reason: "its digest is none".to_owned() });
        }
        Ok(self.folder.join(format!("{digest}{ending}")))
    }
}

/// The moments at which an installation may be killed.
#[cfg(not(test))]
mod deaths {
    #[expect(clippy::unnecessary_wraps, reason = "tests have one that fails")]
    pub(super) const fn may_come() -> std::io::Result<()> {
        Ok(())
    }
}

fn read(path: &Path, most: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes));
    let length = read.map_err(io_error("read", path))? as u64;
    if length > most {
        return Err(Error::Package { reason: format!("{} was changed", path.display()) });
    }
    Ok(bytes)
}

fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(io_error("remove", path)(error))
        }
        _ => Ok(()),
    }
}

fn io_error(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::File { what, path: path.to_owned(), source }
}

const PACKAGE: &str = ".tar.zst";
const SIGNATURE: &str = ".minisig";
/// A package's own reader says it better.
const MOST_PACKAGE: u64 = 32 << 20;
const MOST_SIGNATURE: u64 = 4096;
/// What is written of a file first: a block.
const HEAD: usize = 512;

#[cfg(test)]
#[path = "deaths.rs"]
mod deaths;
