//! The data directory: private to agentd, held by one instance, never left half-written.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

/// What kept agentd from taking the data directory.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot {action} {}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{} may be written by others (mode {mode:03o})", path.display())]
    WritableByOthers { path: PathBuf, mode: u32 },
    #[error("{} belongs to user {owner}, and agentd runs as user {user}", path.display())]
    ForeignOwner { path: PathBuf, owner: u32, user: u32 },
    #[error("another agentd{} holds {}", holder.map(|pid| format!(" (pid {pid})")).unwrap_or_default(), path.display())]
    Locked { path: PathBuf, holder: Option<u32> },
    #[error("{} is not the format file of a data directory of agentd", path.display())]
    ForeignFormat {
        path: PathBuf,
        #[source]
        source: serde_json::Error,
    },
    #[error("{} has format {found}, and this agentd knows up to {FORMAT}", path.display())]
    NewerFormat { path: PathBuf, found: u32 },
}

/// The data directory, held by this instance until it is dropped or the process dies.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    /// The kernel gives the lock back when the last descriptor closes, also after kill -9.
    _lock: File,
}

impl DataDir {
    /// Takes the directory, which is made when it does not exist, and writes this process's id into its lock.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let io = |action| move |source| Error::Io { action, path: path.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(io("create"))?;
        let path = fs::canonicalize(path).map_err(io("resolve"))?;
        check_access(&path)?;
        let lock = take_lock(&path.join("agentd.pid"))?;
        remove_leftovers(&path)?;
        check_format(&path)?;
        Ok(Self { path, _lock: lock })
    }

    /// Writes one of its files whole, so that a crash leaves the old or the new one.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        write_atomically(&self.path, name, bytes)
    }

    /// Returns the directory's absolute path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Refuses a directory in which another user could replace what agentd trusts.
fn check_access(path: &Path) -> Result<(), Error> {
    let io = |source| Error::Io { action: "inspect", path: path.to_owned(), source };
    let metadata = fs::metadata(path).map_err(io)?;
    let user = rustix::process::geteuid().as_raw();
    if metadata.uid() != user {
        return Err(Error::ForeignOwner { path: path.to_owned(), owner: metadata.uid(), user });
    }
    let mode = metadata.mode() & 0o7777;
    if mode & 0o022 != 0 {
        return Err(Error::WritableByOthers { path: path.to_owned(), mode });
    }
    Ok(())
}

fn take_lock(path: &Path) -> Result<File, Error> {
    let io = |action| move |source| Error::Io { action, path: path.to_owned(), source };
    let nofollow = OFlags::NOFOLLOW.bits().cast_signed();
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false).mode(0o600).custom_flags(nofollow);
    let mut file = options.open(path).map_err(io("open"))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK) => {
            let mut text = String::new();
            // The holder is named when it can be; that it holds the lock is certain either way.
            let _ = (&file).take(32).read_to_string(&mut text);
            return Err(Error::Locked { path: path.to_owned(), holder: text.trim().parse().ok() });
        }
        Err(errno) => return Err(io("lock")(errno.into())),
    }
    file.set_len(0).map_err(io("write"))?;
    file.rewind().map_err(io("write"))?;
    writeln!(file, "{}", std::process::id()).and_then(|()| file.sync_all()).map_err(io("write"))?;
    Ok(file)
}

