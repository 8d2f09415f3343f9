//! What a comparison found, for people and for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};
use wardkit_cli::{Report, escaped, escaped_json};
use wardkit_integrity::{
    Baseline, Change, ChangeKind, Compared, Faulty, FieldValue, Snapshot, TextDiff,
};

use crate::commands::could_not_run;

/// Lists each change with what it was and what it is, then what could not be read, then the sum.
pub(super) fn text(
    baseline: &Baseline,
    now: &Snapshot,
    found: &Compared,
    diff: Diff<'_>,
) -> String {
    let mut text = changes(&found.changes, diff);
    text.push_str(&faulty(&found.faulty));
    let statistics = now.statistics();
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "{} against baseline {}: {} paths, {} files read, {:.1} MB{}",
        sum(&found.changes),
        baseline.generation(),
        statistics.entries,
        statistics.files_read,
        megabytes(statistics.bytes_read),
        if found.faulty.is_empty() {
            String::new()
        } else {
            format!(", {} not in full", found.faulty.len())
        },
    );
    text
}

/// What changed in the text of a file, where that is known.
pub(super) type Diff<'d> = &'d dyn Fn(&Change) -> Option<TextDiff>;

/// Lists changes.
pub(super) fn changes(changes: &[Change], diff: Diff<'_>) -> String {
    let mut text = String::new();
    for change in changes {
        let path = escaped(&change.path.to_string_lossy());
        let _ = writeln!(text, "{:<10}  {path}", change.kind);
        // Of what is new or gone every field differs; the kind says it.
        if matches!(change.kind, ChangeKind::Added | ChangeKind::Removed) {
            continue;
        }
        for field in &change.fields {
            let side = |value: &Option<FieldValue>| {
                value.as_ref().map_or_else(|| "-".to_owned(), |value| escaped(&value.to_string()))
            };
            let (old, new) = (side(&field.old), side(&field.new));
            let _ = writeln!(text, "            {:<8} {old} -> {new}", field.field);
        }
        for line in diff(change).iter().flat_map(lines) {
            let _ = writeln!(text, "            {}", escaped(&line));
        }
    }
    text
}

fn lines(diff: &TextDiff) -> Vec<String> {
    diff.to_string().lines().map(str::to_owned).collect()
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

/// Writes `{"changes", "errors", ...}` on one line.
pub(super) fn json(
    baseline: &Baseline,
    now: &Snapshot,
    found: &Compared,
    diff: Diff<'_>,
) -> Result<String, Report> {
    let statistics = now.statistics();
    let changes: Result<Vec<Value>, _> = found
        .changes
        .iter()
        .map(|change| {
            let mut value = serde_json::to_value(change)?;
            if let Some(diff) = diff(change) {
                value["text_diff"] = lines(&diff).into();
            }
            Ok::<_, serde_json::Error>(value)
        })
        .collect();
    line(&json!({
        "changes": changes.map_err(could_not_run)?,
        "errors": found.faulty,
        "baseline": {
            "generation": baseline.generation(),
            "entries": baseline.len(),
            "root": baseline.head().root.to_string(),
        },
        "scan": {
            "entries": statistics.entries,
            "files_read": statistics.files_read,
            "files_reused": statistics.files_reused,
            "bytes_read": statistics.bytes_read,
        },
    }))
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
