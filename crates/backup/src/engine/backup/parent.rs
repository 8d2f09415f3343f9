use std::cmp::Ordering;
use std::iter::Peekable;

use super::node::time;
use super::{BackupOptions, Parent};
use crate::engine::{Error, KnownBlobs, SnapshotList};
use crate::format::{BlobKind, Id, Node, NodeKind, Snapshot, Timestamp};
use crate::source::Metadata;

/// The snapshot that tells which files did not change.
pub(super) fn choose<'s>(
    snapshots: &'s SnapshotList,
    (host, paths): (&str, &[String]),
    parent: Parent,
) -> Result<Option<(Id, &'s Snapshot)>, Error> {
    let all = snapshots.snapshots.iter().map(|(id, snapshot)| (*id, snapshot));
    match parent {
        Parent::Nothing => Ok(None),
        Parent::Snapshot(wanted) => {
            let found = all.into_iter().find(|(id, _)| *id == wanted);
            found.map(Some).ok_or(Error::NoSuchSnapshot { id: wanted })
        }
        Parent::Newest => {
            let alike = |snapshot: &Snapshot| {
                let mut theirs: Vec<_> = snapshot.paths.iter().map(String::as_str).collect();
                theirs.sort_unstable();
                snapshot.hostname == host
                    && theirs.iter().copied().eq(paths.iter().map(String::as_str))
            };
            Ok(all.rev().find(|(_, snapshot)| alike(snapshot)))
        }
    }
}

/// A directory of the parent, asked for the names of the directory that is walked, in their order.
pub(super) struct Earlier<'a> {
    nodes: Peekable<Box<dyn Iterator<Item = Node> + 'a>>,
}

impl<'a> Earlier<'a> {
    pub(super) fn new(nodes: impl Iterator<Item = Node> + 'a) -> Self {
        let nodes: Box<dyn Iterator<Item = Node> + 'a> = Box::new(nodes);
        Self { nodes: nodes.peekable() }
    }

    /// The node of this name. Names have to be asked in the order of their bytes; one that comes late is not found,
    /// and what it names is read again.
    pub(super) fn find(&mut self, name: &[u8]) -> Option<Node> {
        while let Some(next) = self.nodes.peek() {
            match next.name.as_slice().cmp(name) {
                Ordering::Less => drop(self.nodes.next()),
                Ordering::Equal => return self.nodes.next(),
                Ordering::Greater => return None,
            }
        }
        None
    }
}

/// Whether a file is as in the parent, and all its blobs are in the repository.
pub(super) fn is_unchanged(
    earlier: &Node,
    metadata: &Metadata,
    options: &BackupOptions,
    known: &KnownBlobs,
) -> bool {
    let same = |a: Timestamp, b| a.is_same_instant(time(b));
    earlier.kind == NodeKind::File
        && earlier.size == metadata.size
        && same(earlier.mtime, metadata.modified)
        && (options.ignore_ctime || same(earlier.ctime, metadata.changed))
        && (options.ignore_inode || earlier.inode == metadata.inode)
        && earlier.content.iter().all(|id| known.index().contains(BlobKind::Data, id))
}
