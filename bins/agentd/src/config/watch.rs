//! Noticing that the configuration file changed.

use std::path::Path;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

/// Watches the directories of the file and of what it links to: editors and configuration managers replace the
/// file, which a watch on the file itself would lose. `tell` learns that something changed; dropping the watcher ends it.
pub(crate) fn watch(file: &Path, tell: mpsc::Sender<()>) -> notify::Result<RecommendedWatcher> {
    let file = std::path::absolute(file)?;
    let target = std::fs::canonicalize(&file)?;
    let names = [file.clone(), target.clone()];
    // A link that leads through other links of its directory changes when any of them does.
    let any = file != target;
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let relevant = event.map_or(true, |event| {
            !matches!(event.kind, EventKind::Access(_))
                && (any
                    || event.need_rescan()
                    || event.paths.iter().any(|path| names.contains(path)))
        });
        if relevant {
            // A change that is already waiting to be told stands for this one too.
            let _ = tell.try_send(());
        }
    })?;
    let directories = [file.parent(), target.parent()];
    for (index, directory) in directories.iter().flatten().enumerate() {
        if index == 0 || directories[0] != Some(directory) {
            watcher.watch(directory, RecursiveMode::NonRecursive)?;
        }
    }
    Ok(watcher)
}
