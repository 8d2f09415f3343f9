//! Moving old segments away.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::layout::{Layout, name_of, sync_dir};

/// Moves all closed segments but the last `kept`, with their checkpoints, and returns where they are now.
///
/// The caller holds the lock. A checkpoint stays here too: the proof of a log does not depend on the archive's.
pub(crate) fn archive(layout: &Layout, to: &Path, kept: usize) -> Result<Vec<PathBuf>, Error> {
    let mut closed = layout.segments()?;
    closed.retain(|&first| layout.note(first).exists());
    closed.truncate(closed.len().saturating_sub(kept.max(KEPT)));
    let mut moved = Vec::new();
    for first in closed {
        let segment = layout.segment(first);
        let copy = copy_into(to, &segment)?;
        copy_into(to, &layout.note(first))?;
        sync_dir(to)?;
        fs::remove_file(&segment).map_err(Error::io("remove", &segment))?;
        moved.push(copy);
    }
    layout.sync_dir()?;
    Ok(moved)
}

/// Copies a file, durable before it has its name. One that is there already must be the same.
fn copy_into(to: &Path, path: &Path) -> Result<PathBuf, Error> {
    let copy = to.join(name_of(path));
    let draft = to.join(format!("{}.new", name_of(path)));
    let write = || {
        if copy.exists() {
            return is_same(path, &copy)?.then_some(()).ok_or(io::ErrorKind::AlreadyExists.into());
        }
        fs::copy(path, &draft)?;
        File::open(&draft)?.sync_all()?;
        fs::rename(&draft, &copy)
    };
    write().map_err(Error::io("write", &copy))?;
    Ok(copy)
}

fn is_same(one: &Path, other: &Path) -> io::Result<bool> {
    Ok(fs::read(one)? == fs::read(other)?)
}

/// The segment before the one that grows stays: opening the log begins at its end.
const KEPT: usize = 1;
