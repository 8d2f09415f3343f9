//! Tables over all files of SQL, and migrations without a way back.

use std::collections::BTreeSet;

use wardkit_audit::{Location, Sink, Status};

use super::{Files, tell};
use crate::kind::FileKind;
use crate::sql::{Schema, has_down_part, is_down};

pub(super) fn judge(files: &Files<'_>, sink: &mut Sink) {
    let paths: Vec<&str> = files
        .paths
        .iter()
        .filter(|path| FileKind::of(path) == Some(FileKind::Sql))
        .copied()
        .collect();
    let known: BTreeSet<&str> = paths.iter().copied().collect();
    let mut schema = Schema::default();
    for path in paths.iter().filter(|path| !is_down(path)).take(MOST_FILES) {
        let Some(text) = files.project.read(path) else { continue };
        schema.read(path, &text);
        let is_there = |path: &str| known.contains(path) || files.project.read(path).is_some();
        no_way_back(path, &text, &is_there, sink);
    }
    for (name, table) in &schema.tables {
        let place = || Location::line(table.path.as_str(), table.line);
        if !table.has_key {
            let current = format!("The table {name} has no primary key.");
            tell("db-no-pk", Status::Fail, place(), name, current, sink);
        }
        for column in schema.unindexed(name, table) {
            let current = format!("{name}.{column} is a foreign key without an index.");
            tell(
                "db-fk-no-index",
                Status::Fail,
                place(),
                &format!("{name}.{column}"),
                current,
                sink,
            );
        }
    }
}

/// Files in pairs, and files with marks.
fn no_way_back(path: &str, text: &str, is_there: &dyn Fn(&str) -> bool, sink: &mut Sink) {
    let down = path.replace(".up.sql", ".down.sql");
    let folder = path.strip_suffix("up.sql").filter(|folder| folder.ends_with('/'));
    let is_single = match folder {
        Some(folder) => !is_there(&format!("{folder}down.sql")),
        None => path.ends_with(".up.sql") && !is_there(&down),
    };
    if is_single || has_down_part(text) == Some(false) {
        let current = "The migration has no down part.";
        tell("mig-no-downgrade", Status::Fail, Location::file(path), "no down part", current, sink);
    }
}

/// A project with more has them generated.
const MOST_FILES: usize = 5000;
