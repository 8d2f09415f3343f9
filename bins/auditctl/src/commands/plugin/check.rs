//! `auditctl plugin check`.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};
use wardkit_cli::{Format, Report, escaped};
use wardkit_plugin::{Finding, Package, Validator};

use super::{build, opened, sarif};
use crate::commands::{could_not_run, note, print};

/// Tells what speaks against a plugin. Ends with 1 when it would not be run.
pub(super) fn check(format: Format, place: &Path, is_sarif: bool) -> Result<ExitCode, Report> {
    build::build(place)?;
    let package = opened(place)?;
    let found = looked_through(&package);
    let is_grave = found.iter().any(Finding::is_error);
    print(&match format {
        _ if is_sarif => sarif::document(&found),
        Format::Text => text(&package, &found),
        Format::Json => format!("{}\n", json!({"ok": !is_grave, "findings": objects(&found)})),
    })?;
    Ok(ExitCode::from(u8::from(is_grave)))
}

/// Looks through a plugin. A package that was read from an archive has to be as `pack` makes them.
pub(super) fn looked_through(package: &Package) -> Vec<Finding> {
    let mut validator = Validator::default();
    validator.is_packed = package.digest().is_some();
    validator.check(package)
}

/// Refuses a plugin that would not be run, and says the rest.
pub(super) fn refuse(package: &Package) -> Result<(), Report> {
    let found = looked_through(package);
    for finding in found.iter().filter(|finding| !finding.is_error()) {
        note(&finding.to_string());
    }
    let grave: Vec<Finding> = found.into_iter().filter(Finding::is_error).collect();
    if grave.is_empty() {
        return Ok(());
    }
    let hints: Vec<String> = grave.iter().map(|one| one.rule.remedy().to_owned()).collect();
    Err(could_not_run(wardkit_plugin::Error::Refused { findings: grave }).with_hints(hints))
}

pub(super) fn objects(found: &[Finding]) -> Value {
    let object = |one: &Finding| {
        json!({
            "rule": one.rule.id(),
            "level": one.level.as_str(),
            "at": one.at,
            "message": one.message,
            "remedy": one.rule.remedy(),
        })
    };
    found.iter().map(object).collect()
}

pub(super) fn lines(found: &[Finding]) -> String {
    let mut text = String::new();
    for one in found {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", escaped(&one.to_string()));
        let _ = writeln!(text, "  {}", one.rule.remedy());
    }
    text
}

fn text(package: &Package, found: &[Finding]) -> String {
    let grave = found.iter().filter(|one| one.is_error()).count();
    let plugin = &package.manifest().plugin;
    let verdict = if grave == 0 { "can be run" } else { "is refused" };
    let (id, version, others) = (&plugin.id, &plugin.version, found.len() - grave);
    format!("{}{id} {version} {verdict}: {grave} errors, {others} warnings\n", lines(found))
}
