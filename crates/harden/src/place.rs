use std::fmt;

use serde::{Serialize, Serializer};

use crate::Error;

/// A file, or a directory with everything below it, by its absolute path.
///
/// Every letter of it is meant as it is: `*` is a star. Written with a slash at its end it is a directory with
/// everything below.
///
/// ```
/// use wardkit_harden::Place;
///
/// let place = Place::new("/srv//bot/../bot/")?;
/// assert_eq!((place.path(), place.is_tree()), ("/srv/bot", true));
/// assert!(place.covers(&Place::new("/srv/bot/a")?));
/// assert!(Place::new("relative").is_err() && Place::new("/line\nbreak").is_err());
/// # Ok::<(), wardkit_harden::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    path: String,
    is_tree: bool,
}

impl Place {
    /// Takes a path, without its `.`, `..` and doubled slashes.
    ///
    /// # Errors
    ///
    /// [`Error::Path`] for a path that is relative, too long, or has control characters.
    pub fn new(path: &str) -> Result<Self, Error> {
        let refused = |reason| Err(Error::Path { path: path.to_owned(), reason });
        if !path.starts_with('/') {
            return refused("it is not absolute");
        }
        if path.len() > LONGEST {
            return refused("it is longer than the kernel takes");
        }
        if path.chars().any(is_unprintable) {
            return refused("it has letters that cannot be printed");
        }
        let mut parts: Vec<&str> = Vec::new();
        for part in path.split('/') {
            match part {
                "" | "." => {}
                ".." => drop(parts.pop()),
                _ => parts.push(part),
            }
        }
        let is_tree = path.ends_with('/') || parts.is_empty();
        Ok(Self { path: format!("/{}", parts.join("/")), is_tree })
    }

    /// The same directory with everything below it.
    #[must_use]
    pub fn tree(self) -> Self {
        Self { is_tree: true, ..self }
    }

    /// Returns the path, without a slash at its end.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether everything below is meant too.
    #[must_use]
    pub fn is_tree(&self) -> bool {
        self.is_tree
    }

    /// Whether this is, or is below, a directory.
    #[must_use]
    pub fn is_below(&self, directory: &str) -> bool {
        let directory = directory.trim_end_matches('/');
        self.path
            .strip_prefix(directory)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Whether who may reach this may reach the other.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        if self.is_tree { other.is_below(&self.path) } else { self == other }
    }

    /// Returns the directory that it is in; the root is in itself.
    #[must_use]
    pub fn parent(&self) -> &str {
        match self.path.rfind('/') {
            Some(0) | None => "/",
            Some(end) => &self.path[..end],
        }
    }

    /// Returns every directory that it is below, the nearest first.
    pub(crate) fn above(&self) -> impl Iterator<Item = &str> {
        std::iter::successors(parent(&self.path), |path| parent(path))
    }

    /// Returns its last part; empty for the root.
    #[must_use]
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if self.is_tree && self.path != "/" { f.write_str("/") } else { Ok(()) }
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// What is done with a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is one letter of a permission")]
#[non_exhaustive]
pub struct Access {
    /// It is read.
    pub read: bool,
    /// It is a directory, and what is in it is asked for.
    pub list: bool,
    /// It is made, changed or removed.
    pub write: bool,
    /// It is run, under the same profile.
    pub execute: bool,
    /// Its bytes become code: a library.
    pub map: bool,
}

impl Access {
    /// Nothing at all.
    pub const NOTHING: Self =
        Self { read: false, list: false, write: false, execute: false, map: false };
    /// Reading and nothing else.
    pub const READ: Self = Self { read: true, ..Self::NOTHING };
    /// Asking what is in a directory.
    pub const LIST: Self = Self { list: true, ..Self::NOTHING };
    /// Reading, and asking what is in a directory.
    pub const BROWSE: Self = Self { list: true, ..Self::READ };
    /// Reading and changing.
    pub const WRITE: Self = Self { read: true, write: true, ..Self::NOTHING };
    /// Reading and running.
    pub const EXECUTE: Self = Self { read: true, execute: true, map: true, ..Self::NOTHING };
    /// Reading and mapping as code.
    pub const LIBRARY: Self = Self { read: true, map: true, ..Self::NOTHING };

    /// Returns what either has.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self {
            read: self.read || other.read,
            list: self.list || other.list,
            write: self.write || other.write,
            execute: self.execute || other.execute,
            map: self.map || other.map,
        }
    }

    /// Whether it has all that the other has.
    #[must_use]
    pub fn includes(self, other: Self) -> bool {
        self.union(other) == self
    }
}

/// The root has none.
fn parent(path: &str) -> Option<&str> {
    match path.rfind('/') {
        _ if path.len() <= 1 => None,
        Some(0) | None => Some("/"),
        Some(end) => path.get(..end),
    }
}

/// What ends a line or a word, steers a terminal, or hides or reorders the rest.
fn is_unprintable(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// `PATH_MAX` of Linux, with its final zero.
const LONGEST: usize = 4095;
