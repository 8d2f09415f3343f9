//! Which changes a package manager made, and which of them its records vouch for.

mod attributes;
mod checksum;
mod dpkg;
mod ledger;
mod list;
mod npm;
mod pip;
mod record;
mod rpm;
mod standing;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::{Actor, Algorithm, Digest, Error, FileTime};

pub use self::dpkg::Dpkg;
pub use self::ledger::Ledger;
pub use self::list::ChecksumList;
pub use self::npm::Npm;
pub use self::pip::Pip;
pub use self::rpm::Rpm;

/// A package database that vouches for files.
///
/// The [`Ledger`] calls it from one thread, each time that changes have settled. An error means that it vouches for
/// nothing this time.
pub trait TrustSource: fmt::Debug + Send {
    /// Returns the name: `dpkg`, `pip`, …
    fn name(&self) -> &str;

    /// Returns the packages that are there now. What did not change since `before` need not be read again.
    ///
    /// # Errors
    ///
    /// When the records cannot be read.
    fn inventory(&self, before: &Inventory) -> Result<Inventory, Error>;

    /// Returns what the record of one package says now, by absolute path.
    ///
    /// # Errors
    ///
    /// When the record cannot be read.
    fn claims(&self, name: &str, package: &Installed) -> Result<Claims, Error>;

    /// Tells whether an actor is the package manager, or descends from it.
    fn is_manager(&self, actor: &Actor) -> bool;

    /// Tells whose bookkeeping a path is: the record of a package, or what changes with every transaction.
    fn bookkeeping(&self, _path: &Path) -> Option<Bookkeeping> {
        None
    }

    /// Tells whether the package manager makes this path out of what packages bring. It must be known to have done so.
    fn is_derived(&self, _path: &Path) -> bool {
        false
    }

    /// Returns the path for which the package manager writes this one first, or keeps this one aside.
    fn draft_of(&self, _path: &Path) -> Option<PathBuf> {
        None
    }
}

/// What a path is to the package manager itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Bookkeeping {
    /// It changes with every transaction.
    Any,
    /// It changes when this package does.
    Of(String),
}

/// The packages of a database at one time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inventory {
    /// By name.
    pub packages: BTreeMap<String, Installed>,
}

/// A package that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Installed {
    /// Its version.
    pub version: String,
    /// Other whenever its record was written, with the same content too.
    pub revision: Revision,
    /// When its record was written last.
    pub recorded: FileTime,
    /// Whether the package manager has finished with it.
    pub phase: Phase,
    /// Who may write its record.
    pub standing: Standing,
    /// The paths that it lists, sorted.
    pub paths: Arc<[PathId]>,
    /// What the list of packages itself says of its files.
    pub inline: Vec<(PathBuf, Claim)>,
}

impl Installed {
    /// Creates a package that lists nothing, is complete, and whose record anybody may write.
    #[must_use]
    pub fn new(version: impl Into<String>, revision: Revision) -> Self {
        Self {
            version: version.into(),
            revision,
            recorded: FileTime::default(),
            phase: Phase::Complete,
            standing: Standing::Exposed,
            paths: Arc::default(),
            inline: Vec::new(),
        }
    }

    /// Tells whether it lists a path.
    #[must_use]
    pub fn lists(&self, path: PathId) -> bool {
        self.paths.binary_search(&path).is_ok()
    }
}

/// Whether the package manager has finished with a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// It has.
    Complete,
    /// It is at work, or was interrupted.
    Partial,
}

/// Who may write a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Standing {
    /// Nobody but the owners that are trusted, root unless told otherwise.
    Guarded,
    /// Others: whoever may change the files may change the record to match.
    Exposed,
}

/// The state of a record: other whenever it was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Revision([u8; 16]);

impl Revision {
    /// Creates a revision from whatever changes when the record is written.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(short(bytes))
    }
}

/// A path by its digest: a system has some hundred thousand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathId([u8; 16]);

impl PathId {
    /// Returns the id of a path.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        use std::os::unix::ffi::OsStrExt as _;
        Self(short(path.as_os_str().as_bytes()))
    }
}

/// 128 bits of BLAKE3.
fn short(bytes: &[u8]) -> [u8; 16] {
    let mut id = [0; 16];
    id.copy_from_slice(&Algorithm::Blake3.digest(bytes).as_bytes()[..16]);
    id
}

/// What the record of a package says, by absolute path.
pub type Claims = BTreeMap<PathBuf, Claim>;

/// What a record says of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Claim {
    /// That it belongs to the package.
    Listed,
    /// The MD5 of its content. Whoever makes a package can make two contents of one MD5; nobody else can.
    Md5([u8; 16]),
    /// The SHA-256 of its content.
    Sha256(Digest),
}
