//! `cargo xtask tidy`: the rules of docs/STYLE.md that need no compiler.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::exec::{capture, cargo};
use crate::{Error, Result};

mod layout;
mod manifests;
mod pages;
mod sizes;
mod words;

/// A rule looks at the files and says what is wrong.
type Rule = fn(&Tree) -> Vec<Finding>;

const RULES: [Rule; 9] = [
    layout::top_level,
    layout::readme_shows_the_commands,
    layout::toolchain,
    manifests::layers,
    manifests::completeness,
    manifests::default_members,
    pages::crate_pages,
    sizes::walls,
    words::forbidden,
];

/// Applies every rule to the checkout at `root`.
///
/// # Errors
///
/// When a rule finds something, or the files cannot be read.
pub(crate) fn run(root: &Path) -> Result<()> {
    let tree = Tree::read(root)?;
    for note in sizes::long_files(&tree) {
        println!("note: {note}");
    }
    let mut findings: Vec<Finding> = RULES.iter().flat_map(|rule| rule(&tree)).collect();
    findings.extend(manifests::default_tree(&tree_of_agentd(root)?));
    if findings.is_empty() {
        return Ok(());
    }
    for finding in &findings {
        println!("{finding}");
    }
    Err(Error::found(format!("tidy found {} things", findings.len())))
}

/// Returns the names of the packages that agentd is built from, one a line.
fn tree_of_agentd(root: &Path) -> Result<String> {
    let args = ["tree", "--package", "wardkit-agentd", "--edges", "normal", "--prefix", "none"];
    capture(&mut cargo(root, args))
}

/// The text files of a checkout, by their paths from its root.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    files: BTreeMap<String, String>,
}

impl Tree {
    /// Reads the files that git tracks or would track; without git, all but hidden folders and `target`.
    fn read(root: &Path) -> Result<Self> {
        let paths = if root.join(".git").exists() {
            let args = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"];
            capture(Command::new("git").current_dir(root).args(args))?
                .split('\0')
                .map(str::to_owned)
                .collect()
        } else {
            let mut paths = Vec::new();
            walk(root, "", &mut paths)?;
            paths
        };
        // What is no text, or was deleted but not yet committed, has nothing to be looked at.
        let read = |path: String| Some((fs::read_to_string(root.join(&path)).ok()?, path));
        Ok(Self {
            files: paths.into_iter().filter_map(read).map(|(text, path)| (path, text)).collect(),
        })
    }

    fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    fn rust_files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.iter().filter(|(path, _)| is_rust(path))
    }

    fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    #[cfg(test)]
    fn of(files: &[(&str, &str)]) -> Self {
        Self {
            files: files.iter().map(|&(path, text)| (path.to_owned(), text.to_owned())).collect(),
        }
    }
}

fn is_rust(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "rs")
}

fn walk(root: &Path, below: &str, paths: &mut Vec<String>) -> Result<()> {
    let dir = root.join(below);
    for entry in fs::read_dir(&dir).map_err(Error::file(&dir))? {
        let entry = entry.map_err(Error::file(&dir))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
        if !entry.path().is_dir() {
            paths.push(path);
        } else if name != "target" && name != ".git" {
            walk(root, &path, paths)?;
        }
    }
    Ok(())
}

/// Something that breaks a rule.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    path: String,
    /// Zero for the file as a whole.
    line: usize,
    what: String,
}

impl Finding {
    fn new(path: impl Into<String>, what: impl Into<String>) -> Self {
        Self { path: path.into(), line: 0, what: what.into() }
    }

    fn at(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { line, ..Self::new(path, what) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.what),
            line => write!(f, "{}:{line}: {}", self.path, self.what),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_is_tidy() {
        let root = crate::workspace::root().unwrap();
        if let Err(error) = run(&root) {
            panic!("{error}; `cargo xtask tidy` lists them");
        }
    }

    #[test]
    fn a_checkout_without_git_is_read_without_target() {
        let dir = tempfile::tempdir().unwrap();
        for path in
            ["README.md", "crates/x/src/lib.rs", "target/debug/x.d", "crates/x/target/y", ".ci/run"]
        {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "text").unwrap();
        }
        fs::write(dir.path().join("image.png"), [0xff, 0xfe]).unwrap();
        let tree = Tree::read(dir.path()).unwrap();
        let paths: Vec<&str> = tree.iter().map(|(path, _)| path).collect();
        assert_eq!(paths, [".ci/run", "README.md", "crates/x/src/lib.rs"]);
    }

    #[test]
    fn a_checkout_with_git_is_read_as_git_sees_it() {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in
            [("kept.rs", "a"), ("new.rs", "b"), ("out.log", "c"), (".gitignore", "*.log\n")]
        {
            fs::write(dir.path().join(path), text).unwrap();
        }
        let git = |args: &[&str]| {
            crate::exec::run(Command::new("git").current_dir(dir.path()).args(args)).unwrap();
        };
        git(&["init", "--quiet"]);
        git(&["add", "kept.rs"]);
        let tree = Tree::read(dir.path()).unwrap();
        assert_eq!(
            tree.iter().collect::<Vec<_>>(),
            [(".gitignore", "*.log\n"), ("kept.rs", "a"), ("new.rs", "b")]
        );
    }

    #[test]
    fn a_finding_names_its_place() {
        assert_eq!(Finding::new("a.rs", "is long").to_string(), "a.rs: is long");
        assert_eq!(Finding::at("a.rs", 7, "is odd").to_string(), "a.rs:7: is odd");
    }
}
