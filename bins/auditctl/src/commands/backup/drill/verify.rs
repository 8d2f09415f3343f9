//! `auditctl backup drill verify`: whether a report is what the host signed.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;
use wardkit_backup::dr::{DrillError, DrillReport, SignedReport};
use wardkit_cli::{Common, Format, Report, escaped};
use wardkit_tlog::VerifierKey;

use super::super::line;
use super::super::memory::chain;
use super::{keys, told};
use crate::commands::{could_not_run, print};

/// Ends with 0 when the report is genuine, whatever it says, and with 1 when it is not.
pub(super) fn run(
    common: &Common,
    path: &Path,
    given: &[String],
    previous: Option<&Path>,
) -> Result<ExitCode, Report> {
    let signed = read_or_doubt(path)?;
    let before = previous.map(read_or_doubt).transpose()?;
    let keys = keys::public(common, given)?;
    let report = signed.and_then(|signed| genuine(&signed, &keys));
    let named = report.as_ref().ok().and_then(|report| report.previous.clone());
    let wrong = match (&report, before) {
        (Err(wrong), _) => Some(wrong.clone()),
        (Ok(_), Some(before)) => follows(before, &keys, named.as_deref()).err(),
        (Ok(_), None) => None,
    };
    let report = report.ok();
    let is_genuine = wrong.is_none();
    print(&match common.format {
        Format::Text => {
            let mut text = report.as_ref().map(told::text).unwrap_or_default();
            if let Some(report) = &report {
                let name = named.as_deref().unwrap_or("none: it is the first");
                let (name, result) = (escaped(name), told::outcome(report));
                // Writing to a String cannot fail.
                let _ = writeln!(text, "previous   {name}\nresult     {result}");
            }
            let verdict = wrong.as_ref().map_or_else(
                || "genuine".to_owned(),
                |wrong| format!("NOT genuine: {}", escaped(wrong)),
            );
            text + &verdict + "\n"
        }
        Format::Json => line(&json!({
            "genuine": is_genuine,
            "reason": wrong,
            "outcome": report.as_ref().map(told::outcome),
            "report": told::document(report.as_ref()),
        }))?,
    })?;
    Ok(ExitCode::from(u8::from(!is_genuine)))
}

/// Reads a report that is to be one.
pub(super) fn read(path: &Path) -> Result<SignedReport, Report> {
    read_or_doubt(path)?.map_err(|reason| could_not_run(format!("{}: {reason}", path.display())))
}

/// Reads a file; what is wrong with its text is doubt in the report, and no failure of the command.
fn read_or_doubt(path: &Path) -> Result<Result<SignedReport, String>, Report> {
    let bytes = wardkit_cli::read_small(path)
        .map_err(|error| could_not_run(format!("{}: {error}", path.display())))?;
    Ok(SignedReport::from_bytes(&bytes).map_err(|error| chain(&error)))
}

fn genuine(signed: &SignedReport, keys: &[VerifierKey]) -> Result<DrillReport, String> {
    signed.verify(keys).map_err(|error: DrillError| chain(&error))
}

/// Whether the report names the one before, and that is genuine too.
fn follows(
    before: Result<SignedReport, String>,
    keys: &[VerifierKey],
    named: Option<&str>,
) -> Result<(), String> {
    let of_it = |reason: String| format!("the previous report: {reason}");
    let before = before.map_err(of_it)?;
    genuine(&before, keys).map_err(of_it)?;
    let id = before.id().to_string();
    match named {
        Some(named) if named == id => Ok(()),
        Some(named) => Err(format!("it follows {named}, and not {id}")),
        None => Err(format!("it follows no report, and so not {id}")),
    }
}
