//! What was accepted once, so that nothing older is accepted again.

use std::fmt;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use wardkit_tlog::{Hash, TreeHead, VerifierKey};

use crate::Error;
use crate::files::{
    Kept, Lock, check_dir, hex, make_dir, read_text, remove_if_there, replace, sync_dir,
};

/// The newest head of each log, and the newest generation of each baseline, that was ever accepted here.
///
/// What is remembered never goes back. It lies in a directory of small text files, one a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    dir: PathBuf,
}

/// What something is remembered of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Subject<'s> {
    /// A log, by its identity: the number is the size of its tree.
    Log(&'s VerifierKey),
    /// A baseline and those that continue it, by the name that they share: the number is a generation.
    Lineage(&'s str),
    /// The baseline in a directory, whichever it is: the number is a generation.
    Directory(&'s Path),
}

/// How far something has come: a number that only grows, and the root at that number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Mark {
    /// The size or the generation.
    pub number: u64,
    /// The root of the tree, or whatever digest fixes all of it.
    pub root: Hash,
}

impl Mark {
    /// Puts number and root together.
    #[must_use]
    pub const fn new(number: u64, root: Hash) -> Self {
        Self { number, root }
    }
}

impl From<TreeHead> for Mark {
    fn from(head: TreeHead) -> Self {
        Self::new(head.size, head.root)
    }
}

impl From<Mark> for TreeHead {
    fn from(mark: Mark) -> Self {
        Self { size: mark.number, root: mark.root }
    }
}

impl Seen {
    pub(crate) const fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// Returns what was accepted last, or `None` when nothing ever was.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or is not what was written there: then nothing is known, and nothing may be
    /// taken for new.
    pub fn last(&self, subject: Subject<'_>) -> Result<Option<Mark>, Error> {
        if !check_dir(&self.dir)? {
            return Ok(None);
        }
        self.read(subject)
    }

    /// Remembers what was accepted. What is older than what is remembered changes nothing.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or written, is not what was written there, or names another root at this number.
    pub fn advance(&self, subject: Subject<'_>, mark: impl Into<Mark>) -> Result<(), Error> {
        let mark = mark.into();
        make_dir(&self.dir)?;
        let _lock = Lock::take(&self.dir.join("lock"))?;
        match self.read(subject)? {
            Some(last) if last.number > mark.number => Ok(()),
            Some(last) if last.number == mark.number && last.root == mark.root => Ok(()),
            Some(last) if last.number == mark.number => {
                Err(Error::Contradiction { subject: subject.to_string(), number: mark.number })
            }
            _ => {
                let Mark { number, root } = mark;
                let text = format!("{HEADER}\n{subject}\n{number} {root}\n");
                replace(&self.path(subject), text.as_bytes())
            }
        }
    }

    /// Forgets what was accepted of something that an operator begins anew.
    ///
    /// # Errors
    ///
    /// When the file cannot be removed.
    pub fn forget(&self, subject: Subject<'_>) -> Result<(), Error> {
        make_dir(&self.dir)?;
        let _lock = Lock::take(&self.dir.join("lock"))?;
        let path = self.path(subject);
        remove_if_there(&path).map_err(Error::io("remove", &path))?;
        sync_dir(&self.dir)
    }

    fn read(&self, subject: Subject<'_>) -> Result<Option<Mark>, Error> {
        let path = self.path(subject);
        let Some(text) = read_text(&path, Kept::Public)? else { return Ok(None) };
        let mark = || {
            let (mark, rest) = (text.rsplit_once('\n')?.1, text.rsplit_once('\n')?.0);
            if rest != format!("{HEADER}\n{subject}") {
                return None;
            }
            let (number, root) = mark.split_once(' ')?;
            let mark = Mark::new(number.parse().ok()?, root.parse().ok()?);
            // One spelling for every value.
            (mark.number.to_string() == number).then_some(mark)
        };
        let mark = mark().ok_or_else(|| Error::damaged(&path, "it does not say what was seen"))?;
        Ok(Some(mark))
    }

    fn path(&self, subject: Subject<'_>) -> PathBuf {
        let (kind, bytes) = match subject {
            Subject::Log(identity) => ("log", identity.as_bytes().as_slice()),
            Subject::Lineage(name) => ("lineage", name.as_bytes()),
            Subject::Directory(path) => ("directory", path.as_os_str().as_bytes()),
        };
        self.dir.join(format!("{kind}-{}", hex(Hash::leaf(bytes).as_bytes())))
    }
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Log(identity) => write!(f, "log {identity}"),
            Self::Lineage(name) => write!(f, "lineage {}", name.escape_debug()),
            Self::Directory(path) => {
                write!(f, "directory {}", path.display().to_string().escape_debug())
            }
        }
    }
}

const HEADER: &str = "wardkit-seen/v1";
