//! The projects of a tree: each folder with a manifest is one.

use std::collections::BTreeSet;

/// The projects of a tree, by their folders.
#[derive(Debug)]
pub(super) struct Scopes(BTreeSet<String>);

impl Scopes {
    pub(super) fn of(files: &[String]) -> Self {
        let folders = files.iter().filter_map(|path| {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            MANIFESTS.contains(&name).then(|| folder.to_owned())
        });
        Self(folders.collect())
    }

    /// Returns the folder of the project that a file belongs to: the nearest with a manifest, else the root.
    pub(super) fn of_file<'a>(&self, path: &'a str) -> &'a str {
        let mut folder = path;
        while let Some((above, _)) = folder.rsplit_once('/') {
            if self.0.contains(above) {
                return above;
            }
            folder = above;
        }
        ""
    }
}

/// Whether a file is shown rather than run.
pub(super) fn is_example(path: &str) -> bool {
    let (folders, _) = path.rsplit_once('/').unwrap_or_default();
    folders.split('/').any(|name| SHOWN.contains(&name.to_ascii_lowercase().as_str()))
}

const MANIFESTS: [&str; 8] = [
    "Cargo.toml",
    "Pipfile",
    "package.json",
    "poetry.lock",
    "pyproject.toml",
    "requirements.txt",
    "setup.cfg",
    "setup.py",
];

const SHOWN: [&str; 10] = [
    "demo",
    "demos",
    "doc",
    "docs",
    "example",
    "examples",
    "sample",
    "samples",
    "templates",
    "tutorials",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_belongs_to_the_nearest_folder_with_a_manifest() {
        let files = ["a/pyproject.toml", "a/b/package.json", "requirements.txt"].map(str::to_owned);
        let scopes = Scopes::of(&files);
        let check = |path, expected| assert_eq!(scopes.of_file(path), expected, "{path}");
        check("a/bot.py", "a");
        check("a/b/src/bot.js", "a/b");
        check("ab/bot.py", "");
        check("bot.py", "");
    }

    #[test]
    fn examples_are_known_by_their_folders() {
        assert!(is_example("examples/echo.py") && is_example("a/Docs/bot.py"));
        assert!(!is_example("bot/example.py") && !is_example("sampler/bot.py"));
    }
}
