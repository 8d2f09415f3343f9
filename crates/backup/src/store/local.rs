mod disk;

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom};
use std::ops::{ControlFlow, Range};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::OFlags;
use wardkit_core::Timestamp;

use disk::{
    entries, flush_folder, is_absent, make_folders, move_without_replacing, refuse_unless_free,
    remove_old_leftovers, write_beside,
};

use super::{
    Key, Kind, ObjectMeta, ObjectStore, PrunableStore, Put, StoreError, already_there, within,
};
use crate::format::Id;

/// A repository in a folder of this host, laid out as restic does.
///
/// An object is written under another name, flushed, and then takes its name unless that is taken; the folder is
/// flushed too. Files are 0400 in folders of 0700.
///
/// ```
/// use wardkit_backup::store::{Key, LocalDir, ObjectStore};
///
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("repository");
/// let store = LocalDir::create(&path)?;
/// store.put(&Key::Config, b"sealed")?;
/// assert_eq!(LocalDir::open(&path)?.get(&Key::Config, Some(1..3))?, b"ea");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct LocalDir {
    root: PathBuf,
}

impl LocalDir {
    /// Makes the folders of a repository, in a folder that is new or empty. What an interrupted call left is taken
    /// over.
    ///
    /// # Errors
    ///
    /// When there is a repository or anything else, of which nothing is touched, and when a folder cannot be made.
    pub fn create(root: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let root = root.into();
        refuse_unless_free(&root)?;
        make_folders(&root).map_err(StoreError::io("create", root.display()))?;
        Ok(Self { root })
    }

    /// Opens the repository in a folder.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoRepository`] when there is no configuration in it, and when that cannot be told.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let root = root.into();
        match fs::metadata(root.join(Kind::Config.folder())) {
            Ok(config) if config.is_file() => Ok(Self { root }),
            Err(error) if !is_absent(&error) => Err(StoreError::io("open", root.display())(error)),
            _ => Err(StoreError::NoRepository { place: root.display().to_string() }),
        }
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Removes what interrupted writes left, ours and restic's, when it has not been written to for `age`: what is
    /// younger may be a write that still goes on. Returns how many files it were.
    ///
    /// # Errors
    ///
    /// When a folder cannot be read or a file cannot be removed.
    pub fn remove_leftovers(&self, now: Timestamp, age: Duration) -> Result<usize, StoreError> {
        let mut removed = 0;
        for kind in Kind::ALL {
            for folder in self.folders(kind)? {
                removed += remove_old_leftovers(&self.root, &folder, now, age)
                    .map_err(StoreError::io("clean", folder.display()))?;
            }
        }
        Ok(removed)
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.root.join(key.to_path())
    }

    fn entries(&self, folder: &Path) -> Result<Vec<(String, PathBuf)>, StoreError> {
        match entries(folder) {
            // Who tidies up may have removed an empty folder; a disk that is not mounted is no empty repository.
            Err(error) if is_absent(&error) && self.root.is_dir() => Ok(Vec::new()),
            other => other.map_err(StoreError::io("list", folder.display())),
        }
    }

    /// The folders that objects of a kind lie in.
    fn folders(&self, kind: Kind) -> Result<Vec<PathBuf>, StoreError> {
        let folder = match kind {
            Kind::Config => return Ok(vec![self.root.clone()]),
            other => self.root.join(other.folder()),
        };
        if kind != Kind::Pack {
            return Ok(vec![folder]);
        }
        let mut folders = Vec::new();
        for (name, path) in self.entries(&folder)? {
            if name.len() == 2 && name.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                folders.push(path);
            }
        }
        Ok(folders)
    }
}

