//! A key file, before any work for its password of any bytes: refused, or read as it is written again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wardkit_backup::format::KeyFile;

fuzz_target!(|json: &[u8]| {
    if let Ok(file) = KeyFile::from_json(json) {
        assert_eq!(KeyFile::from_json(&file.to_json()).as_ref(), Ok(&file));
    }
});
