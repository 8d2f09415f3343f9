//! What was backed up is what is restored: for random trees and changes, whoever of the two writes and whoever reads.
//!
//! The cases are few and always the same. `PROPTEST_CASES=200` tries as many others beside.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use wardkit_backup::engine::{
    BackupOptions, CheckOptions, CheckOutcome, InitOptions, OpenOptions, Password, ReadData,
    Repository, RestoreOptions, Silent, Writer,
};
use wardkit_backup::format::{Compression, Id, KdfParams, RepoVersion};
use wardkit_backup::source::{Files, FilesOptions};
use wardkit_backup::store::LocalDir;

use chance::Chance;
use listing::Listing;
use tree::Growing;

mod chance;
mod listing;
mod tree;

/// Whose program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    Ours,
    Restics,
}

use Whose::{Ours, Restics};

struct Case {
    seed: u64,
    version: RepoVersion,
    compression: Compression,
    /// Who writes each snapshot; the first one makes the repository.
    writers: Vec<Whose>,
    /// How many files are longer than any chunk.
    large: usize,
}

/// A repository, and what its snapshots have to be.
struct Stage {
    folder: tempfile::TempDir,
    case: Case,
    snapshots: Vec<(Id, Listing, Whose)>,
}

impl Stage {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn restic(&self, arguments: &[&OsStr]) -> String {
        let compression = match self.case.compression {
            Compression::Off => "off",
            Compression::Max => "max",
            _ => "auto",
        };
        let output = Command::new("restic")
            .args(["--no-cache", "--compression", compression, "-r"])
            .arg(self.path("repository"))
            .args(arguments)
            .env("RESTIC_PASSWORD", PASSWORD)
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{self:?}: {arguments:?}: {error} {told}");
        told
    }

    fn open(&self) -> Repository<Writer> {
        let store = Arc::new(LocalDir::open(self.path("repository")).unwrap());
        Repository::<Writer>::open(store, &Password::new(PASSWORD), self.open_options()).unwrap()
    }

    fn open_options(&self) -> OpenOptions {
        let mut options = OpenOptions::default();
        options.lock_settle = Duration::ZERO;
        options.compression = self.case.compression;
        options
    }

    fn init(&self) {
        let version = match self.case.version {
            RepoVersion::V1 => "1",
            RepoVersion::V2 => "2",
        };
        if self.case.writers[0] == Restics {
            self.restic(&words(["init", "--repository-version", version]));
            return;
        }
        let mut options = InitOptions::default();
        options.version = self.case.version;
        options.kdf = KdfParams::new(16, 8, 1).unwrap();
        options.open = self.open_options();
        let store = Arc::new(LocalDir::create(self.path("repository")).unwrap());
        drop(Repository::<Writer>::init(store, &Password::new(PASSWORD), options).unwrap());
    }

    fn back_up(&mut self, writer: Whose) {
        let source = self.path("source");
        let wanted = Listing::of(&source);
        match writer {
            Ours => {
                let mut options = BackupOptions::default();
                options.pack_size = 1 << 20;
                let mut files = Files::new([&source], FilesOptions::default()).unwrap();
                let report = self.open().backup(&mut files, &options, &Silent).unwrap();
                assert!(report.outcome.is_complete(), "{self:?}: {report:?}");
            }
            Restics => drop(self.restic(&[OsStr::new("backup"), source.as_os_str()])),
        }
        let list = self.open().snapshots().unwrap();
        assert_eq!((list.snapshots.len(), list.damaged.len()), (self.snapshots.len() + 1, 0));
        let known = |id| self.snapshots.iter().any(|(known, ..)| *known == id);
        let new = list.snapshots.iter().map(|(id, _)| *id).find(|id| !known(*id)).unwrap();
        self.snapshots.push((new, wanted, writer));
    }

    /// Neither of the two finds anything to complain of.
    fn check(&self) {
        let told = self.restic(&words(["check", "--read-data"]));
        assert!(told.contains("no errors were found"), "{self:?}: {told}");
        let options = CheckOptions::reading(ReadData::All);
        let report = self.open().check(&options, &Silent).unwrap();
        assert_eq!(report.outcome(), CheckOutcome::Clean, "{self:?}: {:?}", report.findings);
    }

