//! Any bytes are judged as a source of each language without a panic, within a file's budget, and twice alike.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wardkit_audit::{Audit, Profile, render};
use wardkit_audit_code::CodeEngine;
use wardkit_core::ManualClock;

fuzz_target!(|bytes: &[u8]| {
    let Ok(folder) = tempfile::tempdir() else { return };
    for name in ["bot.py", "bot.js", "bot.ts", "bot.tsx", "bot.rs"] {
        if std::fs::write(folder.path().join(name), bytes).is_err() {
            return;
        }
    }
    let judged = || {
        // Its time stands still: what ends is ended by steps.
        let clock = ManualClock::default();
        let engine = CodeEngine::new().expect("its own rules");
        let audit = Audit::new(&clock).with_engine(engine).with_profile(Profile::Full);
        render::json(&audit.of_tree(folder.path()).expect("it is a folder"))
    };
    assert_eq!(judged(), judged());
});
