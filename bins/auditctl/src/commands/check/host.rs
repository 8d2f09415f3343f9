//! `auditctl host`.

use std::path::Path;
use std::process::ExitCode;

use wardkit_audit::{Audit, Collector, Facts, HostEngine, Profile, Settings, render};
use wardkit_cli::{Report, escaped};
use wardkit_core::{Clock, SystemClock};

use super::{could_not_run, ended, named, parsed, print, rendered, write};
use crate::cli::{HostAudit, ReportForm};

/// Judges this host, or the facts of another one.
pub(in crate::commands) fn host(wanted: &HostAudit) -> Result<ExitCode, Report> {
    let clock = SystemClock;
    let facts = facts(wanted.facts.facts.as_deref(), &wanted.root, &clock)?;
    if wanted.print_facts {
        print(&facts.to_json())?;
        return Ok(ExitCode::SUCCESS);
    }
    let settings = match &wanted.settings {
        Some(file) => {
            let text = wardkit_cli::read_small_text(file).map_err(|error| named(file, &error))?;
            parsed(file, &text)?
        }
        None => Settings::default(),
    };
    let engine = engine(facts, &settings);
    let audit = Audit::new(&clock).with_engine(engine).with_settings(settings);
    let report = audit.with_profile(Profile::Host).without_tree().map_err(could_not_run)?;
    let text = match wanted.output.format.0 {
        ReportForm::Json => render::checks_json(&report),
        other => rendered(&report, other),
    };
    write(&wanted.output, &text)?;
    Ok(ended(&report, &wanted.output))
}

/// Reads facts from a file, or collects them.
pub(super) fn facts(file: Option<&Path>, root: &Path, clock: &dyn Clock) -> Result<Facts, Report> {
    let Some(file) = file else {
        if !root.is_dir() {
            return Err(could_not_run(format!("{} is no folder", root.display())));
        }
        return Ok(Collector::new(root).collect(clock));
    };
    let text = std::fs::read_to_string(file).map_err(|error| named(file, &error))?;
    let hint = format!("in {}", escaped(&file.display().to_string()));
    Facts::parse(&text).map_err(|error| could_not_run(error).with_hint(hint))
}

pub(super) fn engine(facts: Facts, settings: &Settings) -> HostEngine {
    HostEngine::new(facts).with_settings(settings.host.clone()).with_exposure(exposure)
}

/// Judges a unit as `systemd-analyze security` does.
fn exposure(unit: &str) -> Option<u64> {
    let unit = wardkit_harden::Unit::parse(unit).ok()?;
    Some(wardkit_harden::exposure(&unit).tenths)
}
