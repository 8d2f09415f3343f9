//! `auditctl backup explain`: why a file would be read again.

use std::fmt::Write as _;
use std::fs::Metadata;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};
use wardkit_backup::engine::{Index, Reader, Repository, SnapshotFilter, Visit};
use wardkit_backup::format::{BlobKind, Id, Node, NodeKind, Snapshot, Timestamp};
use wardkit_cli::{Format, Report, escaped};

use super::opened::Opener;
use super::watch::Watch;
use super::{line, refused, select};
use crate::commands::{could_not_run, print};

/// Compares a path with the snapshot that the next run would go by.
pub(super) fn run(
    opener: &Opener<'_>,
    path: &Path,
    parent: Option<&str>,
) -> Result<ExitCode, Report> {
    let path = super::take::absolute(path)?;
    let now = path
        .symlink_metadata()
        .map_err(|error| could_not_run(format!("{}: {error}", path.display())))?;
    let repository = opener.reader()?;
    let found = repository.snapshots().map_err(refused)?;
    let snapshot = match parent {
        Some(text) => {
            let filter = SnapshotFilter::default();
            Some(filter.find(&found.snapshots, text).map_err(select::unclear)?)
        }
        None => newest(&found.snapshots, &path),
    };
    let (watch, shown) = Watch::shown();
    let index = repository.load_index(&*watch).map_err(refused)?;
    drop(shown);
    let node = match snapshot {
        Some((_, snapshot)) => node(&repository, &index, &snapshot.tree, &path)?,
        None => None,
    };
    let reasons = reasons(node.as_ref(), &now, &index);
    let is_read = now.is_file() && !reasons.is_empty();
    print(&match opener.format() {
        Format::Text => text(&path, snapshot, &now, &reasons),
        Format::Json => line(&super::take::path_document(
            &path,
            json!({
                "snapshot": snapshot.map(|(id, _)| id.to_string()),
                "read_again": is_read,
                "differences": reasons,
            }),
        ))?,
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Returns the newest snapshot of this host that has the path.
fn newest<'s>(snapshots: &'s [(Id, Snapshot)], path: &Path) -> Option<&'s (Id, Snapshot)> {
    let host = wardkit_cli::host_name();
    let has = |snapshot: &Snapshot| {
        snapshot.hostname == host && snapshot.paths.iter().any(|root| path.starts_with(root))
    };
    let having = snapshots.iter().filter(|(_, snapshot)| has(snapshot));
    having.max_by_key(|(_, snapshot)| snapshot.time.timestamp())
}

/// Finds a path in a tree.
fn node(
    repository: &Repository<Reader>,
    index: &Index,
    root: &Id,
    path: &Path,
) -> Result<Option<Node>, Report> {
    let mut found = None;
    let listed = repository.list(index, root, path.as_os_str().as_bytes(), &mut |_, node| {
        found = Some(node.clone());
        Visit::End
    });
    listed.map_err(refused)?;
    Ok(found)
}

/// Returns what a backup would see as other.
fn reasons(node: Option<&Node>, now: &Metadata, index: &Index) -> Vec<Value> {
    let Some(node) = node else { return vec![json!({"what": "new"})] };
    let mut reasons = Vec::new();
    let mut differs = |what: &str, then: String, now: String| {
        if then != now {
            reasons.push(json!({"what": what, "then": then, "now": now}));
        }
    };
    differs("type", node.kind.name().to_owned(), kind(now).name().to_owned());
    if node.kind == NodeKind::File && now.is_file() {
        differs("size", node.size.to_string(), now.len().to_string());
    }
    differs("mtime", time(node.mtime), time_of(now.mtime(), now.mtime_nsec()));
    differs("ctime", time(node.ctime), time_of(now.ctime(), now.ctime_nsec()));
    differs("inode", node.inode.to_string(), now.ino().to_string());
    let missing = node.content.iter().filter(|id| !index.contains(BlobKind::Data, id)).count();
    if missing > 0 {
        reasons.push(json!({"what": "content", "missing_blobs": missing}));
    }
    reasons
}

fn kind(now: &Metadata) -> NodeKind {
    let kind = now.file_type();
    match () {
        () if kind.is_file() => NodeKind::File,
        () if kind.is_dir() => NodeKind::Dir,
        () if kind.is_symlink() => NodeKind::Symlink,
        () if kind.is_block_device() => NodeKind::BlockDevice,
        () if kind.is_char_device() => NodeKind::CharDevice,
        () if kind.is_fifo() => NodeKind::Fifo,
        () if kind.is_socket() => NodeKind::Socket,
        () => NodeKind::Irregular,
    }
}

/// A time in UTC, so that the zone of who wrote it makes no difference.
fn time(time: Timestamp) -> String {
    time.with_offset_minutes(0).to_string()
}

fn time_of(seconds: i64, nanoseconds: i64) -> String {
    time(Timestamp::new(seconds, u32::try_from(nanoseconds).unwrap_or(0)))
}

fn text(
    path: &Path,
    snapshot: Option<&(Id, Snapshot)>,
    now: &Metadata,
    reasons: &[Value],
) -> String {
    let path = escaped(&path.to_string_lossy());
    let Some((id, _)) = snapshot else {
        return format!("{path}: would be read, because no snapshot of this host has it\n");
    };
    let against = format!("compared with snapshot {}", id.to_short());
    if reasons.is_empty() {
        return format!("{path}: unchanged, would not be read ({against})\n");
    }
    let verdict = if now.is_file() { "would be read again" } else { "differs" };
    let mut text = format!("{path}: {verdict} ({against})\n");
    for reason in reasons {
        let what = reason["what"].as_str().unwrap_or_default();
        // Writing to a String cannot fail.
        let _ = match (reason["then"].as_str(), reason["now"].as_str()) {
            (Some(then), Some(now)) => writeln!(text, "  {what}: was {then}, is {now}"),
            _ if what == "new" => writeln!(text, "  the snapshot has no such path"),
            _ => writeln!(
                text,
                "  {} pieces of its content are in no index",
                reason["missing_blobs"]
            ),
        };
    }
    text
}
