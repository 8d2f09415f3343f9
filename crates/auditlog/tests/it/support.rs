//! A log in a directory of its own, on a clock that stands still.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use wardkit_auditlog::{Entry, Log, LogOptions, Verdict, Verifier};
use wardkit_core::{ManualClock, Timestamp};
use wardkit_tlog::SigningKey;

pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed("example.com/trail", [seed; 32]).unwrap()
}

pub(crate) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Timestamp::from_unix_seconds(1_700_000_000)))
}

/// Checkpoints only when they are asked for.
pub(crate) fn options() -> LogOptions {
    LogOptions::new(key(1))
        .with_host("host-1")
        .with_clock(clock())
        .with_checkpoints(1_000_000, Duration::from_hours(1))
}

pub(crate) fn new_log() -> (TempDir, Log) {
    let dir = tempfile::tempdir().unwrap();
    let log = options().open(dir.path()).unwrap();
    (dir, log)
}

pub(crate) fn entry(number: u64) -> Entry {
    Entry::new("test.happened", format!("subject {number}")).with("number", number).unwrap()
}

pub(crate) fn verify(dir: &Path) -> Verdict {
    Verifier::new(key(1).verifier().clone()).verify(dir).unwrap()
}

/// Returns the segments in order.
pub(crate) fn segments(dir: &Path) -> Vec<PathBuf> {
    files(dir, "jsonl")
}

pub(crate) fn files(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|found| found == extension));
    paths.sort();
    paths
}

/// Returns the lines of all segments.
pub(crate) fn lines(dir: &Path) -> Vec<String> {
    let texts = segments(dir).into_iter().map(|path| fs::read_to_string(path).unwrap());
    texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

pub(crate) fn copy(dir: &Path) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    copy
}
