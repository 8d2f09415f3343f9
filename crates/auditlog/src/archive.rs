//! Moving old segments away.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
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
        if fs::symlink_metadata(&copy).is_ok_and(|data| data.is_file()) {
            return is_same(path, &copy)?.then_some(()).ok_or(io::ErrorKind::AlreadyExists.into());
        }
        // Others may write there: nothing that stands under the draft's name, a link too, is written through.
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = create_new(&draft)?;
        io::copy(&mut File::open(path)?, &mut file)?;
        file.sync_all()?;
        fs::rename(&draft, &copy)
    };
    write().map_err(Error::io("write", &copy))?;
    Ok(copy)
}

fn create_new(path: &Path) -> io::Result<File> {
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

fn is_same(one: &Path, other: &Path) -> io::Result<bool> {
    Ok(fs::read(one)? == fs::read(other)?)
}

/// The segment before the one that grows stays: opening the log begins at its end.
const KEPT: usize = 1;
