//! All that a restore has to bring back of a tree.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use wardkit_backup::format::Id;

/// What there is below a folder, and the folder itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Listing {
    paths: BTreeMap<PathBuf, Vec<String>>,
    /// Blocks of each file; a restored one may have fewer.
    blocks: BTreeMap<PathBuf, u64>,
}

impl Listing {
    pub(super) fn of(root: &Path) -> Self {
        let mut listing = Self::default();
        // The first name of each file that has several.
        let mut firsts: BTreeMap<u64, PathBuf> = BTreeMap::new();
        let mut waiting = vec![root.to_owned()];
        while let Some(path) = waiting.pop() {
            if fs::symlink_metadata(&path).unwrap().is_dir() {
                let mut entries: Vec<_> =
                    fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).collect();
                entries.sort_unstable_by(|a, b| b.cmp(a));
                waiting.append(&mut entries);
            }
            let below = path.strip_prefix(root).unwrap().to_owned();
            listing.add(&path, below, &mut firsts);
        }
        listing
    }

    /// Restic 0.14 keeps links in JSON as they are, and bytes that are no text become replacement characters.
    pub(super) fn as_textual_links(&self) -> Self {
        let mut textual = self.clone();
        for said in textual.paths.values_mut() {
            if let Some(target) = said.iter_mut().find(|it| it.starts_with(LINK)) {
                *target = target.replace("\\xff", "\\xef\\xbf\\xbd");
            }
        }
        textual
    }

    pub(super) fn assert_is(&self, found: &Self, case: &str) {
        for (path, wanted) in &self.paths {
            let found = found.paths.get(path);
            assert_eq!(found, Some(wanted), "{case}: {}", path.display());
        }
        let extra = found.paths.keys().find(|path| !self.paths.contains_key(*path));
        assert_eq!(extra, None, "{case}");
    }

    /// No file takes more room than the one it was made of.
    pub(super) fn assert_takes_no_more(&self, found: &Self, case: &str) {
        for (path, wanted) in &self.blocks {
            let found = found.blocks[path];
            // A block more, where a file system keeps its own notes beside the content.
            assert!(found <= wanted + 16, "{case}: {} {found} for {wanted}", path.display());
        }
    }

    fn add(&mut self, path: &Path, below: PathBuf, firsts: &mut BTreeMap<u64, PathBuf>) {
        let stat = fs::symlink_metadata(path).unwrap();
        let kind = stat.file_type();
        let mut said = vec![
            format!("{:o} {} {}", stat.mode(), stat.uid(), stat.gid()),
            format!("{}.{:09}", stat.mtime(), stat.mtime_nsec()),
        ];
        if kind.is_symlink() {
            let target = fs::read_link(path).unwrap();
            said.push(format!("{LINK}{}", target.as_os_str().as_bytes().escape_ascii()));
        } else {
            said.push(format!("{:x} {}", stat.rdev(), attributes(path)));
        }
        if kind.is_file() {
            let content = fs::read(path).unwrap();
            let first = firsts.entry(stat.ino()).or_insert_with(|| below.clone()).clone();
            let names = format!("{} names, as {}", stat.nlink(), first.display());
            said.push(format!("{} {} {names}", content.len(), Id::of(&content)));
            self.blocks.insert(below.clone(), stat.blocks());
        }
        self.paths.insert(below, said);
    }
}

fn attributes(path: &Path) -> String {
    let mut names = vec![0; 4096];
    let length = rustix::fs::llistxattr(path, &mut names[..]).unwrap();
    let mut names: Vec<&[u8]> = names[..length].split(|byte| *byte == 0).collect();
    names.sort_unstable();
    let said = names.into_iter().filter(|name| !name.is_empty()).map(|name| {
        let mut value = vec![0; 4096];
        let length = rustix::fs::lgetxattr(path, name, &mut value[..]).unwrap();
        format!("{}={} ", name.escape_ascii(), value[..length].escape_ascii())
    });
    said.collect()
}

const LINK: &str = "to ";
