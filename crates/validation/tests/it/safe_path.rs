//! Paths beneath a root.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::*;
use rustix::fs::{CWD, FileType, Mode, RenameFlags};
use wardkit_validation::{
    Error, PathEntryKind, PathError, PathLinks, PathLookup, PathNames, PathRules, Root, Untrusted,
};

/// Calls `test` with the root of a directory, once for each way of resolving.
fn both_ways(directory: &Path, names: PathNames, mut test: impl FnMut(&Root)) {
    for lookup in [PathLookup::Kernel, PathLookup::Walk] {
        let mut rules = PathRules::default();
        rules.lookup = lookup;
        rules.names = names;
        test(&Root::with_rules(directory, rules).unwrap());
    }
}

fn read(mut file: File) -> String {
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    text
}

fn reason<T>(result: Result<T, Error>) -> PathError {
    match result {
        Err(Error::Path(error)) => error,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it was allowed"),
    }
}

#[test]
fn a_file_is_created_read_changed_and_removed() {
    let directory = tempfile::tempdir().unwrap();
    both_ways(directory.path(), PathNames::Portable, |root| {
        root.path("notes").unwrap().create_dir().unwrap();
        let path = root.path("./notes//today.txt").unwrap();
        path.create().unwrap().write_all(b"one").unwrap();
        assert!(matches!(reason(path.create()), PathError::Exists));
        path.append().unwrap().write_all(b" two").unwrap();
        assert_eq!(read(path.open().unwrap()), "one two");
        path.update().unwrap().write_all(b"ONE").unwrap();
        assert_eq!(read(path.open().unwrap()), "ONE two");
        path.replace(b"three").unwrap();
        assert_eq!(read(path.open().unwrap()), "three");
        let metadata = path.metadata().unwrap();
        assert_eq!((metadata.len(), metadata.permissions().mode() & 0o777), (5, 0o600));

        let notes = root.path("notes").unwrap();
        let entries: Vec<_> = notes.entries().unwrap().map(Result::unwrap).collect();
        assert_eq!(
            entries.iter().map(wardkit_validation::PathEntry::kind).collect::<Vec<_>>(),
            [PathEntryKind::File]
        );
        assert_eq!(read(entries[0].path().open().unwrap()), "three");
        let own = notes.as_root().unwrap();
        assert_eq!(read(own.path("today.txt").unwrap().open().unwrap()), "three");
        assert!(matches!(reason(own.path("../notes")), PathError::Parent));

        assert!(matches!(reason(notes.open()), PathError::NotAFile));
        assert!(matches!(reason(notes.replace(b"x")), PathError::NotAFile));
        path.remove().unwrap();
        notes.remove_dir().unwrap();
        assert!(matches!(reason(notes.entries()), PathError::Missing));
        assert_eq!(root.entries().unwrap().count(), 0);
    });
}

#[test]
fn texts_that_are_no_portable_path_are_refused_with_their_reason() {
    let directory = tempfile::tempdir().unwrap();
    let root = Root::open(directory.path()).unwrap();
    let check = |text: &str, expected: &str| {
        let reason = reason(Untrusted::new(text).validate_for(&root));
        assert_eq!(format!("{reason:?}"), expected, "{text:?}");
        assert!(text.len() < 5 || !reason.to_string().contains(text));
    };
    for text in ["", ".", "./", "././/."] {
        check(text, "Empty");
    }
    for text in
        ["/", "/etc/passwd", "//etc/passwd", "C:\\boot.ini", "c:evil", "\\\\host\\share", "\\x"]
    {
        check(text, "Absolute");
    }
    for text in ["..", "../x", "a/..", "a/../b", "./..", "a/../../b", "..\\..\\x", "a\\..\\b"] {
        check(text, "Parent");
    }
    for text in ["a\0", "\0", "a\nb", "a\u{7f}", "a\u{9b}", "\u{1b}[2J", "a\r\nb", "tab\tbed"] {
        check(text, "Control");
    }
    for text in
        ["ab:c", "x.txt::$DATA", "a\\b", "a*", "wh?t", "\"", "<a", "a>", "a|b", "a\u{202e}txt.exe"]
    {
        check(text, "Character");
    }
    for text in ["...", "a.", "a ", "a/b./c", ".. ", " "] {
        check(text, "TrailingDot");
    }
    for text in ["con", "a/NUL", "aux.txt", "lpt1", "COM\u{b2}.log", "prn .x"] {
        check(text, "Device");
    }
    for text in ["a".repeat(256), "a/".repeat(600)] {
        check(&text, "TooLong");
    }
}

