//! Where the directories are: handles in, paths out, kept true by the events themselves.
//!
//! A directory knows its parent and its name, so that renaming one is one change whatever lies below it.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::parse::Fid;

/// The directories below the roots, and some of the others.
#[derive(Debug, Default)]
pub(super) struct Tree {
    ids: HashMap<Fid, u64>,
    nodes: HashMap<u64, Node>,
    next: u64,
    /// The directories on the way from `/` to a root.
    above: HashMap<Fid, PathBuf>,
    /// Directories in which nothing matters: those that were asked for last, and those before.
    outside: [HashSet<Fid>; 2],
    /// There are directories below the roots that are not known.
    incomplete: bool,
}

#[derive(Debug)]
struct Node {
    /// `None` for a root, whose name is its whole path.
    parent: Option<u64>,
    name: OsString,
}

/// What is known of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Spot {
    /// It lies at or below a root.
    Inside(PathBuf),
    /// It lies on the way from `/` to a root.
    Above(PathBuf),
    /// It lies anywhere else.
    Outside,
    /// Nothing.
    Unknown,
}

impl Tree {
    pub(super) fn root(&mut self, fid: Fid, path: &Path) {
        self.put(fid, Node { parent: None, name: path.into() });
    }

    pub(super) fn above(&mut self, fid: Fid, path: &Path) {
        self.above.insert(fid, path.to_owned());
    }

    /// Adds a directory, or moves it with all that lies below it. Tells whether it has a place now: not when its
    /// parent has none, or there is no room.
    pub(super) fn insert(&mut self, fid: &Fid, parent: &Fid, name: &OsStr) -> bool {
        let parent = self.ids.get(parent).copied().filter(|parent| self.path(*parent).is_some());
        let Some(parent) = parent else {
            self.remove(fid);
            return false;
        };
        for generation in &mut self.outside {
            generation.remove(fid);
        }
        let node = Node { parent: Some(parent), name: name.to_owned() };
        match self.ids.get(fid) {
            Some(id) => {
                self.nodes.insert(*id, node);
                true
            }
            None => self.put(fid.clone(), node),
        }
    }

    /// Forgets a directory, and where everything below it is.
    pub(super) fn remove(&mut self, fid: &Fid) {
        if let Some(id) = self.ids.remove(fid) {
            self.nodes.remove(&id);
        }
    }

    pub(super) fn contains(&self, fid: &Fid) -> bool {
        self.ids.contains_key(fid)
    }

    /// Remembers that nothing below a directory matters.
    pub(super) fn outside(&mut self, fid: Fid) {
        if self.outside[0].len() >= MAX_OUTSIDE {
            self.outside.swap(0, 1);
            self.outside[0].clear();
        }
        self.outside[0].insert(fid);
    }

    /// Forgets which directories do not matter: one of them was moved below a root.
    pub(super) fn forget_outside(&mut self) {
        self.outside.iter_mut().for_each(HashSet::clear);
    }

    /// Tells whether every directory below the roots is known, so that an unknown one is none of them.
    pub(super) const fn is_complete(&self) -> bool {
        !self.incomplete
    }

    /// Notes that directories below the roots are not known.
    pub(super) const fn misses_some(&mut self) {
        self.incomplete = true;
    }

    pub(super) fn find(&self, fid: &Fid) -> Spot {
        if let Some(path) = self.ids.get(fid).and_then(|id| self.path(*id)) {
            return Spot::Inside(path);
        }
        if let Some(path) = self.above.get(fid) {
            return Spot::Above(path.clone());
        }
        if self.outside.iter().any(|generation| generation.contains(fid)) {
            return Spot::Outside;
        }
        Spot::Unknown
    }

    fn put(&mut self, fid: Fid, node: Node) -> bool {
        if self.nodes.len() >= MAX_DIRECTORIES {
            self.prune();
        }
        if self.nodes.len() >= MAX_DIRECTORIES {
            self.incomplete = true;
            return false;
        }
        self.next += 1;
        self.nodes.insert(self.next, node);
        if let Some(old) = self.ids.insert(fid, self.next) {
            self.nodes.remove(&old);
        }
        true
    }

