//! Entries as directories that begin and end.

use std::os::unix::ffi::OsStrExt as _;

use super::{Entry, EntryKind, Failure, Source};

/// What a tree's writer does next.
#[derive(Debug)]
pub enum Step {
    /// A directory begins; what follows lies in it until it ends.
    Enter(Entry),
    /// Anything else that lies in the directory.
    Item(Entry),
    /// The directory that began last ends: its tree is whole.
    Leave,
    /// Something is not in the snapshot. It may be anywhere.
    Failed(Failure),
}

/// Tells the entries of a source that was prepared, with the end of each directory. Every [`Step::Enter`] has its
/// [`Step::Leave`]; what lies in `/` comes outside of any.
pub fn steps(source: &mut dyn Source) -> Steps<'_> {
    Steps { source, path: Vec::new(), inside: Vec::new(), next: None }
}

/// The entries of a source with the end of each directory.
#[derive(Debug)]
pub struct Steps<'a> {
    source: &'a mut dyn Source,
    /// The directory that the walk is in; empty for `/`.
    path: Vec<u8>,
    /// How long the path of the one above each directory is: whole paths would be much in a deep tree.
    inside: Vec<usize>,
    /// The entry that ended a directory, until all that it ended are told.
    next: Option<Entry>,
}

impl Iterator for Steps<'_> {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        let entry = match self.next.take() {
            Some(entry) => entry,
            None => match self.source.next_entry() {
                Some(Ok(entry)) => entry,
                Some(Err(failure)) => return Some(Step::Failed(failure)),
                None => return self.leave(),
            },
        };
        let path = entry.path.as_os_str().as_bytes();
        let parent = path.iter().rposition(|&byte| byte == b'/').unwrap_or_default();
        if !self.inside.is_empty() && path[..parent] != self.path {
            self.next = Some(entry);
            return self.leave();
        }
        if entry.metadata.kind == EntryKind::Directory {
            self.inside.push(self.path.len());
            self.path.clear();
            self.path.extend_from_slice(path);
            return Some(Step::Enter(entry));
        }
        Some(Step::Item(entry))
    }
}

impl Steps<'_> {
    fn leave(&mut self) -> Option<Step> {
        self.path.truncate(self.inside.pop()?);
        Some(Step::Leave)
    }
}
