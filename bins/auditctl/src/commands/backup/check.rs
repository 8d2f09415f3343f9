//! `auditctl backup check`.

use std::fmt::Write as _;
use std::process::ExitCode;

use serde_json::{Value, json};
use wardkit_backup::engine::{
    CheckOptions, CheckOutcome, CheckReport, Error, ReadData, Reader, Repository, Severity,
};
use wardkit_cli::{Format, Report, escaped};

use super::doctor::forgery;
use super::memory::chain;
use super::opened::{Opener, unlock};
use super::watch::{Watch, bytes};
use super::{line, refused};
use crate::commands::{could_not_run, note, print};

/// What the command line says.
pub(super) struct Wanted<'c> {
    pub(super) read_data: bool,
    pub(super) subset: Option<&'c str>,
    pub(super) accept: bool,
}

/// Checks the repository, and compares it with what this host remembers.
pub(super) fn run(opener: &Opener<'_>, wanted: &Wanted<'_>) -> Result<ExitCode, Report> {
    let options = CheckOptions::reading(match wanted.subset {
        Some(text) => subset(text)?,
        None if wanted.read_data => ReadData::All,
        None => ReadData::None,
    });
    let repository = match opener.try_reader()? {
        Ok(repository) => repository,
        // What is needed to open it is of the repository too.
        Err(error) if error.is_damage() => {
            let found = json!({"severity": "damage", "text": chain(&error)});
            return told(opener, DAMAGED, &[found], None);
        }
        Err(error) => return Err(refused(error)),
    };
    let report = match checked(opener, &repository, &options) {
        Ok(report) => report,
        Err(error) if error.is_damage() => {
            let found = json!({"severity": "damage", "text": chain(&error)});
            return told(opener, DAMAGED, &[found], None);
        }
        Err(error) => return Err(refused(error)),
    };
    let mut findings: Vec<Value> = report
        .findings
        .iter()
        .map(|finding| json!({"severity": severity(finding.severity()), "text": chain(finding)}))
        .collect();
    let mut outcome = report.outcome();
    let memory = opener.memory();
    if wanted.accept {
        memory.accept(&repository, report.snapshots.iter().copied());
    }
    let forged = match memory.compare(&repository, &report.snapshots) {
        Ok(forgeries) => forgeries.iter().map(forgery).collect(),
        Err(error) => vec![chain(&error)],
    };
    if !forged.is_empty() {
        outcome = CheckOutcome::Damaged;
    }
    findings.extend(forged.iter().map(|text| json!({"severity": "damage", "text": text})));
    if outcome == CheckOutcome::Clean {
        memory.saw(&repository, report.snapshots.iter().copied());
    }
    let code = match outcome {
        CheckOutcome::Clean => 0,
        CheckOutcome::Damaged => DAMAGED,
        CheckOutcome::Unreadable => UNREADABLE,
    };
    let ended = told(opener, code, &findings, Some(&report));
    if !forged.is_empty() {
        note("where another program forgot snapshots on purpose: auditctl backup check --accept");
    }
    ended
}

fn checked(
    opener: &Opener<'_>,
    repository: &Repository<Reader>,
    options: &CheckOptions,
) -> Result<CheckReport, Error> {
    let (watch, _shown) = Watch::shown();
    let lock = opener.lock(repository, &*watch)?;
    let report = repository.check(options, &*watch)?;
    unlock(lock);
    Ok(report)
}

fn told(
    opener: &Opener<'_>,
    code: u8,
    findings: &[Value],
    report: Option<&CheckReport>,
) -> Result<ExitCode, Report> {
    let outcome = match code {
        0 => "clean",
        DAMAGED => "damaged",
        _ => "unreadable",
    };
    print(&match opener.format() {
        Format::Text => text(outcome, findings, report),
        Format::Json => line(&json!({
            "outcome": outcome,
            "findings": findings,
            "snapshots": report.map(|report| report.snapshots.len()),
            "packs": report.map(|report| report.packs),
            "blobs": report.map(|report| report.blobs),
            "trees": report.map(|report| report.trees),
            "packs_read": report.map(|report| report.proven.len()),
            "bytes_read": report.map(|report| report.bytes),
        }))?,
    })?;
    Ok(ExitCode::from(code))
}

fn text(outcome: &str, findings: &[Value], report: Option<&CheckReport>) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    for finding in findings {
        let what = |key: &str| finding[key].as_str().map(escaped).unwrap_or_default();
        let _ = writeln!(text, "{}: {}", what("severity"), what("text"));
    }
    if let Some(report) = report {
        let (packs, blobs, trees) = (report.packs, report.blobs, report.trees);
        let snapshots = report.snapshots.len();
        let read = match report.proven.len() {
            0 => "the data was not read".to_owned(),
            read => format!("{read} packs read, {}", bytes(report.bytes)),
        };
        let _ = writeln!(
            text,
            "{snapshots} snapshots, {trees} trees, {blobs} blobs in {packs} packs; {read}"
        );
    }
    text + outcome + "\n"
}

const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Unreadable => "unreadable",
        Severity::Damage => "damage",
    }
}

fn subset(text: &str) -> Result<ReadData, Report> {
    let parsed = || {
        let (part, of) = text.split_once('/')?;
        let (part, of) = (part.parse().ok()?, of.parse().ok()?);
        (1..=of).contains(&part).then_some(ReadData::Subset { part, of })
    };
    parsed().ok_or_else(|| could_not_run(format!("`{text}` is no part, such as 2/7")))
}

const DAMAGED: u8 = 1;
const UNREADABLE: u8 = 2;
