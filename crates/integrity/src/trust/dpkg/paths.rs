//! Where the paths of packages really are.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};

use crate::Error;
use crate::trust::record;

/// Directories at the top that are links: packages list `/lib/..`, and `/lib` leads to `/usr/lib`.
pub(in crate::trust) struct Aliases {
    root: PathBuf,
    of: BTreeMap<OsString, PathBuf>,
}

impl Aliases {
    pub(in crate::trust) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), of: BTreeMap::new() }
    }

    /// Returns where a listed path is. `None` for one that has dots, which no package has.
    pub(in crate::trust) fn real(&mut self, path: &Path) -> Option<PathBuf> {
        let mut components = path.components().filter(|one| *one != Component::RootDir);
        let Some(first) = components.next() else { return Some(self.root.clone()) };
        let Component::Normal(first) = first else { return None };
        let mut rest = components.peekable();
        let mut real = if rest.peek().is_none() {
            // The link itself.
            self.root.join(first)
        } else {
            self.top(first)
        };
        for component in rest {
            let Component::Normal(name) = component else { return None };
            real.push(name);
        }
        Some(real)
    }

    fn top(&mut self, name: &OsStr) -> PathBuf {
        if let Some(known) = self.of.get(name) {
            return known.clone();
        }
        let plain = self.root.join(name);
        // Relative to the root, whichever that is.
        let target = std::fs::read_link(&plain).ok().and_then(|target| {
            let inside = record::resolve(Path::new("/"), &target)?;
            Some(self.root.join(inside.strip_prefix("/").ok()?))
        });
        let top = target.unwrap_or(plain);
        self.of.insert(name.to_owned(), top.clone());
        top
    }
}

/// Files of packages that were told to lie elsewhere.
#[derive(Debug, Default)]
pub(super) struct Diversions {
    /// From where, to where, and for whose sake: the package that may keep the place.
    of: BTreeMap<Vec<u8>, (Vec<u8>, Vec<u8>)>,
}

impl Diversions {
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let Some((text, _)) = record::read(path)? else { return Ok(Self::default()) };
        let mut lines = text.split(|&byte| byte == b'\n');
        let mut diversions = Self::default();
        while let (Some(from), Some(to), Some(keeper)) = (lines.next(), lines.next(), lines.next())
        {
            diversions.of.insert(from.to_vec(), (to.to_vec(), keeper.to_vec()));
        }
        Ok(diversions)
    }

    pub(super) fn target<'a>(&'a self, package: &str, path: &'a [u8]) -> &'a [u8] {
        let name = package.split(':').next().unwrap_or(package);
        match self.of.get(path) {
            Some((to, keeper)) if keeper != name.as_bytes() => to,
            _ => path,
        }
    }
}
