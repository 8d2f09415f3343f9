use std::fs;
use std::path::Path;

use wardkit_auditlog::{Durability, Error, Failure, Log, Query, Verdict, Verifier};

use crate::support::{entry, files, key, options, segments, verify};

fn log(dir: &Path) -> Log {
    let log = options().with_segment_bytes(500).open(dir).unwrap();
    for number in 0..20 {
        log.append(entry(number), Durability::Written).unwrap();
    }
    log.seal().unwrap();
    log
}

fn verify_with(archive: &Path, dir: &Path) -> Verdict {
    Verifier::new(key(1).verifier().clone()).archive(archive).verify(dir).unwrap()
}

#[test]
fn archived_segments_are_proven_and_read_as_before() {
    let (dir, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let log = log(dir.path());
    let whole = segments(dir.path()).len();
    let before = verify(dir.path());

    let moved = log.archive(to.path(), 2).unwrap();
    assert_eq!(moved, segments(to.path()));
    assert_eq!((moved.len(), segments(dir.path()).len()), (whole - 3, 3));
    assert_eq!(files(to.path(), "note").len(), moved.len());
    assert_eq!(files(dir.path(), "note").len(), whole - 1);

    let after = verify_with(to.path(), dir.path());
    assert_eq!(after, before);
    assert_eq!(after.failures, []);
    let read = Query::new().archive(to.path()).read(dir.path()).unwrap();
    let seqs: Vec<u64> = read.map(|record| record.unwrap().seq).collect();
    assert_eq!(seqs, (0..=20).collect::<Vec<_>>());

    // Without the archive it is not proven, and says what is missing.
    assert_eq!(verify(dir.path()).failures[0], Failure::SegmentMissing { first: 0 });

    // The log goes on, for this handle and for a new one.
    assert_eq!(log.append(entry(0), Durability::Sealed).unwrap().seq, 21);
    let again = options().with_segment_bytes(500).open(dir.path()).unwrap();
    assert_eq!(again.append(entry(0), Durability::Sealed).unwrap().seq, 22);
    assert_eq!(verify_with(to.path(), dir.path()).head.size, 23);
}

#[test]
fn the_segment_before_the_last_stays() {
    let (dir, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let log = log(dir.path());
    log.archive(to.path(), 0).unwrap();
    assert_eq!(segments(dir.path()).len(), 2);
    assert_eq!(log.archive(to.path(), 0).unwrap(), Vec::<std::path::PathBuf>::new());
    assert_eq!(verify_with(to.path(), dir.path()).failures, []);
}

#[test]
fn a_changed_archive_is_found() {
    let (dir, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    log(dir.path()).archive(to.path(), 1).unwrap();
    let path = &segments(to.path())[1];
    let text = fs::read_to_string(path).unwrap();
    fs::write(path, text.replacen("subject", "suspect", 1)).unwrap();
    let verdict = verify_with(to.path(), dir.path());
    assert!(matches!(verdict.failures[0], Failure::Changed { .. }), "{:?}", verdict.failures);
}

#[test]
fn an_interrupted_archive_is_finished_and_a_strange_file_is_not_replaced() {
    let (dir, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let log = log(dir.path());
    let found = segments(dir.path());
    let target = |index: usize| to.path().join(found[index].file_name().unwrap());
    fs::copy(&found[0], target(0)).unwrap();
    fs::write(target(1), "another log's").unwrap();
    assert!(matches!(log.archive(to.path(), 1), Err(Error::Io { action: "write", .. })));
    assert!(!found[0].exists() && found[1].exists());
    assert_eq!(fs::read(target(1)).unwrap(), b"another log's");

    fs::remove_file(target(1)).unwrap();
    log.archive(to.path(), 1).unwrap();
    assert_eq!(verify_with(to.path(), dir.path()).failures, []);
}

#[test]
fn nothing_is_written_through_what_others_put_into_an_archive() {
    let (dir, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let log = log(dir.path());
    let victim = dir.path().join("victim");
    fs::write(&victim, "another's").unwrap();
    let name = segments(dir.path())[0].file_name().unwrap().to_owned();
    let draft = to.path().join(format!("{}.new", name.display()));
    std::os::unix::fs::symlink(&victim, &draft).unwrap();
    log.archive(to.path(), 1).unwrap();
    assert_eq!(fs::read(&victim).unwrap(), b"another's");
    assert!(fs::symlink_metadata(to.path().join(name)).unwrap().is_file());
    assert_eq!(verify_with(to.path(), dir.path()).failures, []);
}
