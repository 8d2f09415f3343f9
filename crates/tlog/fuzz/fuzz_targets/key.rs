//! Keys that parse print as the same text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wardkit_tlog::{SigningKey, VerifierKey};

fuzz_target!(|text: &str| {
    if let Ok(key) = text.parse::<VerifierKey>() {
        assert_eq!(key.to_string(), text);
    }
    if let Ok(key) = SigningKey::from_text(text) {
        assert_eq!(key.to_text().expose(), text);
    }
});
