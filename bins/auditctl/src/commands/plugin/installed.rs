//! `auditctl plugin list`, `revoke` and `rollback`, and what `inspect` says of what is installed.

use std::fmt::Write as _;
use std::process::ExitCode;

use serde_json::{Value, json};
use wardkit_cli::{Common, Format, Report, escaped};
use wardkit_plugin::{HostTerms, Installed, PluginState};
use wardkit_sqlite::PluginKv;

use super::home;
use crate::commands::table;
use crate::commands::{could_not_run, print};

/// Lists all versions of all plugins.
pub(super) fn list(common: &Common) -> Result<ExitCode, Report> {
    let rows = home::open(common, HostTerms::default())?.plugins().all().map_err(could_not_run)?;
    print(&match common.format {
        Format::Json => {
            let rows: Vec<Value> = rows.iter().map(home::object).collect();
            format!("{}\n", json!({"plugins": rows}))
        }
        Format::Text => table(&rows),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Takes a plugin back, in all versions that are installed.
pub(super) fn revoke(common: &Common, id: &str, why: &str) -> Result<ExitCode, Report> {
    let id = home::id(id)?;
    let trail = home::trail(common)?;
    let mut place = home::open(common, HostTerms::default())?;
    place.revoke(&id, why).map_err(could_not_run)?;
    // What it has kept is not for a later version: whoever took it back does not trust it.
    let kept = PluginKv::open(&home::folder(common)?.join("kv.db")).map_err(could_not_run)?;
    kept.clear(id.as_str()).map_err(could_not_run)?;
    let rows = place.plugins().versions(&id).map_err(could_not_run)?;
    for row in &rows {
        home::record(&trail, "plugin.revoked", row)?;
    }
    told(common, &rows)
}

/// Goes back to the version before.
pub(super) fn rollback(common: &Common, id: &str) -> Result<ExitCode, Report> {
    let id = home::id(id)?;
    let trail = home::trail(common)?;
    let mut place = home::open(common, HostTerms::default())?;
    let back = place.rollback(&id).map_err(could_not_run)?;
    home::record(&trail, "plugin.rolled-back", &back)?;
    told(common, &[back])
}

/// Shows what is installed of a plugin.
pub(super) fn inspect(common: &Common, id: &str) -> Result<ExitCode, Report> {
    let id = home::id(id)?;
    let mut place = home::open(common, HostTerms::default())?;
    let rows = place.plugins().versions(&id).map_err(could_not_run)?;
    if rows.is_empty() {
        return Err(could_not_run(format!(
            "{id} is not installed, and no file of that name is here"
        )));
    }
    let active = rows.iter().find(|row| row.state == PluginState::Active).cloned();
    let loaded = active.map(|row| place.load_version(row));
    let manifest = loaded.as_ref().and_then(|loaded| loaded.as_ref().ok());
    let manifest = manifest.map(|loaded| loaded.plugin.manifest());
    let problem = loaded.as_ref().and_then(|loaded| loaded.as_ref().err()).map(ToString::to_string);
    print(&match common.format {
        Format::Json => {
            let versions: Vec<Value> = rows.iter().map(home::object).collect();
            let document =
                json!({"id": id, "versions": versions, "manifest": manifest, "problem": problem});
            format!("{document}\n")
        }
        Format::Text => {
            let mut text = table(&rows);
            for row in rows.iter().filter(|row| row.state == PluginState::Active) {
                let grant = toml::to_string(&row.grant).map_err(could_not_run)?;
                // Writing to a String cannot fail.
                let _ = writeln!(text, "\n{} is granted:", row.version);
                for line in grant.lines() {
                    let _ = writeln!(text, "{}", escaped(line));
                }
            }
            for (what, why) in manifest.into_iter().flat_map(|one| one.permissions.told()) {
                let _ = writeln!(text, "asks for {} - {}", escaped(&what), escaped(&why));
            }
            if let Some(problem) = problem {
                let _ = writeln!(text, "it is not called: {}", escaped(&problem));
            }
            text
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

fn table(rows: &[Installed]) -> String {
    let rows: Vec<Value> = rows.iter().map(home::object).collect();
    table::table(&rows.into(), &COLUMNS, "nothing is installed")
}

fn told(common: &Common, rows: &[Installed]) -> Result<ExitCode, Report> {
    let mut text = String::new();
    for row in rows {
        // Writing to a String cannot fail.
        let _ = match common.format {
            Format::Text => writeln!(text, "{} {} is {}", row.id, row.version, row.state.as_str()),
            Format::Json => writeln!(text, "{}", home::object(row)),
        };
    }
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

const COLUMNS: [table::Column; 8] = [
    ("PLUGIN", "id"),
    ("VERSION", "version"),
    ("STATE", "state"),
    ("SIGNED BY", "signed_by"),
    ("INSTALLED", "installed"),
    ("CALLS", "calls"),
    ("TRAPS", "traps"),
    ("WHY", "why"),
];
