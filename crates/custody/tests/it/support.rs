//! A host on a clock that stands still.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use wardkit_core::{ManualClock, Timestamp};
use wardkit_custody::{Custody, Proof, Proven};

pub(crate) struct Host {
    pub(crate) dir: TempDir,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) custody: Custody,
}

impl Host {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let clock = Arc::new(ManualClock::at(Timestamp::from_unix_seconds(1_700_000_000)));
        let custody = Custody::new(dir.path().join("data"), "bot 1").with_clock(clock.clone());
        Self { dir, clock, custody }
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.dir.path().join("log")
    }

    pub(crate) fn prove(&self) -> Proven {
        self.custody.prove(self.log(), &Proof::new()).unwrap()
    }

    pub(crate) fn next_day(&self) {
        self.clock.advance(Duration::from_hours(24));
    }

    /// The directory of the only keyring whose name begins so.
    pub(crate) fn keyring(&self, name: &str) -> PathBuf {
        let mut rings = fs::read_dir(self.dir.path().join("data/keys")).unwrap();
        let found = rings
            .find(|entry| entry.as_ref().unwrap().file_name().to_str().unwrap().starts_with(name));
        found.unwrap().unwrap().path()
    }
}

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::Permissions::from_mode(0o700)).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}
