//! What a comparison found, for people and for programs.

use std::io::{self, BufWriter, ErrorKind, Write};

use serde_json::{Value, json};
use wardkit_cli::{Report, escaped, escaped_json};
use wardkit_integrity::{
    Baseline, Change, ChangeKind, Compared, Faulty, FieldValue, Snapshot, TextDiff,
};

use super::packages::Upgrades;
use crate::commands::could_not_run;

/// What a comparison found, and all that is told with it.
pub(super) struct Findings<'f> {
    pub(super) baseline: &'f Baseline,
    pub(super) now: &'f Snapshot,
    pub(super) found: &'f Compared,
    pub(super) diff: Diff<'f>,
    pub(super) upgrades: &'f Upgrades,
}

/// What changed in the text of a file, where that is known.
pub(super) type Diff<'d> = &'d dyn Fn(&Change) -> Option<TextDiff>;

impl Findings<'_> {
    /// Lists each change with what it was and what it is, then what packages explain, then what could not be read, then
    /// the sum.
    pub(super) fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self { found, diff, upgrades, .. } = *self;
        for (number, change) in found.changes.iter().enumerate() {
            if upgrades.package(number).is_none() {
                text(out, change, diff)?;
            }
        }
        for (package, count) in upgrades.counts() {
            let noun = if count == 1 { "change is" } else { "changes are" };
            writeln!(out, "package     {package}: {count} {noun} as its record says")?;
        }
        out.write_all(faulty(&found.faulty).as_bytes())?;
        let statistics = self.now.statistics();
        writeln!(
            out,
            "{} against baseline {}: {} paths, {} files read, {:.1} MB{}",
            sum(&found.changes),
            self.baseline.generation(),
            statistics.entries,
            statistics.files_read,
            megabytes(statistics.bytes_read),
            if found.faulty.is_empty() {
                String::new()
            } else {
                format!(", {} not in full", found.faulty.len())
            },
        )
    }

    /// Writes `{"changes", "errors", ...}` on one line.
    pub(super) fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let statistics = self.now.statistics();
        let rest = json!({
            "packages": self.upgrades.json(),
            "baseline": {
                "generation": self.baseline.generation(),
                "entries": self.baseline.len(),
                "root": self.baseline.head().root.to_string(),
            },
            "scan": {
                "entries": statistics.entries,
                "files_read": statistics.files_read,
                "files_reused": statistics.files_reused,
                "bytes_read": statistics.bytes_read,
            },
        });
        json(out, &self.found.changes, self.diff, &self.found.faulty, &rest)
    }
}

/// Prints piece by piece: a million changes in one text would take gigabytes.
pub(super) fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Report> {
    let mut out = BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        // A reader that has gone has read enough.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(could_not_run(error)),
        _ => Ok(()),
    }
}

/// Lists changes.
pub(super) fn changes(out: &mut dyn Write, changes: &[Change]) -> io::Result<()> {
    changes.iter().try_for_each(|change| text(out, change, &|_| None))
}

fn text(out: &mut dyn Write, change: &Change, diff: Diff<'_>) -> io::Result<()> {
    writeln!(out, "{:<10}  {}", change.kind, escaped(&change.path.to_string_lossy()))?;
    // Of what is new or gone every field differs; the kind says it.
    if matches!(change.kind, ChangeKind::Added | ChangeKind::Removed) {
        return Ok(());
    }
    for field in &change.fields {
        let side = |value: &Option<FieldValue>| {
            value.as_ref().map_or_else(|| "-".to_owned(), |value| escaped(&value.to_string()))
        };
        let (old, new) = (side(&field.old), side(&field.new));
        writeln!(out, "            {:<8} {old} -> {new}", field.field)?;
    }
    for line in diff(change).iter().flat_map(lines) {
        writeln!(out, "            {}", escaped(&line))?;
    }
    Ok(())
}

fn lines(diff: &TextDiff) -> Vec<String> {
    diff.to_string().lines().map(str::to_owned).collect()
}

/// Writes changes, what could not be looked at, and the members of an object, as one object on one line.
pub(super) fn json(
    out: &mut dyn Write,
    changes: &[Change],
    diff: Diff<'_>,
    errors: &[Faulty],
    rest: &Value,
) -> io::Result<()> {
    out.write_all(b"{\"changes\":[")?;
    for (number, change) in changes.iter().enumerate() {
        let mut value = serde_json::to_value(change)?;
        if let Some(diff) = diff(change) {
            value["text_diff"] = lines(&diff).into();
        }
        let comma = if number == 0 { "" } else { "," };
        write!(out, "{comma}{}", escaped_json(&value)?)?;
    }
    out.write_all(b"],\"errors\":[")?;
    for (number, faulty) in errors.iter().enumerate() {
        let comma = if number == 0 { "" } else { "," };
        write!(out, "{comma}{}", escaped_json(faulty)?)?;
    }
    out.write_all(b"]")?;
    for (name, value) in rest.as_object().into_iter().flatten() {
        write!(out, ",{}:{}", escaped_json(name)?, escaped_json(value)?)?;
    }
    out.write_all(b"}\n")
}

/// Says how many changes of which kind there are.
pub(super) fn sum(changes: &[Change]) -> String {
    if changes.is_empty() {
        return "no change".to_owned();
    }
    let kinds =
        [ChangeKind::Added, ChangeKind::Removed, ChangeKind::Modified, ChangeKind::Unreadable];
    let counts: Vec<String> = kinds
        .into_iter()
        .map(|kind| (kind, changes.iter().filter(|change| change.kind == kind).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    let noun = if changes.len() == 1 { "change" } else { "changes" };
    format!("{} {noun} ({})", changes.len(), counts.join(", "))
}

/// Writes a value on one line.
pub(super) fn line(value: &Value) -> Result<String, Report> {
    escaped_json(value).map(|text| text + "\n").map_err(could_not_run)
}

/// Lists what could not be looked at in full.
pub(super) fn faulty(all: &[Faulty]) -> String {
    let line = |faulty: &Faulty| {
        format!(
            "unreadable  {}: {}
",
            escaped(&faulty.path.to_string_lossy()),
            faulty.fault
        )
    };
    all.iter().map(line).collect()
}

#[expect(clippy::cast_precision_loss, reason = "a tenth of a megabyte is precise enough")]
pub(super) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
