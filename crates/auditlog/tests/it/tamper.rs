//! What somebody with write access does to a log, and what is said about it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use wardkit_auditlog::{Durability, Error, Failure, LineFault, Verdict, Verifier, Witness};
use wardkit_tlog::TreeHead;

use crate::support::{copy, entry, files, key, lines, new_log, options, segments, verify};

/// A sealed log of several segments with `entries` entries beside the first.
fn rotated(entries: u64) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let log = options().with_segment_bytes(600).open(dir.path()).unwrap();
    (0..entries).for_each(|number| {
        log.append(entry(number), Durability::Written).unwrap();
    });
    log.seal().unwrap();
    dir
}

type Damage = fn(&Path);

fn opens(dir: &Path) -> Result<(), Error> {
    options().open(dir).map(drop)
}

fn first_failure(verdict: &Verdict) -> &Failure {
    verdict.failures.first().expect("something is wrong")
}

#[test]
fn every_flipped_byte_of_every_file_is_found() {
    let dir = rotated(4);
    assert_eq!(verify(dir.path()).failures, []);
    let proof = [files(dir.path(), "note"), vec![dir.path().join("checkpoint")]].concat();
    for path in [segments(dir.path()), proof].concat() {
        let original = fs::read(&path).unwrap();
        for index in 0..original.len() {
            let mut changed = original.clone();
            changed[index] ^= 1;
            fs::write(&path, &changed).unwrap();
            assert!(!verify(dir.path()).is_intact(), "byte {index} of {}", path.display());
        }
        fs::write(&path, &original).unwrap();
    }
    assert_eq!(verify(dir.path()).failures, []);
}

#[test]
fn a_log_cut_at_any_byte_is_short_and_is_not_written_on() {
    let (dir, log) = new_log();
    (0..3).for_each(|number| {
        log.append(entry(number), Durability::Written).unwrap();
    });
    log.seal().unwrap();
    drop(log);
    let path = &segments(dir.path())[0];
    let original = fs::read(path).unwrap();
    for length in 0..original.len() {
        fs::write(path, &original[..length]).unwrap();
        let found = original[..length].split(|&byte| byte == b'\n').count() as u64 - 1;
        let witness = Witness::File("checkpoint".to_owned());
        let expected = Failure::Short { witness, size: 4, found };
        assert_eq!(verify(dir.path()).failures, [expected], "cut at {length}");
        assert!(
            matches!(opens(dir.path()), Err(Error::Truncated { sealed: 4, found: there }) if there == found)
        );
    }
}

#[test]
fn what_a_crash_tore_is_no_tampering_and_is_removed_by_the_next_entry() {
    let (dir, log) = new_log();
    log.append(entry(0), Durability::Sealed).unwrap();
    let path = &segments(dir.path())[0];
    let sealed = fs::read(path).unwrap();
    log.append(entry(1), Durability::Written).unwrap();
    drop(log);
    let whole = fs::read(path).unwrap();
    for length in sealed.len() + 1..whole.len() {
        fs::write(path, &whole[..length]).unwrap();
        let verdict = verify(dir.path());
        assert_eq!((verdict.failures, verdict.head.size), (vec![], 2));
        assert_eq!(verdict.torn_bytes, (length - sealed.len()) as u64);
        let log = options().open(dir.path()).unwrap();
        assert_eq!(fs::read(path).unwrap(), sealed, "cut at {length}");
        assert_eq!(log.append(entry(2), Durability::Written).unwrap().seq, 2);
    }
}

