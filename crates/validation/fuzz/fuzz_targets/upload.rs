//! No file makes the check of uploads fail, and what is accepted has a kind.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use wardkit_validation::{FileKind, UploadRules};

fuzz_target!(|input: (&str, &[u8])| {
    let (name, bytes) = input;
    let rules = UploadRules::of(FileKind::ALL.iter().copied());
    let report =
        rules.check(name, None, &mut Cursor::new(bytes)).expect("memory is read without errors");
    assert!(report.kind().is_some() || !report.is_accepted());
    assert!(report.kind().is_none_or(|kind| !kind.is_executable()) || !report.is_accepted());
    let again = rules.check(name, Some("application/octet-stream"), &mut Cursor::new(bytes));
    assert_eq!(again.ok(), Some(report));
});
