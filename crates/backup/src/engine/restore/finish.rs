//! What follows when the files of a batch are written: links, pipes and devices, further names, and last directories.

use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::Arc;

use rustix::fs::{AtFlags, FileType, Mode};
use rustix::io::Errno;

use super::batch::{Batch, Closed, Link, Other, OtherKind};
use super::run::{Restore, fault};
use super::write::Opened;
use super::{Existing, RestoreFault, beneath};
use crate::engine::{Error, Event, Role};

/// Makes all of the batch that is no file, once the files are written.
pub(super) fn finish<R: Role>(restore: &Restore<'_, R>, batch: &Batch) -> Result<(), Error> {
    let mut opened = Opened::default();
    for other in &batch.others {
        restore.go_on()?;
        count(restore, make(restore, &mut opened, other), || other.place.path());
    }
    for entry in &batch.links {
        restore.go_on()?;
        count(restore, link(restore, &mut opened, entry), || entry.place.path());
    }
    for directory in &batch.directories {
        restore.go_on()?;
        match close(restore, directory) {
            Ok(()) => restore.report().directories += 1,
            Err(reason) => restore.report().fail(directory.folder.path_of(b""), reason),
        }
    }
    Ok(())
}

fn count<R>(
    restore: &Restore<'_, R>,
    result: Result<(), RestoreFault>,
    path: impl Fn() -> std::path::PathBuf,
) {
    match result {
        Ok(()) => restore.report().others += 1,
        Err(reason) => restore.report().fail(path(), reason),
    }
    restore.observer.event(&Event::Done { files: 1, bytes: 0 });
}

/// Makes a link, a pipe, a socket or a device.
fn make<R: Role>(
    restore: &Restore<'_, R>,
    opened: &mut Opened,
    other: &Other,
) -> Result<(), RestoreFault> {
    let directory = directory(restore, opened, &other.place.folder)?;
    let node = |kind, device| {
        let mode = Mode::RUSR | Mode::WUSR;
        move |directory: std::os::fd::BorrowedFd<'_>, name: &std::ffi::CString| {
            rustix::fs::mknodat(directory, name, kind, mode, device)
        }
    };
    let made = match &other.kind {
        OtherKind::Symlink(target) => restore.names.make(&directory, |directory, name| {
            rustix::fs::symlinkat(&target[..], directory, name)
        }),
        OtherKind::Fifo => restore.names.make(&directory, node(FileType::Fifo, 0)),
        OtherKind::Socket => restore.names.make(&directory, node(FileType::Socket, 0)),
        OtherKind::CharDevice(device) => {
            restore.names.make(&directory, node(FileType::CharacterDevice, *device))
        }
        OtherKind::BlockDevice(device) => {
            restore.names.make(&directory, node(FileType::BlockDevice, *device))
        }
    };
    let ((), temporary) = made.map_err(|errno| RestoreFault::io("create", errno))?;
    let is_link = matches!(other.kind, OtherKind::Symlink(_));
    let lacking = other.attributes.set_on(temporary.directory(), temporary.name(), is_link);
    temporary
        .publish(&other.place.name, restore.options.existing)
        .map_err(|errno| fault("name", errno))?;
    restore.note(|| other.place.path(), lacking);
    Ok(())
}

/// Gives a file that was written another name.
fn link<R: Role>(
    restore: &Restore<'_, R>,
    opened: &mut Opened,
    link: &Link,
) -> Result<(), RestoreFault> {
    if !link.first.is_there() {
        return Err(RestoreFault::LinkedFailed);
    }
    let from = directory(restore, opened, &link.first.place.folder)?;
    let to = directory(restore, opened, &link.place.folder)?;
    let (old, new) = (&*link.first.place.name, &*link.place.name);
    match rustix::fs::linkat(&from, old, &to, new, AtFlags::empty()) {
        Err(Errno::EXIST) if restore.options.existing == Existing::Overwrite => {}
        answer => return answer.map_err(|errno| fault("link", errno)),
    }
    let look = |directory: &Arc<OwnedFd>, name| {
        let found = beneath::look(directory.as_fd(), name);
        found.map(|stat| stat.map(|stat| (stat.st_dev, stat.st_ino)))
    };
    let look = |directory, name| look(directory, name).map_err(|errno| fault("look at", errno));
    // A rename of one name of a file over another one of the same file does nothing.
    if look(&from, old)? == look(&to, new)? {
        return Ok(());
    }
    let made = restore.names.make(&to, |directory, name| {
        rustix::fs::linkat(&from, old, directory, name.as_c_str(), AtFlags::empty())
    });
    let ((), temporary) = made.map_err(|errno| fault("link", errno))?;
    temporary.publish(new, Existing::Overwrite).map_err(|errno| fault("name", errno))
}

/// Sets what belongs to a directory. Nothing is written into it from now on: its times and permissions stay.
fn close<R: Role>(restore: &Restore<'_, R>, closed: &Closed) -> Result<(), RestoreFault> {
    let opened = restore
        .beneath
        .directory(&closed.folder.path)
        .map_err(|errno| fault("open the directory", errno))?;
    let lacking = closed.attributes.set(opened.as_fd());
    restore.note(|| closed.folder.path_of(b""), lacking);
    Ok(())
}

fn directory<R>(
    restore: &Restore<'_, R>,
    opened: &mut Opened,
    folder: &Arc<super::batch::Folder>,
) -> Result<Arc<OwnedFd>, RestoreFault> {
    opened
        .directory(folder, |path| restore.beneath.directory(path))
        .map_err(|errno| fault("open the directory", errno))
}
