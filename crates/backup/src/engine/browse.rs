//! What is in a snapshot: walked, listed, and found by name.

use crate::format::{Id, Node, Tree};
use crate::source::Excludes;

use super::role::Role;
use super::{Error, Index, Repository};

#[cfg(test)]
pub(in crate::engine) mod tests;

/// What a walk does after an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a walk can go on in two ways, and end")]
pub enum Visit {
    /// Goes on; into the entry, if it is a directory.
    Enter,
    /// Goes on, and not into the entry.
    PassBy,
    /// Ends.
    End,
}

impl<R: Role> Repository<R> {
    /// Walks a tree, each directory before what is in it, in the order of names. Paths begin with `/`, and their names
    /// are such that they cannot leave a directory.
    ///
    /// # Errors
    ///
    /// When a tree cannot be read.
    pub fn walk(
        &self,
        index: &Index,
        tree: &Id,
        visit: &mut dyn FnMut(&[u8], &Node) -> Visit,
    ) -> Result<(), Error> {
        walk(tree, &mut |id| self.read_tree(index, id), visit)
    }

    /// Walks only what is at a path or below it: `/` stands for all. Returns whether there is such a path.
    ///
    /// # Errors
    ///
    /// When a tree cannot be read.
    pub fn list(
        &self,
        index: &Index,
        tree: &Id,
        path: &[u8],
        visit: &mut dyn FnMut(&[u8], &Node) -> Visit,
    ) -> Result<bool, Error> {
        list(tree, path, &mut |id| self.read_tree(index, id), visit)
    }

    /// Tells each entry whose path a pattern matches, in the language of patterns that leave out: `*.conf` matches in
    /// every directory, and what is in a directory that matches does so too.
    ///
    /// # Errors
    ///
    /// When a tree cannot be read.
    pub fn find(
        &self,
        index: &Index,
        tree: &Id,
        patterns: &Excludes,
        found: &mut dyn FnMut(&[u8], &Node),
    ) -> Result<(), Error> {
        self.walk(index, tree, &mut |path, node| {
            if patterns.matches(path) {
                found(path, node);
            }
            Visit::Enter
        })
    }
}

/// Reads a tree by its id.
pub(super) type ReadTree<'r> = dyn FnMut(&Id) -> Result<Tree, Error> + 'r;

/// A directory that a walk is in: what is left of it, and how long its path is.
struct Level {
    nodes: std::vec::IntoIter<Node>,
    path_length: usize,
}

/// The open directories are in a list: a tree may be deeper than the stack of a thread.
fn walk(
    root: &Id,
    read: &mut ReadTree<'_>,
    visit: &mut dyn FnMut(&[u8], &Node) -> Visit,
) -> Result<(), Error> {
    let mut path = Vec::new();
    let mut levels = vec![Level { nodes: nodes(root, read)?, path_length: 0 }];
    while let Some(level) = levels.last_mut() {
        path.truncate(level.path_length);
        let Some(node) = level.nodes.next() else {
            levels.pop();
            continue;
        };
        path.push(b'/');
        path.extend_from_slice(&node.name);
        match (visit(&path, &node), node.subtree) {
            (Visit::End, _) => break,
            (Visit::Enter, Some(tree)) => {
                let nodes = nodes(&tree, read)?;
                levels.push(Level { nodes, path_length: path.len() });
            }
            _ => {}
        }
    }
    Ok(())
}

fn list(
    root: &Id,
    wanted: &[u8],
    read: &mut ReadTree<'_>,
    visit: &mut dyn FnMut(&[u8], &Node) -> Visit,
) -> Result<bool, Error> {
    let names = wanted.split(|byte| *byte == b'/').filter(|name| !name.is_empty());
    let wanted = names.fold(Vec::new(), |path, name| [&path, &b"/"[..], name].concat());
    let mut found = wanted.is_empty();
    walk(root, read, &mut |path, node| {
        if is_at_or_below(path, &wanted) {
            found = true;
            visit(path, node)
        } else if is_at_or_below(&wanted, path) {
            Visit::Enter
        } else {
            Visit::PassBy
        }
    })?;
    Ok(found)
}

fn is_at_or_below(path: &[u8], above: &[u8]) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
}

/// What is in a directory, in the order of names: an honest writer's order already.
pub(super) fn nodes(tree: &Id, read: &mut ReadTree<'_>) -> Result<std::vec::IntoIter<Node>, Error> {
    let mut nodes = read(tree)?.nodes;
    nodes.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(nodes.into_iter())
}
