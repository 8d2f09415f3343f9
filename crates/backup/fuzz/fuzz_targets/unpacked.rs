//! A file outside of packs, and a blob, of any bytes: never more than what was allowed.
#![no_main]

use std::num::NonZeroU32;

use libfuzzer_sys::fuzz_target;
use wardkit_backup::format::{Decompressor, RepoVersion};

const LIMIT: u32 = 1 << 16;

fuzz_target!(|input: (&[u8], NonZeroU32)| {
    let (bytes, length) = input;
    let mut decompressor = Decompressor::new().expect("there is memory");
    for version in [RepoVersion::V1, RepoVersion::V2] {
        if let Ok(json) = decompressor.decode_unpacked(version, bytes.to_vec(), LIMIT as usize) {
            assert!(json.len() <= LIMIT as usize);
        }
    }
    let length = length.min(NonZeroU32::new(LIMIT).expect("the limit is more than nothing"));
    let mut blob = Vec::new();
    if decompressor.decompress_blob(bytes, length, &mut blob).is_ok() {
        assert_eq!(blob.len(), length.get() as usize);
    }
    assert!(blob.capacity() <= LIMIT as usize);
});
