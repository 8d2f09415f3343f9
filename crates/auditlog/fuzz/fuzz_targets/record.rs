//! A line that parses is an entry whose line parses again, to the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wardkit_auditlog::Record;

fuzz_target!(|line: &[u8]| {
    let Ok(record) = Record::parse(line) else { return };
    let _ = format!("{record:?}");
    assert!(record.at.to_string().parse() == Ok(record.at));
});
