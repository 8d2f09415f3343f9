//! Whatever is appended to a sealed log, or put in place of its checkpoint: it is read without a panic, is never
//! proven to have other sealed entries than it had, and opening it repairs a cut line at most.
#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;
use wardkit_auditlog::{Durability, Entry, LogOptions, Query, Verifier};
use wardkit_tlog::SigningKey;

fuzz_target!(|input: (Vec<u8>, Option<Vec<u8>>, u8)| {
    let (tail, checkpoint, cut) = input;
    let dir = tempfile::tempdir().expect("a temporary folder");
    let key = SigningKey::from_seed("fuzz", [7; 32]).expect("the name is sound");
    let options = LogOptions::new(key.clone());
    let log = options.clone().open(dir.path()).expect("a new log opens");
    log.append(Entry::new("a.b", "c"), Durability::Sealed).expect("there is space");
    drop(log);

    let segment = dir.path().join("000000000000.jsonl");
    let mut bytes = fs::read(&segment).expect("it was written");
    bytes.truncate(bytes.len() - usize::from(cut).min(bytes.len()));
    bytes.extend_from_slice(&tail);
    fs::write(&segment, &bytes).expect("there is space");
    let is_forged = checkpoint.is_some();
    if let Some(checkpoint) = checkpoint {
        fs::write(dir.path().join("checkpoint"), checkpoint).expect("there is space");
    }
    Query::new().read(dir.path()).expect("it can be listed").for_each(drop);
    let verdict = Verifier::new(key.verifier().clone()).verify(dir.path()).expect("it can be read");
    if verdict.is_intact() {
        assert!(!is_forged && verdict.sealed.size == 2 && verdict.head.size >= 2);
    }
    let opened = options.open(dir.path());
    assert!(opened.is_ok() || !verdict.is_intact());
});
