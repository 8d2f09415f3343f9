//! `auditctl backup diff`.

use std::ops::ControlFlow;
use std::process::ExitCode;

use serde_json::json;
use wardkit_backup::engine::{Change, DiffCounts, DiffReport, Error, SnapshotFilter};
use wardkit_backup::format::NodeKind;
use wardkit_cli::{Report, escaped};

use super::browse::{Lines, path};
use super::opened::Opener;
use super::take::path_document;
use super::watch::{Watch, bytes};
use super::{line, refused, select};

/// Says what differs between two snapshots.
pub(super) fn run(
    opener: &Opener<'_>,
    (from, to): (&str, &str),
    with_metadata: bool,
) -> Result<ExitCode, Report> {
    let repository = opener.reader()?;
    let found = repository.snapshots().map_err(refused)?;
    let named = |name: &str| {
        let found =
            SnapshotFilter::default().find(&found.snapshots, name).map_err(select::unclear)?;
        Ok::<_, Report>((found.0, found.1.tree))
    };
    let ((old_id, old), (new_id, new)) = (named(from)?, named(to)?);
    let index = repository.load_index(&Watch::default()).map_err(refused)?;
    let mut told = Told { lines: Lines::new(opener.format()), with_metadata, failed: None };
    let compared = repository.diff(&index, &old, &new, &mut |change| told.add(change));
    let report = match (compared, told.failed) {
        (Err(Error::Cancelled), Some(failed)) => return Err(failed),
        (compared, _) => compared.map_err(refused)?,
    };
    let DiffReport { changed_files, added, removed, .. } = report;
    let end = json!({
        "struct_type": "statistics",
        "from": old_id.to_string(),
        "to": new_id.to_string(),
        "changed_files": changed_files,
        "added": document(&added),
        "removed": document(&removed),
    });
    told.lines.add(
        || {
            let (old, new) = (old_id.to_short(), new_id.to_short());
            let (added, removed) = (counts(&added), counts(&removed));
            format!(
                "{changed_files} files changed; {added} added; {removed} removed, from {old} to {new}\n"
            )
        },
        || line(&end),
    )?;
    told.lines.end()
}

struct Told {
    lines: Lines,
    with_metadata: bool,
    failed: Option<Report>,
}

impl Told {
    fn add(&mut self, change: &Change<'_>) -> ControlFlow<()> {
        let Some(letters) = letters(change, self.with_metadata) else {
            return ControlFlow::Continue(());
        };
        let kind = change.after.or(change.before).map_or(NodeKind::Irregular, |node| node.kind);
        let slash = if kind == NodeKind::Dir { "/" } else { "" };
        let at = path(change.path);
        let told = self.lines.add(
            || format!("{letters:<5}{}{slash}\n", escaped(&at.to_string_lossy())),
            || {
                let document = json!({
                    "struct_type": "change",
                    "modifier": letters,
                    "type": kind.name(),
                });
                line(&path_document(at, document))
            },
        );
        self.failed = told.err();
        if self.failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Returns restic's letters, without those of metadata where nobody asks for them. What a link leads to is its content,
/// though: who looks for a change must not miss it.
fn letters(change: &Change<'_>, with_metadata: bool) -> Option<&'static str> {
    let leads_elsewhere = change
        .before
        .zip(change.after)
        .is_some_and(|(before, after)| before.link_target != after.link_target);
    match change.modifier() {
        "U" if leads_elsewhere => Some("M"),
        "U" if !with_metadata => None,
        "TU" if !with_metadata => Some("T"),
        letters => Some(letters),
    }
}

fn document(counts: &DiffCounts) -> serde_json::Value {
    json!({
        "files": counts.files,
        "dirs": counts.dirs,
        "others": counts.others,
        "data_blobs": counts.data_blobs,
        "tree_blobs": counts.tree_blobs,
        "bytes": counts.bytes,
    })
}

fn counts(counts: &DiffCounts) -> String {
    let DiffCounts { files, dirs, others, .. } = counts;
    format!("{files} files, {dirs} folders, {others} others, {}", bytes(counts.bytes))
}
