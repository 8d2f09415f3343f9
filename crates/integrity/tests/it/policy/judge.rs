//! What may change of files that grow and move.

use std::collections::BTreeMap;
use std::io::{Read, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use wardkit_integrity::{
    Algorithm, Change, ChangeKind, Entry, EntryKind, Field, FileTime, Nothing, Pattern, Policy,
    Prefix, Profile, Rule, Surroundings, compare_entries,
};

/// A directory before and now.
#[derive(Default)]
struct Directory {
    before: BTreeMap<PathBuf, Entry>,
    now: BTreeMap<PathBuf, (Entry, Vec<u8>)>,
}

impl Directory {
    fn had(mut self, name: &str, inode: u64, content: &[u8]) -> Self {
        let entry = file(name, inode, content);
        self.before.insert(entry.path.clone(), entry);
        self
    }

    fn has(mut self, name: &str, inode: u64, content: &[u8]) -> Self {
        let entry = file(name, inode, content);
        self.now.insert(entry.path.clone(), (entry, content.to_vec()));
        self
    }

    fn with(mut self, name: &str, change: impl FnOnce(&mut Entry)) -> Self {
        change(&mut self.now.get_mut(&path(name)).unwrap().0);
        self
    }

    /// What remains of the changes under a profile: the name and what differs.
    fn remains(&self, profile: Profile) -> Vec<(String, Vec<Field>)> {
        let policy = Policy::new([Rule::new([Pattern::parse("/log/**").unwrap()], profile)]);
        let mut paths: Vec<_> = self.before.keys().chain(self.now.keys()).collect();
        paths.sort();
        paths.dedup();
        let judged = |path: &&PathBuf| {
            let (old, new) = (self.before.get(*path), self.now.get(*path).map(|(entry, _)| entry));
            let fields = policy.fields(path, EntryKind::File);
            let change = compare_entries(old, new, fields)?;
            let change = policy.judge(change, old, new, self)?;
            let name = change.path.file_name()?.to_str()?.to_owned();
            let fields = change.fields.iter().map(|changed| changed.field);
            let fields =
                if change.kind == ChangeKind::Modified { fields.collect() } else { Vec::new() };
            Some((format!("{name} {}", change.kind), fields))
        };
        paths.iter().filter_map(judged).collect()
    }
}

impl Surroundings for Directory {
    fn before(&self, directory: &Path, beginning: &[u8]) -> Vec<Entry> {
        assert_eq!(directory, Path::new("/log"));
        let begins =
            |entry: &&Entry| entry.path.file_name().unwrap().as_bytes().starts_with(beginning);
        self.before.values().filter(begins).cloned().collect()
    }

    fn now(&self, directory: &Path, beginning: &[u8]) -> Vec<Entry> {
        assert_eq!(directory, Path::new("/log"));
        let entries = self.now.values().map(|(entry, _)| entry);
        entries
            .filter(|entry| entry.path.file_name().unwrap().as_bytes().starts_with(beginning))
            .cloned()
            .collect()
    }

    fn open(&self, path: &Path) -> Option<Box<dyn Read + '_>> {
        Some(Box::new(self.now.get(path)?.1.as_slice()))
    }

    fn algorithm(&self) -> Algorithm {
        Algorithm::Blake3
    }
}

fn path(name: &str) -> PathBuf {
    Path::new("/log").join(name)
}

