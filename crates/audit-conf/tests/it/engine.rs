//! The engine in an audit.

use std::fs;

use wardkit_audit::{Audit, Engine as _, NoteKind, Profile};
use wardkit_audit_conf::ConfEngine;
use wardkit_core::ManualClock;

use crate::{audit, count};

#[test]
fn files_are_known_by_their_paths_and_content() {
    let engine = ConfEngine::new();
    let yes = "Dockerfile Dockerfile.prod bot.dockerfile x/Containerfile docker-compose.yml .github/workflows/a.yml .gitlab-ci.yml .env \
               .env.prod redis.conf pg_hba.conf nginx.conf sites-enabled/bot a.sql bot.service logrotate.d/bot config.toml prod.env";
    for path in yes.split_whitespace() {
        assert!(engine.wants(path), "{path}");
    }
    let no = "bot.py Dockerfile.md Cargo.toml pyproject.toml tests/Dockerfile README.md package-lock.json Dockerfile.dockerignore";
    for path in no.split_whitespace() {
        assert!(!engine.wants(path), "{path}");
    }
    assert!(engine.judging_tests().wants("tests/Dockerfile"));
    let report = audit(&[("deploy/stack.yml", "services:\n  a: {image: 'a:1', privileged: true}")]);
    assert_eq!(count(&report, "cmp-privileged"), 1);
}

#[test]
fn what_is_not_understood_is_a_note() {
    let report = audit(&[("compose.yml", "a: [b"), ("chart/values-compose.yml", "{{ if }}\na: [")]);
    let kinds: Vec<_> = report.notes.iter().map(|note| (note.kind, note.path.as_str())).collect();
    assert_eq!(
        kinds,
        [(NoteKind::Skipped, "chart/values-compose.yml"), (NoteKind::Unread, "compose.yml")]
    );
    assert!(!report.is_complete());
}

#[test]
fn two_audits_are_equal() {
    let files = [
        ("Dockerfile", "FROM a\nRUN sudo x"),
        ("compose.yml", "services: {a: {image: b}, db: {image: postgres}}"),
    ];
    let (first, second) = (audit(&files), audit(&files));
    assert!(first.findings.len() > 5);
    assert_eq!(wardkit_audit::render::json(&first), wardkit_audit::render::json(&second));
}

#[test]
fn the_default_profile_leaves_hygiene_out() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("Dockerfile"),
        "FROM a:1\nRUN apt-get update\nUSER b\nHEALTHCHECK CMD x\nCMD y\n",
    )
    .unwrap();
    let clock = ManualClock::default();
    let audit = |profile| {
        let audit = Audit::new(&clock).with_engine(ConfEngine::new()).with_profile(profile);
        audit.of_tree(folder.path()).unwrap().findings.len()
    };
    assert_eq!((audit(Profile::Ci), audit(Profile::Full)), (0, 2));
}
