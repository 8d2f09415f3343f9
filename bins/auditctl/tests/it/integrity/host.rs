//! A host with a tree to look at, a data directory and a place for baselines.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::Ended;

pub(super) struct Host {
    pub(super) dir: TempDir,
    /// The program, and whose it runs as.
    program: PathBuf,
    uid: Option<u32>,
}

impl Host {
    /// A host whose tree has the files `a` and `d/b`.
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let host = Self { dir, program: env!("CARGO_BIN_EXE_auditctl").into(), uid: None };
        fs::create_dir_all(host.path("tree/d")).unwrap();
        host.write("a", "one\n");
        host.write("d/b", "two\n");
        host
    }

    /// The same where the program has no right that others have not: permissions count.
    pub(super) fn ordinary() -> Self {
        let mut host = Self::new();
        if rustix::process::geteuid().is_root() {
            // Where the program was built only root may get to.
            let program = host.path("auditctl");
            fs::copy(&host.program, &program).unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
            for path in ["", "tree", "tree/a", "tree/d", "tree/d/b"] {
                chown(host.path(path), Some(NOBODY), Some(NOBODY)).unwrap();
            }
            host.program = program;
            host.uid = Some(NOBODY);
        }
        host
    }

    /// The same with a first baseline of the tree.
    pub(super) fn with_baseline(self) -> Self {
        let ended = self.run(&["init", "--root", &self.text("tree")]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        self
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

    pub(super) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(args)
            .current_dir(self.path(""))
            .env_clear()
            .env("WARDKIT_DATA_DIR", self.path("data"));
        if let Some(uid) = self.uid {
            command.gid(uid).uid(uid);
        }
        command
    }

    /// Runs `auditctl integrity` with the baselines of this host.
    pub(super) fn run(&self, args: &[&str]) -> Ended {
        let baseline = self.text("baseline");
        let store: &[&str] = if args[0] == "import" { &[] } else { &["--baseline", &baseline] };
        self.auditctl(&[&["integrity"], args, store].concat())
    }

    pub(super) fn auditctl(&self, args: &[&str]) -> Ended {
        let output = self.command(args).output().unwrap();
        Ended {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs it for programs, asserts how it ends, and returns the answer.
    pub(super) fn json(&self, args: &[&str], code: i32) -> Value {
        let ended = self.run(&[args, &["--format", "json"]].concat());
        assert_eq!(ended.code, Some(code), "{args:?} {ended:?}");
        assert_eq!(ended.stdout.lines().count(), 1, "{ended:?}");
        serde_json::from_str(&ended.stdout).unwrap()
    }

    /// Verifies, and returns what changed: paths below the tree, and how.
    pub(super) fn changes(&self, args: &[&str]) -> Vec<(String, String)> {
        let ended = self.run(&[&["verify", "--format", "json"], args].concat());
        let answer: Value = serde_json::from_str(&ended.stdout).unwrap();
        let changes = self.named(&answer["changes"]);
        assert_eq!(ended.code, Some(i32::from(!changes.is_empty())), "{ended:?}");
        changes
    }

    /// Returns the paths, below the tree, and kinds of changes.
    pub(super) fn named(&self, changes: &Value) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let named = |change: &Value| {
            let path = PathBuf::from(text(&change["path"]));
            let below = path.strip_prefix(self.path("tree")).unwrap_or(&path);
            (below.to_str().unwrap().to_owned(), text(&change["change"]))
        };
        changes.as_array().unwrap().iter().map(named).collect()
    }

    /// Asserts that a command is refused with exit 2 and these words, and writes no answer.
    pub(super) fn assert_refused(&self, args: &[&str], words: &[&str]) {
        let ended = self.run(args);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{args:?} {ended:?}");
        for word in words {
            assert!(ended.stderr.contains(word), "{word:?} in {}", ended.stderr);
        }
    }

    /// Returns the trail's entries of a kind.
    pub(super) fn trail(&self, kind: &str) -> Vec<Value> {
        let ended = self.auditctl(&["trail", "query", "--kind", kind, "--format", "json"]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub(super) fn assert_trail_intact(&self) {
        let ended = self.auditctl(&["trail", "verify"]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }

    pub(super) fn files(&self, dir: &str) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.path(dir))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

/// Pairs for [`Host::changes`].
pub(super) fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(path, change)| ((*path).to_owned(), (*change).to_owned())).collect()
}

pub(super) fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

pub(super) const NOBODY: u32 = 65_534;