fn file(name: &str, inode: u64, content: &[u8]) -> Entry {
    let mut entry = Entry::new(path(name), EntryKind::File);
    entry.inode = inode;
    entry.mode = 0o640;
    entry.size = content.len() as u64;
    entry.content = Some(Algorithm::Blake3.digest(content));
    // Later files have higher inodes here.
    entry.mtime = FileTime {
        seconds: i64::try_from(inode).unwrap() * 100
            + i64::from(u8::try_from(content.len() % 100).unwrap()),
        nanos: 0,
    };
    entry.ctime = entry.mtime;
    entry
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn check(directory: &Directory, profile: Profile, expected: &[(&str, &[Field])]) {
    let expected: Vec<_> =
        expected.iter().map(|(name, fields)| ((*name).to_owned(), fields.to_vec())).collect();
    assert_eq!(directory.remains(profile), expected);
}

const REWRITTEN: &[Field] = &[Field::Content, Field::Size, Field::Mtime, Field::Ctime];

#[test]
fn file_may_grow_and_not_be_rewritten() {
    let had = || Directory::default().had("a", 1, b"one\n");
    for profile in [Profile::Growing, Profile::Rotated] {
        check(&had().has("a", 1, b"one\ntwo\n"), profile, &[]);
        check(&had().has("a", 1, b"0ne\ntwo\n"), profile, &[("a modified", REWRITTEN)]);
        check(&had().has("a", 1, b"one"), profile, &[("a modified", REWRITTEN)]);
        check(&had().has("a", 1, b""), profile, &[("a modified", REWRITTEN)]);
        check(&had().has("a", 1, b"0ne\n"), profile, &[("a modified", &[Field::Content])]);
        // Times alone may move.
        check(
            &had().has("a", 1, b"one\n").with("a", |entry| entry.mtime.seconds += 9),
            profile,
            &[],
        );
        check(
            &had().has("a", 1, b"one\ntwo\n").with("a", |entry| entry.mode = 0o666),
            profile,
            &[("a modified", &[Field::Mode])],
        );
        check(
            &had().has("a", 1, b"one\ntwo\n").with("a", |entry| entry.nlink = 2),
            profile,
            &[("a modified", &[Field::Nlink])],
        );
        check(&had(), profile, &[("a removed", &[])]);
        check(&had().has("a", 1, b"one\n").has("b", 2, b""), profile, &[("b added", &[])]);
        check(
            &had().has("a", 1, b"one\ntwo\n").with("a", |entry| entry.kind = EntryKind::Fifo),
            profile,
            &[(
                "a modified",
                &[Field::Content, Field::Type, Field::Size, Field::Mtime, Field::Ctime],
            )],
        );
    }
    check(&had().has("a", 1, b"one\ntwo\n"), Profile::Static, &[("a modified", REWRITTEN)]);
}

#[test]
fn digest_of_the_first_bytes_that_a_scan_took_is_believed() {
    let policy = Policy::new([Rule::new([Pattern::parse("/log/**").unwrap()], Profile::Growing)]);
    let old = file("a", 1, b"one\n");
    let mut new = file("a", 1, b"one\ntwo\n");
    let judge = |new: &Entry| {
        let change =
            compare_entries(Some(&old), Some(new), policy.fields(&new.path, new.kind)).unwrap();
        policy.judge(change, Some(&old), Some(new), &Nothing)
    };
    assert!(judge(&new).is_some());
    new.prefix = Some(Prefix { size: 4, digest: Algorithm::Blake3.digest(b"one\n") });
    assert_eq!(judge(&new), None);
    new.prefix = Some(Prefix { size: 4, digest: Algorithm::Blake3.digest(b"0ne\n") });
    assert!(judge(&new).is_some());
    new.prefix = Some(Prefix { size: 3, digest: Algorithm::Blake3.digest(b"one") });
    assert!(judge(&new).is_some());
}

#[test]
fn rule_that_leaves_the_content_out_asks_for_the_size_alone() {
    let rule = Rule::new([Pattern::parse("/log/**").unwrap()], Profile::Growing);
    let fields = rule.fields(EntryKind::File).without(Field::Content);
    let policy = Policy::new([rule.with_fields(fields)]);
    let (mut old, mut new) = (file("a", 1, b"one\n"), file("a", 1, b"0ne\ntwo\n"));
    (old.content, new.content) = (None, None);
    let judge = |old: &Entry, new: &Entry| {
        let change = compare_entries(Some(old), Some(new), fields).unwrap();
        policy.judge(change, Some(old), Some(new), &Nothing)
    };
    assert_eq!(judge(&old, &new), None);
    assert!(judge(&new, &old).is_some());
}

#[test]
fn log_may_be_rotated() {
    let had = || Directory::default().had("a", 10, b"one\n");
    // Renamed, with some lines more before that, and begun anew.
    check(&had().has("a", 11, b"new\n").has("a.1", 10, b"one\ntwo\n"), Profile::Rotated, &[]);
    check(&had().has("a", 11, b"").has("a-20260131", 10, b"one\n"), Profile::Rotated, &[]);
    check(&had().has("a", 11, b"").has("a.2026-01-31_00", 10, b"one\n"), Profile::Rotated, &[]);
    // Renamed, and not begun anew yet.
    check(&had().has("a.1", 10, b"one\n"), Profile::Rotated, &[]);
    // Copied and truncated.
    check(&had().has("a", 10, b"").has("a.1", 11, b"one\ntwo\n"), Profile::Rotated, &[]);
    check(
        &had().has("a", 10, b"new new new\n").has("a.1", 11, b"one\ntwo\n"),
        Profile::Rotated,
        &[],
    );
    // Growing files do not rotate.
    check(
        &had().has("a.1", 10, b"one\n"),
        Profile::Growing,
        &[("a removed", &[]), ("a.1 added", &[])],
    );
}

#[test]
fn what_a_log_held_must_be_found_again() {
    let had = || Directory::default().had("a", 10, b"one\n");
    let replaced: &[Field] =
        &[Field::Content, Field::Size, Field::Inode, Field::Mtime, Field::Ctime];
    // The same inode with other bytes is no proof.
    check(
        &had().has("a", 11, b"").has("a.1", 10, b"0ne\n"),
        Profile::Rotated,
        &[("a modified", replaced), ("a.1 added", &[])],
    );
    // What is no archive of it holds nothing for it.
    check(
        &had().has("a", 11, b"").has("ab.1", 10, b"one\n"),
        Profile::Rotated,
        &[("a modified", replaced), ("ab.1 added", &[])],
    );
    check(
        &had().has("a", 11, b"").has("a.evil", 10, b"one\n"),
        Profile::Rotated,
        &[("a modified", replaced), ("a.evil added", &[])],
    );
    // Who adds an archive without a rotation, or one with other permissions, is told.
    check(
        &had().has("a", 10, b"one\ntwo\n").has("a.1", 11, b"x"),
        Profile::Rotated,
        &[("a.1 added", &[])],
    );
    let added = had().has("a", 11, b"").has("a.1", 10, b"one\n").has("a.2", 12, b"x");
    check(&added.with("a.2", |entry| entry.mode = 0o6755), Profile::Rotated, &[("a.2 added", &[])]);
}

#[test]
fn archives_move_on_and_the_oldest_makes_room() {
    let had = || {
        let directory = Directory::default().had("a", 30, b"three\n").had("a.1", 20, b"two\n");
        directory.had("a.2.gz", 10, &gzip(b"one\n"))
    };
    let rotated = || had().has("a", 40, b"").has("a.1", 30, b"three\nfour\n");
    check(
        &rotated().has("a.2.gz", 21, &gzip(b"two\n")).has("a.3.gz", 10, &gzip(b"one\n")),
        Profile::Rotated,
        &[],
    );
    check(&rotated().has("a.2.gz", 21, &gzip(b"two\n")), Profile::Rotated, &[]);
    // The one before the oldest is gone, while the oldest is still there.
    let gone = rotated().has("a.3.gz", 10, &gzip(b"one\n"));
    let remains: Vec<_> =
        gone.remains(Profile::Rotated).into_iter().map(|(name, _)| name).collect();
    assert_eq!(remains, ["a.1 modified"]);
    // Without a rotation, no archive makes room.
    let kept = had().has("a", 30, b"three\nfour\n").has("a.1", 20, b"two\n");
    check(&kept, Profile::Rotated, &[("a.2.gz removed", &[])]);
    // Who empties the log and removes all archives does not pass for a rotation.
    let remains = had().has("a", 30, b"").remains(Profile::Rotated);
    let remains: Vec<_> = remains.into_iter().map(|(name, _)| name).collect();
    assert_eq!(remains, ["a modified", "a.1 removed", "a.2.gz removed"]);
}

#[test]
fn compressed_archive_is_unpacked_no_further_than_the_log_was_long() {
    let zeros = vec![0; 64 << 20];
    let bomb = gzip(&zeros);
    let directory = Directory::default()
        .had("a", 10, &zeros[..1000])
        .has("a", 11, b"")
        .has("a.1.gz", 12, &bomb);
    check(&directory, Profile::Rotated, &[]);
    let torn = &gzip(b"one two three four five six\n")[..20];
    let directory = Directory::default()
        .had("a", 10, b"one two three four five six\n")
        .has("a", 10, b"")
        .has("a.1.gz", 12, torn);
    let remains: Vec<_> =
        directory.remains(Profile::Rotated).into_iter().map(|(name, _)| name).collect();
    assert_eq!(remains, ["a modified", "a.1.gz added"]);
}

#[test]
fn name_with_a_number_is_an_archive_only_of_a_log_that_is_there() {
    let directory = Directory::default().had("node-18", 10, b"one\n").has("node-18", 11, b"").has(
        "node-18.1",
        10,
        b"one\n",
    );
    check(&directory, Profile::Rotated, &[]);
}

#[test]
fn what_cannot_be_read_any_more_is_always_told() {
    let policy = Policy::new([Rule::new([Pattern::parse("/log/**").unwrap()], Profile::Rotated)]);
    let change = Change::new("/log/a", ChangeKind::Unreadable, Vec::new());
    let (old, new) = (file("a", 1, b"one\n"), file("a", 1, b"one\n"));
    assert_eq!(policy.judge(change.clone(), Some(&old), Some(&new), &Nothing), Some(change));
}
