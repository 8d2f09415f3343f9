use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use wardkit_auditlog::{Durability, Entry, Error, Receipt, Record, Redact};
use wardkit_core::Secret;
use wardkit_tlog::{Checkpoint, Hash, MemoryTree, Note};

use crate::support::{clock, entry, files, key, lines, new_log, options, segments, verify};

#[test]
fn a_line_is_the_leaf_and_its_place_the_number() {
    let (dir, log) = new_log();
    let receipt = log.append(entry(7).by("root"), Durability::Sealed).unwrap();
    let lines = lines(dir.path());
    assert_eq!(
        lines[1],
        r#"{"seq":1,"at":"2023-11-14T22:13:20Z","kind":"test.happened","subject":"subject 7","detail":{"number":7},"actor":"root"}"#
    );
    assert_eq!((receipt.seq, receipt.leaf), (1, Hash::leaf(lines[1].as_bytes())));

    let tree: MemoryTree = lines.iter().map(|line| Hash::leaf(line.as_bytes())).collect();
    let note: Note = fs::read_to_string(dir.path().join("checkpoint")).unwrap().parse().unwrap();
    let checkpoint = Checkpoint::open(&note, "example.com/trail", [key(1).verifier()]).unwrap();
    assert_eq!(checkpoint.head(), tree.head());
    assert_eq!(verify(dir.path()).head, tree.head());
}

#[test]
fn the_first_entry_names_the_log_its_host_and_its_key() {
    let (dir, _log) = new_log();
    let record = Record::parse(lines(dir.path())[0].as_bytes()).unwrap();
    assert_eq!((record.seq, record.entry.kind.as_str()), (0, "trail.log.begun"));
    assert_eq!(record.entry.detail["origin"], "example.com/trail");
    assert_eq!(record.entry.detail["host"], "host-1");
    assert_eq!(record.entry.detail["key"], key(1).verifier().to_string());
    assert_eq!(verify(dir.path()).keys, [key(1).verifier().clone()]);
}

#[test]
fn a_written_line_reads_back_as_the_entry() {
    let (dir, log) = new_log();
    let mut full = entry(3).by("deploy");
    full.old = Some("0644".into());
    full.new = Some(serde_json::json!({"mode": "0600"}));
    full.policy = Some("rule 4".to_owned());
    log.append(full.clone(), Durability::Written).unwrap();
    assert_eq!(Record::parse(lines(dir.path())[1].as_bytes()).unwrap().entry, full);
}

#[test]
fn a_text_cannot_forge_a_line() {
    let (dir, log) = new_log();
    let hostile = "x\"}\n{\"seq\":2,\"kind\":\"a\"}\u{2028}\u{1b}[2J";
    log.append(Entry::new("a.b", hostile), Durability::Sealed).unwrap();
    assert_eq!(lines(dir.path()).len(), 2);
    assert_eq!(Record::parse(lines(dir.path())[1].as_bytes()).unwrap().entry.subject, hostile);
    assert!(verify(dir.path()).is_intact());
}

#[test]
fn malformed_entries_are_refused_and_leave_no_trace() {
    let (dir, log) = new_log();
    let oversized = Entry::new("a.b", "x".repeat(1024 * 1024));
    for entry in [
        Entry::new("", ""),
        Entry::new("a\nb", ""),
        Entry::new("k".repeat(129), ""),
        Entry::new("trail.key.certified", ""),
        Entry::new("trail.log.begun", ""),
        oversized,
    ] {
        let kind = entry.kind.clone();
        let refused = log.append_all([self::entry(1), entry], Durability::Synced);
        assert!(matches!(refused, Err(Error::Entry(_))), "{kind}");
    }
    assert_eq!(lines(dir.path()).len(), 1);
    assert_eq!(log.append_all([], Durability::Sealed).unwrap(), []);
}

