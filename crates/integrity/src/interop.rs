//! Lists of other programs: read to compare with, and written for them to compare with.

mod aide;
mod export;
mod lines;
mod mtree;
mod names;
mod sums;

use std::fmt;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use rayon::prelude::*;

pub use export::{Export, Exported};

use crate::{
    Algorithm, Change, Digest, Entry, EntryKind, Error, Fault, Field, Fields, Take,
    compare_entries, inspect, order,
};
use lines::{Lines, Problem};

/// The form of a list of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Format {
    /// What `sha256sum` writes and `sha256sum --check` reads, with `--tag` or without.
    Sha256sum,
    /// What `b3sum` writes and `b3sum --check` reads.
    B3sum,
    /// A specification of mtree(5).
    Mtree,
    /// A database of AIDE. It can only be read.
    Aide,
}

impl Format {
    /// Returns the name: `sha256sum`, `b3sum`, `mtree`, `aide`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha256sum => "sha256sum",
            Self::B3sum => "b3sum",
            Self::Mtree => "mtree",
            Self::Aide => "aide",
        }
    }

    /// Returns the algorithm of its digests.
    #[must_use]
    pub const fn algorithm(self) -> Algorithm {
        match self {
            Self::B3sum => Algorithm::Blake3,
            Self::Sha256sum | Self::Mtree | Self::Aide => Algorithm::Sha256,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        [Self::Sha256sum, Self::B3sum, Self::Mtree, Self::Aide]
            .into_iter()
            .find(|format| format.as_str() == text)
            .ok_or_else(|| Error::Format(text.to_owned()))
    }
}

/// Reads a list. Names in it are taken below `root`, and absolute ones must lie there.
///
/// Of what a list says only the digests of contents are kept. A database of AIDE may be compressed, with the feature
/// `gzip`. Nothing else is looked at: resolve a root that leads through symbolic links first, because
/// [`ImportedList::compare`] follows none.
///
/// # Errors
///
/// Fails with [`Error::List`] at the first line that is not of the format, is too long, or names what is not below
/// the root; nothing of such a list is used. Fails where the list cannot be read, and where the root is not an
/// absolute path.
pub fn import(format: Format, root: &Path, reader: impl BufRead) -> Result<ImportedList, Error> {
    let root = names::Root::new(root)?;
    let mut list = Building { files: Vec::new(), without_digest: 0 };
    match format {
        Format::Sha256sum | Format::B3sum => {
            sums::read(&mut Lines::new(reader), format.algorithm(), &root, &mut list)
        }
        Format::Mtree => mtree::read(&mut Lines::new(reader), &root, &mut list),
        Format::Aide => aide::read(reader, &root, &mut list),
    }?;
    list.files.sort_by(|(left, a), (right, b)| order::compare(left, right).then(a.cmp(b)));
    list.files.dedup();
    Ok(ImportedList {
        algorithm: format.algorithm(),
        files: list.files,
        without_digest: list.without_digest,
    })
}

/// What another program wrote down of files: their names, and the digests of their contents.
#[derive(Clone, Debug)]
pub struct ImportedList {
    algorithm: Algorithm,
    files: Vec<(PathBuf, Digest)>,
    without_digest: u64,
}

impl ImportedList {
    /// Looks at all listed files, several at once, and compares their contents.
    ///
    /// A file that is listed and gone is removed, and what is no regular file any more changed its type. Files that are
    /// not listed are not looked for.
    #[must_use]
    pub fn compare(&self) -> ComparedList {
        let found: Vec<(Change, Option<Fault>)> = self
            .files
            .par_iter()
            .filter_map(|(path, digest)| self.compare_file(path, *digest))
            .collect();
        let mut compared = ComparedList { changes: Vec::new(), faults: Vec::new() };
        for (change, fault) in found {
            compared.faults.extend(fault.map(|fault| (change.path.clone(), fault)));
            compared.changes.push(change);
        }
        compared
    }

    /// Returns the files and their digests, in the order of baselines.
    pub fn files(&self) -> impl Iterator<Item = (&Path, Digest)> {
        self.files.iter().map(|(path, digest)| (path.as_path(), *digest))
    }

    /// Returns the algorithm of the digests.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Returns how many files are listed with a digest.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.files.len()
    }

    /// Tells whether no file is listed with a digest.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Returns how much was listed without a digest that could be compared: directories, links, and files whose digest
    /// is of another kind.
    #[must_use]
    pub const fn without_digest(&self) -> u64 {
        self.without_digest
    }

    fn compare_file(&self, path: &Path, digest: Digest) -> Option<(Change, Option<Fault>)> {
        let mut old = Entry::new(path, EntryKind::File);
        old.content = Some(digest);
        let new = inspect(path, self.algorithm, Take::Content, None);
        let fault = new.as_ref().and_then(|new| new.fault);
        let is_other = new.as_ref().is_some_and(|new| new.kind != EntryKind::File);
        let content = Fields::NONE.with(Field::Content);
        let fields = if is_other && fault.is_none() { content.with(Field::Type) } else { content };
        let change = compare_entries(Some(&old), new.as_ref(), fields)?;
        Some((change, fault))
    }
}

/// What differs from an imported list.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ComparedList {
    /// What differs, in the order of baselines.
    pub changes: Vec<Change>,
    /// What could not be read, and why.
    pub faults: Vec<(PathBuf, Fault)>,
}

/// A list while it is read.
struct Building {
    files: Vec<(PathBuf, Digest)>,
    without_digest: u64,
}

impl Building {
    fn push(&mut self, path: PathBuf, digest: Option<Digest>) -> Result<(), Problem> {
        match digest {
            Some(_) if self.files.len() == MAX_FILES => return Err("lists too many files"),
            Some(digest) => self.files.push((path, digest)),
            None => self.without_digest += 1,
        }
        Ok(())
    }
}

/// More than any file system that is watched as a whole; a small compressed list may unpack to anything.
const MAX_FILES: usize = 20_000_000;

#[cfg(test)]
mod tests;
