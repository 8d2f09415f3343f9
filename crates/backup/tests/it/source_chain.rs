//! Several sources in one snapshot.

use std::fs;
use std::path::Path;
use std::time::Duration;

use wardkit_backup::source::{
    Chain, CommandStdout, FileTime, Files, FilesOptions, Program, Source as _, SourceError,
};

use crate::source_files::{content, walk};

fn shell(script: &str) -> Program {
    Program::new(["sh", "-c", script], Duration::from_mins(1)).unwrap()
}

fn files(root: &Path) -> Files {
    Files::new([root], FilesOptions::default()).unwrap()
}

fn command(path: &Path, script: &str) -> CommandStdout {
    CommandStdout::new(path, shell(script), FileTime::default()).unwrap()
}

#[test]
fn sources_are_told_as_one_tree() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    for name in ["a/1", "b/live", "b/live.d", "b/3", "c/4"] {
        fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
        fs::write(root.join(name), "file").unwrap();
    }
    let mut chain = Chain::new()
        .with(files(&root.join("b")))
        .with(command(&root.join("b/live"), "printf dump"))
        .with(files(&root.join("a")))
        .with(files(&root.join("a/1")));
    let found = walk(&mut chain);
    assert!(found.failures.is_empty());
    assert_eq!(found.below(root), ["", "a", "a/1", "b", "b/3", "b/live", "b/live.d"]);
    assert_eq!(content(found.entry(&root.join("b/live"))), b"dump");
    let b = &found.entry(&root.join("b")).metadata;
    assert_ne!(b.inode, 0, "the directory is the real one");
    assert_eq!(chain.paths(), ["a", "a/1", "b", "b/live"].map(|name| root.join(name)));
    chain.finish().unwrap();
}

#[test]
fn one_source_that_is_missing_is_a_failure_and_all_are_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let (there, missing) = (folder.path().join("there"), folder.path().join("missing"));
    fs::write(&there, "").unwrap();
    let mut chain = Chain::new().with(files(&missing)).with(files(&there));
    let found = walk(&mut chain);
    assert_eq!(found.failures.len(), 1);
    assert_eq!(found.failures[0].path, missing);
    assert_eq!(found.below(folder.path()), ["", "there"]);
    chain.finish().unwrap();

    let nowhere = Program::new(["/nowhere/dump"], Duration::from_mins(1)).unwrap();
    let nowhere = CommandStdout::new("/dump", nowhere, FileTime::default()).unwrap();
    let found = walk(&mut Chain::new().with(nowhere).with(files(&there)));
    assert_eq!(found.failures[0].path, Path::new("/dump"));
    assert!(Chain::new().with(files(&missing)).prepare().is_err());
    assert!(Chain::new().prepare().is_err());
}

#[test]
fn a_command_that_fails_fails_the_chain() {
    let folder = tempfile::tempdir().unwrap();
    let mut chain =
        Chain::new().with(files(folder.path())).with(command(Path::new("/dump"), "exit 1"));
    let found = walk(&mut chain);
    assert_eq!(content(found.entry(Path::new("/dump"))), b"");
    assert!(matches!(chain.finish(), Err(SourceError::Unsuccessful { .. })));
}

#[test]
fn programs_run_before_and_after() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let write = |word: &str| shell(&format!("echo {word} >> '{}'", log.display()));
    let said = || fs::read_to_string(&log).unwrap_or_default();
    let chain = || {
        let chain = Chain::new().with(files(folder.path()));
        chain.before(write("freeze")).after(write("thaw")).after(write("tell"))
    };

    let mut whole = chain();
    let found = walk(&mut whole);
    assert_eq!(said(), "freeze\n");
    assert_eq!(content(found.entry(&log)), b"freeze\n");
    whole.finish().unwrap();
    drop(whole);
    assert_eq!(said(), "freeze\nthaw\ntell\n");

    fs::remove_file(&log).unwrap();
    let mut broken = chain();
    broken.prepare().unwrap();
    drop(broken);
    assert_eq!(said(), "freeze\nthaw\ntell\n");

    fs::remove_file(&log).unwrap();
    drop(chain());
    assert_eq!(said(), "");
    assert!(chain().before(shell("exit 7")).prepare().is_err());
    assert_eq!(said(), "freeze\nthaw\ntell\n");

    let mut chain = chain().after(shell("exit 7"));
    walk(&mut chain);
    let error = chain.finish().unwrap_err().to_string();
    assert_eq!(error, "`sh` ended with exit status: 7");
}
