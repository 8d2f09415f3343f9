//! Unit tests of rules, in the format of `promtool test rules`.
//!
//! A test gives series, lets the rules run over them and says which alerts fire when, and what expressions come to. The
//! verdict is that of promtool 2.42, its habits included: a sample behind the last evaluation is not seen, and NaN is
//! never what was expected.

mod glob;
mod input;
mod metric;
mod run;
mod series;

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::file::read_text;
use super::problem::RuleProblem;

/// What came of a file of tests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TestReport {
    /// How many tests there are in the file.
    pub tests: usize,
    /// What is not as the file says; nothing when all is well.
    pub failures: Vec<TestFailure>,
    /// What is odd, but no failure: a pattern that no file matches.
    pub warnings: Vec<String>,
}

/// Something that is not as a test says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TestFailure {
    /// Which test, from 1 on; 0 when it is about the whole file.
    pub test: usize,
    /// The name of the test, where it has one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// What is wrong, with what was expected and what came; several lines.
    pub message: String,
}

impl std::fmt::Display for TestFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.test, self.name.as_str()) {
            (0, _) => {}
            (test, "") => write!(f, "test {test}: ")?,
            (test, name) => write!(f, "test {test} {name:?}: ")?,
        }
        f.write_str(&self.message)
    }
}

/// Runs the tests of a file. Its rule files are looked for beside it.
#[must_use]
pub fn run(path: &Path) -> TestReport {
    match read_text(path) {
        Ok(text) => run_text(&text, path),
        Err(error) => TestReport::of_file(format!("{}: {error}", path.display())),
    }
}

/// Runs the tests in a text, as if it stood at this path.
#[must_use]
pub fn run_text(text: &str, path: &Path) -> TestReport {
    let file = match input::TestFile::read(text) {
        Ok(file) => file,
        Err(problems) => {
            let name = path.display().to_string();
            let failures = problems.into_iter().map(|mut problem: RuleProblem| {
                problem.file.clone_from(&name);
                TestFailure { test: 0, name: String::new(), message: problem.to_string() }
            });
            return TestReport { failures: failures.collect(), ..TestReport::default() };
        }
    };
    let directory = path.parent().unwrap_or(Path::new(""));
    let mut report = TestReport { tests: file.tests.len(), ..TestReport::default() };
    let mut rule_files = Vec::new();
    for pattern in &file.rule_files {
        let found =
            if pattern.is_empty() { Vec::new() } else { glob::find(&directory.join(pattern)) };
        if found.is_empty() {
            report.warnings.push(format!("no file matches {pattern:?}"));
        }
        rule_files.extend(found);
    }
    match read_all(rule_files) {
        Ok(rule_files) => run::run(&file, &rule_files, &mut report),
        Err(message) => {
            // Each test loads the rules anew, and fails for it.
            if !file.tests.is_empty() {
                report.failures.push(TestFailure { test: 0, name: String::new(), message });
            }
        }
    }
    report
}

fn read_all(paths: Vec<PathBuf>) -> Result<Vec<(String, String)>, String> {
    let mut files: Vec<(String, String)> = Vec::new();
    for path in paths {
        let name = path.display().to_string();
        if files.iter().any(|(known, _)| *known == name) {
            continue;
        }
        let text = read_text(&path).map_err(|error| format!("{name}: {error}"))?;
        files.push((name, text));
    }
    Ok(files)
}

impl TestReport {
    fn of_file(message: String) -> Self {
        let failure = TestFailure { test: 0, name: String::new(), message };
        Self { failures: vec![failure], ..Self::default() }
    }

    /// Returns whether all is as the file says.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.failures.is_empty()
    }
}