    /// Each snapshot, restored by each of the two, is what the tree was.
    fn restore_all(&self) {
        let source = self.path("source");
        for (number, (id, wanted, writer)) in self.snapshots.iter().enumerate() {
            for reader in [Ours, Restics] {
                let at = format!("{self:?}, snapshot {number} of {writer:?} read by {reader:?}");
                let target = tempfile::tempdir_in(self.folder.path()).unwrap();
                match reader {
                    Ours => self.restore(id, target.path(), &at),
                    Restics => {
                        let id = id.to_string();
                        let mut arguments = words(["restore", &id, "--target"]).to_vec();
                        arguments.push(target.path().as_os_str());
                        self.restic(&arguments);
                    }
                }
                let found = Listing::of(&target.path().join(source.strip_prefix("/").unwrap()));
                match (*writer, reader) {
                    (Ours, Ours) => wanted.assert_is(&found, &at),
                    _ => wanted.as_textual_links().assert_is(&found, &at),
                }
                if reader == Ours {
                    wanted.assert_takes_no_more(&found, &at);
                }
            }
        }
    }

    fn restore(&self, id: &Id, target: &Path, at: &str) {
        let repository = self.open();
        let index = repository.load_index(&Silent).unwrap();
        let snapshot = repository.load_snapshot(id).unwrap();
        let options = RestoreOptions::new(target);
        let report = repository.restore(&index, &snapshot, &options, &Silent).unwrap();
        assert!(report.is_complete(), "{at}: {:?}", report.failed);
        assert!(report.less.is_empty(), "{at}: {:?}", report.less);
    }
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Case { seed, version, compression, writers, .. } = &self.case;
        write!(f, "seed {seed}, {version:?}, {compression:?}, {writers:?}")
    }
}

fn hold(case: Case) {
    let stage_of =
        |case| Stage { folder: tempfile::tempdir().unwrap(), case, snapshots: Vec::new() };
    let mut stage = stage_of(case);
    let chance = Chance::of(stage.case.seed);
    let mut tree = Growing::new(&stage.path("source"), chance, stage.case.large);
    stage.init();
    for (number, writer) in stage.case.writers.clone().into_iter().enumerate() {
        if number > 0 {
            tree.edit();
        }
        stage.back_up(writer);
        stage.check();
    }
    stage.restore_all();
}

fn words<const N: usize>(words: [&str; N]) -> [&OsStr; N] {
    words.map(OsStr::new)
}

const PASSWORD: &str = "known to both";

#[test]
fn what_one_program_wrote_both_restore_as_it_was() {
    for (seed, version, compression, writer) in [
        (1, RepoVersion::V1, Compression::Auto, Ours),
        (2, RepoVersion::V2, Compression::Max, Ours),
        (3, RepoVersion::V2, Compression::Off, Restics),
    ] {
        hold(Case { seed, version, compression, writers: vec![writer; 2], large: 0 });
    }
}

#[test]
fn what_both_wrote_into_one_repository_both_restore_as_it_was() {
    for (seed, version, compression, writers) in [
        (4, RepoVersion::V1, Compression::Auto, vec![Restics, Ours, Restics]),
        (5, RepoVersion::V2, Compression::Auto, vec![Ours, Restics, Ours]),
    ] {
        hold(Case { seed, version, compression, writers, large: 1 });
    }
}

#[test]
fn as_many_cases_as_are_asked_for_hold_too() {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    for seed in (100..).take(cases.unwrap_or(1)) {
        let mut chance = Chance::of(seed);
        let version = *chance.one_of(&[RepoVersion::V1, RepoVersion::V2]);
        let compression = *chance.one_of(&[Compression::Off, Compression::Auto, Compression::Max]);
        let count = 1 + chance.below(4);
        let writers = (0..count).map(|_| *chance.one_of(&[Ours, Restics])).collect();
        hold(Case { seed, version, compression, writers, large: chance.below(2) });
    }
}
