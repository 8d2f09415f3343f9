//! Trees of snapshots, from top to bottom.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::vec::IntoIter;

use wardkit_backup::engine::{Error, Index, Reader, Repository};
use wardkit_backup::format::{Id, Node};

/// Tells all entries below a tree, each with its path, in the order of names. It goes as deep as the tree does without
/// going deeper itself, and holds the path once.
pub(super) struct Walk<'r> {
    repository: &'r Repository<Reader>,
    index: &'r Index,
    path: Vec<u8>,
    /// What is left of each directory on the way, and how long the path to it is.
    inside: Vec<(usize, IntoIter<Node>)>,
}

impl<'r> Walk<'r> {
    pub(super) fn new(
        repository: &'r Repository<Reader>,
        index: &'r Index,
        above: &[u8],
        tree: &Id,
    ) -> Result<Self, Error> {
        let mut walk = Self { repository, index, path: above.to_vec(), inside: Vec::new() };
        walk.enter(tree)?;
        Ok(walk)
    }

    /// The next entry that `take` does not pass over, with all that is below it.
    pub(super) fn next(
        &mut self,
        take: &dyn Fn(&Path) -> bool,
    ) -> Result<Option<(&Path, Node)>, Error> {
        loop {
            let Some((length, nodes)) = self.inside.last_mut() else { return Ok(None) };
            let length = *length;
            let Some(node) = nodes.next() else {
                self.inside.pop();
                continue;
            };
            self.path.truncate(length);
            self.path.push(b'/');
            self.path.extend_from_slice(&node.name);
            if !take(path(&self.path)) {
                continue;
            }
            if let Some(tree) = node.subtree {
                self.enter(&tree)?;
            }
            return Ok(Some((path(&self.path), node)));
        }
    }

    fn enter(&mut self, tree: &Id) -> Result<(), Error> {
        let nodes = self.repository.read_tree(self.index, tree)?.nodes;
        self.inside.push((self.path.len(), nodes.into_iter()));
        Ok(())
    }
}

pub(super) fn path(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}
