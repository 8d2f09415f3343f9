//! Tests of the public API.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

mod catalogue;
mod compose;
mod docker;
mod engine;
mod hostile;
mod pipelines;
mod services;
mod stores;
mod whole;

use std::fs;

use wardkit_audit::{Audit, Profile, Report};
use wardkit_audit_conf::ConfEngine;
use wardkit_core::{ManualClock, Timestamp};

/// Texts that a check finds, and texts that it leaves alone.
struct Case {
    id: &'static str,
    path: &'static str,
    bad: &'static [&'static str],
    good: &'static [&'static str],
}

fn judge(cases: &[Case]) {
    let mut wrong = Vec::new();
    for case in cases {
        let finds = |text: &&&str| {
            let found = ConfEngine::new().findings(case.path, text);
            found.iter().any(|finding| finding.id == case.id)
        };
        assert!(case.bad.len() > 1 && case.good.len() > 1, "{} has too few cases", case.id);
        let missed = case.bad.iter().filter(|text| !finds(text));
        wrong.extend(missed.map(|text| format!("{} misses:\n{text}", case.id)));
        let false_ones = case.good.iter().filter(finds);
        wrong.extend(false_ones.map(|text| format!("{} finds:\n{text}", case.id)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Audits a tree by every check.
fn audit(files: &[(&str, &str)]) -> Report {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let place = folder.path().join(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, text).unwrap();
    }
    let clock = ManualClock::at(Timestamp::from_unix_seconds(1_700_000_000));
    let audit = Audit::new(&clock).with_engine(ConfEngine::new()).with_profile(Profile::Full);
    audit.of_tree(folder.path()).unwrap()
}

/// The number of findings of a check.
fn count(report: &Report, id: &str) -> usize {
    report.findings.iter().filter(|finding| finding.id == id).count()
}
