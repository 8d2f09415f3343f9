//! The report for a terminal.

use super::{put, references, summary, tame};
use crate::{Finding, NoteKind, Report, Status};

/// Renders a report for a terminal, the gravest first.
#[must_use]
pub fn text(report: &Report) -> String {
    let mut out = String::new();
    for found in &report.findings {
        block(&mut out, found);
    }
    let unread = report.notes.iter().filter(|note| note.kind == NoteKind::Unread);
    for note in unread {
        put!(&mut out, "not read: {}: {}\n", tame(place(&note.path)), tame(&note.message));
    }
    let skipped = report.notes.iter().filter(|note| note.kind == NoteKind::Skipped).count();
    if skipped > 0 {
        put!(&mut out, "{skipped} files or folders left out; the JSON report names them\n");
    }
    put!(&mut out, "{}\n", summary(report));
    out
}

fn block(out: &mut String, found: &Finding) {
    let grade = match found.status {
        Status::Fail => found.severity.as_str(),
        other => other.as_str(),
    };
    let at = found.files.first().map(crate::Location::shown).unwrap_or_default();
    put!(out, "{grade:<8}  {}  {}\n", tame(&found.id), tame(&at));
    put!(out, "          {}\n", tame(&found.title));
    put!(out, "    now:  {}\n", tame(&found.current));
    for seen in &found.evidence {
        put!(out, "    seen: {}\n", tame(seen));
    }
    for other in found.files.iter().skip(1) {
        put!(out, "    also: {}\n", tame(&other.shown()));
    }
    for step in &found.code_flow {
        put!(out, "    flow: {}: {}\n", tame(&step.location.shown()), tame(&step.message));
    }
    put!(out, "    do:   {}\n", tame(&found.recommendation));
    let references = references(found);
    if !references.is_empty() {
        put!(out, "    see:  {}\n", references.join(", "));
    }
    out.push('\n');
}

fn place(path: &str) -> &str {
    if path.is_empty() { "." } else { path }
}
