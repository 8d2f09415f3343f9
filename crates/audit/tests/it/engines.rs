//! Engines from outside the crate.

use std::fs;
use std::time::Duration;

use wardkit_audit::{
    Check, Engine, EngineKind, Gaps, NoteKind, Profile, Project, Settings, Severity, Sink,
    SourceFile, Status, Verdict, render,
};
use wardkit_core::{Clock as _, ManualClock};

use crate::{audit, check, clock, counted, tree};

#[test]
fn what_an_engine_finds_is_reported_with_all_that_its_check_says() {
    let folder = tree(&[("a/bot.py", "def run():\n    bad()\n"), ("b.txt", "bad")]);
    let report = audit(&clock()).of_tree(folder.path()).unwrap();
    assert_eq!(report.findings.len(), 1);
    let found = &report.findings[0];
    assert_eq!(
        (found.path(), found.files[0].line, found.severity),
        ("a/bot.py", Some(2), Severity::High)
    );
    assert_eq!((report.totals.files, report.totals.high), (1, 1));
    let [outcome] =
        &report.checks.iter().filter(|one| one.id == "word-bad").collect::<Vec<_>>()[..]
    else {
        panic!("{:?}", report.checks);
    };
    assert_eq!(outcome.status, Status::Fail);
    assert_eq!(report.verdict(Severity::High, Gaps::Matter), Verdict::Findings);
    assert_eq!(report.verdict(Severity::Critical, Gaps::Matter), Verdict::Clean);
}

#[test]
fn two_audits_are_equal_to_the_byte() {
    let files: Vec<(String, String)> =
        (0..200).map(|n| (format!("d{}/f{n}.py", n % 7), format!("bad{n}\nbad\nbad\n"))).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let folder = tree(&files);
    let report = || audit(&clock()).of_tree(folder.path()).unwrap();
    let (first, second) = (report(), report());
    assert_eq!(first.findings.len(), 600);
    for renders in [render::text, render::json, render::markdown, render::sarif, render::html] {
        assert!(renders(&first) == renders(&second));
    }
}

#[test]
fn profiles_engines_and_settings_choose_the_checks() {
    let folder = tree(&[("bot.py", "bad")]);
    let counts = |profile, engine: Option<EngineKind>, settings: &str| {
        let clock = clock();
        let audit = audit(&clock).with_profile(profile);
        let audit = audit.with_settings(Settings::parse(settings).unwrap());
        let audit = match engine {
            Some(engine) => audit.only_engines([engine]),
            None => audit,
        };
        audit.of_tree(folder.path()).unwrap().findings.len()
    };
    assert_eq!(counts(Profile::Ci, None, ""), 1);
    assert_eq!(counts(Profile::Full, Some(EngineKind::Conf), ""), 1);
    assert_eq!(counts(Profile::Llm, None, ""), 0);
    assert_eq!(counts(Profile::Ci, Some(EngineKind::Ast), ""), 0);
    assert_eq!(counts(Profile::Ci, None, "disable = [\"word-bad\"]"), 0);
    assert_eq!(counts(Profile::Ci, None, "exclude = [\"*.py\"]"), 0);
}

#[test]
fn settings_change_severities() {
    let folder = tree(&[("bot.py", "bad")]);
    let clock = clock();
    let settings = Settings::parse("[severity]\nword-bad = \"Low\"").unwrap();
    let report = audit(&clock).with_settings(settings).of_tree(folder.path()).unwrap();
    assert_eq!(report.findings[0].severity, Severity::Low);
    assert_eq!(report.verdict(Severity::High, Gaps::Matter), Verdict::Clean);
}

/// Takes as long as it wants.
struct Slow<'a>(&'a ManualClock);

impl Engine for Slow<'_> {
    fn checks(&self) -> Vec<Check> {
        vec![check()]
    }

    fn wants(&self, _path: &str) -> bool {
        true
    }

    fn file(&self, file: &SourceFile<'_>, _sink: &mut Sink) {
        while !file.budget().is_spent() {
            self.0.advance(Duration::from_millis(100));
        }
    }
}

#[test]
fn a_file_that_takes_too_long_makes_the_audit_incomplete() {
    let folder = tree(&[("bot.py", "x")]);
    let clock = clock();
    let report =
        wardkit_audit::Audit::new(&clock).with_engine(Slow(&clock)).of_tree(folder.path()).unwrap();
    assert!(clock.uptime() < Duration::from_secs(10));
    assert_eq!(report.notes[0].kind, NoteKind::Unread);
    assert_eq!(report.verdict(Severity::Low, Gaps::Matter), Verdict::Incomplete);
    assert_eq!(report.verdict(Severity::Low, Gaps::Allowed), Verdict::Clean);
}

/// Looks at the whole alone.
struct Whole;

impl Engine for Whole {
    fn checks(&self) -> Vec<Check> {
        vec![check()]
    }

    fn whole(&self, project: &Project<'_>, sink: &mut Sink) {
        let readme = project.read("README.md").unwrap_or_default();
        sink.outcome("word-bad", Status::Manual, vec![format!("{:?} {readme}", project.files())]);
        sink.outcome("word-unasked", Status::Fail, Vec::new());
        assert_eq!(project.read("../outside"), None);
    }
}

#[test]
fn an_engine_sees_the_whole_tree_and_nothing_else() {
    let folder = tree(&[("in/README.md", "text"), ("in/a.bin", "\0"), ("outside", "secret")]);
    fs::create_dir(folder.path().join("in/empty")).unwrap();
    let clock = clock();
    let audit = wardkit_audit::Audit::new(&clock).with_engine(Whole);
    let report = audit.of_tree(&folder.path().join("in")).unwrap();
    let outcome = report.checks.iter().find(|one| one.id == "word-bad").unwrap();
    assert_eq!(outcome.evidence, ["[\"README.md\", \"a.bin\"] text"]);
    assert_eq!((outcome.status, report.totals.manual), (Status::Manual, 1));
    assert!(report.checks.iter().all(|one| one.id != "word-unasked"));
    assert!(counted(&report).is_empty());
    assert!(audit.of_tree(&folder.path().join("missing")).is_err());
}
