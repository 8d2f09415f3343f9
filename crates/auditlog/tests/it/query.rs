use std::fs;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;
use wardkit_auditlog::{Durability, Entry, Error, LineFault, Query};
use wardkit_core::{Clock as _, Timestamp};

use crate::support::{clock, lines, options, segments};

/// Entries 1 to 20, a second apart, in several segments.
fn log() -> (TempDir, Timestamp) {
    let dir = tempfile::tempdir().unwrap();
    let clock = clock();
    let begin = clock.now();
    let log = options().with_clock(clock.clone()).with_segment_bytes(500).open(dir.path()).unwrap();
    for number in 1..=20 {
        clock.advance(Duration::from_secs(1));
        let kind = ["file.changed", "file.changed.mode", "files.lost", "file"][number % 4];
        let entry = Entry::new(kind, ["a", "b", "c"][number % 3]);
        log.append(entry, Durability::Written).unwrap();
    }
    assert!(segments(dir.path()).len() > 3);
    (dir, begin)
}

fn seqs(query: Query, dir: &Path) -> Vec<u64> {
    query.read(dir).unwrap().map(|record| record.unwrap().seq).collect()
}

#[test]
fn entries_are_found_by_kind_subject_time_and_number() {
    let (dir, begin) = log();
    let at = |seconds| begin.saturating_add(Duration::from_secs(seconds));
    let all: Vec<u64> = (0..=20).collect();
    let check = |query: Query, expected: &dyn Fn(u64) -> bool| {
        let expected: Vec<u64> = all.iter().copied().filter(|&seq| expected(seq)).collect();
        assert_eq!(seqs(query.clone(), dir.path()), expected, "{query:?}");
    };
    check(Query::new(), &|_| true);
    check(Query::new().kind("file.changed"), &|seq| seq > 0 && seq % 4 < 2);
    check(Query::new().kind("file"), &|seq| seq > 0 && seq % 4 != 2);
    check(Query::new().kind("files.lost").kind("trail"), &|seq| seq == 0 || seq % 4 == 2);
    check(Query::new().subject("b"), &|seq| seq % 3 == 1);
    check(Query::new().since(at(5)), &|seq| seq >= 5);
    check(Query::new().until(at(5)), &|seq| seq < 5);
    check(Query::new().since(at(5)).until(at(9)).subject("a"), &|seq| seq == 6);
    check(Query::new().kind("nothing"), &|_| false);
    for (first, end) in [(0, 0), (0, 1), (3, 17), (20, 21), (21, 30), (7, 3)] {
        check(Query::new().seqs(first..end), &|seq| (first..end).contains(&seq));
    }
    check(Query::new().seqs(4..=6), &|seq| (4..=6).contains(&seq));
    check(Query::new().seqs(19..), &|seq| seq >= 19);
    check(Query::new().seqs(..), &|_| true);
}

#[test]
fn a_record_serialises_as_its_line() {
    let (dir, _) = log();
    let exported: Vec<String> = Query::new()
        .read(dir.path())
        .unwrap()
        .map(|record| serde_json::to_string(&record.unwrap()).unwrap())
        .collect();
    assert_eq!(exported, lines(dir.path()));
}

#[test]
fn reading_ends_at_a_line_that_is_being_written_and_at_a_bad_one() {
    let (dir, _) = log();
    let found = segments(dir.path());
    let last = found.last().unwrap();
    let text = fs::read_to_string(last).unwrap();
    fs::write(last, format!("{text}{{\"seq\":21")).unwrap();
    assert_eq!(seqs(Query::new(), dir.path()).len(), 21);

    fs::write(&found[1], "{}\n").unwrap();
    let read: Vec<_> = Query::new().read(dir.path()).unwrap().collect();
    let (last, before) = read.split_last().unwrap();
    assert!(before.iter().all(Result::is_ok));
    assert!(matches!(last, Err(Error::Line { line: 1, reason: LineFault::Malformed, .. })));
}
