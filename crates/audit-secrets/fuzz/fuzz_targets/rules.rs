//! Any text is read as rules without a panic, and what is accepted can be used.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wardkit_audit_secrets::Rules;

fuzz_target!(|text: &str| {
    if let Ok(rules) = Rules::parse(text) {
        assert!(rules.checks().iter().all(|check| check.id.starts_with("secret-rule-")));
    }
});
