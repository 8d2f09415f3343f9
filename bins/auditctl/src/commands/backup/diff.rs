//! `auditctl backup diff`.

use std::cmp::Ordering;
use std::process::ExitCode;

use serde_json::json;
use wardkit_backup::engine::{Error, Index, Reader, Repository, SnapshotFilter};
use wardkit_backup::format::{Id, Node, NodeKind};
use wardkit_cli::{Report, escaped};

use super::browse::Lines;
use super::opened::Opener;
use super::take::path_document;
use super::walk::{Walk, path};
use super::watch::Watch;
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
    let mut told = Told { lines: Lines::new(opener.format()), with_metadata, counts: [0; 5] };
    Pairs { repository: &repository, index: &index }.compare(&old, &new, &mut told)?;
    let [added, removed, changed, metadata, kinds] = told.counts;
    let end = json!({
        "struct_type": "statistics",
        "from": old_id.to_string(),
        "to": new_id.to_string(),
        "added": added,
        "removed": removed,
        "changed": changed,
        "metadata_changed": metadata,
        "type_changed": kinds,
    });
    told.lines.add(
        || {
            let (old, new) = (old_id.to_short(), new_id.to_short());
            format!(
                "{added} added, {removed} removed, {changed} changed, {metadata} in metadata only, {kinds} of another type, from {old} to {new}\n"
            )
        },
        || line(&end),
    )?;
    told.lines.end()
}

/// How an entry differs, under restic's letters.
#[derive(Clone, Copy)]
enum Change {
    Added,
    Removed,
    Content,
    Metadata,
    Type,
}

struct Told {
    lines: Lines,
    with_metadata: bool,
    counts: [u64; 5],
}

impl Told {
    fn add(&mut self, change: Change, at: &[u8], kind: NodeKind) -> Result<(), Report> {
        if matches!(change, Change::Metadata) && !self.with_metadata {
            return Ok(());
        }
        self.counts[change as usize] += 1;
        let letter = ["+", "-", "M", "U", "T"][change as usize];
        let slash = if kind == NodeKind::Dir { "/" } else { "" };
        self.lines.add(
            || format!("{letter}    {}{slash}\n", escaped(&path(at).to_string_lossy())),
            || {
                let document = json!({
                    "struct_type": "change",
                    "modifier": letter,
                    "type": kind.name(),
                });
                line(&path_document(path(at), document))
            },
        )
    }
}

struct Pairs<'r> {
    repository: &'r Repository<Reader>,
    index: &'r Index,
}

impl Pairs<'_> {
    /// Compares two trees and what is below them. The pairs that are left wait in a list: a tree may be deep.
    fn compare(&self, old: &Id, new: &Id, told: &mut Told) -> Result<(), Report> {
        let mut left = vec![(Vec::new(), *old, *new)];
        while let Some((above, old, new)) = left.pop() {
            if old == new {
                continue;
            }
            let (old, new) =
                (self.nodes(&old).map_err(refused)?, self.nodes(&new).map_err(refused)?);
            let mut below = Vec::new();
            let (mut olds, mut news) = (old.iter().peekable(), new.iter().peekable());
            loop {
                let order = match (olds.peek(), news.peek()) {
                    (None, None) => break,
                    (Some(_), None) => Ordering::Less,
                    (None, Some(_)) => Ordering::Greater,
                    (Some(old), Some(new)) => old.name.cmp(&new.name),
                };
                let old = olds.next_if(|_| order.is_le());
                let new = news.next_if(|_| order.is_ge());
                let Some(name) = old.or(new).map(|node| &node.name) else { break };
                let at = [&above, &b"/"[..], name].concat();
                match (old, new) {
                    (Some(old), Some(new)) => below.extend(both(at, old, new, told)?),
                    (Some(old), None) => self.one(Change::Removed, &at, old, told)?,
                    (None, Some(new)) => self.one(Change::Added, &at, new, told)?,
                    (None, None) => {}
                }
            }
            left.extend(below.into_iter().rev());
        }
        Ok(())
    }

    /// Tells an entry that only one snapshot has, with all that is below it.
    fn one(&self, change: Change, at: &[u8], node: &Node, told: &mut Told) -> Result<(), Report> {
        use std::os::unix::ffi::OsStrExt as _;
        told.add(change, at, node.kind)?;
        let Some(tree) = &node.subtree else { return Ok(()) };
        let mut walk = Walk::new(self.repository, self.index, at, tree).map_err(refused)?;
        while let Some((path, node)) = walk.next(&|_| true).map_err(refused)? {
            told.add(change, path.as_os_str().as_bytes(), node.kind)?;
        }
        Ok(())
    }

    fn nodes(&self, tree: &Id) -> Result<Vec<Node>, Error> {
        let mut nodes = self.repository.read_tree(self.index, tree)?.nodes;
        // They are in order where the writer was honest.
        nodes.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(nodes)
    }
}

/// Compares two entries of one name; returns the directories that are to be compared next.
fn both(
    at: Vec<u8>,
    old: &Node,
    new: &Node,
    told: &mut Told,
) -> Result<Option<(Vec<u8>, Id, Id)>, Report> {
    if old.kind != new.kind {
        told.add(Change::Type, &at, new.kind)?;
    } else if old.content != new.content || old.link_target != new.link_target {
        told.add(Change::Content, &at, new.kind)?;
    } else if !has_same_metadata(old, new) {
        told.add(Change::Metadata, &at, new.kind)?;
    }
    Ok(old.subtree.zip(new.subtree).map(|(old, new)| (at, old, new)))
}

fn has_same_metadata(old: &Node, new: &Node) -> bool {
    let same = Node {
        content: new.content.clone(),
        subtree: new.subtree,
        atime: new.atime,
        ..old.clone()
    };
    same == *new
}
