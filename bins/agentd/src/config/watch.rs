//! Noticing that the configuration changed: its file, and the files that it names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use notify::{Error, Event, EventKind, RecommendedWatcher, RecursiveMode, Result, Watcher as _};
use tokio::sync::mpsc;

use crate::file_pattern::fits;

/// What is watched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Watched {
    /// A file, whether it is there or not.
    File(PathBuf),
    /// What fits a pattern in a directory, even if it comes later.
    Fitting { directory: PathBuf, pattern: String },
}

/// Watches the directories of the file and of what it links to: editors and configuration managers replace the
/// file, which a watch on the file itself would lose. The same with what the file names, as far as it can be: why not,
/// is returned beside. `tell` learns that something changed; dropping the watcher ends it.
pub(crate) fn watch(
    file: &Path,
    named: &BTreeSet<Watched>,
    tell: mpsc::Sender<()>,
) -> Result<(RecommendedWatcher, Option<Error>)> {
    let mut places = Places::default();
    std::fs::metadata(file)?;
    places.add_file(file)?;
    let own: Vec<_> = places.0.keys().cloned().collect();
    let mut failed = None;
    for one in named {
        let added = match one {
            Watched::File(file) => places.add_file(file),
            Watched::Fitting { directory, pattern } => places.add_pattern(directory, pattern),
        };
        failed = failed.or(added.err());
    }
    let directories: Vec<_> = places.0.keys().cloned().collect();
    let mut watcher = notify::recommended_watcher(move |event: Result<Event>| {
        if event.map_or(true, |event| places.are_of(&event)) {
            // A change that is already waiting to be told stands for this one too.
            let _ = tell.try_send(());
        }
    })?;
    for directory in directories {
        match watcher.watch(&directory, RecursiveMode::NonRecursive) {
            Err(error) if own.contains(&directory) => return Err(error),
            Err(error) => failed = failed.or(Some(error)),
            Ok(()) => {}
        }
    }
    Ok((watcher, failed))
}

/// Directories by their real names, and what of each matters.
#[derive(Debug, Default)]
struct Places(BTreeMap<PathBuf, Vec<Of>>);

/// What of a directory matters.
#[derive(Debug)]
enum Of {
    Name(PathBuf),
    Pattern(String),
    All,
}

impl Places {
    fn add_file(&mut self, file: &Path) -> Result<()> {
        let file = std::path::absolute(file)?;
        let (Some(parent), Some(name)) = (file.parent(), file.file_name()) else {
            return Err(Error::generic("not the name of a file").add_path(file));
        };
        let directory = real(parent)?;
        let file = directory.join(name);
        match std::fs::canonicalize(&file) {
            // A link that leads through other links of its directory changes when any of them does.
            Ok(target) if target != file => {
                if let Some(parent) = target.parent() {
                    self.add(parent.to_owned(), Of::All);
                }
                self.add(directory, Of::All);
            }
            _ => self.add(directory, Of::Name(name.into())),
        }
        Ok(())
    }

    fn add_pattern(&mut self, directory: &Path, pattern: &str) -> Result<()> {
        let directory = real(&std::path::absolute(directory)?)?;
        self.add(directory, Of::Pattern(pattern.to_owned()));
        Ok(())
    }

    fn add(&mut self, directory: PathBuf, of: Of) {
        self.0.entry(directory).or_default().push(of);
    }

    fn are_of(&self, event: &Event) -> bool {
        let is_one = |path: &PathBuf| -> bool {
            let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
                return true;
            };
            let matters = |of: &Of| match of {
                Of::Name(own) => own == name,
                Of::Pattern(pattern) => name.to_str().is_some_and(|name| fits(pattern, name)),
                Of::All => true,
            };
            self.0.get(directory).is_some_and(|all| all.iter().any(matters))
                // The directory itself went or came.
                || self.0.contains_key(path)
        };
        !matches!(event.kind, EventKind::Access(_))
            && (event.need_rescan() || event.paths.iter().any(is_one))
    }
}

fn real(directory: &Path) -> Result<PathBuf> {
    std::fs::canonicalize(directory)
        .map_err(|error| Error::io(error).add_path(directory.to_owned()))
}
