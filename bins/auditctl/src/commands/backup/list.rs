//! `auditctl backup list`.

use std::process::ExitCode;

use serde_json::{Value, json};
use wardkit_backup::format::{Id, Snapshot};
use wardkit_cli::{Format, Report};

use super::memory::chain;
use super::opened::Opener;
use super::{INCOMPLETE, line, refused, select};
use crate::cli::backup::Selection;
use crate::commands::table::{Column, table};
use crate::commands::{could_not_run, note, print};

/// Lists the snapshots, the oldest first.
pub(super) fn list(opener: &Opener<'_>, selection: &Selection) -> Result<ExitCode, Report> {
    let repository = opener.reader()?;
    let found = repository.snapshots().map_err(refused)?;
    opener.memory().saw(&repository, found.snapshots.iter().map(|(id, _)| *id));
    let filter = select::filter(selection);
    let selected = found.snapshots.iter().filter(|(_, one)| filter.matches(one));
    let snapshots = selected.map(document).collect::<Result<Vec<_>, _>>()?;
    let damaged: Vec<_> = found
        .damaged
        .iter()
        .map(|one| json!({"object": one.key.to_string(), "error": chain(&one.error)}))
        .collect();
    let snapshots = Value::Array(snapshots);
    print(&match opener.format() {
        Format::Text => table(&snapshots, &COLUMNS, "no snapshots"),
        Format::Json => line(&json!({"snapshots": snapshots, "damaged": damaged}))?,
    })?;
    for one in &found.damaged {
        note(&chain(&one.error));
    }
    Ok(ExitCode::from(if found.damaged.is_empty() { 0 } else { INCOMPLETE }))
}

/// A snapshot as restic's own lists have it.
pub(super) fn document((id, snapshot): &(Id, Snapshot)) -> Result<Value, Report> {
    let mut document = serde_json::to_value(snapshot).map_err(could_not_run)?;
    document["id"] = id.to_string().into();
    document["short_id"] = id.to_short().into();
    Ok(document)
}

pub(super) const COLUMNS: [Column; 5] = [
    ("ID", "short_id"),
    ("TIME", "time"),
    ("HOST", "hostname"),
    ("TAGS", "tags"),
    ("PATHS", "paths"),
];
