//! `auditctl rules`.

pub(super) mod own;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};
use wardkit_alerting::rules::testing::{self, TestReport};
use wardkit_alerting::rules::{RuleFile, RuleProblem};
use wardkit_cli::{Common, Format, Report};

use super::{note, print};
use crate::cli::{Rules, RulesCommand};

/// Checks or tests rules.
pub(super) fn run(common: &Common, rules: &Rules) -> Result<ExitCode, Report> {
    match &rules.command {
        RulesCommand::Check { files } => check(common.format, files),
        RulesCommand::List => own::list(common.format).map(|()| ExitCode::SUCCESS),
        RulesCommand::New { id } => own::new(id).map(|()| ExitCode::SUCCESS),
        RulesCommand::Test { files } => test(common.format, files),
    }
}

/// Tells what is wrong with rule files.
fn check(format: Format, files: &[PathBuf]) -> Result<ExitCode, Report> {
    let checked: Vec<_> = files.iter().map(|path| (path, RuleFile::open(path))).collect();
    let all_are_well = checked.iter().all(|(_, file)| file.is_ok());
    match format {
        Format::Text => {
            for (path, file) in &checked {
                print(&checked_text(path, file))?;
            }
        }
        Format::Json => {
            let objects: Vec<_> = checked.iter().map(|(path, file)| object(path, file)).collect();
            print(&format!("{}\n", Value::Array(objects)))?;
        }
    }
    Ok(exit_code(all_are_well))
}

fn checked_text(path: &Path, file: &Result<RuleFile, Vec<RuleProblem>>) -> String {
    match file {
        Ok(file) => {
            for duplicate in file.duplicates() {
                let path = path.display();
                note(&format!("{path}: {duplicate} is there more than once: both make the same"));
            }
            let (rules, groups) = (file.rules(), file.groups().len());
            let rules = counted(rules, "rule");
            format!("{}: {rules} in {}, all well\n", shown(path), counted(groups, "group"))
        }
        Err(problems) => {
            let lines = problems.iter().map(|one| wardkit_cli::escaped(&one.to_string()) + "\n");
            lines.collect()
        }
    }
}

fn object(path: &Path, file: &Result<RuleFile, Vec<RuleProblem>>) -> Value {
    let file_name = path.display().to_string();
    match file {
        Ok(file) => json!({
            "file": file_name,
            "rules": file.rules(),
            "problems": [],
            "duplicates": file.duplicates(),
        }),
        Err(problems) => {
            json!({"file": file_name, "rules": null, "problems": problems, "duplicates": []})
        }
    }
}

/// Runs files of tests.
fn test(format: Format, files: &[PathBuf]) -> Result<ExitCode, Report> {
    let (mut all_are_well, mut objects) = (true, Vec::new());
    for path in files {
        if own::is_own(path) {
            let tested = own::test(path);
            all_are_well &= tested.is_ok();
            match format {
                Format::Text => print(&own_text(path, &tested))?,
                Format::Json => objects.push(json!({
                    "file": path.display().to_string(),
                    "rules": tested.as_ref().ok(),
                    "failures": tested.as_ref().err().map_or(Vec::new(), |error| vec![error]),
                })),
            }
            continue;
        }
        let report = testing::run(path);
        all_are_well &= report.is_success();
        match format {
            Format::Text => print(&tested_text(path, &report))?,
            Format::Json => objects.push(json!({
                "file": path.display().to_string(),
                "tests": report.tests,
                "failures": report.failures,
                "warnings": report.warnings,
            })),
        }
    }
    if format == Format::Json {
        print(&format!("{}\n", Value::Array(objects)))?;
    }
    Ok(exit_code(all_are_well))
}

fn own_text(path: &Path, tested: &Result<usize, String>) -> String {
    match tested {
        Ok(rules) => format!("{}: {}, all pass\n", shown(path), counted(*rules, "rule")),
        Err(failure) => wardkit_cli::escaped(failure) + "\n",
    }
}

fn tested_text(path: &Path, report: &TestReport) -> String {
    for warning in &report.warnings {
        note(&format!("{}: {warning}", path.display()));
    }
    let path = shown(path);
    if report.is_success() {
        return format!("{path}: {}, all pass\n", counted(report.tests, "test"));
    }
    let mut text = format!("{path}: {}\n", counted(report.failures.len(), "failure"));
    for failure in &report.failures {
        for line in failure.to_string().lines() {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "  {}", wardkit_cli::escaped(line));
        }
    }
    text
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

fn shown(path: &Path) -> String {
    wardkit_cli::escaped(&path.display().to_string())
}

fn exit_code(is_well: bool) -> ExitCode {
    ExitCode::from(u8::from(!is_well))
}
