//! A key a day.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;
use wardkit_auditlog::{Durability, Error, Failure, LogOptions, Verdict, Verifier};
use wardkit_core::{Clock as _, ManualClock};
use wardkit_tlog::{Checkpoint, EpochSigner, Hash, MemoryTree, Note, SigningKey};

use crate::support::{clock, copy, entry, files, key, lines, segments};

/// A log with an identity, and the keys of three days.
fn three_days() -> (TempDir, Vec<SigningKey>) {
    let dir = tempfile::tempdir().unwrap();
    let clock = clock();
    let (mut signer, certificate) = begin(&clock);
    let options = LogOptions::new(signer.key().clone());
    let log =
        options.with_certificate(certificate).with_clock(clock.clone()).open(dir.path()).unwrap();
    let mut keys = vec![signer.key().clone()];
    log.append(entry(0), Durability::Written).unwrap();
    for day in 1..3 {
        clock.advance(Duration::from_hours(24));
        let (next, certificate) =
            signer.next(clock.now().as_unix_seconds(), [20 + day; 32]).unwrap();
        log.change_key(next.key().clone(), &certificate).unwrap();
        log.append(entry(u64::from(day)), Durability::Sealed).unwrap();
        keys.push(next.key().clone());
        signer = next;
    }
    (dir, keys)
}

fn begin(clock: &ManualClock) -> (EpochSigner, Note) {
    EpochSigner::begin(&key(1), clock.now().as_unix_seconds(), [20; 32]).unwrap()
}

fn verify(dir: &Path) -> Verdict {
    Verifier::new(key(1).verifier().clone()).verify(dir).unwrap()
}

#[test]
fn the_identity_alone_proves_a_log_of_many_keys() {
    let (dir, keys) = three_days();
    let verdict = verify(dir.path());
    assert_eq!((verdict.failures, verdict.head.size, verdict.segments), (vec![], 6, 3));
    let expected: Vec<_> = keys.iter().map(|key| key.verifier().clone()).collect();
    assert_eq!(verdict.keys, expected);
    assert!(!Verifier::new(key(2).verifier().clone()).verify(dir.path()).unwrap().is_intact());
}

#[test]
fn each_key_signs_the_end_of_its_own_days() {
    let (dir, keys) = three_days();
    for (path, key) in files(dir.path(), "note").iter().zip(&keys) {
        let note: Note = fs::read_to_string(path).unwrap().parse().unwrap();
        assert!(Checkpoint::open(&note, "example.com/trail", [key.verifier()]).is_ok());
    }
}

#[test]
fn the_key_of_today_cannot_sign_for_yesterday() {
    let (dir, keys) = three_days();
    // Who holds today's key changes an entry of the first day, and signs everything that can be signed.
    let path = &segments(dir.path())[0];
    let text = fs::read_to_string(path).unwrap();
    fs::write(path, text.replace("subject 0", "subject 7")).unwrap();
    let tree: MemoryTree =
        lines(dir.path()).iter().map(|line| Hash::leaf(line.as_bytes())).collect();
    let sign = |size: u64| {
        let head = wardkit_tlog::Nodes::head_at(&tree, size).unwrap();
        Checkpoint::new("example.com/trail", head).unwrap().sign(&keys[2]).unwrap().to_string()
    };
    fs::write(dir.path().join("checkpoint"), sign(6)).unwrap();
    let notes = files(dir.path(), "note");
    let forged = copy(dir.path());
    assert!(!verify(dir.path()).is_intact());
    for (path, size) in notes.iter().zip([3, 5]) {
        fs::write(forged.path().join(path.file_name().unwrap()), sign(size)).unwrap();
    }
    let verdict = verify(forged.path());
    assert!(matches!(verdict.failures[0], Failure::Checkpoint { .. }), "{:?}", verdict.failures);
}

#[test]
fn a_log_goes_on_under_the_key_in_force_and_no_other() {
    let (dir, keys) = three_days();
    let open = |first: usize, second: usize| {
        LogOptions::new(keys[first].clone()).with_other_key(keys[second].clone()).open(dir.path())
    };
    assert!(matches!(open(0, 1), Err(Error::Proof { .. })));
    assert_eq!(open(1, 2).unwrap().append(entry(9), Durability::Sealed).unwrap().seq, 6);
    assert_eq!(open(2, 1).unwrap().append(entry(9), Durability::Sealed).unwrap().seq, 7);
    assert_eq!(verify(dir.path()).failures, []);
}