#[test]
fn secrets_are_masked_before_they_are_hashed() {
    struct Cards;
    impl Redact for Cards {
        fn redact(&self, text: &str) -> Option<String> {
            text.contains("4111").then(|| text.replace("4111", "[card]"))
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let log = options().with_redact(Arc::new(Cards)).open(dir.path()).unwrap();
    let mut entry = Entry::new("a.b", "card 4111").by("4111");
    entry = entry.with("key", Secret::new("hunter1".to_owned())).unwrap();
    entry = entry.with("db", serde_json::json!({"Password": "hunter2", "user": "u"})).unwrap();
    entry.old = Some(serde_json::json!([{"api-key": "hunter3"}]));
    entry.new = Some("4111".into());
    entry.policy = Some("4111".to_owned());
    log.append(entry, Durability::Sealed).unwrap();
    let line = &lines(dir.path())[1];
    assert!(!line.contains("hunter") && !line.contains("4111"), "{line}");
    let entry = Record::parse(line.as_bytes()).unwrap().entry;
    assert_eq!(entry.detail["db"], serde_json::json!({"Password": "***", "user": "u"}));
    assert_eq!((entry.subject.as_str(), &entry.detail["key"]), ("card [card]", &"***".into()));
    assert!(verify(dir.path()).is_intact());
}

#[test]
fn threads_get_each_number_once_and_every_entry_is_there() {
    let (dir, log) = new_log();
    let work = |thread: u64| {
        let log = log.clone();
        move || -> Vec<Receipt> {
            let durability =
                if thread.is_multiple_of(2) { Durability::Synced } else { Durability::Sealed };
            let append = |number| log.append(entry(thread * 100 + number), durability).unwrap();
            (0..20).map(append).collect()
        }
    };
    let threads: Vec<_> = (0..8).map(|thread| thread::spawn(work(thread))).collect();
    let mut receipts: Vec<Receipt> =
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    receipts.sort_by_key(|receipt| receipt.seq);
    let lines = lines(dir.path());
    assert_eq!(lines.len(), 161);
    for (receipt, line) in receipts.iter().zip(&lines[1..]) {
        assert_eq!(receipt.leaf, Hash::leaf(line.as_bytes()));
    }
    assert_eq!(log.seal().unwrap().size, 161);
    assert_eq!(verify(dir.path()).failures, []);
}

#[test]
fn several_writers_of_one_log_take_turns() {
    let dir = tempfile::tempdir().unwrap();
    let options = options().with_segment_bytes(2_000);
    let logs: Vec<_> = (0..3).map(|_| options.clone().open(dir.path()).unwrap()).collect();
    for round in 0..30 {
        for (log, number) in logs.iter().zip(0..) {
            let receipt = log.append(entry(number), Durability::Written).unwrap();
            assert_eq!(receipt.seq, 1 + round * 3 + number);
        }
    }
    assert_eq!(logs[0].seal().unwrap(), logs[2].seal().unwrap());
    assert!(segments(dir.path()).len() > 3);
    let verdict = verify(dir.path());
    assert_eq!((verdict.failures, verdict.head.size, verdict.sealed), (vec![], 91, verdict.head));
}

#[test]
fn writers_in_parallel_on_handles_of_their_own_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let options = options().with_segment_bytes(3_000);
    let work = |number: u64| {
        let log = options.clone().open(dir.path()).unwrap();
        move || {
            (0..25).for_each(|_| {
                log.append(entry(number), Durability::Sealed).unwrap();
            });
        }
    };
    let threads: Vec<_> = (0..4).map(|number| thread::spawn(work(number))).collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let verdict = verify(dir.path());
    assert_eq!((verdict.failures, verdict.head.size), (vec![], 101));
}

#[test]
fn a_checkpoint_comes_after_enough_entries_or_enough_time() {
    let dir = tempfile::tempdir().unwrap();
    let clock = clock();
    let options = options().with_clock(clock.clone()).with_checkpoints(4, Duration::from_secs(1));
    let log = options.open(dir.path()).unwrap();
    let sealed = || verify(dir.path()).sealed.size;
    assert_eq!(sealed(), 1);
    for (number, expected) in [(1, 1), (2, 1), (3, 1), (4, 5), (5, 5)] {
        log.append(entry(number), Durability::Written).unwrap();
        assert_eq!(sealed(), expected, "after {number}");
    }
    clock.advance(Duration::from_millis(999));
    assert_eq!((log.maintain().unwrap().size, sealed()), (6, 5));
    clock.advance(Duration::from_millis(1));
    assert_eq!((log.maintain().unwrap().size, sealed()), (6, 6));
    // Nothing new: no new checkpoint either.
    let before = fs::metadata(dir.path().join("checkpoint")).unwrap().modified().unwrap();
    clock.advance(Duration::from_secs(5));
    log.maintain().unwrap();
    let after = fs::metadata(dir.path().join("checkpoint")).unwrap().modified().unwrap();
    assert_eq!(before, after);
}

#[test]
fn the_head_to_remember_is_that_of_the_newest_checkpoint() {
    let (dir, log) = new_log();
    assert_eq!(log.head(), verify(dir.path()).head);
    let begun = log.head();
    log.append(entry(1), Durability::Synced).unwrap();
    assert_eq!(log.head(), begun);
    assert_eq!(log.seal().unwrap(), log.head());
    assert_eq!(log.head(), verify(dir.path()).head);
    assert_eq!(options().open(dir.path()).unwrap().head().size, 2);
}

#[test]
fn segments_end_at_their_size_and_the_log_opens_from_the_last() {
    let dir = tempfile::tempdir().unwrap();
    let options = options().with_segment_bytes(1_000);
    let log = options.clone().open(dir.path()).unwrap();
    (0..40).for_each(|number| {
        log.append(entry(number), Durability::Written).unwrap();
    });
    log.seal().unwrap();
    let found = segments(dir.path());
    assert!(found.len() > 4);
    assert_eq!(files(dir.path(), "note").len(), found.len() - 1);
    for path in &found[..found.len() - 1] {
        assert!(fs::metadata(path).unwrap().len() <= 1_000);
    }
    // Without what was remembered of the tree, everything is read again.
    for path in files(dir.path(), "peaks") {
        let again = options.clone().open(dir.path()).unwrap();
        assert_eq!(again.seal().unwrap(), log.seal().unwrap());
        fs::remove_file(path).unwrap();
    }
    let again = options.open(dir.path()).unwrap();
    assert_eq!(again.append(entry(41), Durability::Sealed).unwrap().seq, 41);
    assert_eq!(verify(dir.path()).failures, []);
}

#[test]
fn files_are_for_the_owner_alone() {
    let (dir, log) = new_log();
    log.append(entry(1), Durability::Sealed).unwrap();
    for path in segments(dir.path()) {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_missing_directory_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let error = options().open(dir.path().join("none")).unwrap_err();
    assert!(matches!(error, Error::Io { action: "open", .. }), "{error}");
    assert!(error.to_string().contains("none"));
}
