use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use crate::{Error, Procfs};

/// A cgroup of version 2: a group of processes that none of them leaves by itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cgroup {
    path: PathBuf,
}

impl Cgroup {
    /// Returns the group that this process is in; `None` where there is no hierarchy of version 2.
    #[must_use]
    pub fn ours() -> Option<Self> {
        Self::below_mount(&Procfs::default().cgroup(std::process::id())?)
    }

    /// Takes a group by its path below the place where the hierarchy is mounted; `None` where there is no hierarchy of
    /// version 2.
    #[must_use]
    pub fn below_mount(path: &Path) -> Option<Self> {
        let mount = mount(&fs::read_to_string("/proc/self/mountinfo").ok()?)?;
        Some(Self { path: mount.join(path.strip_prefix("/").unwrap_or(path)) })
    }

    /// Takes a group by its folder.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Makes a group below this one, or takes it when it is there already.
    ///
    /// # Errors
    ///
    /// When the kernel refuses, as it does where the hierarchy was not delegated, or when `name` is no plain name.
    pub fn child(&self, name: &str) -> Result<Self, Error> {
        let path = self.path.join(name);
        if name.is_empty() || name.contains('/') || name == "." || name == ".." {
            return Err(Error::file(path)(io::ErrorKind::InvalidInput.into()));
        }
        match fs::create_dir(&path) {
            Ok(()) => Ok(Self { path }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Self { path }),
            Err(source) => Err(Error::File { path, source }),
        }
    }

    /// Makes a group below this one with these values, or nothing.
    ///
    /// # Errors
    ///
    /// As [`Cgroup::child`] and [`Cgroup::set`].
    pub fn child_with(&self, name: &str, values: &[(String, String)]) -> Result<Self, Error> {
        let child = self.child(name)?;
        let set = values.iter().try_for_each(|(name, value)| child.set(name, value));
        set.inspect_err(|_| {
            // One that has processes was there before, and stays.
            let _ = child.remove();
        })?;
        Ok(child)
    }

    /// Returns its folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Ends every process in it and below, at once.
    ///
    /// # Errors
    ///
    /// When the group is gone or not ours, or the kernel is older than 5.14.
    pub fn kill(&self) -> Result<(), Error> {
        self.set("cgroup.kill", "1")
    }

    /// Sets one of its values, such as `memory.max`.
    ///
    /// # Errors
    ///
    /// When there is no such value here, its controller is not delegated, or the kernel refuses it.
    pub fn set(&self, name: &str, value: &str) -> Result<(), Error> {
        let path = self.path.join(name);
        let write = || -> io::Result<()> {
            let file = rustix::fs::open(&path, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
            rustix::io::write(&file, value.as_bytes())?;
            Ok(())
        };
        write().map_err(Error::file(&path))
    }

    /// Tells whether no process is in it or below; a group that is gone is empty.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn is_empty(&self) -> Result<bool, Error> {
        let path = self.path.join("cgroup.events");
        match fs::read_to_string(&path) {
            Ok(text) => Ok(value(&text, "populated") == Some(0)),
            Err(error) if is_gone(&error) => Ok(true),
            Err(source) => Err(Error::File { path, source }),
        }
    }

    /// Returns the numbers of the processes in it and below.
    ///
    /// # Errors
    ///
    /// When it cannot be read; a group that is gone has none.
    pub fn pids(&self) -> Result<Vec<u32>, Error> {
        let mut pids = Vec::new();
        for folder in self.folders()? {
            let path = folder.join("cgroup.procs");
            match fs::read_to_string(&path) {
                Ok(text) => pids.extend(text.lines().filter_map(|line| line.parse::<u32>().ok())),
                Err(error) if is_gone(&error) => {}
                Err(source) => return Err(Error::File { path, source }),
            }
        }
        Ok(pids)
    }

    /// Removes it and the groups below; all must be empty.
    ///
    /// # Errors
    ///
    /// When one is not. A group that is gone is removed.
    pub fn remove(&self) -> Result<(), Error> {
        for path in self.folders()?.into_iter().rev() {
            match fs::remove_dir(&path) {
                Ok(()) => {}
                Err(error) if is_gone(&error) => {}
                Err(source) => return Err(Error::File { path, source }),
            }
        }
        Ok(())
    }

    /// Returns how many of its processes were ended for want of memory; `None` without the memory controller.
    #[must_use]
    pub fn oom_kills(&self) -> Option<u64> {
        value(&fs::read_to_string(self.path.join("memory.events")).ok()?, "oom_kill")
    }

    /// Returns the most memory that it used, in bytes; `None` without the memory controller, or before Linux 5.19.
    #[must_use]
    pub fn memory_peak(&self) -> Option<u64> {
        fs::read_to_string(self.path.join("memory.peak")).ok()?.trim().parse().ok()
    }

    /// Opens the file that takes a process in.
    pub(crate) fn entrance(&self) -> io::Result<OwnedFd> {
        let path = self.path.join("cgroup.procs");
        Ok(rustix::fs::open(&path, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?)
    }

    /// Returns its folder and those below, parents first.
    fn folders(&self) -> Result<Vec<PathBuf>, Error> {
        let mut folders = vec![self.path.clone()];
        let mut next = 0;
        while let Some(path) = folders.get(next).cloned() {
            next += 1;
            let entries = match fs::read_dir(&path) {
                Ok(entries) => entries,
                Err(error) if is_gone(&error) => continue,
                Err(source) => return Err(Error::File { path, source }),
            };
            let is_folder =
                |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
            folders.extend(entries.flatten().filter(is_folder).map(|entry| entry.path()));
        }
        Ok(folders)
    }
}

/// A folder of a group that is being removed answers `ENODEV`.
fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
        || error.raw_os_error() == Some(rustix::io::Errno::NODEV.raw_os_error())
}

/// Finds where the hierarchy is mounted, in the lines of `mountinfo`.
fn mount(mounts: &str) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let (fields, rest) = line.split_once(" - ")?;
        // A bind mount of a part of it does not lead to our group.
        let mut fields = fields.split(' ').skip(3);
        let is_whole = fields.next()? == "/";
        let point = fields.next()?;
        (is_whole && rest.starts_with("cgroup2 ")).then(|| point.into())
    })
}

fn value(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hierarchy_is_found_among_the_mounts() {
        let hybrid = "30 25 0:26 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n\
                      31 25 0:27 /part /mnt rw - cgroup2 cgroup2 rw\n\
                      32 25 0:27 / /sys/fs/cgroup/unified rw,nosuid shared:9 - cgroup2 cgroup2 rw\n";
        assert_eq!(mount(hybrid), Some("/sys/fs/cgroup/unified".into()));
        assert_eq!(mount("30 25 0:26 / /proc rw - proc proc rw"), None);
        assert_eq!(mount(" - cgroup2 x"), None);
    }

    #[test]
    fn a_value_is_found_by_its_whole_name() {
        let events = "low 0\noom 3\noom_kill 2\noom_group_kill 1\n";
        assert_eq!((value(events, "oom_kill"), value(events, "oom")), (Some(2), Some(3)));
        assert_eq!(value(events, "max"), None);
    }
}
