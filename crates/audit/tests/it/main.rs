//! Tests of the public API.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

mod cache;
mod catalogue;
mod documents;
mod engines;
mod host;
mod import;
mod props;
mod reports;
mod sarif;
mod suppressions;
mod updates;
mod walk;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use wardkit_audit::{
    Audit, Check, Effort, Engine, EngineKind, Finding, Kind, Profile, Severity, Sink, SourceFile,
    Status, Step,
};
use wardkit_core::{ManualClock, Timestamp};

/// An engine that finds every line with the word `bad`.
struct Words;

fn check() -> Check {
    Check {
        id: "word-bad".into(),
        engine: EngineKind::Conf,
        component: "Words".into(),
        title: "A bad word | <b>`x`</b>".into(),
        severity: Severity::High,
        kind: Kind::Security,
        description: "Bad words are bad.".into(),
        expected: "No bad words.".into(),
        recommendation: "Use a better one.".into(),
        effort: Effort::Small,
        cwe: (&[78][..]).into(),
        owasp: (&["A05:2025"][..]).into(),
        profiles: (&[Profile::Ci][..]).into(),
    }
}

impl Engine for Words {
    fn checks(&self) -> Vec<Check> {
        vec![check()]
    }

    fn wants(&self, path: &str) -> bool {
        Path::new(path).extension().is_some_and(|extension| extension == "py")
    }

    fn file(&self, file: &SourceFile<'_>, sink: &mut Sink) {
        let mut function = "";
        let mut offset = 0;
        for line in file.text().split_inclusive('\n') {
            if let Some(name) = line.trim().strip_prefix("def ") {
                function = name;
            }
            if line.split('#').next().unwrap_or_default().contains("bad") {
                let place = file.location(offset);
                let finding =
                    Finding::new(&check(), Status::Fail, format!("The line: {}", line.trim()))
                        .with_flow([Step::new(place.clone(), "here")])
                        .at(place)
                        .about(line, function);
                sink.report(finding);
            }
            offset += line.len();
        }
    }
}

/// A folder with files.
fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let place = folder.path().join(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, text).unwrap();
    }
    folder
}

/// The 14th of November 2023.
fn clock() -> ManualClock {
    ManualClock::at(Timestamp::from_unix_seconds(1_700_000_000))
}

fn audit(clock: &ManualClock) -> Audit<'_> {
    Audit::new(clock).with_engine(Words)
}

/// The number of findings of each check.
fn counted(report: &wardkit_audit::Report) -> BTreeMap<&str, usize> {
    let mut counted = BTreeMap::new();
    for finding in &report.findings {
        *counted.entry(finding.id.as_str()).or_default() += 1;
    }
    counted
}
