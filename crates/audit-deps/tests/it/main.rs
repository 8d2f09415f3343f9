//! Tests of the public API.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

mod archives;
mod bills;
mod catalogue;
mod database;
mod hygiene;
mod locks;
mod props;
mod vulnerabilities;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use wardkit_audit::{Audit, Finding, Profile, Report, Status};
use wardkit_audit_deps::{Database, DepsEngine, Import};
use wardkit_core::{ManualClock, Timestamp};

/// The 22nd of November 2026.
const NOW: i64 = 1_795_305_600;

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

/// An advisory of two days ago on one package, concerned below a version.
fn advisory(id: &str, ecosystem: &str, name: &str, fixed: &str) -> Value {
    json!({
        "id": id, "modified": "2026-11-20T10:00:00Z", "summary": format!("{name} is broken"),
        "affected": [{
            "package": {"ecosystem": ecosystem, "name": name},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}],
        }],
    })
}

/// An index of advisories.
fn index(folder: &Path, advisories: &[Value]) -> Database {
    let from = folder.join("osv");
    fs::create_dir_all(&from).unwrap();
    for (number, advisory) in advisories.iter().enumerate() {
        fs::write(from.join(format!("{number}.json")), advisory.to_string()).unwrap();
    }
    let index = folder.join("osv.index");
    Import::new().from(&from).unwrap().write(&index).unwrap();
    Database::open(&index).unwrap()
}

fn engine() -> DepsEngine {
    DepsEngine::new(Timestamp::from_unix_seconds(NOW))
}

/// Audits with every check.
fn audited(engine: DepsEngine, files: &[(&str, &str)]) -> Report {
    let tree = tree(files);
    let clock = ManualClock::at(Timestamp::from_unix_seconds(NOW));
    Audit::new(&clock).with_engine(engine).with_profile(Profile::Full).of_tree(tree.path()).unwrap()
}

/// Audits with advisories.
fn against(advisories: &[Value], files: &[(&str, &str)]) -> Report {
    let folder = tempfile::tempdir().unwrap();
    audited(engine().with_database(index(folder.path(), advisories)), files)
}

fn found<'a>(report: &'a Report, id: &str) -> Vec<&'a Finding> {
    report.findings.iter().filter(|one| one.id == id).collect()
}

fn ended(report: &Report, id: &str) -> Status {
    report.checks.iter().find(|one| one.id == id).unwrap().status
}
