//! A lock of any bytes: refused, or read as it is written again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wardkit_backup::format::LockFile;

fuzz_target!(|json: &[u8]| {
    if let Ok(lock) = LockFile::from_json(json) {
        assert_eq!(LockFile::from_json(&lock.to_json()).as_ref(), Ok(&lock));
    }
});
