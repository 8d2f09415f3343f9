//! What a drill found, for people and programs.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};
use wardkit_backup::dr::{DrillReport, SignedReport, StepMode, Verdict};
use wardkit_backup::format::Id;
use wardkit_cli::{Format, Report, escaped};

use super::super::line;
use super::super::opened::Opener;
use super::super::watch::bytes;
use crate::commands::print;

/// Tells what a drill found that was held just now.
pub(super) fn held(
    opener: &Opener<'_>,
    report: &DrillReport,
    kept: Option<(&Path, &(Id, SignedReport))>,
) -> Result<(), Report> {
    print(&match opener.format() {
        Format::Text => {
            let mut text = text(report);
            if let Some((path, (id, _))) = kept {
                // Writing to a String cannot fail.
                let path = escaped(&path.to_string_lossy());
                let _ = writeln!(text, "report     {path}, named {}", id.to_short());
            }
            text + outcome(report) + "\n"
        }
        Format::Json => line(&json!({
            "outcome": outcome(report),
            "report": report,
            "file": kept.map(|(path, _)| path.to_string_lossy()),
            "id": kept.map(|(_, (id, _))| id.to_string()),
        }))?,
    })
}

/// `passed` or `failed`.
pub(super) fn outcome(report: &DrillReport) -> &'static str {
    if report.is_green() { "passed" } else { "failed" }
}

/// Tells a report in lines.
pub(super) fn text(report: &DrillReport) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let mut tell = |what: &str, said: &str| {
        let _ = writeln!(text, "{what:<10} {}", escaped(said));
    };
    let short = |id: &str| id.get(..8).unwrap_or(id).to_owned();
    if report.snapshot.is_empty() {
        tell("snapshot", "none could be restored");
    } else {
        tell("snapshot", &format!("{} of {}", short(&report.snapshot), report.taken));
    }
    tell("drill", &format!("began {} on {}", report.began, report.host));
    let (files, size) = (report.files, bytes(report.bytes));
    #[expect(clippy::cast_precision_loss, reason = "a time for people")]
    let seconds = report.restore_millis as f64 / 1000.0;
    tell("restored", &format!("{files} files, {size}, in {seconds:.1} s"));
    match report.compared {
        0 => tell("compared", "none: no manifest says what was read"),
        count => tell("compared", &format!("{count} files with what was read")),
    }
    for checked in &report.probes {
        let (what, said) = said(&checked.verdict);
        tell(what, &format!("{}: {said}", checked.probe));
    }
    for step in &report.steps {
        let mode = match step.mode {
            StepMode::Ran => "ran",
            StepMode::Checked => "was only looked at",
            _ => "was left out",
        };
        tell("step", &format!("{} {mode}: {}", step.step, said(&step.verdict).1));
    }
    for failure in &report.failures {
        tell("failed", failure);
    }
    if report.more_failures > 0 {
        tell("failed", &format!("{} more", report.more_failures));
    }
    text
}

fn said(verdict: &Verdict) -> (&'static str, &str) {
    match verdict {
        Verdict::Passed { seen } => ("passed", seen),
        Verdict::Failed { reason } => ("failed", reason),
        Verdict::NotRun { reason } => ("not run", reason),
    }
}

/// A report as a document.
pub(super) fn document(report: Option<&DrillReport>) -> Value {
    report.map_or(Value::Null, |report| json!(report))
}