#[test]
fn a_change_of_keys_that_a_crash_interrupted_is_finished() {
    let (dir, keys) = three_days();
    let notes = files(dir.path(), "note");
    let whole = segments(dir.path());
    // The certificate is written, its segment is not closed, and the checkpoint is of before.
    fs::remove_file(&notes[1]).unwrap();
    fs::remove_file(&whole[2]).unwrap();
    let tree: MemoryTree =
        lines(dir.path()).iter().map(|line| Hash::leaf(line.as_bytes())).collect();
    let head = wardkit_tlog::Nodes::head_at(&tree, 4).unwrap();
    let note = Checkpoint::new("example.com/trail", head).unwrap().sign(&keys[1]).unwrap();
    fs::write(dir.path().join("checkpoint"), note.to_string()).unwrap();

    let without = LogOptions::new(keys[1].clone()).open(dir.path());
    assert!(matches!(without, Err(Error::UnknownKey { .. })));
    let options = LogOptions::new(keys[1].clone()).with_other_key(keys[2].clone());
    let log = options.open(dir.path()).unwrap();
    assert_eq!(log.append(entry(9), Durability::Sealed).unwrap().seq, 5);
    let verdict = verify(dir.path());
    assert_eq!((verdict.failures, verdict.segments), (vec![], 3));
}

#[test]
fn a_change_of_keys_that_no_checkpoint_covers_yet_is_not_done_again() {
    let (dir, keys) = three_days();
    let (first, day) = (keys[0].verifier().clone(), Duration::from_hours(1));
    let mut written = lines(dir.path());
    written.truncate(3);
    let tree: MemoryTree = written.iter().map(|line| Hash::leaf(line.as_bytes())).collect();
    let head = wardkit_tlog::Nodes::head_at(&tree, 2).unwrap();
    let before = Checkpoint::new("example.com/trail", head).unwrap().sign(&keys[0]).unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("checkpoint"), before.to_string()).unwrap();
    for path in [at("000000000003.note"), at("000000000005.jsonl"), at("000000000003.jsonl")] {
        fs::remove_file(path).unwrap();
    }
    // The crash came between the end of the segment and the checkpoint: with the next segment, and without.
    for is_begun in [false, true] {
        let crashed = copy(dir.path());
        if is_begun {
            fs::write(crashed.path().join("000000000003.jsonl"), "").unwrap();
        }
        let lazy = |key: &SigningKey| LogOptions::new(key.clone()).with_checkpoints(1_000, day);
        let both = lazy(&keys[0]).with_other_key(keys[1].clone());
        assert_eq!(both.open(crashed.path()).unwrap().key(), *keys[1].verifier());
        // The first key was wiped, and there is still no checkpoint by the second.
        let log = lazy(&keys[1]).with_known_keys([first.clone()]).open(crashed.path()).unwrap();
        assert_eq!(log.append(entry(9), Durability::Sealed).unwrap().seq, 3);
        assert_eq!(verify(crashed.path()).failures, []);
    }
}

#[test]
fn another_writer_learns_of_the_new_key() {
    let dir = tempfile::tempdir().unwrap();
    let clock = clock();
    let (signer, certificate) = begin(&clock);
    let (next, handover) = signer.next(clock.now().as_unix_seconds(), [21; 32]).unwrap();
    let options = LogOptions::new(signer.key().clone()).with_certificate(certificate);
    let log = options.clone().open(dir.path()).unwrap();
    let stale = options.clone().open(dir.path()).unwrap();
    let informed = options.with_other_key(next.key().clone()).open(dir.path()).unwrap();
    log.change_key(next.key().clone(), &handover).unwrap();
    assert!(matches!(stale.append(entry(1), Durability::Written), Err(Error::UnknownKey { .. })));
    assert_eq!(informed.append(entry(1), Durability::Sealed).unwrap().seq, 2);
    assert_eq!(verify(dir.path()).failures, []);
}

#[test]
fn a_certificate_of_another_key_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let clock = clock();
    let (signer, certificate) = begin(&clock);
    let options = LogOptions::new(signer.key().clone()).with_certificate(certificate.clone());
    let log = options.open(dir.path()).unwrap();
    assert!(matches!(log.change_key(key(9), &certificate), Err(Error::Proof { .. })));
    assert_eq!(verify(dir.path()).head.size, 1);
}

#[test]
fn the_key_of_today_and_the_public_halves_of_the_others_are_enough_to_go_on() {
    let (dir, keys) = three_days();
    let known: Vec<_> = keys[..2].iter().map(|key| key.verifier().clone()).collect();
    let alone = || LogOptions::new(keys[2].clone());
    let log = alone().with_known_keys(known.clone()).open(dir.path()).unwrap();
    assert_eq!(log.append(entry(9), Durability::Sealed).unwrap().seq, 6);
    assert_eq!(log.key(), *keys[2].verifier());
    // Also where the log has to be read from its beginning.
    for peaks in files(dir.path(), "peaks") {
        fs::remove_file(peaks).unwrap();
    }
    assert!(matches!(alone().open(dir.path()), Err(Error::UnknownKey { .. })));
    let log = alone().with_known_keys(known).open(dir.path()).unwrap();
    assert_eq!(log.append(entry(9), Durability::Sealed).unwrap().seq, 7);
    assert_eq!(verify(dir.path()).failures, []);
}

#[test]
fn who_has_only_the_keys_of_before_does_not_write() {
    let (dir, keys) = three_days();
    let all: Vec<_> = keys.iter().map(|key| key.verifier().clone()).collect();
    let opened = LogOptions::new(keys[1].clone()).with_known_keys(all).open(dir.path());
    assert!(matches!(opened, Err(Error::UnknownKey { .. })));
}
