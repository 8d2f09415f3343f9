//! Any text is judged as every kind of configuration without a panic, in bounded time, and with the same result twice.
#![no_main]

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;
use wardkit_audit::{Audit, Profile, Report, render};
use wardkit_audit_conf::ConfEngine;
use wardkit_core::{ManualClock, Timestamp};

/// A name of each kind of file that is known.
const NAMES: [&str; 22] = [
    "Dockerfile",
    "compose.yaml",
    ".github/workflows/ci.yml",
    ".gitlab-ci.yml",
    "k8s/deployment.yaml",
    "prometheus.yml",
    "loki.yaml",
    "alertmanager.yml",
    "grafana.ini",
    "config.yaml",
    "settings.toml",
    "settings.ini",
    ".env",
    "nginx.conf",
    "redis.conf",
    "postgresql.conf",
    "pg_hba.conf",
    "pgbouncer.ini",
    "migrations/1.up.sql",
    "bot.service",
    "logrotate.d/bot",
    "backup.sh",
];

static FOLDER: OnceLock<TempDir> = OnceLock::new();

fuzz_target!(|input: &[u8]| {
    // The first byte says as what, the rest is the text.
    let Some((kind, text)) = input.split_first() else { return };
    let name = NAMES[usize::from(*kind) % NAMES.len()];
    let root = FOLDER.get_or_init(|| tempfile::tempdir().expect("there is room")).path();
    let file = root.join(name);
    fs::create_dir_all(file.parent().unwrap_or(root)).expect("there is room");
    fs::write(&file, text).expect("there is room");
    let report = judged(root);
    assert_eq!(render::json(&report), render::json(&judged(root)));
    let _ = (render::sarif(&report), render::markdown(&report), render::html(&report));
    fs::remove_file(&file).expect("it was written");
});

fn judged(root: &Path) -> Report {
    // Without a budget: what takes too long is for the fuzzer to tell.
    let clock = ManualClock::at(Timestamp::from_unix_seconds(0));
    let audit = Audit::new(&clock).with_engine(ConfEngine::new()).with_profile(Profile::Full);
    audit.of_tree(root).expect("it is a folder")
}
