//! What [`LocalDir`](super::LocalDir) asks of the file system.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use rustix::rand::{GetRandomFlags, getrandom};
use wardkit_core::Timestamp;

use crate::store::{Key, Kind, StoreError};

/// Refuses a folder that is not new, not empty, and not what an interrupted creation leaves.
pub(super) fn refuse_unless_free(root: &Path) -> Result<(), StoreError> {
    let place = || root.display().to_string();
    let failed = || StoreError::io("create", root.display());
    let folder = match fs::metadata(root) {
        Ok(found) if found.is_dir() => fs::read_dir(root).map_err(failed())?,
        Ok(_) => return Err(StoreError::NotEmpty { place: place() }),
        Err(error) if is_absent(&error) => return Ok(()),
        Err(error) => return Err(failed()(error)),
    };
    if fs::symlink_metadata(root.join(Kind::Config.folder())).is_ok() {
        return Err(StoreError::RepositoryExists { place: place() });
    }
    for entry in folder {
        let entry = entry.map_err(failed())?;
        let is_ours = entry.file_type().map_err(failed())?.is_dir()
            && FOLDERS.iter().any(|kind| entry.file_name() == kind.folder());
        if !is_ours {
            return Err(StoreError::NotEmpty { place: place() });
        }
    }
    Ok(())
}

/// Makes all folders and flushes them, the folder above too: the repository's own name has to last.
pub(super) fn make_folders(root: &Path) -> io::Result<()> {
    make_folder(root)?;
    for kind in FOLDERS {
        make_folder(&root.join(kind.folder()))?;
    }
    let packs = root.join(Kind::Pack.folder());
    for byte in 0..=u8::MAX {
        make_folder(&packs.join(format!("{byte:02x}")))?;
    }
    File::open(&packs)?.sync_all()?;
    flush_folder(&packs)?;
    flush_folder(root)
}

fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Writes a file under a name of its own beside `path`, in the form that restic gives such names. It is durable, and
/// read-only as restic makes it.
pub(super) fn write_beside(path: &Path, body: &[u8]) -> io::Result<PathBuf> {
    let mut name = path.as_os_str().to_owned();
    name.push(TEMPORARY);
    name.push(random_name()?);
    let temporary = PathBuf::from(name);
    let mut file = match create_new(&temporary) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            // Who tidies up may have removed the folder when it was empty; what it lies in has to be there, or a
            // repository would be written below the mount point of a disk that is gone.
            make_missing_folder(path)?;
            create_new(&temporary)?
        }
        other => other?,
    };
    let written = file
        .write_all(body)
        .and_then(|()| file.set_permissions(Permissions::from_mode(0o400)))
        .and_then(|()| file.sync_all());
    if let Err(error) = written {
        // The first error is the one to tell; what stays behind is a leftover.
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    Ok(temporary)
}

fn make_missing_folder(path: &Path) -> io::Result<()> {
    let Some(folder) = path.parent() else { return Ok(()) };
    match DirBuilder::new().mode(0o700).create(folder) {
        // Another thread met the same.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
        Ok(()) => flush_folder(folder),
    }
}

fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

fn random_name() -> io::Result<String> {
    let mut bytes = [0; 8];
    // So few bytes come at once or not at all.
    getrandom(&mut bytes, GetRandomFlags::empty())?;
    Ok(u64::from_ne_bytes(bytes).to_string())
}

/// Gives a file its name; [`ErrorKind::AlreadyExists`] when the name is taken.
pub(super) fn move_without_replacing(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Network and foreign file systems do not know the flag, but mostly hard links.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
        other => return Ok(other?),
    }
    match fs::hard_link(from, to) {
        Ok(()) => fs::remove_file(from),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(error),
        // A name belongs to its content, so that a writer who comes between the two calls writes the same.
        Err(_) if fs::symlink_metadata(to).is_ok() => Err(ErrorKind::AlreadyExists.into()),
        Err(_) => fs::rename(from, to),
    }
}

/// Makes the name of a file durable.
pub(super) fn flush_folder(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => return Ok(()),
    };
    match File::open(folder)?.sync_all() {
        // Some network file systems have no such thing, and restic does without it there.
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => {
            Ok(())
        }
        other => other,
    }
}

/// What lies in a folder. No object has a name that is not text.
pub(super) fn entries(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if let Ok(name) = entry.file_name().into_string() {
            entries.push((name, entry.path()));
        }
    }
    Ok(entries)
}

/// Removes the temporary files of a folder that nobody has written to for `age`.
pub(super) fn remove_old_leftovers(
    root: &Path,
    folder: &Path,
    now: Timestamp,
    age: Duration,
) -> io::Result<usize> {
    let below = folder.strip_prefix(root).unwrap_or(folder);
    let found = match entries(folder) {
        Err(error) if is_absent(&error) => return Ok(0),
        other => other?,
    };
    let mut removed = 0;
    for (name, path) in found {
        let is_leftover = name.split_once(TEMPORARY).is_some_and(|(object, _)| {
            below.join(object).to_str().and_then(Key::from_path).is_some()
        });
        if is_leftover && is_older(&path, now, age)? {
            match fs::remove_file(&path) {
                Err(error) if !is_absent(&error) => return Err(error),
                _ => removed += 1,
            }
        }
    }
    Ok(removed)
}

fn is_older(path: &Path, now: Timestamp, age: Duration) -> io::Result<bool> {
    let found = match fs::symlink_metadata(path) {
        Err(error) if is_absent(&error) => return Ok(false),
        other => other?,
    };
    let written = Timestamp::from(found.modified()?);
    Ok(found.is_file() && now.duration_since(written).is_some_and(|passed| passed >= age))
}

/// Whether nothing is there: a path whose folder is a file leads nowhere, too.
pub(super) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// The folders of a repository.
const FOLDERS: [Kind; 5] = [Kind::Key, Kind::Lock, Kind::Snapshot, Kind::Index, Kind::Pack];
/// What restic puts between the name of an object and a random number.
const TEMPORARY: &str = "-tmp-";