#[test]
fn ordinary_names_of_many_languages_are_allowed() {
    let directory = tempfile::tempdir().unwrap();
    both_ways(directory.path(), PathNames::Portable, |root| {
        for text in [
            "report.pdf",
            ".hidden",
            "a b/c d",
            "-rf",
            "~",
            "Grüße.txt",
            "файл",
            "写真/夏.jpg",
            "ملف",
            "فا\u{200c}رسی",
            "👩\u{200d}🚀.png",
            "$HOME",
            "`id`",
            "a;b",
            "a&b",
            "%2e%2e%2f",
            "...a",
            "#x",
            "a'b",
            "{a,b}",
            "a..b",
        ] {
            assert!(
                matches!(reason(root.path(text).unwrap().open()), PathError::Missing),
                "{text}"
            );
        }
    });
}

#[test]
fn names_of_this_system_alone_are_allowed_on_request() {
    let directory = tempfile::tempdir().unwrap();
    both_ways(directory.path(), PathNames::Native, |root| {
        for text in ["a:b", "con", "a\\..\\b", "dot.", "a|b"] {
            let path = root.path(text).unwrap();
            path.create().unwrap();
            path.remove().unwrap();
        }
        for text in ["..", "/etc", "a\0b", "a\nb"] {
            assert!(root.path(text).is_err());
        }
    });
}

#[test]
fn links_are_followed_beneath_the_root_and_nowhere_else() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "outside").unwrap();
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    fs::create_dir_all(at("a/b")).unwrap();
    fs::write(at("a/file"), "inside").unwrap();
    symlink("a/file", at("plain")).unwrap();
    symlink("../file", at("a/b/up")).unwrap();
    symlink("a/b", at("dir")).unwrap();
    symlink("a/file/", at("slash")).unwrap();
    symlink("loop", at("loop")).unwrap();
    symlink("nothing", at("dangling")).unwrap();
    symlink(outside.path(), at("absolute")).unwrap();
    symlink(at("a/file"), at("absolute-inside")).unwrap();
    symlink("../../../../../../../../etc", at("climb")).unwrap();
    symlink("a/b/../../..", at("out")).unwrap();
    both_ways(directory.path(), PathNames::Portable, |root| {
        let open = |text: &str| root.path(text).unwrap().open();
        for text in ["plain", "a/b/up", "dir/up"] {
            assert_eq!(read(open(text).unwrap()), "inside", "{text}");
        }
        for text in
            ["absolute", "absolute/secret", "absolute-inside", "climb/passwd", "out", "out/x"]
        {
            assert!(matches!(reason(open(text)), PathError::Escapes), "{text}");
        }
        assert!(matches!(reason(open("loop")), PathError::Link));
        assert!(matches!(reason(open("dangling")), PathError::Missing));
        assert!(matches!(reason(open("slash")), PathError::Io(_)));
        // What makes or removes a name takes a link for the name that it is.
        assert!(matches!(reason(root.path("dangling").unwrap().create()), PathError::Exists));
        assert!(matches!(reason(root.path("absolute/new").unwrap().create()), PathError::Escapes));
        assert!(matches!(
            reason(root.path("absolute/secret").unwrap().remove()),
            PathError::Escapes
        ));
        symlink(outside.path().join("secret"), at("victim")).unwrap();
        root.path("victim").unwrap().replace(b"mine").unwrap();
        assert_eq!(fs::read_to_string(at("victim")).unwrap(), "mine");
        fs::remove_file(at("victim")).unwrap();
        symlink(outside.path().join("secret"), at("victim")).unwrap();
        root.path("victim").unwrap().remove().unwrap();
    });
    assert_eq!(fs::read_to_string(outside.path().join("secret")).unwrap(), "outside");
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
}

