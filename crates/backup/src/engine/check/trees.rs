//! All trees of all snapshots, each once.

use std::collections::HashSet;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::Finding;
use super::report::Check;
use crate::engine::tree_reader::TreeReader;
use crate::engine::{Error, Index, Role, parallel};
use crate::format::{BlobKind, Id, Node, NodeKind, Snapshot};

/// Reads each tree that a snapshot needs, and looks for all that it needs in turn.
pub(super) fn check<R: Role>(
    check: &Check<'_, R>,
    index: &Index,
    snapshots: &[(Id, Snapshot)],
) -> Result<(), Error> {
    let work = Work::default();
    for (_, snapshot) in snapshots {
        work.add(&snapshot.tree);
    }
    let threads = check.repository.options().threads.max(1);
    let numbers: Vec<usize> = (0..threads).collect();
    parallel::for_each(threads, &numbers, |_| {
        // Also by a panic: the others would wait for what this thread has in hand.
        let _ended = Ended(&work);
        let mut reader = TreeReader::new(check.repository, index)?;
        while let Some(id) = work.next() {
            check.go_on()?;
            tree(check, &mut reader, (index, &work), &id);
            work.done();
        }
        Ok(())
    })?;
    check.report().trees = work.state().seen.len() as u64;
    Ok(())
}

/// The trees that are to be read.
#[derive(Default)]
struct Work {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    seen: HashSet<Id>,
    waiting: Vec<Id>,
    /// How many threads read a tree, which may have others below it.
    busy: usize,
    is_ended: bool,
}

/// Ends the work for all, where one thread ends before it is done.
struct Ended<'a>(&'a Work);

impl Work {
    fn add(&self, id: &Id) {
        let mut state = self.state();
        if state.seen.insert(*id) {
            state.waiting.push(*id);
            self.changed.notify_one();
        }
    }

    /// The next tree; none when nothing waits and nobody works.
    fn next(&self) -> Option<Id> {
        let mut state = self.state();
        loop {
            if state.is_ended {
                return None;
            }
            if let Some(id) = state.waiting.pop() {
                state.busy += 1;
                return Some(id);
            }
            if state.busy == 0 {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn done(&self) {
        self.state().busy -= 1;
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.state().is_ended = true;
        self.0.changed.notify_all();
    }
}

fn tree<R: Role>(
    check: &Check<'_, R>,
    reader: &mut TreeReader<'_>,
    (index, work): (&Index, &Work),
    id: &Id,
) {
    let tree = match reader.read(id) {
        Ok(tree) => tree,
        Err(source) => return check.find(Finding::Tree { id: *id, source }),
    };
    let mut names: Vec<&[u8]> = tree.nodes.iter().map(|node| &node.name[..]).collect();
    names.sort_unstable();
    for twice in names.windows(2).filter(|pair| pair[0] == pair[1]) {
        check.find(Finding::Entry { tree: *id, name: shown(twice[0]), what: "names" });
    }
    for node in &tree.nodes {
        entry(check, index, work, (id, node));
    }
}

fn entry<R: Role>(check: &Check<'_, R>, index: &Index, work: &Work, (tree, node): (&Id, &Node)) {
    let name = || shown(&node.name);
    let contradiction = |what| check.find(Finding::Entry { tree: *tree, name: name(), what });
    let missing = |kind, id: &Id| Finding::BlobMissing { tree: *tree, name: name(), kind, id: *id };
    match (node.kind, &node.subtree) {
        (NodeKind::Dir, Some(subtree)) if index.best(BlobKind::Tree, subtree).is_none() => {
            check.find(missing(BlobKind::Tree, subtree));
        }
        (NodeKind::Dir, Some(subtree)) => work.add(subtree),
        (NodeKind::Dir, None) => contradiction("kind and content"),
        (NodeKind::File, _) => {
            let mut size = Some(0_u64);
            for id in &node.content {
                let Some(place) = index.best(BlobKind::Data, id) else {
                    return check.find(missing(BlobKind::Data, id));
                };
                size = size.and_then(|size| size.checked_add(place.blob.plain_length()));
            }
            if size != Some(node.size) {
                contradiction("size and content");
            }
        }
        (NodeKind::Irregular, _) => contradiction("kind and its name"),
        _ => {}
    }
}

/// A name as it may be shown: what is in a snapshot must not write on a terminal.
fn shown(name: &[u8]) -> String {
    name.escape_ascii().to_string()
}
