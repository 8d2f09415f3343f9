//! A note that parses prints as the same bytes, and verifies only for whoever signed it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wardkit_tlog::{Note, SigningKey};

fuzz_target!(|bytes: &[u8]| {
    let Ok(note) = Note::from_bytes(bytes) else { return };
    assert_eq!(note.to_string().as_bytes(), bytes);
    let key = SigningKey::from_seed("fuzz", [7; 32]).expect("the name is sound");
    // The corpus has no signature of this key.
    assert!(note.verify([key.verifier()]).is_err());
    let mut signed = note.clone();
    if signed.add_signature(&key).is_ok() {
        let verified = signed.verify([key.verifier()]).expect("it was signed just now");
        assert_eq!(verified.text(), note.unverified_text());
        assert_eq!(signed.to_string().parse().as_ref(), Ok(&signed));
    }
});