#[test]
fn a_changed_line_is_named_or_enclosed_by_checkpoints() {
    let check = |from: &str, to: &str, expected: &Failure| {
        let (dir, log) = new_log();
        (0..4).for_each(|number| {
            log.append(entry(number), Durability::Sealed).unwrap();
        });
        let path = &segments(dir.path())[0];
        let text = fs::read_to_string(path).unwrap();
        assert_eq!(text.matches(from).count(), 1, "{from}");
        fs::write(path, text.replace(from, to)).unwrap();
        assert_eq!(first_failure(&verify(dir.path())), expected);
    };
    let line =
        |line, reason| Failure::Line { segment: "000000000000.jsonl".to_owned(), line, reason };
    let sequence = LineFault::Sequence { expected: 2, found: 7 };
    check("\"seq\":2,", "\"seq\":7,", &line(3, sequence));
    check("{\"seq\":3,", "[\"seq\":3,", &line(4, LineFault::Malformed));
    check("host-1", "host-2", &changed("checkpoint", 0, 5));
    check("subject 2", "subject 9", &changed("checkpoint", 0, 5));
    check("trail.log.begun", "trail.log.ended", &line(1, LineFault::Beginning));
    check(
        "\"kind\":\"test.happened\",\"subject\":\"subject 1\"",
        "\"kind\":\"trail.key.certified\",\"subject\":\"\"",
        &line(3, LineFault::Malformed),
    );
}

fn changed(file: &str, after: u64, size: u64) -> Failure {
    Failure::Changed { witness: Witness::File(file.to_owned()), after, size }
}

#[test]
fn a_change_in_a_closed_segment_is_between_two_checkpoints() {
    let dir = rotated(12);
    let path = &segments(dir.path())[1];
    let text = fs::read_to_string(path).unwrap();
    let firsts: Vec<u64> = segments(dir.path())
        .iter()
        .map(|path| path.file_stem().unwrap().to_str().unwrap().parse().unwrap())
        .collect();
    fs::write(path, text.replacen("subject", "suspect", 1)).unwrap();
    let file = format!("{:012}.note", firsts[1]);
    assert_eq!(first_failure(&verify(dir.path())), &changed(&file, firsts[1], firsts[2]));
}

#[test]
fn removed_duplicated_and_swapped_parts_are_found() {
    let damage: [(&str, Damage); 7] = [
        ("the last segment removed", |dir| {
            fs::remove_file(segments(dir).last().unwrap()).unwrap();
        }),
        ("a middle segment removed", |dir| fs::remove_file(&segments(dir)[1]).unwrap()),
        ("the first segment removed", |dir| fs::remove_file(&segments(dir)[0]).unwrap()),
        ("two segments swapped", |dir| {
            let [_, one, two, ..] = &segments(dir)[..] else { panic!("too few") };
            let (first, second) = (fs::read(one).unwrap(), fs::read(two).unwrap());
            fs::write(one, second).unwrap();
            fs::write(two, first).unwrap();
        }),
        ("a segment's lines twice", |dir| {
            let path = &segments(dir)[1];
            fs::write(path, fs::read(path).unwrap().repeat(2)).unwrap();
        }),
        ("the checkpoint of a segment removed", |dir| {
            fs::remove_file(&files(dir, "note")[0]).unwrap();
        }),
        ("the newest checkpoint removed", |dir| fs::remove_file(dir.join("checkpoint")).unwrap()),
    ];
    let original = rotated(12);
    for (what, damage) in damage {
        let dir = copy(original.path());
        damage(dir.path());
        let names = || segments(dir.path()).len();
        let before = names();
        assert!(!verify(dir.path()).is_intact(), "{what}");
        // Opening reads the last segment only; it may succeed, and repairs nothing.
        let _ = opens(dir.path());
        assert_eq!(names(), before, "{what}");
        assert!(!verify(dir.path()).is_intact(), "{what}");
    }
}

#[test]
fn a_log_without_its_checkpoint_is_not_written_on() {
    let (dir, log) = new_log();
    log.append(entry(1), Durability::Sealed).unwrap();
    fs::remove_file(dir.path().join("checkpoint")).unwrap();
    assert!(matches!(opens(dir.path()), Err(Error::CheckpointMissing { .. })));
    // Also where the beginning was moved away: none is begun beside the rest.
    let dir = rotated(12);
    for name in ["checkpoint", "000000000000.jsonl"] {
        fs::remove_file(dir.path().join(name)).unwrap();
    }
    assert!(matches!(opens(dir.path()), Err(Error::CheckpointMissing { .. })));
    assert!(!dir.path().join("000000000000.jsonl").exists());
}