#[test]
fn links_are_refused_on_request() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("d")).unwrap();
    fs::write(directory.path().join("d/file"), "inside").unwrap();
    symlink("d", directory.path().join("link")).unwrap();
    for lookup in [PathLookup::Kernel, PathLookup::Walk] {
        let mut rules = PathRules::default();
        (rules.lookup, rules.links) = (lookup, PathLinks::Refused);
        let root = Root::with_rules(directory.path(), rules).unwrap();
        assert!(matches!(reason(root.path("link/file").unwrap().open()), PathError::Link));
        assert_eq!(read(root.path("d/file").unwrap().open().unwrap()), "inside");
    }
}

#[test]
fn links_of_proc_lead_nowhere() {
    let file = tempfile::tempfile().unwrap();
    let number = std::os::fd::AsRawFd::as_raw_fd(&file);
    both_ways(Path::new("/proc/self"), PathNames::Portable, |root| {
        for text in ["root/etc/passwd", "cwd/Cargo.toml", "exe", &format!("fd/{number}"), "ns/net"]
        {
            assert!(root.path(text).unwrap().open().is_err(), "{text}");
        }
        assert!(read(root.path("status").unwrap().open().unwrap()).starts_with("Name:"));
    });
}

#[test]
fn pipes_sockets_and_devices_are_refused_without_waiting() {
    let directory = tempfile::tempdir().unwrap();
    let pipe = directory.path().join("pipe");
    rustix::fs::mknodat(CWD, &pipe, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    let _socket = UnixListener::bind(directory.path().join("socket")).unwrap();
    both_ways(directory.path(), PathNames::Portable, |root| {
        for text in ["pipe", "socket"] {
            let path = root.path(text).unwrap();
            for opened in [path.open(), path.update(), path.append()] {
                assert!(matches!(reason(opened), PathError::NotAFile), "{text}");
            }
        }
    });
    both_ways(Path::new("/dev"), PathNames::Portable, |root| {
        assert!(matches!(reason(root.path("null").unwrap().open()), PathError::NotAFile));
    });
}

#[test]
fn nobody_who_swaps_directories_gets_a_file_from_outside() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("file"), "outside").unwrap();
    let directory = tempfile::tempdir().unwrap();
    let (real, link) = (directory.path().join("dir"), directory.path().join("trap"));
    fs::create_dir(&real).unwrap();
    fs::write(real.join("file"), "inside").unwrap();
    symlink(outside.path(), &link).unwrap();
    assert_eq!(fs::read_to_string(link.join("file")).unwrap(), "outside");
    let (file, file_link) = (directory.path().join("file"), directory.path().join("file-trap"));
    fs::write(&file, "inside").unwrap();
    symlink(outside.path().join("file"), &file_link).unwrap();
    let swap = |one: &Path, other: &Path| {
        rustix::fs::renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).unwrap();
    };
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let swapping = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                swap(&real, &link);
                swap(&file, &file_link);
            }
        });
        // A failure must end the other thread too, or the test would never end.
        let opening = scope.spawn(|| open_and_create(directory.path()));
        let outcome = opening.join();
        done.store(true, Ordering::Relaxed);
        swapping.join().unwrap();
        outcome.unwrap();
    });
    let left: Vec<_> = fs::read_dir(outside.path()).unwrap().collect();
    assert_eq!(left.len(), 1);
}

fn open_and_create(directory: &Path) {
    both_ways(directory, PathNames::Portable, |root| {
        let paths = [root.path("dir/file").unwrap(), root.path("file").unwrap()];
        for round in 0..20_000 {
            if let Ok(file) = paths[round % 2].open() {
                assert_eq!(read(file), "inside");
            }
            if round % 4 == 0 {
                let new = root.path("dir/new").unwrap();
                let _ = (new.create(), new.remove());
            }
        }
    });
}

