//! A host with a tree, a repository and a data directory.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

use serde_json::Value;
use tempfile::TempDir;
use wardkit_backup::engine::{InitOptions, Password, Repository, Writer};
use wardkit_backup::format::KdfParams;
use wardkit_backup::store::{LocalDir, ObjectStore};

use crate::Ended;

pub(super) struct Host {
    dir: TempDir,
}

impl Host {
    /// A host whose tree has the files `a` and `d/b`, and with an empty repository.
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let host = Self { dir };
        fs::create_dir_all(host.path("tree/d")).unwrap();
        host.write("a", "one\n");
        host.write("d/b", "two\n");
        fs::write(host.path("key"), "correct horse\n").unwrap();
        fs::set_permissions(host.path("key"), fs::Permissions::from_mode(0o600)).unwrap();
        copy(empty_repository(), &host.path("repository"));
        host
    }

    pub(super) fn path(&self, below: &str) -> PathBuf {
        if below.is_empty() { self.dir.path().to_owned() } else { self.dir.path().join(below) }
    }

    pub(super) fn text(&self, below: &str) -> String {
        self.path(below).to_str().unwrap().to_owned()
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        fs::write(self.path("tree").join(name), text).unwrap();
    }

    /// `auditctl backup` with the repository and the password of this host.
    pub(super) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_auditctl"));
        command
            .arg("backup")
            .args(args)
            .current_dir(self.path(""))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("WARDKIT_DATA_DIR", self.path("data"))
            .env("WARDKIT_BACKUP_REPOSITORY", self.path("repository"))
            .env("WARDKIT_BACKUP_PASSWORD_FILE", self.path("key"));
        command
    }

    /// Runs `auditctl backup` with the repository and the password of this host.
    pub(super) fn run(&self, args: &[&str]) -> Ended {
        let output = self.command(args).output().unwrap();
        Ended {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs it for programs, asserts how it ends, and returns the answer.
    pub(super) fn json(&self, args: &[&str], code: i32) -> Value {
        // Before what may be a command's own arguments.
        let ended = self.run(&[&["--format", "json"], args].concat());
        assert_eq!(ended.code, Some(code), "{args:?} {ended:?}");
        assert_eq!(ended.stdout.lines().count(), 1, "{ended:?}");
        serde_json::from_str(&ended.stdout).unwrap()
    }

    /// Asserts how a command ends, and that its answer has these words.
    pub(super) fn assert_ended(&self, args: &[&str], code: i32, words: &[&str]) {
        let ended = self.run(args);
        assert_eq!(ended.code, Some(code), "{args:?} {ended:?}");
        for word in words {
            assert!(ended.stdout.contains(word), "{word:?} in {ended:?}");
        }
    }

    /// Asserts that a command is refused with exit 2 and these words, and writes no answer.
    pub(super) fn assert_refused(&self, args: &[&str], words: &[&str]) {
        let ended = self.run(args);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{args:?} {ended:?}");
        for word in words {
            assert!(ended.stderr.contains(word), "{word:?} in {}", ended.stderr);
        }
    }

    /// The files of a folder of the repository.
    pub(super) fn objects(&self, folder: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path("repository").join(folder)).unwrap();
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    }
}

/// A repository whose password costs next to nothing to try, made once: the usual work is meant to be slow.
fn empty_repository() -> &'static Path {
    static MADE: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = MADE.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("repository");
        let mut options = InitOptions::default();
        options.kdf = KdfParams::new(2, 1, 1).unwrap();
        let store: Arc<dyn ObjectStore> = Arc::new(LocalDir::create(&path).unwrap());
        Repository::<Writer>::init(store, &Password::new("correct horse"), options).unwrap();
        (dir, path)
    });
    path
}

pub(super) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}
