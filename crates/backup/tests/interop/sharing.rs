//! Several programs in one repository at once, and what those leave behind that are killed.

use std::fmt;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use wardkit_backup::engine::{
    BackupOptions, BackupReport, CheckOptions, CheckOutcome, Error, LockKind, OpenOptions,
    Password, PruneOptions, ReadData, Repository, Silent, Writer,
};
use wardkit_backup::source::{Entry, Failure, Files, FilesOptions, Source, SourceError};
use wardkit_backup::store::LocalDir;

use crate::engine::Stage;

/// A source that something happens under when the backup reads it: by then the lock is held, and the index is read.
struct Meanwhile<S> {
    inner: S,
    happens: Option<Box<dyn FnOnce() + Send>>,
}

impl Meanwhile<Files> {
    fn of(folder: &Path, happens: impl FnOnce() + Send + 'static) -> Self {
        let inner = Files::new([folder], FilesOptions::default()).unwrap();
        Self { inner, happens: Some(Box::new(happens)) }
    }
}

impl<S: Source> Source for Meanwhile<S> {
    fn paths(&self) -> Vec<PathBuf> {
        self.inner.paths()
    }

    fn prepare(&mut self) -> Result<(), SourceError> {
        self.inner.prepare()
    }

    fn next_entry(&mut self) -> Option<Result<Entry, Failure>> {
        if let Some(happens) = self.happens.take() {
            happens();
        }
        self.inner.next_entry()
    }

    fn finish(&mut self) -> Result<(), SourceError> {
        self.inner.finish()
    }
}

impl<S: fmt::Debug> fmt::Debug for Meanwhile<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meanwhile").field("inner", &self.inner).finish_non_exhaustive()
    }
}

fn open(at: &Path, lock_wait: Duration) -> Repository<Writer> {
    let mut options = OpenOptions::default();
    options.lock_wait = lock_wait;
    let store = Arc::new(LocalDir::open(at).unwrap());
    Repository::<Writer>::open(store, &Password::new("ours"), options).unwrap()
}

fn back_up(at: &Path, source: &mut dyn Source, wait: Duration) -> Result<BackupReport, Error> {
    open(at, wait).backup(source, &BackupOptions::default(), &Silent)
}

fn files(folder: &Path) -> Files {
    Files::new([folder], FilesOptions::default()).unwrap()
}

/// How many locks there are, without what is not written to its end.
fn locks(stage: &Stage) -> usize {
    let entries = fs::read_dir(stage.path("repo/locks")).unwrap();
    entries.filter(|entry| entry.as_ref().unwrap().file_name().len() == 64).count()
}

/// A prune of restic's that is stopped while it holds its lock.
fn stopped_prune(stage: &Stage) -> (Child, Pid) {
    let prune = stage
        .command("repo", &["prune"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // It looks for other locks a fifth of a second after it wrote its own one.
    while locks(stage) == 0 {
        std::thread::yield_now();
    }
    let pid = Pid::from_child(&prune);
    kill_process(pid, Signal::STOP).unwrap();
    (prune, pid)
}

/// A repository with data that no snapshot needs any more, and that a backup of the source finds there again.
fn with_forgotten_data() -> Stage {
    let stage = Stage::new();
    stage.backup();
    stage.restic("repo", &["forget", "--keep-last", "1", "--tag", "none", "--prune"]);
    let other = stage.path("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("file"), "needed").unwrap();
    let only: String = stage.restic("repo", &["list", "snapshots"]);
    stage.restic("repo", &["backup", other.to_str().unwrap()]);
    stage.restic("repo", &["forget", only.trim()]);
    stage
}

fn assert_clean(stage: &Stage) {
    let report = stage.open("repo").check(&CheckOptions::reading(ReadData::All), &Silent).unwrap();
    assert_eq!(report.outcome(), CheckOutcome::Clean, "{:?}", report.findings);
    stage.assert_whole("repo");
}

#[test]
fn two_backups_of_ours_and_one_of_restics_at_once_lose_nothing() {
    let stage = Stage::new();
    let at = stage.path("repo");
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let report = back_up(&at, &mut files(&stage.source()), Duration::ZERO).unwrap();
                assert!(report.outcome.is_complete(), "{report:?}");
            });
        }
        stage.backup();
    });
    assert_eq!(stage.open("repo").snapshots().unwrap().snapshots.len(), 3);
    assert!(stage.open("repo").locks().unwrap().0.is_empty());
    assert_clean(&stage);
}

