//! Entries as directories that begin and end.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
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
    Steps { source, path: PathBuf::new(), inside: Vec::new(), next: None }
}

/// The entries of a source with the end of each directory.
#[derive(Debug)]
pub struct Steps<'a> {
    source: &'a mut dyn Source,
    /// The directory that the walk is in.
    path: PathBuf,
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
        if !self.inside.is_empty() && entry.path.parent() != Some(&self.path) {
            self.next = Some(entry);
            return self.leave();
        }
        if entry.metadata.kind == EntryKind::Directory {
            self.inside.push(self.path.as_os_str().len());
            self.path.clone_from(&entry.path);
            return Some(Step::Enter(entry));
        }
        Some(Step::Item(entry))
    }
}

impl Steps<'_> {
    fn leave(&mut self) -> Option<Step> {
        let above = self.inside.pop()?;
        let mut path = std::mem::take(&mut self.path).into_os_string().into_vec();
        path.truncate(above);
        self.path = OsString::from_vec(path).into();
        Some(Step::Leave)
    }
}
