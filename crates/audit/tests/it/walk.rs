//! What is read of a tree.

use std::fs;
use std::os::unix::fs::symlink;

use wardkit_audit::{Gaps, NoteKind, Settings, Severity, Status, Verdict};

use crate::{audit, clock, tree};

#[test]
fn what_nobody_wrote_is_left_out_with_a_note() {
    let huge = "bad\n".repeat(600_000);
    let minified = "bad;".repeat(10_000);
    let folder = tree(&[
        ("huge.py", &huge),
        ("min.py", &minified),
        ("bin.py", "bad\0"),
        ("node_modules/x/bot.py", "bad"),
        (".venv/bot.py", "bad"),
        (".github/bot.py", "bad"),
        ("unwanted.bin", "\0"),
    ]);
    fs::write(folder.path().join("latin.py"), b"bad \xff").unwrap();
    let report = audit(&clock()).of_tree(folder.path()).unwrap();
    let found: Vec<&str> = report.findings.iter().map(wardkit_audit::Finding::path).collect();
    assert_eq!(found, [".github/bot.py"]);
    let notes: Vec<(&str, &str)> =
        report.notes.iter().map(|note| (note.path.as_str(), note.message.as_str())).collect();
    let expected = [
        (".venv", "left out"),
        ("bin.py", "binary"),
        ("huge.py", "larger than 2 MB"),
        ("latin.py", "not UTF-8"),
        ("min.py", "minified"),
        ("node_modules", "left out"),
    ];
    assert_eq!(notes, expected);
    assert!(report.is_complete());
}

#[test]
fn links_lead_nowhere() {
    let outside = tree(&[("secret.py", "bad")]);
    let folder = tree(&[("bot.py", "bad")]);
    let place = |name: &str| folder.path().join(name);
    symlink(outside.path(), place("folder")).unwrap();
    symlink(outside.path().join("secret.py"), place("secret.py")).unwrap();
    symlink("bot.py", place("again.py")).unwrap();
    symlink(".", place("loop")).unwrap();
    symlink("/nowhere/at/all", place("dangling.py")).unwrap();
    let report = audit(&clock()).of_tree(folder.path()).unwrap();
    assert_eq!(report.findings.len(), 1);
    let notes: Vec<&str> = report.notes.iter().map(|note| note.path.as_str()).collect();
    assert_eq!(notes, ["folder", "secret.py"]);
    assert!(report.is_complete());
}

#[test]
fn pipes_and_deep_trees_end() {
    let deep = format!("{}bot.py", "d/".repeat(70));
    let folder = tree(&[(deep.as_str(), "bad"), ("bot.py", "")]);
    let pipe = folder.path().join("pipe.py");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR).unwrap();
    let report = audit(&clock()).of_tree(folder.path()).unwrap();
    assert_eq!(report.findings.len(), 0);
    assert_eq!(report.notes.len(), 1);
    assert_eq!(report.notes[0].kind, NoteKind::Unread);
    assert_eq!(report.verdict(Severity::Low, Gaps::Matter), Verdict::Incomplete);
    let outcome = report.checks.iter().find(|one| one.id == "word-bad").unwrap();
    assert_eq!(outcome.status, Status::Unknown);
}

#[test]
fn names_that_are_no_text_are_told() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = tree(&[("bot.py", "")]);
    fs::write(folder.path().join(std::ffi::OsStr::from_bytes(b"\xff.py")), "bad").unwrap();
    let report = audit(&clock()).of_tree(folder.path()).unwrap();
    assert_eq!((report.notes.len(), report.notes[0].kind), (1, NoteKind::Unread));
}

#[test]
fn of_a_part_of_a_tree_only_that_is_told() {
    let outside = tree(&[("x.py", "bad")]);
    let folder = tree(&[
        ("bot.py", "bad"),
        ("a/one.py", "bad"),
        ("a/two.py", "bad"),
        ("b/three.py", "bad"),
        ("left/four.py", "bad"),
    ]);
    symlink(outside.path(), folder.path().join("link")).unwrap();
    let text =
        "exclude = ['left']\n[[allow]]\nchecks = ['word-bad']\npaths = ['b/**']\nreason = 'x'\n";
    let (clock, settings) = (clock(), Settings::parse(text).unwrap());
    let audit = audit(&clock).with_settings(settings);
    let check = |parts: &[&str], expected: &[&str], notes: &[&str]| {
        let parts: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
        let report = audit.of_part(folder.path(), &parts).unwrap();
        let paths: Vec<&str> = report.findings.iter().map(wardkit_audit::Finding::path).collect();
        assert_eq!(paths, expected, "{parts:?}");
        let told: Vec<&str> = report.notes.iter().map(|note| note.path.as_str()).collect();
        assert_eq!(told, notes, "{parts:?}");
        report.is_complete()
    };
    assert!(check(&["bot.py"], &["bot.py"], &[]));
    assert!(check(&["a", "bot.py", "a/two.py"], &["a/one.py", "a/two.py", "bot.py"], &[]));
    assert!(check(&["b/three.py"], &[], &[]));
    assert!(check(&["left/four.py"], &[], &["left/four.py"]));
    assert!(!check(&["gone.py"], &[], &["gone.py"]));
    assert!(!check(&["link"], &[], &["link"]));
    assert!(!check(&["link/x.py"], &[], &["link/x.py"]));
    assert!(!check(&["../x.py"], &[], &["../x.py"]));
}
