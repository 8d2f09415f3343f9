//! Where what was said of files is kept.

use std::ffi::OsString;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use wardkit_audit::Cache;

/// Returns the user's cache, when the user has a place for caches.
pub(super) fn of_user() -> Option<Cache> {
    let caches = folder(std::env::var_os("XDG_CACHE_HOME"), std::env::var_os("HOME"))?;
    // A program that was built anew may have other rules under the same version.
    let program = std::fs::metadata(std::env::current_exe().ok()?).ok()?;
    let (size, second, part) = (program.size(), program.mtime(), program.mtime_nsec());
    let build = format!("{} {size} {second}.{part}", env!("CARGO_PKG_VERSION"));
    Some(Cache::new(caches.join("wardkit/audit"), build))
}

/// Returns the folder of caches, as the XDG base directory specification has it: what is not absolute does not count.
fn folder(named: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    let absolute = |value: OsString| Some(PathBuf::from(value)).filter(|path| path.is_absolute());
    named.and_then(absolute).or_else(|| Some(home.and_then(absolute)?.join(".cache")))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::folder;

    #[test]
    fn only_absolute_folders_count() {
        let check = |named: Option<&str>, home: Option<&str>, expected: Option<&str>| {
            let found = folder(named.map(Into::into), home.map(Into::into));
            assert_eq!(found.as_deref(), expected.map(Path::new), "{named:?} {home:?}");
        };
        check(Some("/c"), Some("/h"), Some("/c"));
        check(Some("c"), Some("/h"), Some("/h/.cache"));
        check(Some(""), Some("/h"), Some("/h/.cache"));
        check(None, Some("h"), None);
        check(None, None, None);
    }
}
