//! What is watched, by the paths that the kernel reports.

use std::path::{Component, Path, PathBuf};

use super::WatchOptions;

/// The roots and what is left out below them. The kernel reports paths without symbolic links; reports use the paths
/// as they were given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Roots {
    roots: Vec<Root>,
    exclude: Vec<PathBuf>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Root {
    given: PathBuf,
    real: PathBuf,
}

/// Where a path lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// At or below a root.
    Inside,
    /// On the way from `/` to a root.
    Above,
    /// Anywhere else, or left out.
    Outside,
}

impl Roots {
    /// Follows the symbolic links of what exists now.
    pub(super) fn resolve(options: &WatchOptions) -> Self {
        let root = |given: &PathBuf| Root { given: given.clone(), real: real(given) };
        Self {
            roots: options.roots.iter().map(root).collect(),
            exclude: options.exclude.iter().map(|path| real(path)).collect(),
        }
    }

    pub(super) fn place(&self, path: &Path) -> Place {
        if self.exclude.iter().any(|exclude| path.starts_with(exclude)) {
            return Place::Outside;
        }
        if self.roots.iter().any(|root| path.starts_with(&root.real)) {
            return Place::Inside;
        }
        if self.roots.iter().any(|root| root.real.starts_with(path)) {
            return Place::Above;
        }
        Place::Outside
    }

    /// Returns the roots, as the kernel reports them.
    #[cfg(any(feature = "fanotify", feature = "notify"))]
    pub(super) fn real(&self) -> impl Iterator<Item = &Path> {
        self.roots.iter().map(|root| root.real.as_path())
    }

    /// Returns the roots, as they were given.
    pub(super) fn given(&self) -> impl Iterator<Item = &Path> {
        self.roots.iter().map(|root| root.given.as_path())
    }

    /// Returns the roots at or below a path, as they were given.
    pub(super) fn below<'a>(&'a self, path: &'a Path) -> impl Iterator<Item = &'a Path> {
        self.roots
            .iter()
            .filter(move |root| root.real.starts_with(path))
            .map(|root| root.given.as_path())
    }

    /// Returns what must be scanned again when anything at or below `path` may be other than it was.
    pub(super) fn scopes(&self, path: &Path) -> Vec<PathBuf> {
        match self.place(path) {
            Place::Inside => vec![self.report(path)],
            Place::Above => self.below(path).map(Path::to_owned).collect(),
            Place::Outside => Vec::new(),
        }
    }

    /// Returns a path at or below a root as it is reported. The longest root wins.
    pub(super) fn report(&self, path: &Path) -> PathBuf {
        let roots = self.roots.iter().filter(|root| path.starts_with(&root.real));
        match roots.max_by_key(|root| root.real.as_os_str().len()) {
            Some(root) if root.given != root.real => match path.strip_prefix(&root.real) {
                // Joining nothing would end the path with a slash.
                Ok(rest) if rest.as_os_str().is_empty() => root.given.clone(),
                Ok(rest) => root.given.join(rest),
                Err(_) => path.to_owned(),
            },
            _ => path.to_owned(),
        }
    }
}

/// Returns the nearest ancestor of a path that exists.
#[cfg(any(test, feature = "fanotify", feature = "notify"))]
pub(super) fn existing(path: &Path) -> &Path {
    path.ancestors().find(|ancestor| ancestor.symlink_metadata().is_ok()).unwrap_or(path)
}

/// Follows the symbolic links of as much of the path as exists, except that of its last component: a root that is a
/// link is watched itself.
fn real(path: &Path) -> PathBuf {
    let Some((parent, name)) = path.parent().zip(path.file_name()) else {
        return path.to_owned();
    };
    let whole = parent.ancestors().find_map(|ancestor| {
        let rest = parent.strip_prefix(ancestor).ok()?;
        Some(ancestor.canonicalize().ok()?.join(rest))
    });
    let mut real: PathBuf = whole.unwrap_or_else(|| parent.to_owned());
    real.push(name);
    real.components().filter(|part| !matches!(part, Component::CurDir)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_reported_below_the_root_as_given() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().canonicalize().unwrap();
        std::fs::create_dir(dir.join("real")).unwrap();
        std::os::unix::fs::symlink("real", dir.join("link")).unwrap();
        let root = dir.join("link/not/yet");
        let options = WatchOptions::new([&root]).with_exclude([root.join("own")]);
        let roots = Roots::resolve(&options);

        let real = dir.join("real/not/yet");
        assert_eq!(roots.report(&real.join("a")), root.join("a"));
        assert_eq!(roots.report(&real), root);
        assert_eq!(roots.place(&real), Place::Inside);
        assert_eq!(roots.place(&real.join("own/a")), Place::Outside);
        assert_eq!(roots.place(&dir.join("real/not")), Place::Above);
        assert_eq!(roots.place(&dir.join("real/not/yet.conf")), Place::Outside);
        assert_eq!(roots.scopes(&dir), std::slice::from_ref(&root));
        assert_eq!(existing(&real), dir.join("real"));
    }
}
