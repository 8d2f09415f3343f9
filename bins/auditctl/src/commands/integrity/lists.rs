//! `auditctl integrity import` and `export`.

use std::fs::File;
use std::io::{BufReader, BufWriter, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;
use wardkit_cli::{Format, Report};
use wardkit_integrity::{
    Algorithm, Error, Export, Faulty, Format as ListFormat, import as read_list,
};

use super::{Kept, refused, report, resolved};
use crate::cli;
use crate::commands::{could_not_run, note};

impl From<cli::ListFormat> for ListFormat {
    fn from(format: cli::ListFormat) -> Self {
        match format {
            cli::ListFormat::Sha256sum => Self::Sha256sum,
            cli::ListFormat::B3sum => Self::B3sum,
            cli::ListFormat::Mtree => Self::Mtree,
            cli::ListFormat::Aide => Self::Aide,
        }
    }
}

impl From<cli::ExportFormat> for ListFormat {
    fn from(format: cli::ExportFormat) -> Self {
        match format {
            cli::ExportFormat::Sha256sum => Self::Sha256sum,
            cli::ExportFormat::B3sum => Self::B3sum,
            cli::ExportFormat::Mtree => Self::Mtree,
        }
    }
}

/// Compares the files of another tool's list with it.
pub(super) fn import(
    answer: Format,
    file: &Path,
    format: cli::ListFormat,
    root: &Path,
) -> Result<ExitCode, Report> {
    let open = File::open(file);
    let list =
        open.map_err(|source| could_not_run(Unreadable { path: file.to_owned(), source }))?;
    // The comparison follows no link; whoever names the root may.
    let list = read_list(format.into(), &resolved(root), BufReader::new(list))
        .map_err(|source| could_not_run(Unusable { path: file.to_owned(), source }))?;
    if list.is_empty() {
        // Saying that nothing changed would be true of anything.
        let path = file.display();
        return Err(could_not_run(format!("the list {path} has no digest that could be compared")));
    }
    let compared = list.compare();
    let faulty: Vec<Faulty> = compared
        .faults
        .iter()
        .map(|(path, fault)| Faulty { path: path.clone(), fault: *fault })
        .collect();
    if list.without_digest() > 0 {
        note(&format!(
            "{} entries of the list have no digest and were not compared",
            list.without_digest()
        ));
    }
    let changes = &compared.changes;
    report::print(|out| match answer {
        Format::Text => {
            report::changes(out, changes)?;
            out.write_all(report::faulty(&faulty).as_bytes())?;
            writeln!(out, "{} in {} files, by content alone", report::sum(changes), list.len())
        }
        Format::Json => {
            let rest = json!({"files": list.len(), "without_digest": list.without_digest()});
            report::json(out, changes, &|_| None, &faulty, &rest)
        }
    })?;
    Ok(ExitCode::from(u8::from(!compared.changes.is_empty())))
}

/// Prints the newest baseline as a list for another tool.
pub(super) fn export(
    kept: &Kept,
    format: cli::ExportFormat,
    root: Option<&Path>,
) -> Result<ExitCode, Report> {
    let baseline = kept.baselines.newest().map_err(refused)?;
    let export = Export::new(format.into(), baseline.algorithm()).map_err(|error| {
        could_not_run(error)
            .with_hint("make a baseline with the other digest: auditctl integrity init --algorithm NAME --baseline DIR")
    })?;
    if format == cli::ExportFormat::Mtree && baseline.algorithm() != Algorithm::Sha256 {
        note("without digests: mtree knows only those of a baseline made with --algorithm sha256");
    }
    let export = match root {
        Some(root) => export.with_root(resolved(root)),
        None => export,
    };
    let mut out = BufWriter::new(std::io::stdout().lock());
    let exported = match export.write(baseline.entries(), &mut out) {
        Ok(exported) => exported,
        // A reader that has gone has read enough.
        Err(Error::WriteList(error)) if error.kind() == ErrorKind::BrokenPipe => {
            return Ok(ExitCode::SUCCESS);
        }
        Err(error) => return Err(could_not_run(error)),
    };
    for path in exported.unnameable.iter().skip(1) {
        note(&format!("the format cannot spell {}", path.display()));
    }
    let Some(first) = exported.unnameable.first() else { return Ok(ExitCode::SUCCESS) };
    Err(could_not_run(format!("the list is not whole: it cannot spell {}", first.display()))
        .with_hint("mtree spells every name"))
}

#[derive(Debug, thiserror::Error)]
#[error("cannot read {}", path.display())]
struct Unreadable {
    path: PathBuf,
    #[source]
    source: std::io::Error,
}

#[derive(Debug, thiserror::Error)]
#[error("cannot use the list {}", path.display())]
struct Unusable {
    path: PathBuf,
    #[source]
    source: Error,
}
