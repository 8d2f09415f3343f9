//! Paths as they stand in a snapshot.

use std::cmp::Ordering;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use super::SourceError;

/// A path as it stands in a snapshot. `..` is refused, because behind a link it is not what it seems.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, SourceError> {
    let wrong = || SourceError::NotAbsolute { path: path.to_owned() };
    let mut names = path.components();
    if names.next() != Some(Component::RootDir) || path.as_os_str().as_bytes().contains(&0) {
        return Err(wrong());
    }
    let mut clean = PathBuf::from("/");
    for name in names {
        let Component::Normal(name) = name else { return Err(wrong()) };
        clean.push(name);
    }
    Ok(clean)
}

/// The order of a walk: a directory before what is in it, names by their bytes.
pub(super) fn compare(left: &Path, right: &Path) -> Ordering {
    // Names have no zero bytes; a separator comes before all of them, as the end of a path does.
    let keys = |path| {
        Path::as_os_str(path).as_bytes().iter().map(|&byte| if byte == b'/' { 0 } else { byte })
    };
    keys(left).cmp(keys(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_absolute_paths_without_turns_are_taken() {
        assert_eq!(absolute(Path::new("//a/./b/")).unwrap(), Path::new("/a/b"));
        assert_eq!(absolute(Path::new("/")).unwrap(), Path::new("/"));
        for wrong in ["", "a", "./a", "/a/../b", "/a\0b"] {
            assert!(absolute(Path::new(wrong)).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_directory_comes_before_what_is_in_it() {
        let sorted = ["/a", "/a/b", "/a/b/c", "/a/b.", "/a ", "/a-", "/b"];
        for pair in sorted.windows(2) {
            assert_eq!(compare(Path::new(pair[0]), Path::new(pair[1])), Ordering::Less, "{pair:?}");
        }
    }
}
