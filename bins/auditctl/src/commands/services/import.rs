//! `auditctl services import`: what other supervisors declare, as configuration of agentd.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;
use wardkit_cli::{Common, Format, Kind, Report, escaped_json};
use wardkit_supervise::Config;
use wardkit_supervise::import::{self, Imported};

use super::super::{could_not_run, note, print};
use crate::cli::ImportFormat;

pub(super) fn run(
    common: &Common,
    file: &Path,
    from: Option<ImportFormat>,
) -> Result<ExitCode, Report> {
    let bytes = wardkit_cli::read_small(file)
        .map_err(|error| could_not_run(format!("{}: {error}", file.display())))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| could_not_run(format!("{}: is no text", file.display())))?;
    let read = match from {
        None => Imported::read(&text, file),
        Some(from) => {
            let format = format_of(from);
            Imported::read_as(format, &text, file).map(|imported| (imported, format))
        }
    };
    let (imported, format) = read
        .map_err(|error| Report::new(Kind::CouldNotRun, format!("{}: {error}", file.display())))?;
    if common.format == Format::Json {
        let notes = imported
            .notes
            .iter()
            .map(|note| json!({"service": note.service, "key": note.key, "text": note.text}));
        let document = json!({
            "format": format.to_string(),
            "services": imported.services,
            "notes": notes.collect::<Vec<_>>(),
            "toml": imported.to_toml(),
        });
        print(&format!("{}\n", escaped_json(&document).map_err(could_not_run)?))?;
    } else {
        print(&imported.to_toml())?;
    }
    // Other files may declare what is missing in this one, so it is no failure.
    for violation in Config::new(imported.services).violations(&BTreeSet::new()) {
        note(&format!("{}: {}", violation.path, violation.reason));
    }
    Ok(ExitCode::SUCCESS)
}

const fn format_of(from: ImportFormat) -> import::Format {
    match from {
        ImportFormat::Supervisord => import::Format::Supervisord,
        ImportFormat::Monit => import::Format::Monit,
        ImportFormat::Systemd => import::Format::Systemd,
        ImportFormat::Procfile => import::Format::Procfile,
        ImportFormat::Compose => import::Format::Compose,
        ImportFormat::Pm2 => import::Format::Pm2,
    }
}
