//! Asks a source until it has told something, and keeps what it told.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use wardkit_integrity::{Batch, ChangeSource, Lost, LostReason, Touch, Touched};

pub(crate) struct Seen {
    source: Box<dyn ChangeSource>,
    pub(crate) all: Batch,
}

impl Seen {
    /// Takes the first batch, which asks for a scan of every root.
    pub(crate) fn new(mut source: impl ChangeSource + 'static, roots: &[&Path]) -> Self {
        let first = source.next(Duration::ZERO).unwrap();
        let started =
            |root: &&Path| Lost { scope: root.to_path_buf(), reason: LostReason::Started };
        assert_eq!(first.lost, roots.iter().map(started).collect::<Vec<_>>());
        Self { source: Box::new(source), all: Batch::default() }
    }

    /// Waits until the source has told enough.
    pub(crate) fn until(&mut self, enough: impl Fn(&Batch) -> bool) {
        let mut empty = 0;
        while !enough(&self.all) {
            let batch = self.source.next(Duration::from_millis(500)).unwrap();
            empty = if batch.is_empty() { empty + 1 } else { 0 };
            assert!(empty < 40, "told: {:#?}", self.all);
            self.all.touched.extend(batch.touched);
            self.all.lost.extend(batch.lost);
        }
    }

    /// Waits until a path was touched so.
    pub(crate) fn touched(&mut self, path: &Path, what: Touch) -> Touched {
        let wanted = |touched: &&Touched| touched.path == path && touched.what == what;
        self.until(|all| all.touched.iter().any(|touched| wanted(&touched)));
        self.all.touched.iter().rfind(wanted).unwrap().clone()
    }

    /// Waits until a scope was lost for that reason.
    pub(crate) fn lost(&mut self, scope: &Path, reason: LostReason) {
        let wanted = Lost { scope: scope.to_owned(), reason };
        self.until(|all| all.lost.contains(&wanted));
    }
}

/// Returns a new directory and its path without symbolic links.
pub(crate) fn directory() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().canonicalize().unwrap();
    (dir, path)
}
