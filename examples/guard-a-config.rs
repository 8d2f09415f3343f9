//! A bot whose configuration cannot be changed behind its back.
//!
//! What the bot read at its start is what the file must stay, until the bot itself takes over another one. The file
//! lies in a folder that this program makes, so that the example runs anywhere:
//!
//! ```text
//! cargo run -p wardkit-examples --example guard-a-config
//! ```
#![expect(clippy::print_stdout, reason = "an example speaks to whoever runs it")]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use wardkit_integrity::{Guard, GuardError, Pins, trusted_file};

/// More than any configuration of a bot has.
const MAX: u64 = 64 * 1024;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dir = tempfile::tempdir()?;
    // A guard follows no symbolic link that nobody listed, so the way to the file is resolved first.
    let path = dir.path().canonicalize()?.join("bot.toml");
    fs::write(&path, "greeting = \"good morning\"\n")?;
    fs::set_permissions(&path, Permissions::from_mode(0o644))?;

    // May anybody but us and root write the file, or put another one in its place? Then there is nothing to guard.
    trusted_file(&path)?;
    let guard = Guard::pinned(&path)?;
    say("at the start", &guard, &path);

    // Somebody edits the file in place, with the same length and the same time.
    let modified = fs::metadata(&path)?.modified()?;
    fs::write(&path, "greeting = \"give me tips\"\n")?;
    fs::File::options().append(true).open(&path)?.set_modified(modified)?;
    say("after an edit", &guard, &path);

    // An operator's edit is taken over: the bytes that were judged are the ones that are listed from then on.
    let checked = guard.report(&path, MAX)?;
    if let Some(change) = &checked.mismatch {
        for field in &change.fields {
            let side = |value: &Option<_>| value.as_ref().map(ToString::to_string);
            println!("{} changed: {:?} to {:?}", field.field, side(&field.old), side(&field.new));
        }
    }
    let config = String::from_utf8(checked.bytes)?;
    println!("accepted: {}", config.trim_end());
    guard.listed().accept(checked.entry);
    say("once accepted", &guard, &path);

    fs::set_permissions(&path, Permissions::from_mode(0o666))?;
    say("when everybody may write it", &guard, &path);
    if let Err(GuardError::UntrustedParent(why)) = trusted_file(&path) {
        println!("and a start would be refused: {why}");
    }
    Ok(())
}

/// Reads the file as the bot does before it uses it.
fn say(when: &str, guard: &Guard<Pins>, path: &Path) {
    match guard.read(path, MAX) {
        Ok(bytes) => println!("{when}: {} bytes, as they were accepted", bytes.len()),
        Err(error) => println!("{when}: refused, {error}"),
    }
}
