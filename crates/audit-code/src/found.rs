//! What is found in one file.

use std::collections::HashSet;

use wardkit_audit::{Finding, Location, Note, Sink, SourceFile};

use crate::source::Node;

/// Takes what is found in one file: of a check one finding a line, whoever finds it first.
#[derive(Debug)]
pub(crate) struct Found<'a> {
    sink: &'a mut Sink,
    seen: HashSet<(String, u32)>,
    decided: &'static [&'static str],
}

impl<'a> Found<'a> {
    pub(crate) fn new(sink: &'a mut Sink) -> Self {
        Self { sink, seen: HashSet::new(), decided: &[] }
    }

    /// Takes what was not looked at.
    pub(crate) fn note(&mut self, note: Note) {
        self.sink.note(note);
    }

    /// Takes no more findings of these checks.
    pub(crate) fn decide(&mut self, checks: &'static [&'static str]) {
        self.decided = checks;
    }

    /// Takes a finding, unless the way of the data decides on its check.
    pub(crate) fn report(&mut self, finding: Finding) {
        if self.decided.contains(&finding.id.as_str()) {
            return;
        }
        self.report_certain(finding);
    }

    /// Takes a finding that no data decides on: the form itself is the harm.
    pub(crate) fn report_certain(&mut self, finding: Finding) {
        let line = finding.files.first().and_then(|place| place.line).unwrap_or_default();
        if self.seen.insert((finding.id.clone(), line)) {
            self.sink.report(finding);
        }
    }
}

/// Returns the place of a node.
pub(crate) fn place(file: &SourceFile<'_>, node: &Node<'_>) -> Location {
    let range = node.range();
    let start = file.location(range.start);
    let end = file.location(range.end.saturating_sub(1).max(range.start));
    match (start.column, end.line) {
        (Some(column), Some(line)) => start.spanning(column, line),
        _ => start,
    }
}
