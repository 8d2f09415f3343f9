//! A snapshot of any bytes: refused, or read as it is written again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wardkit_backup::format::Snapshot;

fuzz_target!(|json: &[u8]| {
    if let Ok(snapshot) = Snapshot::from_json(json) {
        let again = Snapshot::from_json(&snapshot.to_json()).expect("what is written can be read");
        // Numbers of other programs may lose their last digit; all else stays.
        assert!(again.unknown.names().eq(snapshot.unknown.names()));
        assert_eq!(Snapshot { unknown: snapshot.unknown.clone(), ..again }, snapshot);
    }
});
