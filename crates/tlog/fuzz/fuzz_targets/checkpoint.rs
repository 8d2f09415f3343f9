//! Checkpoints, tree heads and epoch certificates that parse print as the same text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wardkit_tlog::{Checkpoint, EpochCertificate, TreeHead};

fuzz_target!(|text: &str| {
    if let Ok(checkpoint) = text.parse::<Checkpoint>() {
        assert_eq!(checkpoint.to_string(), text);
    }
    if let Ok(head) = text.parse::<TreeHead>() {
        assert_eq!(head.to_string(), text);
    }
    if let Ok(certificate) = text.parse::<EpochCertificate>() {
        assert_eq!(certificate.to_string(), text);
    }
});
