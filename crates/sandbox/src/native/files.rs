//! What of the host's files a program sees.

use std::collections::BTreeSet;
use std::ffi::CString;
use std::fs;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags};
use rustix::mount::OpenTreeFlags;

use super::sys;
use crate::{Policy, SandboxError};

/// The file system that a program sees, in the order in which it is made. Paths are below its root.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    pub folders: Vec<CString>,
    pub empty_files: Vec<CString>,
    /// Where a link leads, and where it is.
    pub links: Vec<(CString, CString)>,
    pub binds: Vec<Place>,
}

/// A place of the host in the file system that a program sees.
#[derive(Debug)]
pub(crate) struct Place {
    pub host: CString,
    pub inside: CString,
    /// Attributes of its mount.
    pub attributes: u64,
    /// Rights that Landlock leaves.
    pub rights: u64,
}

impl Layout {
    /// Lays out what a policy grants, and one program of the host.
    pub(crate) fn new(policy: &Policy, program: Option<&Path>) -> Result<Self, SandboxError> {
        let mut layout = Draft::default();
        if policy.grants.runtime {
            RUNTIME.iter().try_for_each(|path| layout.add_if_there(path, Access::Read))?;
            DEVICES.iter().try_for_each(|path| layout.add_if_there(path, Access::Device))?;
        }
        if policy.grants.runtime && policy.grants.network {
            RESOLVER.iter().try_for_each(|path| layout.add_if_there(path, Access::Read))?;
        }
        for bind in &policy.grants.binds {
            let access = if bind.writable { Access::Write } else { Access::Read };
            layout.add(&bind.path, access)?;
        }
        if let Some(program) = program {
            layout.add(program, Access::Read)?;
        }
        layout.finish()
    }

    /// Takes hold of the places now, which only a privileged process can do for its child.
    pub(crate) fn trees(&self) -> Vec<Option<OwnedFd>> {
        self.binds.iter().map(|place| tree(place).ok()).collect()
    }

    /// Writes the rules of Landlock for these places.
    pub(crate) fn allow(&self, rules: &OwnedFd, version: u32) -> Result<(), SandboxError> {
        for place in &self.binds {
            let failed = |source| SandboxError::Setup { step: "opening a granted place", source };
            let flags = OFlags::PATH | OFlags::CLOEXEC;
            let opened = rustix::fs::open(&place.host, flags, Mode::empty())
                .map_err(|errno| failed(errno.into()))?;
            let rights = place.rights & super::landlock::files(version);
            sys::landlock_allow(rules.as_fd(), rights, opened.as_fd()).map_err(failed)?;
        }
        Ok(())
    }
}

/// Takes hold of a place of the host. Also for the child: it allocates nothing.
pub(crate) fn tree(place: &Place) -> io::Result<OwnedFd> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_RECURSIVE;
    Ok(rustix::mount::open_tree(CWD, place.host.as_c_str(), flags)?)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
    Device,
}

/// A layout that is being drawn.
#[derive(Default)]
struct Draft {
    folders: BTreeSet<PathBuf>,
    layout: Layout,
    /// Whose insides are the host's.
    covered: Vec<PathBuf>,
    links: BTreeSet<PathBuf>,
}

impl Draft {
    fn add_if_there(&mut self, path: &str, access: Access) -> Result<(), SandboxError> {
        let path = Path::new(path);
        match fs::symlink_metadata(path) {
            Ok(found) if found.is_symlink() => self.link(path),
            Ok(_) => self.add(path, access),
            Err(_) => Ok(()),
        }
    }

    fn link(&mut self, path: &Path) -> Result<(), SandboxError> {
        let to = fs::read_link(path).map_err(failed(path))?;
        if path.parent() != Some(Path::new("/")) {
            // A file that lies elsewhere, such as a resolver's configuration: what it leads to is shown in its place.
            return self.add(path, Access::Read);
        }
        self.links.insert(path.to_path_buf());
        self.layout.links.push((c_string(&to)?, inside(path)?));
        Ok(())
    }

    fn add(&mut self, path: &Path, access: Access) -> Result<(), SandboxError> {
        let found = fs::metadata(path).map_err(failed(path))?;
        let is_covered = self.covered.iter().any(|covered| path.starts_with(covered))
            || self.links.iter().any(|link| path.starts_with(link));
        if is_covered && access == Access::Read {
            return Ok(());
        }
        if !is_covered {
            let above = path.ancestors().skip(1).filter(|above| above.parent().is_some());
            self.folders.extend(above.map(Path::to_path_buf));
            if found.is_dir() {
                self.folders.insert(path.to_path_buf());
            } else {
                self.layout.empty_files.push(inside(path)?);
            }
        }
        if found.is_dir() {
            self.covered.push(path.to_path_buf());
        }
        self.layout.binds.push(Place {
            host: c_string(path)?,
            inside: inside(path)?,
            attributes: attributes(access, found.file_type().is_char_device()),
            rights: rights(access, found.is_dir()),
        });
        Ok(())
    }

    fn finish(mut self) -> Result<Layout, SandboxError> {
        // Parents sort before what is in them.
        for folder in &self.folders {
            if !self.links.iter().any(|link| folder.starts_with(link)) {
                self.layout.folders.push(inside(folder)?);
            }
        }
        Ok(self.layout)
    }
}

fn attributes(access: Access, is_device: bool) -> u64 {
    let device = if is_device && access == Access::Device { MOUNT_NOEXEC } else { MOUNT_NODEV };
    let written = if access == Access::Write { 0 } else { MOUNT_READ_ONLY };
    MOUNT_NOSUID | device | written
}

fn rights(access: Access, is_folder: bool) -> u64 {
    use super::landlock::{CHANGE_FILE, CHANGE_FOLDER, EXECUTE, READ_FILE, READ_FOLDER};
    match (access, is_folder) {
        (Access::Read, false) => EXECUTE | READ_FILE,
        (Access::Read, true) => EXECUTE | READ_FILE | READ_FOLDER,
        (Access::Write, false) => EXECUTE | READ_FILE | CHANGE_FILE,
        (Access::Write, true) => EXECUTE | READ_FILE | READ_FOLDER | CHANGE_FILE | CHANGE_FOLDER,
        (Access::Device, _) => READ_FILE | CHANGE_FILE,
    }
}

fn inside(path: &Path) -> Result<CString, SandboxError> {
    c_string(path.strip_prefix("/").unwrap_or(path))
}

fn c_string(path: &Path) -> Result<CString, SandboxError> {
    CString::new(path.as_os_str().as_bytes()).map_err(|_| SandboxError::Invalid {
        what: "a path".into(),
        reason: "has a NUL byte".into(),
    })
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> SandboxError {
    move |error| SandboxError::Invalid {
        what: path.display().to_string(),
        reason: error.to_string(),
    }
}

/// Programs and libraries; and what the loader, the libraries' tables and other names of programs need.
const RUNTIME: [&str; 10] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc/alternatives",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/ssl/certs",
];

const DEVICES: [&str; 3] = ["/dev/null", "/dev/urandom", "/dev/zero"];

/// What names of hosts are looked up with.
const RESOLVER: [&str; 3] = ["/etc/hosts", "/etc/nsswitch.conf", "/etc/resolv.conf"];

/// `MOUNT_ATTR_*` of linux/mount.h.
pub(crate) const MOUNT_READ_ONLY: u64 = 1;
const MOUNT_NOSUID: u64 = 2;
const MOUNT_NODEV: u64 = 4;
const MOUNT_NOEXEC: u64 = 8;
