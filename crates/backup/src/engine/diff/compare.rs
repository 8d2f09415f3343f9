use std::cmp::Ordering;
use std::collections::HashSet;
use std::iter::Peekable;
use std::ops::ControlFlow;
use std::vec::IntoIter;

use crate::engine::Error;
use crate::engine::browse::{ReadTree, nodes};
use crate::format::{BlobKind, Id, Node, NodeKind};

use super::{Change, DiffCounts, DiffReport};

/// Compares two trees.
pub(super) fn compare(
    (before, after): (&Id, &Id),
    read: &mut ReadTree<'_>,
    size: &dyn Fn(BlobKind, &Id) -> Option<u64>,
    changed: &mut dyn FnMut(&Change<'_>) -> ControlFlow<()>,
) -> Result<DiffReport, Error> {
    if before == after {
        return Ok(DiffReport::default());
    }
    let mut seen = Seen::default();
    seen.before.insert((BlobKind::Tree, *before));
    seen.after.insert((BlobKind::Tree, *after));
    let mut path = Vec::new();
    let mut levels = vec![Level::open(Some(before), Some(after), 0, read)?];
    while let Some(level) = levels.last_mut() {
        path.truncate(level.path_length);
        let Some((before, after)) = level.next() else {
            levels.pop();
            continue;
        };
        let (before, after) = (before.as_ref(), after.as_ref());
        path.push(b'/');
        path.extend(before.or(after).map_or(&[][..], |node| &node.name));
        let change = Change::of(&path, before, after);
        seen.count(before, after, change.as_ref());
        if change.is_some_and(|change| changed(&change).is_break()) {
            return Err(Error::Cancelled);
        }
        if let Some((before, after)) = seen.differing(before, after) {
            levels.push(Level::open(before.as_ref(), after.as_ref(), path.len(), read)?);
        }
    }
    seen.report(read, size)
}

/// Two directories of one path: what is left of them, and how long the path is.
struct Level {
    before: Peekable<IntoIter<Node>>,
    after: Peekable<IntoIter<Node>>,
    path_length: usize,
}

impl Level {
    fn open(
        before: Option<&Id>,
        after: Option<&Id>,
        path_length: usize,
        read: &mut ReadTree<'_>,
    ) -> Result<Self, Error> {
        let mut open = |tree: Option<&Id>| {
            let nodes = tree.map_or_else(|| Ok(Vec::new().into_iter()), |tree| nodes(tree, read));
            nodes.map(Iterator::peekable)
        };
        Ok(Self { before: open(before)?, after: open(after)?, path_length })
    }

    /// The entries of the next name.
    fn next(&mut self) -> Option<(Option<Node>, Option<Node>)> {
        let order = match (self.before.peek(), self.after.peek()) {
            (None, None) => return None,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(before), Some(after)) => before.name.cmp(&after.name),
        };
        let before = self.before.next_if(|_| order.is_le());
        Some((before, self.after.next_if(|_| order.is_ge())))
    }
}

/// What was seen of the trees.
#[derive(Default)]
struct Seen {
    report: DiffReport,
    before: HashSet<(BlobKind, Id)>,
    after: HashSet<(BlobKind, Id)>,
    /// Trees that are the same, and were not read.
    same: Vec<Id>,
}

impl Seen {
    fn count(&mut self, before: Option<&Node>, after: Option<&Node>, change: Option<&Change<'_>>) {
        self.before.extend(before.into_iter().flat_map(blobs));
        self.after.extend(after.into_iter().flat_map(blobs));
        match (before, after) {
            (Some(before), None) => self.report.removed.count(before),
            (None, Some(after)) => self.report.added.count(after),
            _ if change.is_some_and(|change| change.has_other_content) => {
                self.report.changed_files += 1;
            }
            _ => {}
        }
    }

    /// The directories that are to be compared, or told as they are.
    fn differing(
        &mut self,
        before: Option<&Node>,
        after: Option<&Node>,
    ) -> Option<(Option<Id>, Option<Id>)> {
        let subtree = |node: Option<&Node>| node.and_then(|node| node.subtree);
        match (subtree(before), subtree(after)) {
            (Some(one), Some(other)) if one == other => {
                self.same.push(one);
                None
            }
            (None, None) => None,
            // One of them became a directory, or ceased to be one.
            (Some(_), None) | (None, Some(_)) if before.is_some() && after.is_some() => None,
            differing => Some(differing),
        }
    }

    fn report(
        mut self,
        read: &mut ReadTree<'_>,
        size: &dyn Fn(BlobKind, &Id) -> Option<u64>,
    ) -> Result<DiffReport, Error> {
        let after = &mut self.after;
        self.before.retain(|blob| !after.remove(blob));
        self.take_out_the_same(read)?;
        self.report.removed.count_blobs(&self.before, size)?;
        self.report.added.count_blobs(&self.after, size)?;
        Ok(self.report)
    }

    /// Takes out what is in the trees that are the same. They are read once each, and only if something is left.
    fn take_out_the_same(&mut self, read: &mut ReadTree<'_>) -> Result<(), Error> {
        let mut left = std::mem::take(&mut self.same);
        let mut known = HashSet::new();
        while let Some(tree) = left.pop() {
            if self.before.is_empty() && self.after.is_empty() {
                break;
            }
            if !known.insert(tree) {
                continue;
            }
            for node in read(&tree)?.nodes {
                for blob in blobs(&node) {
                    self.before.remove(&blob);
                    self.after.remove(&blob);
                }
                left.extend(node.subtree);
            }
        }
        Ok(())
    }
}

impl DiffCounts {
    fn count(&mut self, node: &Node) {
        match node.kind {
            NodeKind::File => self.files += 1,
            NodeKind::Dir => self.dirs += 1,
            _ => self.others += 1,
        }
    }

    fn count_blobs(
        &mut self,
        blobs: &HashSet<(BlobKind, Id)>,
        size: &dyn Fn(BlobKind, &Id) -> Option<u64>,
    ) -> Result<(), Error> {
        for (kind, id) in blobs {
            let length = size(*kind, id).ok_or(Error::BlobMissing { kind: *kind, id: *id })?;
            self.bytes = self.bytes.saturating_add(length);
            match kind {
                BlobKind::Data => self.data_blobs += 1,
                BlobKind::Tree => self.tree_blobs += 1,
            }
        }
        Ok(())
    }
}

/// The blobs that an entry names.
fn blobs(node: &Node) -> impl Iterator<Item = (BlobKind, Id)> + '_ {
    let content = node.content.iter().filter(|_| node.kind == NodeKind::File);
    let content = content.map(|id| (BlobKind::Data, *id));
    content.chain(node.subtree.map(|id| (BlobKind::Tree, id)))
}

#[cfg(test)]
mod tests;
