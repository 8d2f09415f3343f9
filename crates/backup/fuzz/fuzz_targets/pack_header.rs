//! The end of a pack of any bytes, sealed by somebody who has the key: refused, or blobs that fill the pack.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wardkit_backup::format::{MasterKey, open_pack_header, pack_header_length};

fuzz_target!(|input: (&[u8], u64, [u8; 4])| {
    let (header, size, last) = input;
    if let Ok(length) = pack_header_length(last, size) {
        assert!(u64::from(length) < size);
    }
    let key = MasterKey::from_bytes(&[1; 64]);
    assert!(open_pack_header(&key, header, size).is_err());
    let sealed = key.seal(&[2; 16], header);
    if let Ok(blobs) = open_pack_header(&key, &sealed, size) {
        let sum: u64 = blobs.iter().map(|blob| u64::from(blob.length)).sum();
        assert_eq!(sum + sealed.len() as u64 + 4, size);
        assert!(blobs.len() * 37 <= header.len());
    }
});
