//! The report for people, as a document.

use std::borrow::Cow;

use super::{put, references, summary, tame};
use crate::{Finding, NoteKind, Report, Status};

/// Renders a report as Markdown: a block for each finding, then the order in which to put them right.
#[must_use]
pub fn markdown(report: &Report) -> String {
    let mut out = format!("# Audit\n\n{}.\n\n## Findings\n\n", summary(report));
    if report.findings.is_empty() {
        out.push_str("None.\n\n");
    }
    for found in &report.findings {
        block(&mut out, found);
    }
    roadmap(&mut out, report);
    notes(&mut out, report);
    out
}

fn block(out: &mut String, found: &Finding) {
    put!(out, "### {}\n\n", title(found));
    let mut field = |name: &str, value: &str| put!(out, "**{name}:** {}\n\n", plain(value));
    if found.status != Status::Fail {
        field("Status", found.status.as_str());
    }
    field("Severity", found.severity.as_str());
    field("Type", found.kind.as_str());
    field("Description", &found.description);
    field("Current behaviour", &found.current);
    field("Expected behaviour", &found.expected);
    if found.files.is_empty() {
        field("Files", "none");
    } else {
        put!(out, "**Files:**\n\n");
        for place in &found.files {
            put!(out, "- {}\n", code(&place.shown()));
        }
        out.push('\n');
    }
    if !found.evidence.is_empty() {
        put!(out, "**Evidence:**\n\n");
        for seen in &found.evidence {
            put!(out, "- {}\n", code(seen));
        }
        out.push('\n');
    }
    let mut field = |name: &str, value: &str| put!(out, "**{name}:** {}\n\n", plain(value));
    field("Recommendation", &found.recommendation);
    field("Effort", found.effort.as_str());
    let references = references(found);
    if !references.is_empty() {
        field("CWE/OWASP", &references.join(", "));
    }
}

fn title(found: &Finding) -> String {
    format!("[{}] {}", plain(&found.component), plain(&found.title))
}

/// What to do first: severity over effort.
fn roadmap(out: &mut String, report: &Report) {
    put!(out, "## Roadmap\n\n");
    if report.findings.is_empty() {
        put!(out, "Nothing to do.\n\n");
        return;
    }
    for (number, found) in (1..).zip(report.roadmap()) {
        let place = found.files.first().map(|place| format!(", {}", code(&place.shown())));
        put!(
            out,
            "{number}. {} ({}, effort {}){}\n",
            title(found),
            found.severity,
            found.effort.as_str(),
            place.unwrap_or_default(),
        );
    }
    out.push('\n');
}

fn notes(out: &mut String, report: &Report) {
    if report.notes.is_empty() {
        return;
    }
    put!(out, "## Not looked at\n\n");
    for note in &report.notes {
        let kind = match note.kind {
            NoteKind::Skipped => "skipped",
            NoteKind::Unread => "could not be read",
        };
        put!(out, "- {}: {kind}, {}\n", code(&note.path), plain(&note.message));
    }
    out.push('\n');
}

/// Returns text in which nothing is markup or a link.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    let text = tame(text);
    if !text.contains(MARKUP) {
        return text;
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            // Where HTML passes through, a backslash alone keeps it from nothing.
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            c if MARKUP.contains(&c) => escaped.extend(['\\', c]),
            c => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

/// Returns text as code, within more ticks than it has.
fn code(text: &str) -> String {
    let text = tame(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let ticks = "`".repeat(longest + 1);
    if longest == 0 && !text.is_empty() {
        return format!("`{text}`");
    }
    format!("{ticks} {text} {ticks}")
}

const MARKUP: [char; 10] = ['\\', '`', '*', '[', ']', '<', '>', '|', '#', '!'];
