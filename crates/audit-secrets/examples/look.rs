//! Tells the secrets of a folder: `cargo run --release -p wardkit-audit-secrets --example look -- FOLDER`.
#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use wardkit_audit::{Audit, render};
use wardkit_audit_secrets::SecretsEngine;
use wardkit_core::{Clock as _, SystemClock};

fn main() -> Result<(), wardkit_audit::Error> {
    let folder = std::env::args_os().nth(1).unwrap_or_else(|| ".".into());
    let clock = SystemClock;
    let engine = SecretsEngine::new().at(clock.now());
    let report = Audit::new(&clock).with_engine(engine).of_tree(folder.as_ref())?;
    print!("{}", render::text(&report));
    Ok(())
}
