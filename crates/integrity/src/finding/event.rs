//! Reports as events. `docs/specs/integrity-events.md` has the table.

use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use wardkit_core::{Event, Severity};

use crate::finding::{Cause, Finding, Group, Outcome, Report};
use crate::{ChangeKind, FieldChange};

impl Finding {
    /// Returns the event: `integrity.file.added`, `.changed`, `.removed` or `.unreadable`.
    #[must_use]
    pub fn to_event(&self) -> Event {
        let kind = match self.change.kind {
            ChangeKind::Added => "integrity.file.added",
            ChangeKind::Removed => "integrity.file.removed",
            ChangeKind::Modified => "integrity.file.changed",
            ChangeKind::Unreadable => "integrity.file.unreadable",
        };
        let fields: Vec<String> = self.change.fields.iter().map(field).collect();
        let actors: Vec<String> = self.actors.iter().map(actor).collect();
        let mut event = Event::new(self.at, kind, self.severity, SOURCE)
            .with_subject(shown(&self.change.path))
            .with_detail("ruling", self.ruling.as_str())
            .with_detail("fields", fields);
        if let Some(rule) = &self.rule {
            event = event.with_detail("rule", rule.as_str());
        }
        if let Some(package) = &self.package {
            event = event.with_detail("package", package.to_string());
        }
        if !actors.is_empty() {
            event = event.with_detail("actors", actors);
        }
        if self.superseded > 0 {
            event = event.with_detail("superseded", self.superseded);
        }
        if self.outcome == Outcome::Reverted {
            event = event.with_detail("reverted", true);
        }
        event
    }
}

impl Group {
    /// Returns the event: `integrity.package.changed` or `integrity.burst.merged`, with the first findings' paths.
    #[must_use]
    pub fn to_event(&self) -> Event {
        let paths: Vec<String> =
            self.findings.iter().take(MOST_PATHS).map(|one| shown(&one.change.path)).collect();
        let at_hand = |kind, subject: String, message| {
            Event::new(self.at, kind, self.severity, SOURCE)
                .with_subject(subject)
                .with_message(message)
        };
        let files = if self.count == 1 { "change" } else { "changes" };
        let event = match &self.cause {
            Cause::Packages(packages) => {
                let names: Vec<String> =
                    packages.iter().take(MOST_PATHS).map(ToString::to_string).collect();
                let more = match packages.len() - names.len() {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                let end = match self.severity {
                    Severity::Info | Severity::Notice => "all match",
                    _ => "not vouched for",
                };
                let message = format!("{}{more}: {} {files}, {end}", names.join(", "), self.count);
                at_hand("integrity.package.changed", names.join(", "), message)
                    .with_detail("packages", names)
            }
            Cause::Program(program) => {
                let message = format!("{} {files} by {}", self.count, shown(program));
                at_hand("integrity.burst.merged", shown(program), message)
                    .with_detail("cause", "program")
            }
            Cause::Below(directory) => {
                let message = format!("{} {files} below {}", self.count, shown(directory));
                at_hand("integrity.burst.merged", shown(directory), message)
                    .with_detail("cause", "directory")
            }
            Cause::Rule(rule) => {
                let message = format!("{} {files} found by {rule:?}", self.count);
                at_hand("integrity.burst.merged", rule.clone(), message)
                    .with_detail("cause", "rule")
            }
        };
        event.with_detail("count", self.count).with_detail("paths", paths)
    }
}

impl Report {
    /// Returns the event.
    #[must_use]
    pub fn to_event(&self) -> Event {
        let severity = self.severity();
        match self {
            Self::Finding(finding) => finding.to_event(),
            Self::Group(group) => group.to_event(),
            Self::WatchLost { scope, reason, at } => {
                Event::new(*at, "integrity.watch.lost", severity, SOURCE)
                    .with_subject(shown(scope))
                    .with_detail("reason", reason.to_string())
            }
            Self::ScanFinished { scope, changes, at } => {
                Event::new(*at, "integrity.scan.finished", severity, SOURCE)
                    .with_subject(shown(scope))
                    .with_detail("changes", *changes)
            }
            Self::ScanFailed { scope, reason, at } => {
                Event::new(*at, "integrity.scan.failed", severity, SOURCE)
                    .with_subject(shown(scope))
                    .with_detail("reason", reason.as_str())
            }
            Self::BaselineCreated { entries, unreadable, at } => {
                Event::new(*at, "integrity.baseline.created", severity, SOURCE)
                    .with_detail("entries", *entries)
                    .with_detail("unreadable", *unreadable)
            }
            Self::BaselineAccepted { generation, count, at } => {
                Event::new(*at, "integrity.baseline.accepted", severity, SOURCE)
                    .with_detail("generation", *generation)
                    .with_detail("count", *count)
            }
        }
    }
}

/// A path as text: what is not UTF-8, and what would steer a terminal, is escaped.
fn shown(path: &Path) -> String {
    let mut text = String::new();
    for chunk in path.as_os_str().as_bytes().utf8_chunks() {
        let plain = chunk.valid().chars().map(|letter| (letter, letter.is_control()));
        for (letter, control) in plain {
            match (letter, control) {
                ('\\', _) => text.push_str("\\\\"),
                (_, true) => text.extend(letter.escape_debug()),
                _ => text.push(letter),
            }
        }
        for byte in chunk.invalid() {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// `mode: 0644 -> 0755`
fn field(change: &FieldChange) -> String {
    let side = |value: &Option<crate::FieldValue>| {
        value.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string)
    };
    format!("{}: {} -> {}", change.field, side(&change.old), side(&change.new))
}

/// `/usr/bin/vim pid 7 uid 0 (exact)`
fn actor(actor: &crate::Actor) -> String {
    let program = actor.exe.as_deref().map_or_else(|| "?".to_owned(), shown);
    let user = actor.uid.map_or_else(String::new, |uid| format!(" uid {uid}"));
    format!("{program} pid {}{user} ({})", actor.pid, actor.confidence)
}

const SOURCE: &str = "integrity";
/// An event is for people: the whole list is in the report, and in the trail.
const MOST_PATHS: usize = 20;
