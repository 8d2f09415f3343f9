//! Files and directories as a source.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use wardkit_backup::source::{Entry, Failure, Files, FilesOptions, Source as _};

/// What a walk finds below a folder, without the way to it.
#[derive(Debug, Default)]
struct Found {
    entries: Vec<Entry>,
    failures: Vec<Failure>,
}

fn walk(files: &mut Files) -> Found {
    files.prepare().unwrap();
    let mut found = Found::default();
    while let Some(next) = files.next_entry() {
        match next {
            Ok(entry) => found.entries.push(entry),
            Err(failure) => found.failures.push(failure),
        }
    }
    files.finish().unwrap();
    found
}

fn walk_one(root: &Path, options: FilesOptions) -> Found {
    walk(&mut Files::new([root], options).unwrap())
}

impl Found {
    fn below(&self, root: &Path) -> Vec<&str> {
        let names = self.entries.iter().filter_map(|entry| entry.path.strip_prefix(root).ok());
        names.map(|name| name.to_str().unwrap()).collect()
    }
}

fn content(entry: &Entry) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut opened = entry.content.as_ref().unwrap().open().unwrap();
    opened.read_to_end(&mut bytes).unwrap();
    assert!(opened.is_as_opened().unwrap());
    bytes
}

#[test]
fn a_tree_is_told_from_the_top_in_the_order_of_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("r");
    fs::create_dir_all(root.join("a/b")).unwrap();
    for (name, text) in [("a/b/z", "1"), ("a-", "2"), ("a/b.", "3"), ("B", "4")] {
        fs::write(root.join(name), text).unwrap();
    }
    std::os::unix::fs::symlink("nowhere", root.join("l")).unwrap();

    let found = walk_one(&root, FilesOptions::default());
    assert_eq!(found.below(&root), ["", "B", "a", "a/b", "a/b/z", "a/b.", "a-", "l"]);
    assert!(found.failures.is_empty());
    let way: Vec<_> = found.entries.iter().map(|entry| entry.path.clone()).collect();
    let mut wanted: Vec<PathBuf> = root.ancestors().map(Path::to_owned).collect();
    wanted.pop();
    wanted.reverse();
    assert!(way.starts_with(&wanted));
    assert_eq!(content(&found.entries[wanted.len()]), b"4");
}