impl ObjectStore for LocalDir {
    fn put(&self, key: &Key, body: &[u8]) -> Result<Put, StoreError> {
        let path = self.path(key);
        if let Some(size) = self.stat(key)? {
            let put = already_there(key, size, body)?;
            flush(&path)?;
            return Ok(put);
        }
        let temporary =
            write_beside(&path, body).map_err(StoreError::io("write", path.display()))?;
        let moved = move_without_replacing(&temporary, &path);
        if moved.is_err() {
            // The error of the move is the one to tell; what stays behind is a leftover.
            let _ = fs::remove_file(&temporary);
        }
        let put = match moved {
            Ok(()) => Put::Stored,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let there = self.stat(key)?.ok_or(StoreError::Different { key: *key })?;
                already_there(key, there, body)?
            }
            Err(error) => return Err(StoreError::io("write", path.display())(error)),
        };
        flush(&path)?;
        Ok(put)
    }

    fn get(&self, key: &Key, range: Option<Range<u64>>) -> Result<Vec<u8>, StoreError> {
        let path = self.path(key);
        let failed = || StoreError::io("read", path.display());
        let mut options = OpenOptions::new();
        // What is no file must not make the reader wait for a writer.
        let nonblocking = OFlags::NONBLOCK.bits().cast_signed();
        let mut file = match options.read(true).custom_flags(nonblocking).open(&path) {
            Ok(file) => file,
            Err(error) if is_absent(&error) => return Err(StoreError::NotFound { key: *key }),
            Err(error) => return Err(failed()(error)),
        };
        let found = file.metadata().map_err(failed())?;
        if !found.is_file() {
            return Err(StoreError::Different { key: *key });
        }
        let Range { start, end } = within(key, range, found.len())?;
        let wanted =
            usize::try_from(end - start).map_err(|_| failed()(ErrorKind::FileTooLarge.into()))?;
        let mut body = Vec::new();
        body.try_reserve_exact(wanted).map_err(|_| failed()(ErrorKind::OutOfMemory.into()))?;
        if start > 0 {
            file.seek(SeekFrom::Start(start)).map_err(failed())?;
        }
        file.take(end - start).read_to_end(&mut body).map_err(failed())?;
        if body.len() < wanted {
            let size = start.saturating_add(body.len() as u64);
            return Err(StoreError::TooShort { key: *key, size, wanted: end });
        }
        Ok(body)
    }

    fn stat(&self, key: &Key) -> Result<Option<u64>, StoreError> {
        let path = self.path(key);
        match fs::metadata(&path) {
            Ok(found) if found.is_file() => Ok(Some(found.len())),
            Ok(_) => Err(StoreError::Different { key: *key }),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(StoreError::io("look at", path.display())(error)),
        }
    }

    /// What has no object's name is passed over, as restic does; so is what is not a file.
    fn list(
        &self,
        kind: Kind,
        found: &mut dyn FnMut(ObjectMeta) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        for folder in self.folders(kind)? {
            let below = folder.strip_prefix(&self.root).unwrap_or(&folder).to_owned();
            for (name, path) in self.entries(&folder)? {
                let key = below.join(&name).to_str().and_then(Key::from_path);
                let Some(key) = key.filter(|key| key.kind() == kind) else { continue };
                let size = match fs::metadata(&path) {
                    Ok(object) if object.is_file() => object.len(),
                    Ok(_) => continue,
                    // It was removed in the meantime, as locks are.
                    Err(error) if is_absent(&error) => continue,
                    Err(error) => return Err(StoreError::io("list", path.display())(error)),
                };
                if found(ObjectMeta { key, size }).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn remove_lock(&self, id: &Id) -> Result<(), StoreError> {
        self.delete(&Key::Named(Kind::Lock, *id))
    }
}

impl PrunableStore for LocalDir {
    fn delete(&self, key: &Key) -> Result<(), StoreError> {
        let path = self.path(key);
        match fs::remove_file(&path) {
            Err(error) if !is_absent(&error) => {
                Err(StoreError::io("remove", path.display())(error))
            }
            _ => Ok(()),
        }
    }
}

/// Makes the name of an object durable.
fn flush(path: &Path) -> Result<(), StoreError> {
    flush_folder(path).map_err(StoreError::io("flush the folder of", path.display()))
}