#[test]
fn a_file_is_replaced_in_a_directory_that_may_not_be_read() {
    let directory = tempfile::tempdir().unwrap();
    let root = Root::open(directory.path()).unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o300)).unwrap();
    let path = root.path("state").unwrap();
    fs::write(directory.path().join("state"), "old").unwrap();
    fs::hard_link(directory.path().join("state"), directory.path().join("other")).unwrap();
    fs::set_permissions(directory.path().join("state"), fs::Permissions::from_mode(0o644)).unwrap();
    path.replace(b"new").unwrap();
    assert_eq!(read(path.open().unwrap()), "new");
    assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600);
    assert_eq!(fs::read(directory.path().join("other")).unwrap(), b"old");
    // For whoever removes it.
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn threads_that_replace_one_file_leave_one_whole_file() {
    let directory = tempfile::tempdir().unwrap();
    let root = Root::open(directory.path()).unwrap();
    std::thread::scope(|scope| {
        for letter in ["a", "b", "c"] {
            let path = root.path("state").unwrap();
            scope.spawn(move || {
                for _ in 0..20 {
                    path.replace(letter.repeat(5000).as_bytes()).unwrap();
                }
            });
        }
    });
    let text = read(root.path("state").unwrap().open().unwrap());
    assert!(text.len() == 5000 && text.bytes().all(|byte| byte == text.as_bytes()[0]));
    assert_eq!(root.entries().unwrap().count(), 1);
}

/// What stands at a path of a random tree.
#[derive(Clone, Debug)]
enum Node {
    File,
    Directory,
    Link(String),
}

fn node() -> impl Strategy<Value = Node> {
    let step = prop_oneof![3 => Just(".."), 1 => Just("."), 8 => name()];
    let target = prop::collection::vec(step, 1..6).prop_map(|steps| steps.join("/"));
    let target = (target, 0..8).prop_map(|(target, kind)| match kind {
        0 => format!("/{target}"),
        1 => format!("{target}/"),
        _ => target,
    });
    prop_oneof![2 => Just(Node::File), 3 => Just(Node::Directory), 4 => target.prop_map(Node::Link)]
}

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "c", "d"])
}

fn path() -> impl Strategy<Value = String> {
    prop::collection::vec(name(), 1..5).prop_map(|names| names.join("/"))
}

/// What an operation came to: the file, or the name of the error.
fn outcome(result: Result<fs::Metadata, Error>) -> Result<(u64, u64), String> {
    match result {
        Ok(metadata) => Ok((metadata.dev(), metadata.ino())),
        Err(Error::Path(error)) => Err(format!("{error:?}")),
        Err(error) => Err(error.to_string()),
    }
}

/// Returns the inodes of a tree, without those that links lead to.
fn inodes(directory: &Path, found: &mut BTreeSet<(u64, u64)>) {
    let metadata = fs::symlink_metadata(directory).unwrap();
    found.insert((metadata.dev(), metadata.ino()));
    if metadata.is_dir() {
        for entry in fs::read_dir(directory).unwrap() {
            inodes(&entry.unwrap().path(), found);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Where the kernel has no `openat2`, this compares the walk with itself, and the second law still holds.
    #[test]
    fn the_walk_finds_what_the_kernel_finds_and_nothing_outside(
        nodes in prop::collection::vec((path(), node()), 1..25),
        paths in prop::collection::vec(path(), 1..25),
    ) {
        let top = tempfile::tempdir().unwrap();
        let directory = top.path().join("a");
        fs::create_dir(&directory).unwrap();
        fs::write(top.path().join("b"), "outside").unwrap();
        fs::create_dir_all(top.path().join("c/a/b")).unwrap();
        for (path, node) in nodes {
            let path = directory.join(path);
            let parent = path.parent().unwrap();
            // Parents that are links would build the tree elsewhere.
            if fs::canonicalize(parent).is_ok_and(|real| real.starts_with(fs::canonicalize(&directory).unwrap())) {
                let _ = match node {
                    Node::File => File::create_new(&path).map(drop),
                    Node::Directory => fs::create_dir(&path),
                    Node::Link(target) => symlink(target, &path),
                };
            }
        }
        let mut inside = BTreeSet::new();
        inodes(&directory, &mut inside);
        for path in paths {
            let mut outcomes = Vec::new();
            both_ways(&directory, PathNames::Native, |root| {
                let path = root.path(&path).unwrap();
                let opened = path.open().map(|file| file.metadata().unwrap());
                outcomes.push((outcome(path.metadata()), outcome(opened)));
            });
            prop_assert_eq!(&outcomes[0], &outcomes[1], "{}", path);
            if let Ok(file) = &outcomes[0].0 {
                prop_assert!(inside.contains(file), "{} leads outside", path);
            }
        }
    }
}
