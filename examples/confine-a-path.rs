//! Files of users beneath a directory that no path leaves, whatever it says.
//!
//! The directory is a temporary one, with a link in it that leads outside:
//!
//! ```text
//! cargo run -p wardkit-examples --example confine-a-path
//! ```
#![expect(clippy::print_stdout, reason = "an example speaks to whoever runs it")]

use std::error::Error;
use std::io::{Read, Write};

use wardkit_validation::{Filename, LogLine, Root, Untrusted};

fn main() -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    std::os::unix::fs::symlink("/etc", directory.path().join("shortcut"))?;

    // One root for all, opened once; below it one for each user.
    let root = Root::open(directory.path())?;
    root.path("alice")?.create_dir()?;
    let alice = root.path("alice")?.as_root()?;

    // The name is what is good of the user's own, the extension what the file really is.
    let sent = Untrusted::new("../../.bashrc; rm -rf ~/notes.php.txt");
    let name = Filename::for_upload(&sent, "txt")?;
    alice.path(name.as_str())?.create()?.write_all(b"hello")?;
    println!("stored as {name}");

    println!("what users ask for:");
    let asked = [
        "alice/notes_php.txt",
        "alice/../../etc/passwd",
        "/etc/passwd",
        "shortcut/passwd",
        "alice",
        "alice/notes\nINFO all is well",
    ];
    for text in asked.map(Untrusted::new) {
        // A log is a sink too: what was asked for stays one line.
        let line = LogLine::from(&text).into_owned();
        match read(&root, text) {
            Ok(contents) => println!("  {line}: {} bytes", contents.len()),
            Err(error) => println!("  {line}: {error}"),
        }
    }
    Ok(())
}

fn read(root: &Root, text: Untrusted<&str>) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut contents = Vec::new();
    // What comes back is an open file. There is no path to be exchanged before somebody opens it.
    text.validate_for(root)?.open()?.take(1024 * 1024).read_to_end(&mut contents)?;
    Ok(contents)
}
