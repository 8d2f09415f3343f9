//! Files and directories of the system.

use std::io;
use std::path::{Path, PathBuf};

use self::walk::Walk;
use super::path::absolute;
use super::{Entry, Excludes, Failure, Source, SourceError};

mod content;
mod directory;
mod owners;
mod stat;
mod tag;
mod walk;
mod ways;
mod xattrs;

pub use tag::Tag;

/// Files and directories of the system, each with all that lies in it.
///
/// Every name is looked at and opened in the directory that was opened before, and never through a link, so that
/// whoever can write in one place cannot have another backed up instead. The path to a root is the operator's: a link
/// in it is followed when it is root's or our own.
///
/// ```
/// use wardkit_backup::source::{Files, FilesOptions, Step, Source as _, steps};
///
/// let folder = tempfile::tempdir()?;
/// std::fs::write(folder.path().join("a"), "hello")?;
/// let mut files = Files::new([folder.path()], FilesOptions::default())?;
/// files.prepare()?;
/// let items: Vec<_> = steps(&mut files).filter(|step| matches!(step, Step::Item(_))).collect();
/// assert_eq!(items.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Files {
    roots: Vec<PathBuf>,
    options: FilesOptions,
    walk: Option<Walk>,
}

/// What of the files is backed up.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct FilesOptions {
    /// Paths that are left out.
    pub excludes: Excludes,
    /// Leaves out what is mounted below a root; where it is mounted, there is an empty directory.
    pub one_file_system: bool,
    /// Leaves out what lies beside a file that says so, but for this file: [`Tag::cache`] is the usual one.
    pub exclude_if_present: Vec<Tag>,
    /// Leaves out files that are larger.
    pub exclude_larger_than: Option<u64>,
}

impl Files {
    /// Backs up the roots, each once: also where one is given twice or lies in another.
    ///
    /// # Errors
    ///
    /// When a root is not an absolute path.
    pub fn new<P: AsRef<Path>>(
        roots: impl IntoIterator<Item = P>,
        options: FilesOptions,
    ) -> Result<Self, SourceError> {
        let mut roots =
            roots.into_iter().map(|root| absolute(root.as_ref())).collect::<Result<Vec<_>, _>>()?;
        roots.sort_unstable_by(|left, right| left.as_os_str().cmp(right.as_os_str()));
        roots.dedup();
        Ok(Self { roots, options, walk: None })
    }
}

impl Source for Files {
    fn paths(&self) -> Vec<PathBuf> {
        self.roots.clone()
    }

    fn prepare(&mut self) -> Result<(), SourceError> {
        let missing: Vec<_> = self.roots.iter().filter_map(|root| look(root).err()).collect();
        if missing.len() == self.roots.len() {
            return Err(SourceError::Nothing { failures: missing });
        }
        let walk = Walk::new(&self.roots, self.options.clone());
        let walk = walk.map_err(|errno| SourceError::Nothing {
            failures: vec![Failure::new("/", "open", errno.into())],
        })?;
        self.walk = Some(walk);
        Ok(())
    }

    fn next_entry(&mut self) -> Option<Result<Entry, Failure>> {
        self.walk.as_mut()?.next()
    }

    fn finish(&mut self) -> Result<(), SourceError> {
        Ok(())
    }
}

fn look(root: &Path) -> Result<(), Failure> {
    let looked = root.symlink_metadata();
    looked.map(|_| ()).map_err(|reason: io::Error| Failure::new(root, "find", reason))
}
