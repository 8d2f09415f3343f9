//! The way from `/` to the roots.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

/// A directory on the way to roots, or a root.
#[derive(Debug, Default)]
pub(super) struct Way {
    pub(super) is_root: bool,
    /// Empty for a root: all that lies in it is backed up with it.
    pub(super) below: BTreeMap<Vec<u8>, Self>,
}

impl Way {
    /// The way to all of the roots, which are absolute.
    pub(super) fn to(roots: &[PathBuf]) -> Self {
        let mut top = Self::default();
        for root in roots {
            let names = root.as_os_str().as_bytes().split(|&byte| byte == b'/');
            let mut at = &mut top;
            for name in names.filter(|name| !name.is_empty()) {
                at = at.below.entry(name.to_vec()).or_default();
            }
            at.is_root = true;
        }
        top.let_roots_cover();
        top
    }

    /// The roots below this one, as paths that continue the given one.
    pub(super) fn roots(&self, path: &[u8], found: &mut Vec<Vec<u8>>) {
        if self.is_root {
            found.push(path.to_vec());
        }
        for (name, way) in &self.below {
            way.roots(&[path, b"/", name].concat(), found);
        }
    }

    fn let_roots_cover(&mut self) {
        if self.is_root {
            self.below.clear();
        }
        self.below.values_mut().for_each(Self::let_roots_cover);
    }
}
