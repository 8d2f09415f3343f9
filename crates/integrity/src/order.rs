//! The order of paths in snapshots and baselines.

use std::cmp::Ordering;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// Compares paths by directory first and name second, byte by byte.
///
/// All names of one directory stand next to each other, whatever lies below them: a scan looks a directory up at once.
pub(crate) fn compare(left: &Path, right: &Path) -> Ordering {
    split(left).cmp(&split(right))
}

/// Splits an absolute path into its directory and its name. The directory of `/` is empty, that of `/a` is `/`.
pub(crate) fn split(path: &Path) -> (&[u8], &[u8]) {
    let bytes = path.as_os_str().as_bytes();
    match bytes.iter().rposition(|&byte| byte == b'/') {
        Some(0) if bytes.len() > 1 => bytes.split_at(1),
        Some(slash) if bytes.len() > 1 => (&bytes[..slash], &bytes[slash + 1..]),
        _ => (b"", bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_directory_stand_together() {
        let mut paths = ["/a/b", "/a", "/a-b/c", "/", "/a/b/d", "/a/c", "/b"].map(Path::new);
        paths.sort_by(|left, right| compare(left, right));
        assert_eq!(paths, ["/", "/a", "/b", "/a/b", "/a/c", "/a-b/c", "/a/b/d"].map(Path::new));
    }
}
