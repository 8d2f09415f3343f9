//! Tests rules of one's own, and judges a folder by them: `cargo run --example rules -- RULES.yaml... FOLDER`.

use std::path::{Path, PathBuf};

use wardkit_audit::{Audit, Profile, render};
use wardkit_audit_code::{CodeEngine, Rules};
use wardkit_core::SystemClock;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let named: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let (folders, files): (Vec<_>, Vec<_>) = named.into_iter().partition(|path| path.is_dir());
    let mut rules = Rules::default();
    for file in &files {
        match read(file) {
            Ok(read) => rules = rules.and(read)?,
            Err(error) => eprintln_line(&error.to_string()),
        }
    }
    let clock = SystemClock;
    let audit = Audit::new(&clock).with_engine(CodeEngine::with_rules(rules));
    let audit = audit.with_profile(Profile::Full);
    for folder in folders {
        print_text(&render::text(&audit.of_tree(&folder)?));
    }
    Ok(())
}

fn read(file: &Path) -> Result<Rules, Box<dyn std::error::Error>> {
    let text = std::fs::read_to_string(file)?;
    Ok(Rules::read([(file.to_string_lossy().as_ref(), text.as_str())])?)
}

#[expect(clippy::print_stdout, reason = "an example's output")]
fn print_text(text: &str) {
    print!("{text}");
}

#[expect(clippy::print_stderr, reason = "an example's output")]
fn eprintln_line(text: &str) {
    eprintln!("{text}");
}
