//! `auditctl cleanup`.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;
use wardkit_cleanup::{Cleaner, Config, Report as Cleaned};
use wardkit_cli::{Common, Format, Report, escaped};
use wardkit_core::SystemClock;

use super::{could_not_run, note, print};
use crate::cli::{Cleanup, CleanupCommand};

/// Removes what the rules of a file say, or lists it.
pub(super) fn run(common: &Common, cleanup: &Cleanup) -> Result<ExitCode, Report> {
    let (CleanupCommand::Plan { config: file } | CleanupCommand::Run { config: file }) =
        &cleanup.command;
    let is_plan = matches!(cleanup.command, CleanupCommand::Plan { .. });
    let cleaner = cleaner(common, file)?;
    let done = if is_plan {
        cleaner.plan(&SystemClock, &|| false)
    } else {
        cleaner.run(&SystemClock, &|| false)
    };
    print(&match common.format {
        Format::Text => text(&done, is_plan),
        Format::Json => {
            let (removed, bytes) = (done.removed(), done.bytes());
            format!(
                "{}\n",
                json!({"dry_run": is_plan, "removed": removed, "bytes": bytes, "report": done})
            )
        }
    })?;
    if done.unseen_processes > 0 {
        let count = done.unseen_processes;
        note(&format!("what {count} processes of others have open is not known: run it as root"));
    }
    let is_whole = done.cut_short.is_none() && done.rules.iter().all(|rule| rule.refused.is_none());
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::from(INCOMPLETE) })
}

fn cleaner(common: &Common, file: &Path) -> Result<Cleaner, Report> {
    let named = |reason: String| could_not_run(format!("{}: {reason}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| named(error.to_string()))?;
    let table: toml::Table =
        text.parse().map_err(|error: toml::de::Error| named(error.to_string()))?;
    let section = table.get("cleanup").cloned();
    let section = section.ok_or_else(|| named("has no [[cleanup.rule]]".to_owned()))?;
    let config: Config = section.try_into().map_err(|error| named(format!("cleanup: {error}")))?;
    let data_dir = common.data_dir(|name| std::env::var_os(name))?;
    Cleaner::new(config, vec![data_dir]).map_err(|found| {
        let found = found.iter().map(|one| format!("{}: cleanup.{one}", file.display()));
        could_not_run(found.collect::<Vec<_>>().join("\n"))
    })
}

fn text(done: &Cleaned, is_plan: bool) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    for rule in &done.rules {
        if let Some(reason) = &rule.refused {
            let _ = writeln!(text, "refused  {}: {}", shown(&rule.path), escaped(reason));
        }
        for removed in &rule.removed {
            let verb = if is_plan { "remove " } else { "removed" };
            let (path, bytes) = (shown(&removed.path), removed.bytes);
            let _ = writeln!(text, "{verb}  {path}: {}, {bytes} bytes", removed.why);
        }
        for kept in &rule.kept {
            let obstacle = escaped(&kept.obstacle.to_string());
            let _ = writeln!(text, "keep     {}: {obstacle}", shown(&kept.path));
        }
        let unlisted = rule.kept_count - rule.kept.len();
        if unlisted > 0 {
            let _ = writeln!(text, "keep     {}: {unlisted} more", shown(&rule.path));
        }
    }
    let verb = if is_plan { "would be removed" } else { "removed" };
    let _ = writeln!(text, "{} {verb}, {} bytes", done.removed(), done.bytes());
    if let Some(reason) = done.cut_short {
        let _ = writeln!(text, "there is more: {reason}");
    }
    text
}

fn shown(path: &Path) -> String {
    escaped(&path.display().to_string())
}

/// It ran, and not everything was done.
const INCOMPLETE: u8 = 3;
