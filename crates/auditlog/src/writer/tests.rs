use std::fs;

use super::*;
use crate::Verifier;

fn key() -> SigningKey {
    SigningKey::from_seed("example.com/trail", [1; 32]).unwrap()
}

fn open(dir: &Path) -> Writer {
    let options = LogOptions::new(key()).with_checkpoints(1_000, Duration::from_hours(1));
    Writer::open(dir, options).unwrap()
}

const BODY: &[u8] = b"\"kind\":\"a.b\",\"subject\":\"s\",\"detail\":null}\n";

fn commit(writer: &mut Writer, entries: usize, durability: Durability) -> Result<Vec<u64>, Error> {
    let committed = writer.commit(&Batch { bodies: vec![BODY; entries], durability })?;
    assert!(committed.unsealed.is_none());
    Ok(committed.receipts.iter().map(|receipt| receipt.seq).collect())
}

fn verified_size(dir: &Path) -> u64 {
    let verdict = Verifier::new(key().verifier().clone()).verify(dir).unwrap();
    assert_eq!(verdict.failures, []);
    assert_eq!(verdict.torn_bytes, 0);
    verdict.head.size
}

#[test]
fn a_full_disk_acknowledges_nothing_and_the_next_entry_after_it_continues() {
    for room in (0..200).step_by(11) {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = open(dir.path());
        assert_eq!(commit(&mut writer, 1, Durability::Synced).unwrap(), [1]);
        writer.segment.file.faults.room = Some(room);
        let error = commit(&mut writer, 3, Durability::Sealed).unwrap_err();
        assert!(wardkit_core::Transient::is_transient(&error), "{error}");
        assert_eq!(verified_size(dir.path()), 2, "after {room} bytes");
        writer.segment.file.faults.room = None;
        assert_eq!(commit(&mut writer, 3, Durability::Sealed).unwrap(), [2, 3, 4]);
        assert_eq!(verified_size(dir.path()), 5);
    }
}

#[test]
fn entries_that_were_not_synchronised_are_taken_back_and_earlier_ones_written_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = open(dir.path());
    commit(&mut writer, 2, Durability::Written).unwrap();
    assert!(writer.segment.synced < writer.segment.length);
    writer.segment.file.faults.refuses_sync = true;
    commit(&mut writer, 1, Durability::Synced).unwrap_err();
    assert!(writer.segment.is_doubtful);
    assert_eq!(verified_size(dir.path()), 3);
    // The kernel forgot what it could not write: as if the pages had been dropped.
    let path = writer.layout.segment(0);
    let before = fs::read(&path).unwrap();
    writer.segment.file.faults.refuses_sync = false;
    assert_eq!(commit(&mut writer, 1, Durability::Synced).unwrap(), [3]);
    assert_eq!(writer.segment.synced, writer.segment.length);
    assert_eq!(fs::read(&path).unwrap()[..before.len()], before);
    assert_eq!(verified_size(dir.path()), 4);
}

#[test]
fn what_cannot_be_taken_back_is_read_like_the_entries_of_another_process() {
    for room in [0, 10, 70, 75, 100, 150, 190] {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = open(dir.path());
        writer.segment.file.faults.room = Some(room);
        writer.segment.file.faults.refuses_truncation = true;
        commit(&mut writer, 3, Durability::Synced).unwrap_err();
        writer.segment.file.faults = crate::disk::Faults::default();
        let seqs = commit(&mut writer, 1, Durability::Sealed).unwrap();
        assert_eq!(verified_size(dir.path()), seqs[0] + 1, "after {room} bytes");
    }
}

#[test]
fn a_checkpoint_that_was_asked_for_and_not_written_is_an_error_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = open(dir.path());
    // A folder stands where the draft of the checkpoint is written.
    fs::create_dir(dir.path().join("checkpoint.new")).unwrap();
    let batch = Batch { bodies: vec![BODY], durability: Durability::Sealed };
    let committed = writer.commit(&batch).unwrap();
    assert_eq!(committed.receipts[0].seq, 1);
    assert!(matches!(committed.unsealed, Some(Error::Io { action: "write", .. })));
    fs::remove_dir(dir.path().join("checkpoint.new")).unwrap();
    assert_eq!(writer.settle(true).unwrap().size, 2);
    assert_eq!(writer.sealed.size, 2);
}

#[test]
fn a_crash_before_the_first_checkpoint_is_made_good_before_anything_is_appended() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    fs::remove_file(dir.path().join("checkpoint")).unwrap();
    let mut writer = open(dir.path());
    assert_eq!(commit(&mut writer, 2, Durability::Written).unwrap(), [1, 2]);
    drop(writer);
    drop(open(dir.path()));
    assert_eq!(verified_size(dir.path()), 3);
}