#[test]
fn a_note_after_no_entry_keeps_no_writer_busy_for_ever() {
    let (dir, log) = new_log();
    log.append(entry(1), Durability::Sealed).unwrap();
    drop(log);
    fs::write(dir.path().join("000000000000.jsonl"), "").unwrap();
    fs::copy(dir.path().join("checkpoint"), dir.path().join("000000000000.note")).unwrap();
    assert!(matches!(opens(dir.path()), Err(Error::SegmentMissing { first: 0 })));
}

#[test]
fn a_log_without_a_segment_that_it_needs_is_not_written_on() {
    let original = rotated(12);
    let whole = segments(original.path());
    for missing in [&whole[whole.len() - 1..], &whole[..]] {
        let dir = copy(original.path());
        for path in missing {
            fs::remove_file(dir.path().join(path.file_name().unwrap())).unwrap();
        }
        assert!(matches!(opens(dir.path()), Err(Error::SegmentMissing { .. })));
        assert_eq!(segments(dir.path()).len(), whole.len() - missing.len());
    }
}

#[test]
fn a_changed_log_is_not_written_on() {
    let (dir, log) = new_log();
    log.append(entry(1), Durability::Sealed).unwrap();
    let path = &segments(dir.path())[0];
    let text = fs::read_to_string(path).unwrap();
    fs::write(path, text.replace("subject 1", "subject 2")).unwrap();
    assert!(matches!(opens(dir.path()), Err(Error::Rewritten { size: 2 })));
    fs::write(path, text.replace("\"seq\":1,", "\"seq\":2,")).unwrap();
    assert!(matches!(opens(dir.path()), Err(Error::Line { line: 2, .. })));
}

#[test]
fn a_log_that_shrinks_under_its_writer_is_not_written_on() {
    let (dir, log) = new_log();
    log.append(entry(1), Durability::Sealed).unwrap();
    fs::write(&segments(dir.path())[0], "").unwrap();
    let refused = log.append(entry(2), Durability::Sealed);
    assert!(matches!(refused, Err(Error::Shrunk { .. })));
}

#[test]
fn a_segment_that_is_taken_away_under_its_writer_swallows_no_entries() {
    for is_replaced in [false, true] {
        let (dir, log) = new_log();
        log.append(entry(1), Durability::Sealed).unwrap();
        let (path, aside) = (segments(dir.path()).remove(0), dir.path().join("aside"));
        fs::rename(&path, &aside).unwrap();
        if is_replaced {
            fs::copy(&aside, &path).unwrap();
        }
        let error = log.append(entry(2), Durability::Synced).unwrap_err();
        assert!(matches!(error, Error::SegmentMissing { first: 0 }), "{error}");
        fs::rename(&aside, &path).unwrap();
        assert_eq!(log.append(entry(2), Durability::Sealed).unwrap().seq, 2);
        assert_eq!(verify(dir.path()).failures, []);
    }
}

#[test]
fn a_lock_that_somebody_removes_is_made_again() {
    let (dir, log) = new_log();
    fs::remove_file(dir.path().join("lock")).unwrap();
    let other = options().open(dir.path()).unwrap();
    for log in [&log, &other] {
        fs::remove_file(dir.path().join("lock")).unwrap();
        log.append(entry(1), Durability::Sealed).unwrap();
        assert!(dir.path().join("lock").exists());
    }
    assert_eq!((verify(dir.path()).failures, verify(dir.path()).head.size), (vec![], 3));
}

#[test]
fn nothing_is_written_through_a_link() {
    for name in ["lock", "000000000000.jsonl"] {
        let dir = tempfile::tempdir().unwrap();
        let victim = dir.path().join("victim");
        fs::write(&victim, "without end").unwrap();
        std::os::unix::fs::symlink(&victim, dir.path().join(name)).unwrap();
        assert!(matches!(opens(dir.path()), Err(Error::Io { action: "open", .. })), "{name}");
        assert_eq!(fs::read(&victim).unwrap(), b"without end");
    }
}

