//! Evidence that parses prints as the same text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wardkit_tlog::{ConsistencyEvidence, InclusionEvidence};

fuzz_target!(|text: &str| {
    if let Ok(evidence) = text.parse::<InclusionEvidence>() {
        assert_eq!(evidence.to_string(), text);
    }
    if let Ok(evidence) = text.parse::<ConsistencyEvidence>() {
        assert_eq!(evidence.to_string(), text);
    }
});
