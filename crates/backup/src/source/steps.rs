//! Entries as directories that begin and end.

use std::path::PathBuf;

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
    Steps { source, inside: Vec::new(), next: None }
}

/// The entries of a source with the end of each directory.
#[derive(Debug)]
pub struct Steps<'a> {
    source: &'a mut dyn Source,
    inside: Vec<PathBuf>,
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
                None => return self.inside.pop().map(|_| Step::Leave),
            },
        };
        if self.inside.last().is_some_and(|inside| entry.path.parent() != Some(inside)) {
            self.inside.pop();
            self.next = Some(entry);
            return Some(Step::Leave);
        }
        if entry.metadata.kind == EntryKind::Directory {
            self.inside.push(entry.path.clone());
            return Some(Step::Enter(entry));
        }
        Some(Step::Item(entry))
    }
}
