//! Tests of the public API.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

mod files;
mod labelled;
mod past;
mod project;
mod props;
mod rules;

use std::fs;

use wardkit_audit::{Audit, Finding, Profile, Report};
use wardkit_audit_secrets::SecretsEngine;
use wardkit_core::{SystemClock, Timestamp};

/// Audits files with the default profile.
fn audit(files: &[(&str, &str)]) -> Report {
    audit_with(SecretsEngine::new(), files)
}

fn audit_with(engine: SecretsEngine, files: &[(&str, &str)]) -> Report {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let clock = SystemClock;
    let audit = Audit::new(&clock).with_engine(engine.at(Timestamp::from_unix_seconds(0)));
    audit.with_profile(Profile::Ci).of_tree(folder.path()).unwrap()
}

/// Returns the check and the place of each finding.
fn told(report: &Report) -> Vec<(String, String)> {
    let place = |finding: &Finding| (finding.id.clone(), finding.files[0].shown());
    report.findings.iter().map(place).collect()
}

/// A bot's token, put together so that no other program takes this file for a leak.
fn telegram() -> String {
    ["5839201746", "AAHw7Qm2ZxT9vKpL4sRfYc8NbJgD1eUiWo3"].join(":")
}

fn discord() -> String {
    ["MTIzOTg3NjU0MzIxMDk4NzY1NA", "GhT7xQ", "zR4kW9mB2vN6cX1pL8sD3fJ5hG7qT0yUwE_aKo"].join(".")
}
