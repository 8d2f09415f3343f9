//! No archive panics, or takes more than its limits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wardkit_audit_deps::Import;

fuzz_target!(|bytes: &[u8]| {
    let Ok(folder) = tempfile::tempdir() else { return };
    let file = folder.path().join("all.zip");
    if std::fs::write(&file, bytes).is_ok() {
        let _ = Import::new().from(&file);
    }
});
