//! A part of the index of any bytes: refused, or read as it is written again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wardkit_backup::format::IndexFile;

fuzz_target!(|json: &[u8]| {
    if let Ok(index) = IndexFile::from_json(json) {
        // A blob takes 64 digits and more, a pack too.
        let blobs: usize = index.packs.iter().map(|pack| pack.blobs.len()).sum();
        assert!((blobs + index.packs.len()) * 64 <= json.len());
        assert_eq!(IndexFile::from_json(&index.to_json()).as_ref(), Ok(&index));
    }
});
