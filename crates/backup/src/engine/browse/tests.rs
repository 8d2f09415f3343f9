use std::collections::HashMap;

use super::*;
use crate::format::{BlobKind, NodeKind};

/// Trees in memory.
#[derive(Default)]
pub(in crate::engine) struct Trees(HashMap<Id, Tree>);

impl Trees {
    /// Keeps a tree of these nodes.
    pub(in crate::engine) fn add(&mut self, nodes: Vec<Node>) -> Id {
        let tree = Tree { nodes };
        let id = Id::of(&tree.to_json());
        self.0.insert(id, tree);
        id
    }

    pub(in crate::engine) fn read(&self, id: &Id) -> Result<Tree, Error> {
        self.0.get(id).cloned().ok_or(Error::BlobMissing { kind: BlobKind::Tree, id: *id })
    }
}

pub(in crate::engine) fn file(name: &str, content: &[&str]) -> Node {
    let mut node = Node::new(name, NodeKind::File);
    node.content = content.iter().map(|blob| Id::of(blob.as_bytes())).collect();
    node
}

pub(in crate::engine) fn dir(name: &str, subtree: Id) -> Node {
    let mut node = Node::new(name, NodeKind::Dir);
    node.subtree = Some(subtree);
    node
}

#[test]
fn directories_are_walked_before_what_is_in_them_in_the_order_of_names() {
    let (trees, root) = sample();
    let walked = |visit: &dyn Fn(&str) -> Visit| {
        let mut paths = Vec::new();
        let walked = walk(&root, &mut |id| trees.read(id), &mut |path, _| {
            let path = String::from_utf8_lossy(path).into_owned();
            let after = visit(&path);
            paths.push(path);
            after
        });
        walked.map(|()| paths.join(" ")).expect("all trees are there")
    };
    assert_eq!(walked(&|_| Visit::Enter), "/a /a/b /a/b/deep.conf /a/c /a.conf /z");
    let pass_by = |path: &str| if path == "/a/b" { Visit::PassBy } else { Visit::Enter };
    assert_eq!(walked(&pass_by), "/a /a/b /a/c /a.conf /z");
    let end = |path: &str| if path == "/a/c" { Visit::End } else { Visit::Enter };
    assert_eq!(walked(&end), "/a /a/b /a/b/deep.conf /a/c");
}

#[test]
fn a_path_is_listed_with_what_is_below_it() {
    let (trees, root) = sample();
    let check = |wanted: &str, expected: Option<&str>| {
        let mut paths = Vec::new();
        let mut read = Vec::new();
        let mut reader = |id: &Id| {
            read.push(*id);
            trees.read(id)
        };
        let found = list(&root, wanted.as_bytes(), &mut reader, &mut |path, _| {
            paths.push(String::from_utf8_lossy(path).into_owned());
            Visit::Enter
        });
        let found = found.expect("all trees are there").then(|| paths.join(" "));
        assert_eq!(found.as_deref(), expected, "{wanted}");
        read.len()
    };
    assert_eq!(check("/", Some("/a /a/b /a/b/deep.conf /a/c /a.conf /z")), 3);
    assert_eq!(check("/a/b", Some("/a/b /a/b/deep.conf")), 3);
    assert_eq!(check("a//b/", Some("/a/b /a/b/deep.conf")), 3);
    // Nothing is read that cannot be meant.
    assert_eq!(check("/z", Some("/z")), 1);
    assert_eq!(check("/a.conf", Some("/a.conf")), 1);
    assert_eq!(check("/a/x", None), 2);
    assert_eq!(check("/zz", None), 1);
}

#[test]
fn a_tree_may_be_deeper_than_any_stack() {
    let mut trees = Trees::default();
    let mut root = trees.add(vec![file("end", &[])]);
    for _ in 0..20_000 {
        root = trees.add(vec![dir("d", root)]);
    }
    let mut deepest = 0;
    let mut visit = |path: &[u8], _: &Node| {
        deepest = deepest.max(path.len());
        Visit::Enter
    };
    walk(&root, &mut |id| trees.read(id), &mut visit).expect("all trees are there");
    assert_eq!(deepest, 20_000 * 2 + 4);
}

#[test]
fn a_tree_that_is_missing_is_an_error() {
    let mut trees = Trees::default();
    let missing = Id::of(b"missing");
    let root = trees.add(vec![file("a", &[]), dir("b", missing)]);
    let walked = walk(&root, &mut |id| trees.read(id), &mut |_, _| Visit::Enter);
    assert!(matches!(walked, Err(Error::BlobMissing { id, .. }) if id == missing), "{walked:?}");
}

/// `a.conf` is before `a/b` as a path, and after `a` as a name.
fn sample() -> (Trees, Id) {
    let mut trees = Trees::default();
    let below = trees.add(vec![file("deep.conf", &["1"])]);
    let a = trees.add(vec![dir("b", below), file("c", &["2"])]);
    let root = trees.add(vec![file("z", &[]), file("a.conf", &["3"]), dir("a", a)]);
    (trees, root)
}
