//! `auditctl trail export`.

use std::fs::File;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;

use wardkit_auditlog::{Query, Records};
use wardkit_cli::Report;
use wardkit_tlog::{Checkpoint, Hash, InclusionEvidence, MemoryTree, Nodes as _};

use super::verify::{prove_with, text};
use super::{Log, Out, Unreadable, refused};
use crate::cli::{Export, Form};
use crate::commands::could_not_run;

/// Writes out a log that was proven; ends with 1, and writes nothing, when it is not what it was.
pub(super) fn export(log: &Log, export: &Export) -> Result<ExitCode, Report> {
    let proven = log.custody.prove(&log.dir, &prove_with(log)).map_err(refused)?;
    let Some(verdict) = proven.verdict.as_ref().filter(|_| proven.is_intact()) else {
        // Nobody can be told that standard error is gone.
        let _ = io::stderr().write_all(text(&proven).as_bytes());
        return Ok(ExitCode::from(1));
    };
    // What was appended since is not proven.
    let query = log.archives.iter().fold(Query::new().seqs(..verdict.head.size), Query::archive);
    let records = query.read(&log.dir).map_err(could_not_run)?;
    let mut out = Out::new(open(&export.to)?);
    match (export.proof, export.form) {
        (Some(seq), _) => {
            let evidence = evidence(log, records, seq, verdict.head.size)?;
            let _ = out.line(evidence.trim_end_matches('\n').as_bytes())?;
        }
        (None, Form::Jsonl) => lines(records, &mut out)?,
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}

fn lines(mut records: Records, out: &mut Out<impl Write>) -> Result<(), Report> {
    while let Some(record) = records.next() {
        record.map_err(could_not_run)?;
        if out.line(records.line())? == ControlFlow::Break(()) {
            break;
        }
    }
    Ok(())
}

/// Returns the proof that an entry is in the log, which anybody can check with the log's keys.
fn evidence(log: &Log, mut records: Records, seq: u64, entries: u64) -> Result<String, Report> {
    let note = log.newest_note()?;
    let checkpoint: Checkpoint = note.unverified_text().parse().map_err(could_not_run)?;
    let size = checkpoint.head().size;
    if seq >= size {
        let hint = format!(
            "entries 0 to {} are under its checkpoint, of {entries}",
            size.saturating_sub(1)
        );
        return Err(could_not_run(format!("no checkpoint covers entry {seq} yet")).with_hint(hint));
    }
    let mut tree = MemoryTree::new();
    while let Some(record) = records.next() {
        record.map_err(could_not_run)?;
        tree.append(Hash::leaf(records.line()));
    }
    let proof = tree.inclusion_proof(seq, size).map_err(could_not_run)?;
    Ok(InclusionEvidence::new(proof, note).to_string())
}

/// Opens where an answer goes: a file that does not exist, or standard output.
fn open(path: &Path) -> Result<Box<dyn Write>, Report> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdout().lock()));
    }
    let file = File::create_new(path);
    let file = file.map_err(|source| Unreadable { path: path.to_owned(), source: source.into() });
    Ok(Box::new(file.map_err(could_not_run)?))
}