#[test]
fn restic_prunes_nothing_under_a_backup_of_ours() {
    let stage = with_forgotten_data();
    let commands = [vec!["prune"], vec!["forget", "--keep-last", "1", "--prune"]]
        .map(|arguments| stage.command("repo", &arguments));
    let mut source = Meanwhile::of(&stage.source(), move || {
        for mut command in commands {
            let refused = command.output().unwrap();
            let told = String::from_utf8_lossy(&refused.stderr).into_owned();
            assert!(!refused.status.success() && told.contains("already locked"), "{told}");
        }
    });
    let report = back_up(&stage.path("repo"), &mut source, Duration::ZERO).unwrap();
    // The data was there, and was relied on.
    assert!(report.outcome.is_complete() && report.counts.data_blobs == 0, "{report:?}");
    assert_clean(&stage);
    stage.restic("repo", &["prune"]);
    assert_clean(&stage);
}

#[test]
fn a_backup_of_ours_fails_under_a_prune_of_restics_or_waits_for_its_end() {
    let stage = with_forgotten_data();
    let (mut prune, pid) = stopped_prune(&stage);
    let at = stage.path("repo");
    let refused = back_up(&at, &mut files(&stage.source()), Duration::ZERO).unwrap_err();
    let Error::Locked { holder } = refused else { panic!("{refused:?}") };
    assert_eq!((holder.pid, holder.kind), (pid.as_raw_nonzero().get().into(), LockKind::Exclusive));

    kill_process(pid, Signal::CONT).unwrap();
    let report = back_up(&at, &mut files(&stage.source()), Duration::from_mins(1)).unwrap();
    assert!(prune.wait().unwrap().success());
    // What restic removed is stored again.
    assert!(report.outcome.is_complete() && report.counts.data_blobs > 0, "{report:?}");
    assert_clean(&stage);
}

#[test]
fn a_prune_of_restics_that_was_killed_is_in_nobodys_way() {
    let stage = with_forgotten_data();
    let (mut prune, pid) = stopped_prune(&stage);
    kill_process(pid, Signal::KILL).unwrap();
    prune.wait().unwrap();
    let refused = stage.try_restic("repo", &["prune"]);
    assert!(!refused.status.success(), "restic itself asks for `unlock`");
    let report = back_up(&stage.path("repo"), &mut files(&stage.source()), Duration::ZERO).unwrap();
    assert!(report.outcome.is_complete());
    assert_clean(&stage);
    stage.restic("repo", &["prune"]);
    assert_clean(&stage);
}

#[test]
fn a_backup_of_ours_that_was_killed_is_in_nobodys_way() {
    const PLACE: &str = "WARDKIT_TEST_PLACE";
    if let Ok(place) = std::env::var(PLACE) {
        let place = Path::new(&place);
        let mut source = Meanwhile::of(&place.join("source"), || {
            kill_process(rustix::process::getpid(), Signal::KILL).unwrap();
        });
        let _ = back_up(&place.join("repo"), &mut source, Duration::ZERO).unwrap();
        return;
    }
    let stage = with_forgotten_data();
    let killed = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sharing::a_backup_of_ours_that_was_killed_is_in_nobodys_way"])
        .env(PLACE, stage.path(""))
        .output()
        .unwrap();
    assert_eq!(killed.status.signal(), Some(9), "{killed:?}");
    assert_eq!(locks(&stage), 1);
    let pruned = stage.open("repo").prune(&PruneOptions::default(), &Silent).unwrap();
    assert!(pruned.packs_marked > 0, "{pruned:?}");
    assert_eq!(locks(&stage), 0);
    let report = back_up(&stage.path("repo"), &mut files(&stage.source()), Duration::ZERO).unwrap();
    assert!(report.outcome.is_complete());
    stage.restic("repo", &["prune"]);
    assert_clean(&stage);
}