#[test]
fn a_log_signed_anew_by_another_key_is_not_this_log() {
    let (dir, log) = new_log();
    log.append(entry(1), Durability::Sealed).unwrap();
    let forged = tempfile::tempdir().unwrap();
    let options = wardkit_auditlog::LogOptions::new(key(2));
    options.open(forged.path()).unwrap().append(entry(1), Durability::Sealed).unwrap();
    let verdict = verify(forged.path());
    assert!(matches!(
        first_failure(&verdict),
        Failure::Line { line: 1, reason: LineFault::Key, .. }
    ));
    // The checkpoint alone, by another key.
    let checkpoint = |dir: &Path| dir.join("checkpoint");
    fs::copy(checkpoint(forged.path()), checkpoint(dir.path())).unwrap();
    assert!(!verify(dir.path()).is_intact());
    assert!(matches!(opens(dir.path()), Err(Error::Proof { .. })));
}

#[test]
fn a_log_taken_back_to_an_earlier_state_is_shorter_than_what_was_seen() {
    let (dir, log) = new_log();
    log.append(entry(1), Durability::Sealed).unwrap();
    let earlier = copy(dir.path());
    let seen = log.append(entry(2), Durability::Sealed).map(|_| log.seal().unwrap()).unwrap();
    let note = fs::read_to_string(dir.path().join("checkpoint")).unwrap().parse().unwrap();
    let verifier = Verifier::new(key(1).verifier().clone());

    assert_eq!(verify(earlier.path()).failures, []);
    let short = |witness| Failure::Short { witness, size: 3, found: 2 };
    let verdict = verifier.clone().last_seen(seen).verify(earlier.path()).unwrap();
    assert_eq!(verdict.failures, [short(Witness::Seen)]);
    let verdict = verifier.clone().against(note).verify(earlier.path()).unwrap();
    assert_eq!(verdict.failures, [short(Witness::Note)]);

    // The same size with another entry.
    let log = options().open(earlier.path()).unwrap();
    log.append(entry(9), Durability::Sealed).unwrap();
    let verdict = verifier.clone().last_seen(seen).verify(earlier.path()).unwrap();
    let fork = |failure: &Failure| {
        matches!(failure, Failure::Changed { witness: Witness::Seen, size: 3, .. })
    };
    assert!(verdict.failures.iter().any(fork), "{:?}", verdict.failures);
    assert!(verifier.last_seen(TreeHead::EMPTY).verify(dir.path()).unwrap().is_intact());
}

#[test]
fn a_note_by_a_stranger_vouches_for_nothing() {
    let (dir, log) = new_log();
    log.append(entry(1), Durability::Sealed).unwrap();
    let head = log.seal().unwrap();
    let note = |seed: u8, origin: &str| {
        wardkit_tlog::Checkpoint::new(origin, head).unwrap().sign(&key(seed)).unwrap()
    };
    let against =
        |note| Verifier::new(key(1).verifier().clone()).against(note).verify(dir.path()).unwrap();
    assert!(against(note(1, "example.com/trail")).is_intact());
    for note in [note(2, "example.com/trail"), note(1, "example.com/other")] {
        let verdict = against(note);
        assert!(matches!(
            first_failure(&verdict),
            Failure::Checkpoint { witness: Witness::Note, .. }
        ));
    }
}

