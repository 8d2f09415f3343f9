//! Any text of the past is judged without a panic, and no report has more of it than a secret's first characters.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wardkit_audit::{Audit, render};
use wardkit_audit_secrets::{History, OldFile, SecretsEngine};
use wardkit_core::SystemClock;

/// A text under names of every kind.
struct Text(String);

impl History for Text {
    fn visit(
        &self,
        take: &mut dyn FnMut(OldFile<'_>),
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        for path in ["bot.py", ".env.example", "a.yaml", "README.md", "a"] {
            take(OldFile { commit: "c", path, text: &self.0 });
        }
        Ok(())
    }
}

fuzz_target!(|text: &[u8]| {
    let text = String::from_utf8_lossy(text).into_owned();
    let engine = SecretsEngine::new().thorough().with_history(Text(text));
    let clock = SystemClock;
    let folder = std::env::temp_dir().join("wardkit-audit-secrets-fuzz-empty");
    let _ = std::fs::create_dir(&folder);
    let report = Audit::new(&clock).with_engine(engine).of_tree(&folder).expect("it is a folder");
    assert!(render::json(&report).ends_with("}\n"));
});
