//! What was seen of the memory of runs, kept over a restart of this program: it takes days to see it again.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use wardkit_detect::leak::LeakWatch;

/// A file of watches, by service.
#[derive(Debug)]
pub(crate) struct Kept {
    path: PathBuf,
    before: BTreeMap<String, Watch>,
}

/// What was seen of one run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Watch {
    /// Its first process, with its boot and its start.
    run: String,
    watch: LeakWatch,
}

impl Watch {
    pub(crate) fn new(run: impl Into<String>, watch: LeakWatch) -> Self {
        Self { run: run.into(), watch }
    }
}

impl Kept {
    /// Reads the file. What cannot be read is seen anew.
    pub(crate) fn read(directory: &Path) -> Self {
        let path = directory.join(NAME);
        let text = fs::read(&path).unwrap_or_default();
        Self { path, before: serde_json::from_slice(&text).unwrap_or_default() }
    }

    /// Takes what was seen of a run; nothing, where the service has had another run since.
    pub(crate) fn take(&mut self, service: &str, run: &str) -> Option<LeakWatch> {
        self.before.remove(service).filter(|watch| watch.run == run).map(|watch| watch.watch)
    }

    /// Writes the watches of all runs.
    ///
    /// # Errors
    ///
    /// When there is no room; then the file is as it was.
    pub(crate) fn write(&self, watches: &BTreeMap<&str, Watch>) -> io::Result<()> {
        let text = serde_json::to_vec(watches).map_err(io::Error::other)?;
        let next = self.path.with_extension("json.new");
        fs::write(&next, text)?;
        fs::rename(&next, &self.path)
    }
}

const NAME: &str = "leaks.json";

#[cfg(test)]
mod tests {
    use wardkit_core::Timestamp;

    use super::*;

    #[test]
    fn what_was_seen_is_of_the_same_run_or_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let mut watch = LeakWatch::new();
        watch.push(Timestamp::from_unix_seconds(3600), 5e6);
        let kept = Kept::read(folder.path());
        let watches = ["bot", "db"].map(|name| (name, Watch::new("boot/7/100", watch.clone())));
        kept.write(&watches.into()).unwrap();
        let mut kept = Kept::read(folder.path());
        let seen = kept.take("bot", "boot/7/100").map(|watch| format!("{watch:?}"));
        assert_eq!(seen, Some(format!("{watch:?}")));
        assert!(kept.take("bot", "boot/7/100").is_none());
        assert!(kept.take("db", "boot/7/101").is_none());
        fs::write(folder.path().join(NAME), "{\"bot\":").unwrap();
        assert!(Kept::read(folder.path()).take("bot", "boot/7/100").is_none());
    }
}
