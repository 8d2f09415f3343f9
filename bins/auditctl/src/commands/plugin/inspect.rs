//! `auditctl plugin inspect`.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};
use wardkit_cli::{Format, Report, escaped};
use wardkit_plugin::{Grant, Package};

use super::{check, opened};
use crate::commands::{could_not_run, print};

/// Shows a plugin. What speaks against it is shown, and is no failure.
pub(super) fn inspect(format: Format, file: &Path) -> Result<ExitCode, Report> {
    let package = opened(file)?;
    let found = check::looked_through(&package);
    print(&match format {
        Format::Text => text(&package)? + &check::lines(&found),
        Format::Json => {
            let files = package.files().map(|(name, bytes)| (name.to_owned(), json!(bytes.len())));
            let document = json!({
                "manifest": package.manifest(),
                "files": files.collect::<serde_json::Map<String, Value>>(),
                "blake3": package.digest(),
                "findings": check::objects(&found),
            });
            format!("{document}\n")
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

fn text(package: &Package) -> Result<String, Report> {
    let manifest = package.manifest();
    let mut text = String::new();
    // The manifest is its author's: its lines stay, and nothing else of it reaches the terminal.
    for line in manifest.to_toml().map_err(could_not_run)?.lines() {
        let _ = writeln!(text, "{}", escaped(line));
    }
    let _ = writeln!(text, "\nfiles:");
    for (name, bytes) in package.files() {
        let _ = writeln!(text, "  {name}  {} bytes", bytes.len());
    }
    let asked = manifest.permissions.told();
    let _ = writeln!(text, "asks for:{}", if asked.is_empty() { " nothing" } else { "" });
    for (what, why) in asked {
        let _ = writeln!(text, "  {} - {}", escaped(&what), escaped(&why));
    }
    let limits = Grant::asked_by(manifest).limits;
    let _ = writeln!(
        text,
        "limits: {} memory, {} of a processor, {} a call",
        limits.memory, limits.cpu, limits.timeout
    );
    if let Some(digest) = package.digest() {
        let _ = writeln!(text, "blake3: {digest}");
    }
    Ok(text)
}