#[test]
fn checkpoints_left_behind_tell_of_a_log_that_was_taken_back() {
    let dir = rotated(12);
    let whole = segments(dir.path());
    // An old and genuine checkpoint is put back, and what it does not cover is removed.
    let note = wardkit_tlog::Checkpoint::new("example.com/trail", TreeHead::EMPTY).unwrap();
    fs::write(dir.path().join("checkpoint"), note.sign(&key(1)).unwrap().to_string()).unwrap();
    assert_eq!(verify(dir.path()).failures, []);
    for path in &whole[2..] {
        fs::remove_file(path).unwrap();
    }
    let missing = |verdict: &Verdict| {
        let is_missing = |failure: &&Failure| matches!(failure, Failure::SegmentMissing { .. });
        verdict.failures.iter().filter(is_missing).count()
    };
    // The last segment had no checkpoint of its own yet.
    assert_eq!(missing(&verify(dir.path())), whole.len() - 3);
    for path in &files(dir.path(), "note")[2..] {
        fs::remove_file(path).unwrap();
    }
    assert_eq!(verify(dir.path()).failures, []);
    let text = fs::read_to_string(&whole[1]).unwrap();
    fs::write(&whole[1], text.split_inclusive('\n').next().unwrap()).unwrap();
    assert!(matches!(first_failure(&verify(dir.path())), Failure::Misplaced { .. }));
}

#[test]
fn a_forged_checkpoint_of_no_entries_is_found() {
    let (dir, log) = new_log();
    log.append(entry(1), Durability::Sealed).unwrap();
    let empty = wardkit_tlog::Checkpoint::new("example.com/trail", TreeHead::EMPTY).unwrap();
    let path = dir.path().join("checkpoint");
    fs::write(&path, empty.sign(&key(2)).unwrap().to_string()).unwrap();
    let verdict = verify(dir.path());
    assert!(matches!(first_failure(&verdict), Failure::Checkpoint { .. }), "{verdict:?}");
    assert!(matches!(opens(dir.path()), Err(Error::Proof { .. })));
}

#[test]
fn nothing_at_all_is_no_log() {
    let dir = tempfile::tempdir().unwrap();
    let file = "checkpoint".to_owned();
    assert_eq!(verify(dir.path()).failures, [Failure::CheckpointMissing { file }]);
}

#[test]
fn a_line_longer_than_any_entry_is_refused_in_bounded_memory() {
    let (dir, log) = new_log();
    drop(log);
    let path = &segments(dir.path())[0];
    let mut text = fs::read(path).unwrap();
    text.extend(std::iter::repeat_n(b'x', 3 * 1024 * 1024));
    fs::write(path, text).unwrap();
    assert!(matches!(
        first_failure(&verify(dir.path())),
        Failure::Line { line: 2, reason: LineFault::TooLong, .. }
    ));
    assert!(matches!(
        opens(dir.path()),
        Err(Error::Line { line: 2, reason: LineFault::TooLong, .. })
    ));
    assert_eq!(lines(dir.path()).len(), 2);
}

#[test]
fn a_pipe_or_a_device_in_place_of_a_file_keeps_nobody_waiting() {
    let dir = rotated(0);
    for name in ["checkpoint", "000000000000.jsonl"] {
        for kind in ["pipe", "zero"] {
            let forged = copy(dir.path());
            let path = forged.path().join(name);
            fs::remove_file(&path).unwrap();
            if kind == "pipe" {
                let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
                assert!(made.success());
            } else {
                std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
            }
            let verifier = Verifier::new(key(1).verifier().clone());
            let outcome = verifier.verify(forged.path());
            assert!(matches!(outcome, Err(Error::Io { .. })), "{name} {kind} {outcome:?}");
            assert!(options().open(forged.path()).is_err());
        }
    }
}

#[test]
fn a_writer_that_keeps_the_lock_keeps_no_verifier_waiting() {
    let dir = rotated(0);
    let lock = fs::File::open(dir.path().join("lock")).unwrap();
    lock.lock().unwrap();
    assert_eq!(verify(dir.path()).failures, []);
}

#[test]
fn a_log_that_grows_meanwhile_is_intact_at_every_moment() {
    let dir = tempfile::tempdir().unwrap();
    let log = options().with_segment_bytes(600).with_checkpoints(2, Duration::MAX).open(dir.path());
    let log = log.unwrap();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            (0..400).for_each(|number| {
                log.append(entry(number), Durability::Written).unwrap();
            });
        });
        while !writer.is_finished() {
            assert_eq!(verify(dir.path()).failures, []);
        }
    });
    assert_eq!(verify(dir.path()).head.size, 401);
}