/// Removes what a kill in the middle of [`write_atomically`] left behind.
fn remove_leftovers(dir: &Path) -> Result<(), Error> {
    let io = |action| move |source| Error::Io { action, path: dir.to_owned(), source };
    for entry in fs::read_dir(dir).map_err(io("list"))? {
        let entry = entry.map_err(io("list"))?;
        if entry.file_name().as_encoded_bytes().ends_with(LEFTOVER.as_bytes()) {
            fs::remove_file(entry.path()).map_err(io("clean"))?;
        }
    }
    Ok(())
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct FormatFile {
    format: u32,
    written_by: String,
}

/// Checks that this agentd understands the directory, or marks a new one as its own.
fn check_format(dir: &Path) -> Result<(), Error> {
    let path = dir.join("format.json");
    let io = |action, source| Error::Io { action, path: path.clone(), source };
    match wardkit_cli::read_small(&path) {
        Ok(bytes) => {
            let file: FormatFile = serde_json::from_slice(&bytes)
                .map_err(|source| Error::ForeignFormat { path: path.clone(), source })?;
            if file.format > FORMAT {
                return Err(Error::NewerFormat { path, found: file.format });
            }
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let file = FormatFile {
                format: FORMAT,
                written_by: format!("agentd {}", env!("CARGO_PKG_VERSION")),
            };
            let text = serde_json::to_vec(&file).map_err(|error| io("write", error.into()))?;
            write_atomically(dir, "format.json", &text).map_err(|source| io("write", source))
        }
        Err(error) => Err(io("read", error)),
    }
}

/// Writes a file so that a reader, or a restart after a crash at any point, sees all of it or nothing.
fn write_atomically(dir: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let temporary = dir.join(format!("{name}{LEFTOVER}"));
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(&temporary)?;
    file.write_all(bytes)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.sync_all()?;
    fs::rename(&temporary, dir.join(name))?;
    // The rename itself is on disk only after the directory is.
    File::open(dir)?.sync_all()
}

/// The layout of the data directory that this agentd writes.
const FORMAT: u32 = 1;
const LEFTOVER: &str = ".agentd-tmp";

#[cfg(test)]
mod tests {
    use super::*;

    fn dir() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o700)).unwrap();
        dir
    }

    #[test]
    fn second_instance_is_told_who_holds_the_lock() {
        let dir = dir();
        let first = DataDir::open(dir.path()).unwrap();
        let Err(Error::Locked { holder, .. }) = DataDir::open(dir.path()) else {
            panic!("opened twice")
        };
        assert_eq!(holder, Some(std::process::id()));
        drop(first);
        assert_eq!(
            DataDir::open(dir.path()).unwrap().path(),
            fs::canonicalize(dir.path()).unwrap()
        );
    }

    #[test]
    fn missing_directory_is_made_private() {
        let dir = dir();
        let inner = dir.path().join("a/b");
        DataDir::open(&inner).unwrap();
        assert_eq!(fs::metadata(&inner).unwrap().mode() & 0o777, 0o700);
        assert_eq!(fs::metadata(inner.join("agentd.pid")).unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn directory_that_others_may_write_is_refused() {
        for mode in [0o777, 0o722, 0o770, 0o702] {
            let dir = dir();
            fs::set_permissions(dir.path(), Permissions::from_mode(mode)).unwrap();
            let error = DataDir::open(dir.path()).unwrap_err();
            assert!(
                matches!(error, Error::WritableByOthers { mode: found, .. } if found == mode),
                "{error}"
            );
            assert!(!dir.path().join("agentd.pid").exists(), "nothing is written before the check");
        }
    }

    #[test]
    fn symlink_in_place_of_the_lock_is_not_followed() {
        let dir = dir();
        let victim = dir.path().join("victim");
        fs::write(&victim, "precious").unwrap();
        std::os::unix::fs::symlink(&victim, dir.path().join("agentd.pid")).unwrap();
        assert!(matches!(DataDir::open(dir.path()), Err(Error::Io { action: "open", .. })));
        assert_eq!(fs::read_to_string(victim).unwrap(), "precious");
    }

    #[test]
    fn half_written_files_of_a_killed_instance_are_removed() {
        let dir = dir();
        fs::write(dir.path().join(format!("format.json{LEFTOVER}")), "{\"for").unwrap();
        DataDir::open(dir.path()).unwrap();
        let mut names: Vec<_> =
            fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["agentd.pid", "format.json"]);
    }

    #[test]
    fn directory_of_a_newer_or_foreign_program_is_left_alone() {
        let dir = dir();
        let path = dir.path().join("format.json");
        fs::write(&path, r#"{"format":2,"written-by":"agentd 9"}"#).unwrap();
        assert!(matches!(DataDir::open(dir.path()), Err(Error::NewerFormat { found: 2, .. })));
        fs::write(&path, "not json").unwrap();
        assert!(matches!(DataDir::open(dir.path()), Err(Error::ForeignFormat { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), "not json");
        fs::remove_file(&path).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::from(0o600)).unwrap();
        let pipe = DataDir::open(dir.path()).unwrap_err();
        assert!(matches!(pipe, Error::Io { action: "read", .. }), "{pipe}");
    }
}
