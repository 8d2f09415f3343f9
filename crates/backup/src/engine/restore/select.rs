//! Which paths of a snapshot are restored.

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// Which paths are restored: what is included, all if nothing is said, less what is excluded.
#[derive(Debug)]
pub(super) struct Selection {
    include: Vec<Included>,
    exclude: Vec<Vec<u8>>,
}

#[derive(Debug)]
struct Included {
    given: PathBuf,
    path: Vec<u8>,
    is_found: bool,
}

/// What becomes of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// It is restored, and what is below it.
    Take,
    /// Something below it may be restored.
    LookBelow,
    /// It is passed over.
    Leave,
}

impl Selection {
    /// Takes absolute paths.
    pub(super) fn new(include: &[PathBuf], exclude: &[PathBuf]) -> Self {
        let include = include
            .iter()
            .map(|given| Included { given: given.clone(), path: relative(given), is_found: false })
            .collect();
        Self { include, exclude: exclude.iter().map(|path| relative(path)).collect() }
    }

    /// Decides for a path below the root, without the slash at its beginning.
    pub(super) fn choose(&mut self, path: &[u8]) -> Choice {
        if self.exclude.iter().any(|excluded| holds(excluded, path)) {
            return Choice::Leave;
        }
        if self.include.is_empty() {
            return Choice::Take;
        }
        let mut choice = Choice::Leave;
        for included in &mut self.include {
            if holds(&included.path, path) {
                included.is_found |= included.path == path || included.path.is_empty();
                choice = Choice::Take;
            } else if choice == Choice::Leave && holds(path, &included.path) {
                choice = Choice::LookBelow;
            }
        }
        choice
    }

    /// The included paths that were not met.
    pub(super) fn missing(&self) -> impl Iterator<Item = &Path> {
        self.include
            .iter()
            .filter(|included| !included.is_found && !included.path.is_empty())
            .map(|included| included.given.as_path())
    }
}

/// Whether `path` is `above`, or lies below it.
fn holds(above: &[u8], path: &[u8]) -> bool {
    path.strip_prefix(above)
        .is_some_and(|rest| above.is_empty() || rest.is_empty() || rest[0] == b'/')
}

/// The path from the root down, with single slashes.
fn relative(path: &Path) -> Vec<u8> {
    let bytes = path.as_os_str().as_bytes();
    let names = bytes.split(|&byte| byte == b'/').filter(|name| !name.is_empty() && *name != b".");
    names.collect::<Vec<_>>().join(&b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(include: &[&str], exclude: &[&str], rows: &[(&str, Choice)]) -> Vec<PathBuf> {
        let paths = |list: &[&str]| list.iter().map(PathBuf::from).collect::<Vec<_>>();
        let mut selection = Selection::new(&paths(include), &paths(exclude));
        for (path, choice) in rows {
            assert_eq!(selection.choose(path.as_bytes()), *choice, "{path}");
        }
        selection.missing().map(Path::to_owned).collect()
    }

    #[test]
    fn what_is_included_is_restored_with_its_parents() {
        use Choice::{Leave, LookBelow, Take};
        check(&[], &[], &[("a", Take), ("a/b", Take)]);
        check(&["/"], &[], &[("a", Take)]);
        check(&["/"], &["/a/b"], &[("a", Take), ("a/b", Leave), ("a/b/c", Leave), ("a/bc", Take)]);
        let rows = [
            ("a", LookBelow),
            ("a/b", Take),
            ("a/b/c", Take),
            ("a/bc", Leave),
            ("ab", Leave),
            ("x", LookBelow),
        ];
        assert_eq!(check(&["/a//b/", "/x/y"], &[], &rows), [PathBuf::from("/x/y")]);
    }
}
