//! What the driver of watch, scans and reports does with what a source tells.

use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use wardkit_core::{ManualClock, SystemClock, Timestamp};
use wardkit_integrity::{
    Baseline, BaselineDir, BaselineHeader, Batch, ChangeSource, Digest, Error, Known as _, Lost,
    LostReason, Notice, Policy, ScanOptions, Sentry, SentryOptions,
};
use wardkit_tlog::SigningKey;

/// Tells what it was given, and nothing more.
struct Told(VecDeque<Batch>);

impl ChangeSource for Told {
    fn next(&mut self, _wait: Duration) -> Result<Batch, Error> {
        Ok(self.0.pop_front().unwrap_or_default())
    }
}

fn lost(scope: &Path, reason: LostReason) -> Batch {
    Batch { lost: vec![Lost { scope: scope.to_owned(), reason }], ..Batch::default() }
}

fn baseline(root: &Path, dir: &Path) -> Arc<Baseline> {
    let key = SigningKey::from_seed("host.example/fim", [7; 32]).unwrap();
    let scan = ScanOptions::new([root]).run().unwrap();
    // Late enough that every file looks settled.
    let mut started = scan.scan_started();
    started.seconds += 60;
    let header =
        BaselineHeader::new("host.example", [1; 16]).with_roots([root]).with_scan_started(started);
    let baselines = BaselineDir::new(dir.join("baseline"));
    // Only who reads the files sees that they are other than this says.
    let entries = scan.entries().map(|mut entry| {
        entry.content = entry.content.map(|_| Digest::from_bytes([7; 32]));
        entry
    });
    baselines.init(&header, entries, &key).unwrap();
    Arc::new(baselines.newest([key.verifier()], None).unwrap())
}

/// The paths of all changes that were detected.
fn detected(notices: Vec<Notice>) -> Vec<PathBuf> {
    let path = |notice| match notice {
        Notice::Detected(finding) => Some(finding.change.path),
        _ => None,
    };
    notices.into_iter().filter_map(path).collect()
}

#[test]
fn scan_of_a_lost_directory_is_not_led_away_by_a_link_above_it() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().canonicalize().unwrap();
    let (root, elsewhere) = (dir.join("root"), dir.join("elsewhere"));
    fs::create_dir_all(root.join("of-user/moved")).unwrap();
    fs::create_dir_all(elsewhere.join("moved")).unwrap();
    fs::write(elsewhere.join("moved/secret"), "1").unwrap();
    let baseline = baseline(&root, &dir);
    // Between the loss and its scan the user puts a link where the directory's parent was.
    fs::remove_dir_all(root.join("of-user")).unwrap();
    symlink(&elsewhere, root.join("of-user")).unwrap();
    let source = Told([lost(&root.join("of-user/moved"), LostReason::Moved)].into());
    let policy = Arc::new(Policy::everything());
    let options = SentryOptions::new([&root]);
    let clock = Arc::new(SystemClock);
    let mut sentry = Sentry::new(baseline, policy, Box::new(source), options, clock);
    let found = detected(sentry.turn(Duration::ZERO).unwrap());
    assert_eq!(found, [root.join("of-user/moved")]);
}

#[test]
fn every_file_is_read_in_time_though_scans_come_late() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().canonicalize().unwrap();
    let root = dir.join("root");
    fs::create_dir(&root).unwrap();
    let files: BTreeSet<PathBuf> = (0..40).map(|n| root.join(n.to_string())).collect();
    for file in &files {
        fs::write(file, "1").unwrap();
    }
    let baseline = baseline(&root, &dir);
    for late in [Duration::ZERO, Duration::from_hours(4)] {
        let clock = ManualClock::at(Timestamp::from_unix_seconds(1_790_000_000));
        let policy = Arc::new(Policy::everything());
        let options = SentryOptions::new([&root]);
        let source = Box::new(Told(VecDeque::new()));
        let clock = Arc::new(clock);
        let mut sentry =
            Sentry::new(Arc::clone(&baseline), policy, source, options, Arc::clone(&clock) as _);
        let (mut found, mut time) = (BTreeSet::new(), Duration::ZERO);
        while time < Duration::from_hours(30) {
            let step = Duration::from_hours(1) + late;
            time += step;
            clock.advance(step);
            found.extend(detected(sentry.turn(Duration::ZERO).unwrap()));
        }
        assert_eq!(found, files, "late by {late:?}");
    }
}
