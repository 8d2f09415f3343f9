//! Sources that somebody made to harm who reads them.

use std::path::Path;

use wardkit_audit::{Audit, NoteKind, Report};
use wardkit_audit_code::CodeEngine;
use wardkit_core::SystemClock;

#[test]
fn what_is_nested_too_deep_is_told_and_not_judged() {
    for text in [
        format!("requests.get({}1{})", "(".repeat(5_000), ")".repeat(5_000)),
        format!("requests.get({}1)", "not ".repeat(5_000)),
        format!("requests.get(a{})", "+a".repeat(5_000)),
        format!("requests.get(a{})", ".b".repeat(5_000)),
        format!("requests.get({}", "[".repeat(50_000)),
    ] {
        let report = audited("bot.py", text.as_bytes());
        let note = report.notes.iter().find(|note| note.path == "bot.py").unwrap();
        let told = note.message.as_str();
        assert!(
            ["nested too deep", "took too long to parse", "minified"].contains(&told),
            "{told}"
        );
        assert!(note.kind == NoteKind::Unread || told == "minified", "{told}");
    }
}

#[test]
fn two_megabytes_of_brackets_end_within_the_budget() {
    let line = "(".repeat(80) + "\n";
    let report =
        audited("bot.py", ("import requests\n".to_owned() + &line.repeat(24_000)).as_bytes());
    // How far the time goes is the machine's affair; that it did not understand, or did not get to the end, is told.
    let told: Vec<&str> = report.notes.iter().map(|note| note.message.as_str()).collect();
    let is_told = |told: &&str| told.contains("too long") || told.contains("syntax");
    assert!(told.iter().any(is_told), "{told:?}");
}

#[test]
fn what_is_no_text_is_left_out() {
    for bytes in [&b"requests.get(url)\0"[..], b"requests.get('\xff\xfe')", b"\xef\xbb\xbf\x80"] {
        let report = audited("bot.py", bytes);
        assert!(report.findings.is_empty());
        assert_eq!(report.notes.len(), 1);
    }
}

#[test]
fn broken_syntax_is_judged_where_it_is_understood_and_told() {
    let report = audited("bot.py", b"x = = 3\n\nrequests.get(url, verify=False, timeout=3)\n");
    assert_eq!(report.findings.len(), 1);
    assert!(report.notes[0].message.contains("syntax"));
}

#[test]
fn tests_are_judged_when_they_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("tests")).unwrap();
    std::fs::write(folder.path().join("tests/one.py"), "requests.get(url, verify=False)").unwrap();
    let found = |engine: CodeEngine| audit(engine, folder.path()).findings.len();
    assert_eq!(found(CodeEngine::new().unwrap()), 0);
    assert!(found(CodeEngine::new().unwrap().judging_tests()) > 0);
}

#[test]
fn a_line_has_one_finding_of_a_check() {
    let report = audited("bot.py", b"import requests\nrequests.get(url)\n");
    let ids: Vec<&str> = report.findings.iter().map(|finding| finding.id.as_str()).collect();
    assert_eq!(ids, ["no-timeout"]);
    assert_eq!(report.findings[0].files[0].shown(), "bot.py:2");
}

fn audited(name: &str, content: &[u8]) -> Report {
    let folder = tempfile::tempdir().expect("there is room");
    std::fs::write(folder.path().join(name), content).expect("there is room");
    audit(CodeEngine::new().expect("there is room"), folder.path())
}

fn audit(engine: CodeEngine, folder: &Path) -> Report {
    Audit::new(&SystemClock).with_engine(engine).of_tree(folder).expect("there is room")
}
