use std::io::Read as _;
use std::path::PathBuf;

use super::{Probe, RestoredTree, Verdict};

/// A file that is there in every snapshot, and what it says: the first thing that an encryption by strangers changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canary {
    path: PathBuf,
    content: Vec<u8>,
}

impl Canary {
    /// The file at `path` says `content`, and nothing else.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, content: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), content: content.into() }
    }
}

impl Probe for Canary {
    fn id(&self) -> String {
        format!("canary {}", self.path.display())
    }

    fn run(&self, tree: &RestoredTree, _: &dyn Fn() -> bool) -> Verdict {
        let file = match tree.open(&self.path) {
            Ok(file) => file,
            Err(error) => return Verdict::failed(format!("it cannot be opened: {error}")),
        };
        let mut found = Vec::with_capacity(self.content.len() + 1);
        // One byte more than it may have tells as much as all of them.
        let most = self.content.len() as u64 + 1;
        match file.take(most).read_to_end(&mut found) {
            Err(error) => Verdict::failed(format!("it cannot be read: {error}")),
            Ok(_) if found == self.content => Verdict::passed("it says what it has to"),
            Ok(_) => Verdict::failed("it says something else"),
        }
    }
}