    /// Drops what lies below directories that were forgotten.
    fn prune(&mut self) {
        let lost: Vec<u64> =
            self.nodes.keys().copied().filter(|id| self.path(*id).is_none()).collect();
        for id in lost {
            self.nodes.remove(&id);
        }
        self.ids.retain(|_, id| self.nodes.contains_key(id));
    }

    /// Returns the path, or `None` when a directory above it was forgotten.
    fn path(&self, id: u64) -> Option<PathBuf> {
        let mut names = Vec::new();
        let mut node = self.nodes.get(&id)?;
        while let Some(parent) = node.parent {
            names.push(node.name.as_os_str());
            // Nothing is that deep: events that were lost have left a circle.
            if names.len() > MAX_DEPTH {
                return None;
            }
            node = self.nodes.get(&parent)?;
        }
        let mut path = PathBuf::from(&node.name);
        path.extend(names.into_iter().rev());
        Some(path)
    }
}

/// About 40 MB. The directories beyond are found by their handle each time, which is slower.
const MAX_DIRECTORIES: usize = 1 << 18;

/// Twice this many are remembered: a busy host writes into few directories at a time.
const MAX_OUTSIDE: usize = 1 << 13;

const MAX_DEPTH: usize = 1 << 13;

#[cfg(test)]
mod tests {
    use super::*;

    fn fid(number: u8) -> Fid {
        Fid { fsid: 1, kind: 1, bytes: Box::new([number]) }
    }

    fn inside(path: &str) -> Spot {
        Spot::Inside(path.into())
    }

    #[test]
    fn what_lies_below_a_directory_moves_with_it() {
        let mut tree = Tree::default();
        tree.root(fid(0), Path::new("/r"));
        assert!(tree.insert(&fid(1), &fid(0), "a".as_ref()));
        assert!(tree.insert(&fid(2), &fid(1), "b".as_ref()));
        assert!(tree.insert(&fid(3), &fid(0), "c".as_ref()));
        assert_eq!(tree.find(&fid(2)), inside("/r/a/b"));
        assert!(tree.insert(&fid(1), &fid(3), "d".as_ref()));
        assert_eq!(tree.find(&fid(2)), inside("/r/c/d/b"));
        tree.remove(&fid(1));
        assert_eq!(tree.find(&fid(1)), Spot::Unknown);
        assert_eq!(tree.find(&fid(2)), Spot::Unknown);
        assert!(!tree.insert(&fid(4), &fid(2), "e".as_ref()));
        assert_eq!(tree.find(&fid(4)), Spot::Unknown);
    }

    #[test]
    fn a_circle_has_no_path() {
        let mut tree = Tree::default();
        tree.root(fid(0), Path::new("/r"));
        tree.insert(&fid(1), &fid(0), "a".as_ref());
        tree.insert(&fid(2), &fid(1), "b".as_ref());
        tree.insert(&fid(1), &fid(2), "a".as_ref());
        assert_eq!(tree.find(&fid(1)), Spot::Unknown);
    }

    #[test]
    fn directories_that_do_not_matter_are_bounded() {
        let mut tree = Tree::default();
        for number in 0..MAX_OUTSIDE * 3 {
            tree.outside(Fid { fsid: 2, kind: 1, bytes: number.to_ne_bytes().into() });
        }
        let kept: usize = tree.outside.iter().map(HashSet::len).sum();
        assert_eq!(kept, MAX_OUTSIDE * 2);
        tree.forget_outside();
        assert_eq!(tree.outside.iter().map(HashSet::len).sum::<usize>(), 0);
    }

    #[test]
    fn what_was_forgotten_makes_room() {
        let mut tree = Tree::default();
        tree.root(fid(0), Path::new("/r"));
        tree.insert(&fid(1), &fid(0), "a".as_ref());
        tree.insert(&fid(2), &fid(1), "b".as_ref());
        tree.remove(&fid(1));
        tree.prune();
        assert_eq!((tree.ids.len(), tree.nodes.len()), (1, 1));
        assert!(tree.is_complete());
    }
}
