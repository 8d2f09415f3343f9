//! What holds for every tree.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use proptest::collection::vec;
use proptest::prelude::*;
use wardkit_backup::source::{EntryKind, Excludes, Files, FilesOptions};

use crate::source_files::{content, walk};

fn name() -> impl Strategy<Value = PathBuf> {
    let byte = prop_oneof![Just(b'a'), Just(b'.'), Just(b' '), Just(b'-'), Just(0xff), 1..=255_u8];
    vec(byte.prop_filter("a separator", |&byte| byte != b'/'), 1..4)
        .prop_filter("no name", |name| name != b"." && name != b"..")
        .prop_map(|name| std::ffi::OsString::from_vec(name).into())
}

fn names() -> impl Strategy<Value = Vec<(Vec<PathBuf>, u8)>> {
    vec((vec(name(), 1..5), 0..3_u8), 0..20)
}

/// What is in the way is left there.
fn make(root: &Path, names: &[(Vec<PathBuf>, u8)]) {
    for (names, kind) in names {
        let path = root.join(names.iter().collect::<PathBuf>());
        let _ = match kind {
            0 => fs::create_dir_all(&path),
            1 => fs::create_dir_all(path.parent().unwrap())
                .and_then(|()| fs::write(&path, path.as_os_str().as_encoded_bytes())),
            _ => fs::create_dir_all(path.parent().unwrap()).and_then(|()| symlink("/", &path)),
        };
    }
}

fn all_below(folder: &Path, found: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.symlink_metadata().unwrap().is_dir() {
            all_below(&path, found);
        }
        found.insert(path);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_walk_tells_all_that_there_is_each_after_its_directory(names in names()) {
        let folder = tempfile::tempdir().unwrap();
        make(folder.path(), &names);
        let mut all = BTreeSet::new();
        all_below(folder.path(), &mut all);

        let found = walk(&mut Files::new([folder.path()], FilesOptions::default()).unwrap());
        prop_assert!(found.failures.is_empty());
        let below = found.entries.iter().filter(|entry| {
            entry.path.starts_with(folder.path()) && entry.path != folder.path()
        });
        let told: Vec<_> = below.map(|entry| entry.path.clone()).collect();
        prop_assert_eq!(told.iter().cloned().collect::<BTreeSet<_>>(), all);
        // `Path` compares name by name, each by its bytes.
        prop_assert!(told.is_sorted());
        for entry in &found.entries {
            if entry.metadata.kind == EntryKind::File {
                let bytes = content(entry);
                prop_assert_eq!(bytes, entry.path.as_os_str().as_encoded_bytes());
            }
        }
    }

    #[test]
    fn patterns_of_any_bytes_are_understood_or_refused(
        patterns in vec(vec(prop_oneof![
            prop::sample::select(b"*?[]\\^-!/.ab$".to_vec()), any::<u8>()
        ], 0..12), 0..4),
        path in vec(prop::sample::select(b"/ab.-]\xff".to_vec()), 0..40),
    ) {
        let mut excludes = Excludes::default();
        for pattern in &patterns {
            let _ = excludes.add(pattern);
            let _ = excludes.add_any_case(pattern);
            let _ = excludes.add_lines(pattern, &|name| Some(name.to_owned()));
        }
        let whole = [&b"/"[..], &path].concat();
        let is_out = excludes.matches(&whole);
        if patterns.iter().all(|pattern| !pattern.contains(&b'!')) && is_out {
            prop_assert!(excludes.matches(&[&whole[..], b"/below"].concat()));
        }
    }
}
