//! `auditctl report`.

use std::fs;
use std::process::ExitCode;

use serde_json::json;
use wardkit_audit::{Compliance, Document, oscal, render};
use wardkit_cli::Report;
use wardkit_core::{Clock as _, SystemClock};

use super::{could_not_run, engines, named, note, print, profile, secrets, settings};
use crate::cli::{AuditReport, DocumentForm, Subject};

/// Makes a report for one reader.
pub(in crate::commands) fn report(wanted: &AuditReport) -> Result<ExitCode, Report> {
    if wanted.format.0 == DocumentForm::Oscal && wanted.what != Subject::Compliance {
        return Err(could_not_run("OSCAL is a form of `compliance` alone"));
    }
    let clock = SystemClock;
    let settings = settings(&wanted.path)?;
    let secrets = secrets::Wanted { rules: None, history: None, since: None };
    let audit = engines::audit(&engines::Wanted {
        clock: &clock,
        profile: profile(wanted.profile),
        kinds: &[],
        settings: &settings,
        facts: wanted.facts.facts.as_deref(),
        secrets,
        knowledge: &wanted.knowledge,
        own_rules: &[],
    })?;
    let report = audit.of_tree(&wanted.path).map_err(could_not_run)?;
    if !report.is_complete() {
        note("not everything could be looked at; the report names what");
    }
    let compliance = || Compliance::of(&report).map_err(could_not_run);
    let document = match wanted.what {
        Subject::Security => Document::security(&report),
        Subject::Performance => Document::performance(&report),
        Subject::Remediation => Document::remediation(&report),
        Subject::Compliance => Document::compliance(&compliance()?),
    };
    let text = match wanted.format.0 {
        DocumentForm::Md => render::document_markdown(&document),
        DocumentForm::Html => render::document_html(&document),
        DocumentForm::Json if wanted.what == Subject::Compliance => {
            whole(&document, &compliance()?)?
        }
        DocumentForm::Json => render::document_json(&document),
        DocumentForm::Oscal => oscal(&compliance()?, clock.now()),
    };
    match &wanted.file {
        Some(file) => fs::write(file, text).map_err(|error| named(file, &error))?,
        None => print(&text)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Renders a document for programs, which want the lists that people are spared.
fn whole(document: &Document, compliance: &Compliance) -> Result<String, Report> {
    let text = json!({
        "title": document.title,
        "sections": document.sections,
        "frameworks": compliance.frameworks,
    });
    Ok(serde_json::to_string_pretty(&text).map_err(could_not_run)? + "\n")
}
