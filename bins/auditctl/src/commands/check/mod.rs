//! `auditctl check`, `auditctl report`, `auditctl host` and `auditctl probe`.

mod baseline;
mod cache;
mod engines;
mod explain;
mod fix;
mod git;
mod history;
mod host;
mod probe;
mod report;
mod secrets;
mod target;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use wardkit_audit::{
    BaselineDiff, EngineKind, Gaps, ImportEngine, Profile, Settings, Severity, Verdict, render,
};
use wardkit_cli::{Report, escaped};
use wardkit_core::SystemClock;

use super::{could_not_run, note, print};
use crate::cli::{Check, CheckCommand, Chosen, Grade, Output, ProfileName, ReportForm};

pub(super) use explain::explain;
pub(super) use host::host;
pub(super) use probe::probe;
pub(super) use report::report;
use target::Target;

/// `auditctl check`.
pub(super) fn check(check: &Check) -> Result<ExitCode, Report> {
    match &check.command {
        Some(CheckCommand::Baseline(wanted)) => baseline::run(wanted),
        Some(CheckCommand::Schema) => schema(),
        None => audit(&check.chosen),
    }
}

fn audit(chosen: &Chosen) -> Result<ExitCode, Report> {
    let clock = SystemClock;
    let target = Target::of(&chosen.paths, chosen.root.as_deref())?;
    let settings = settings(&target.root)?;
    let secrets = secrets::Wanted {
        rules: chosen.secrets.rules.as_deref(),
        history: chosen.secrets.history.then_some(&target.root),
        since: chosen.secrets.since.as_deref(),
    };
    let kinds = engines::chosen(&chosen.engines)?;
    let wanted = engines::Wanted {
        clock: &clock,
        profile: profile(chosen.profile),
        kinds: &kinds,
        settings: &settings,
        facts: chosen.facts.facts.as_deref(),
        secrets,
        knowledge: &chosen.knowledge,
        own_rules: &chosen.own_rules,
    };
    let mut audit = engines::audit(&wanted)?;
    if !chosen.imports.is_empty() {
        audit = audit.with_engine(imported(&chosen.imports)?);
    }
    if !kinds.is_empty() {
        // What was asked for by name of a file need not be asked for again.
        audit = audit.only_engines(kinds.iter().copied().chain([EngineKind::Import]));
    }
    if let Some(cache) = cache::of_user().filter(|_| !chosen.no_cache) {
        audit = audit.with_cache(cache);
    }
    if let Some(reference) = &chosen.diff {
        audit = audit.only_changes(git::changes(&target.root, reference)?);
    }
    let mut report = target.audited(&audit)?;
    let mut is_violated = false;
    if let Some(file) = &chosen.baseline {
        let before = baseline::read(file)?;
        let BaselineDiff { new, gone, .. } = before.diff(&report);
        is_violated = chosen.baseline_strict && !(new.is_empty() && gone.is_empty());
        if !gone.is_empty() {
            note(&format!(
                "{} entries of the baseline are gone; `auditctl check baseline prune` takes them out",
                gone.len()
            ));
        }
        before.apply(&mut report);
    }
    if chosen.repair.fix {
        fix::run(
            &target.root,
            &engines::rules(&chosen.own_rules)?,
            &report,
            chosen.repair.dry_run,
        )?;
    }
    // Who asks for a diff pipes it into `patch`.
    if !chosen.repair.dry_run {
        write(&chosen.output, &rendered(&report, chosen.output.format.0))?;
    }
    Ok(if is_violated { ExitCode::from(4) } else { ended(&report, &chosen.output) })
}

/// Reads what other tools found.
fn imported(files: &[PathBuf]) -> Result<ImportEngine, Report> {
    let mut engine = ImportEngine::default();
    for file in files {
        let text = fs::read_to_string(file).map_err(|error| named(file, &error))?;
        let hint = format!("in {}", escaped(&file.display().to_string()));
        engine.add(&text).map_err(|error| could_not_run(error).with_hint(hint))?;
    }
    Ok(engine)
}

fn profile(name: ProfileName) -> Profile {
    match name {
        ProfileName::Ci => Profile::Ci,
        ProfileName::Host => Profile::Host,
        ProfileName::Llm => Profile::Llm,
        ProfileName::Full => Profile::Full,
    }
}

/// Reads what the project says of its audit.
fn settings(root: &Path) -> Result<Settings, Report> {
    let file = root.join(Settings::FILE);
    match wardkit_cli::read_small_text(&file) {
        Ok(text) => parsed(&file, &text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Settings::default()),
        // The path itself is judged by the audit.
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => Ok(Settings::default()),
        Err(error) => Err(named(&file, &error)),
    }
}

fn parsed(file: &Path, text: &str) -> Result<Settings, Report> {
    let hint = format!("in {}", escaped(&file.display().to_string()));
    Settings::parse(text).map_err(|error| could_not_run(error).with_hint(hint))
}

fn rendered(report: &wardkit_audit::Report, form: ReportForm) -> String {
    match form {
        ReportForm::Text => render::text(report),
        ReportForm::Json => render::json(report),
        ReportForm::Sarif => render::sarif(report),
        ReportForm::Junit => render::junit(report),
        ReportForm::Md => render::markdown(report),
        ReportForm::Html => render::html(report),
        ReportForm::Github => render::github(report),
    }
}

fn write(output: &Output, text: &str) -> Result<(), Report> {
    match &output.file {
        Some(file) => fs::write(file, text).map_err(|error| named(file, &error)),
        None => print(text),
    }
}

fn ended(report: &wardkit_audit::Report, output: &Output) -> ExitCode {
    let fail_on = match output.fail_on {
        Grade::Critical => Severity::Critical,
        Grade::High => Severity::High,
        Grade::Medium => Severity::Medium,
        Grade::Low => Severity::Low,
    };
    let gaps = if output.allow_incomplete { Gaps::Allowed } else { Gaps::Matter };
    match report.verdict(fail_on, gaps) {
        Verdict::Clean => ExitCode::SUCCESS,
        Verdict::Findings => ExitCode::from(1),
        Verdict::Incomplete => ExitCode::from(3),
    }
}

fn schema() -> Result<ExitCode, Report> {
    let schema = serde_json::to_string_pretty(&wardkit_audit::Report::schema());
    print(&(schema.map_err(could_not_run)? + "\n"))?;
    Ok(ExitCode::SUCCESS)
}

fn named(path: &Path, error: &std::io::Error) -> Report {
    could_not_run(format!("{}: {error}", escaped(&path.display().to_string())))
}
