//! Whether pipelines test.

use wardkit_audit::{Location, Sink, Status};

use super::{Files, tell};
use crate::kind::FileKind;

pub(super) fn judge(files: &Files<'_>, sink: &mut Sink) {
    let is_pipeline = |path: &&&str| match FileKind::of(path) {
        Some(FileKind::GitLab) => true,
        Some(FileKind::GitHub) => path.contains("workflows/"),
        _ => false,
    };
    let pipelines: Vec<&str> = files.paths.iter().filter(is_pipeline).copied().collect();
    let Some(first) = pipelines.first() else {
        sink.outcome("ci-no-tests", Status::NotApplicable, vec!["there is no pipeline".to_owned()]);
        return;
    };
    let tests = |text: &String| {
        // Comments test nothing.
        text.lines()
            .filter(|line| !line.trim_start().starts_with('#'))
            .any(|line| RUNNERS.iter().any(|runner| line.contains(runner)))
    };
    if !pipelines.iter().filter_map(|path| files.project.read(path)).any(|text| tests(&text)) {
        let current = format!("None of {} pipelines runs tests.", pipelines.len());
        tell("ci-no-tests", Status::Fail, Location::file(*first), "no tests", current, sink);
    }
}

/// What runs tests.
const RUNNERS: [&str; 24] = [
    "pytest",
    "unittest",
    "tox",
    "nox",
    "nosetests",
    "manage.py test",
    "npm test",
    "npm t ",
    "npm run test",
    "yarn test",
    "pnpm test",
    "pnpm run test",
    "bun test",
    "jest",
    "vitest",
    "mocha",
    "node --test",
    "cargo test",
    "nextest",
    "go test",
    "make test",
    "make check",
    "just test",
    ".ci/",
];
