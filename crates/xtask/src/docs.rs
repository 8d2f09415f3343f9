//! `cargo xtask docs`: the reference, written from what the programs say of themselves.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::exec::{capture, cargo, run as run_program};
use crate::workspace::Workspace;
use crate::{Error, Result};

mod checks;
mod help;
mod hosts;
mod metrics;
mod schema;

/// Stands first in every generated file.
const NOTICE: &str = "<!-- Written by `cargo xtask docs`; do not edit. -->\n\n";

/// Pages of what is written by hand and read by a program: their files, their titles, and who prints the JSON Schema.
const SCHEMAS: [(&str, &str, &str, [&str; 2]); 2] = [
    ("config.md", "Configuration of agentd", "agentd", ["config", "schema"]),
    ("plugin-manifest.md", "Manifest of a plugin", "auditctl", ["plugin", "schema"]),
];

/// Writes the reference.
///
/// # Errors
///
/// When a program does not build or answer, or a file cannot be written.
pub(crate) fn write(workspace: &Workspace) -> Result<()> {
    for (path, text) in generate(workspace)? {
        let dir = path.parent().unwrap_or(&path);
        fs::create_dir_all(dir).map_err(Error::file(dir))?;
        fs::write(&path, text).map_err(Error::file(&path))?;
        println!("{}", path.display());
    }
    Ok(())
}

/// Compares the reference with what would be written.
///
/// # Errors
///
/// When they differ, or the programs cannot be asked.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let is_stale =
        |(path, text): &(PathBuf, String)| fs::read_to_string(path).ok().as_ref() != Some(text);
    let stale: Vec<String> = generate(workspace)?
        .iter()
        .filter(|file| is_stale(file))
        .map(|(path, _)| path.strip_prefix(&workspace.root).unwrap_or(path).display().to_string())
        .collect();
    if stale.is_empty() {
        return Ok(());
    }
    Err(Error::found(format!("stale: {}; run cargo xtask docs", stale.join(", "))))
}

fn generate(workspace: &Workspace) -> Result<Vec<(PathBuf, String)>> {
    run_program(&mut cargo(
        &workspace.root,
        ["build", "--quiet", "-p", "wardkit-agentd", "-p", "wardkit-auditctl"],
    ))?;
    let reference = workspace.root.join("docs/reference");
    let mut files = Vec::new();
    for name in ["agentd", "auditctl"] {
        let page =
            help::page(name, &mut |path| ask(workspace, name, &[path, &["--help"]].concat()))?;
        files.push((reference.join(format!("cli-{name}.md")), format!("{NOTICE}{page}")));
    }
    for (name, title, program, args) in SCHEMAS {
        let schema = ask(workspace, program, &args)?;
        let schema = serde_json::from_str(&schema).map_err(|source| Error::Json {
            what: format!("the output of {program} {}", args.join(" ")),
            source,
        })?;
        files.push((reference.join(name), format!("{NOTICE}{}", schema::page(title, &schema))));
    }
    let checks = ask(workspace, "auditctl", &["explain", "--format", "json"])?;
    let checks = serde_json::from_str(&checks).map_err(|source| Error::Json {
        what: "the output of auditctl explain".to_owned(),
        source,
    })?;
    files.push((reference.join("checks.md"), format!("{NOTICE}{}", checks::page(&checks))));
    let schema = ask(workspace, "auditctl", &["check", "schema"])?;
    files.push((reference.join("audit-report.schema.json"), schema));
    let page = metrics::page(&workspace.target.join("debug/agentd"))?;
    files.push((reference.join("metrics.md"), format!("{NOTICE}{page}")));
    Ok(files)
}

/// Runs a program with an empty environment: neither a terminal's width nor a user's variables may show.
fn ask(workspace: &Workspace, program: &str, args: &[&str]) -> Result<String> {
    capture(Command::new(workspace.target.join("debug").join(program)).args(args).env_clear())
}
