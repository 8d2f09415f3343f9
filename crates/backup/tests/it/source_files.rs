//! Files and directories as a source.

use std::ffi::OsStr;
use std::fs;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags, XattrFlags};
use wardkit_backup::source::{
    Entry, EntryKind, Excludes, Failure, Files, FilesOptions, Source, SourceError, Step, Tag, steps,
};

use crate::ordinary;

/// What a walk finds.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) entries: Vec<Entry>,
    pub(crate) failures: Vec<Failure>,
}

pub(crate) fn walk(source: &mut dyn Source) -> Found {
    source.prepare().unwrap();
    let mut found = Found::default();
    while let Some(next) = source.next_entry() {
        match next {
            Ok(entry) => found.entries.push(entry),
            Err(failure) => found.failures.push(failure),
        }
    }
    found
}

fn walk_one(root: &Path, options: FilesOptions) -> Found {
    walk(&mut Files::new([root], options).unwrap())
}

impl Found {
    pub(crate) fn below(&self, root: &Path) -> Vec<&str> {
        let names = self.entries.iter().filter_map(|entry| entry.path.strip_prefix(root).ok());
        names.map(|name| name.to_str().unwrap()).collect()
    }

    pub(crate) fn entry(&self, path: &Path) -> &Entry {
        self.entries.iter().find(|entry| entry.path == path).unwrap()
    }

    fn failed(&self) -> Vec<(&Path, &str)> {
        self.failures.iter().map(|failure| (&*failure.path, failure.what)).collect()
    }
}

pub(crate) fn content(entry: &Entry) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut opened = entry.content.as_ref().unwrap().open().unwrap();
    opened.read_to_end(&mut bytes).unwrap();
    assert!(opened.is_as_opened().unwrap());
    bytes
}

fn options(change: impl FnOnce(&mut FilesOptions)) -> FilesOptions {
    let mut options = FilesOptions::default();
    change(&mut options);
    options
}

#[test]
fn a_tree_is_told_from_the_top_in_the_order_of_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("r");
    fs::create_dir_all(root.join("a/b")).unwrap();
    for (name, text) in [("a/b/z", "1"), ("a-", "2"), ("a/b.", "3"), ("B", "4")] {
        fs::write(root.join(name), text).unwrap();
    }
    symlink("nowhere", root.join("l")).unwrap();

    let found = walk_one(&root, FilesOptions::default());
    assert_eq!(found.below(&root), ["", "B", "a", "a/b", "a/b/z", "a/b.", "a-", "l"]);
    assert!(found.failures.is_empty());
    let way: Vec<_> = found.entries.iter().map(|entry| entry.path.clone()).collect();
    let mut wanted: Vec<PathBuf> = root.ancestors().map(Path::to_owned).collect();
    wanted.pop();
    wanted.reverse();
    assert!(way.starts_with(&wanted));
    assert_eq!(content(found.entry(&root.join("B"))), b"4");
}

#[test]
fn every_directory_that_is_entered_is_left() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("a/b/c")).unwrap();
    fs::create_dir_all(folder.path().join("a/d")).unwrap();
    fs::write(folder.path().join("e"), "").unwrap();

    let mut files = Files::new([folder.path()], FilesOptions::default()).unwrap();
    files.prepare().unwrap();
    let mut told = String::new();
    for step in steps(&mut files) {
        let name = |entry: &Entry| entry.path.file_name().unwrap().to_string_lossy().into_owned();
        told += &match &step {
            Step::Enter(entry) if folder.path().starts_with(&entry.path) => "(".to_owned(),
            Step::Enter(entry) => name(entry) + "(",
            Step::Item(entry) => name(entry),
            Step::Leave => ")".to_owned(),
            Step::Failed(failure) => panic!("{failure}"),
        };
    }
    let depth = folder.path().components().count() - 1;
    assert_eq!(told, "(".repeat(depth) + "a(b(c())d())e" + &")".repeat(depth));
}

#[test]
fn roots_that_overlap_are_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir_all(root.join("a/b")).unwrap();
    fs::write(root.join("a/b/f"), "").unwrap();
    fs::write(root.join("g"), "").unwrap();
    fs::write(root.join("h"), "").unwrap();

    let roots = ["a/b", "g", "a", "a/", "a/b/f"].map(|name| root.join(name));
    let mut files = Files::new(&roots, FilesOptions::default()).unwrap();
    let found = walk(&mut files);
    assert_eq!(found.below(root), ["", "a", "a/b", "a/b/f", "g"]);
    let wanted = ["a", "a/b", "a/b/f", "g"].map(|name| root.join(name));
    assert_eq!(files.paths(), wanted);
}

#[test]
fn one_missing_root_is_a_failure_and_all_are_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let (there, missing) = (folder.path().join("there"), folder.path().join("x/missing"));
    fs::write(&there, "").unwrap();

    let mut files = Files::new([&there, &missing], FilesOptions::default()).unwrap();
    let found = walk(&mut files);
    assert_eq!(found.below(folder.path()), ["", "there"]);
    assert_eq!(found.failed(), [(&*missing, "find")]);

    let mut files = Files::new([&missing], FilesOptions::default()).unwrap();
    let Err(SourceError::Nothing { failures }) = files.prepare() else { panic!("it is missing") };
    assert_eq!(failures[0].path, missing);
    assert!(files.next_entry().is_none());
    for wrong in ["relative", "/a/../b", ""] {
        assert!(Files::new([wrong], FilesOptions::default()).is_err());
    }
}

#[test]
fn metadata_is_what_the_system_says() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("f");
    fs::write(&file, "12345").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o4751)).unwrap();
    fs::hard_link(&file, folder.path().join("g")).unwrap();
    symlink(OsStr::from_bytes(b"\xff/..//x"), folder.path().join("l")).unwrap();
    let odd = folder.path().join(OsStr::from_bytes(b"odd\xfe\n"));
    fs::write(&odd, "odd").unwrap();
    rustix::fs::setxattr(&file, "user.b", b"2\0", XattrFlags::empty()).unwrap();
    rustix::fs::setxattr(&file, "user.a", &[7; 2000], XattrFlags::empty()).unwrap();

    let found = walk_one(folder.path(), FilesOptions::default());
    let (entry, stat) = (found.entry(&file), file.metadata().unwrap());
    let metadata = &entry.metadata;
    assert_eq!((metadata.kind, metadata.mode, metadata.size), (EntryKind::File, 0o4751, 5));
    assert_eq!((metadata.inode, metadata.device), (stat.ino(), stat.dev()));
    assert_eq!((metadata.uid, metadata.gid, metadata.links), (stat.uid(), stat.gid(), 2));
    let modified = (metadata.modified.seconds, i64::from(metadata.modified.nanos));
    assert_eq!(modified, (stat.mtime(), stat.mtime_nsec()));
    let changed = (metadata.changed.seconds, i64::from(metadata.changed.nanos));
    assert_eq!(changed, (stat.ctime(), stat.ctime_nsec()));
    let mut xattrs = metadata.xattrs.clone();
    xattrs.retain(|xattr| xattr.name.starts_with(b"user."));
    xattrs.sort_by(|left, right| left.name.cmp(&right.name));
    assert_eq!(xattrs[0].value, [7; 2000]);
    assert_eq!((&*xattrs[1].name, &*xattrs[1].value), (&b"user.b"[..], &b"2\0"[..]));
    let opened = entry.content.as_ref().unwrap().open().unwrap();
    assert_eq!(opened.metadata(), metadata);

    assert_eq!(found.entry(&folder.path().join("l")).metadata.link_target, b"\xff/..//x");
    assert_eq!(content(found.entry(&odd)), b"odd");
    if metadata.uid == 0 {
        assert_eq!(metadata.user.as_deref(), Some("root"));
    }
}

#[test]
fn special_files_are_told_without_being_opened() {
    let folder = tempfile::tempdir().unwrap();
    let make = |name: &str, kind, device| {
        rustix::fs::mknodat(CWD, folder.path().join(name), kind, Mode::from(0o640), device)
    };
    make("fifo", FileType::Fifo, 0).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
    let is_root = make("null", FileType::CharacterDevice, rustix::fs::makedev(1, 3)).is_ok();

    let found = walk_one(folder.path(), FilesOptions::default());
    let mut wanted = vec![("fifo", EntryKind::Fifo), ("socket", EntryKind::Socket)];
    if is_root {
        wanted.push(("null", EntryKind::CharDevice));
        let null = found.entry(&folder.path().join("null"));
        assert_eq!(null.metadata.special, rustix::fs::makedev(1, 3));
    }
    for (name, kind) in wanted {
        let entry = found.entry(&folder.path().join(name));
        assert_eq!(entry.metadata.kind, kind);
        assert!(entry.content.is_none());
    }
    assert!(found.failures.is_empty());
}

#[test]
fn what_vanishes_or_cannot_be_read_is_a_failure_each() {
    let test = "source_files::what_vanishes_or_cannot_be_read_is_a_failure_each";
    if ordinary::ran_as_ordinary_user(test) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    for name in ["gone", "kept", "secret"] {
        fs::write(root.join(name), name).unwrap();
    }
    fs::create_dir(root.join("locked")).unwrap();
    fs::write(root.join("locked/in"), "").unwrap();
    for name in ["locked", "secret"] {
        fs::set_permissions(root.join(name), fs::Permissions::from_mode(0o0)).unwrap();
    }

    let mut files = Files::new([root], FilesOptions::default()).unwrap();
    files.prepare().unwrap();
    let mut found = Found::default();
    while let Some(next) = files.next_entry() {
        match next {
            Ok(entry) => {
                if entry.path == root {
                    fs::remove_file(root.join("gone")).unwrap();
                }
                found.entries.push(entry);
            }
            Err(failure) => found.failures.push(failure),
        }
    }
    fs::set_permissions(root.join("locked"), fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(found.below(root), ["", "kept", "locked", "secret"]);
    let (gone, locked) = (root.join("gone"), root.join("locked"));
    assert_eq!(found.failed(), [(&*gone, "find"), (&*locked, "open")]);
    let secret = found.entry(&root.join("secret")).content.as_ref().unwrap().open();
    assert_eq!(secret.err().map(|error| error.kind()), Some(ErrorKind::PermissionDenied));
    assert_eq!(content(found.entry(&root.join("kept"))), b"kept");
}

#[test]
fn a_link_that_is_swapped_in_is_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("r");
    fs::create_dir_all(root.join("d")).unwrap();
    fs::create_dir(folder.path().join("other")).unwrap();
    fs::write(folder.path().join("other/f"), "secret").unwrap();
    fs::write(root.join("d/f"), "mine").unwrap();
    fs::write(root.join("g"), "mine").unwrap();

    let found = walk_one(&root, FilesOptions::default());
    fs::rename(root.join("d"), root.join("e")).unwrap();
    symlink(folder.path().join("other"), root.join("d")).unwrap();
    fs::remove_file(root.join("g")).unwrap();
    symlink(folder.path().join("other/f"), root.join("g")).unwrap();
    assert_eq!(content(found.entry(&root.join("d/f"))), b"mine");
    assert!(found.entry(&root.join("g")).content.as_ref().unwrap().open().is_err());

    fs::remove_file(root.join("g")).unwrap();
    fs::create_dir(root.join("g")).unwrap();
    assert!(found.entry(&root.join("g")).content.as_ref().unwrap().open().is_err());
}

#[test]
fn the_way_to_a_root_follows_our_own_links_and_root_s() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("real/in")).unwrap();
    let link = folder.path().join("link");
    symlink("real", &link).unwrap();
    let found = walk_one(&link.join("in"), FilesOptions::default());
    assert_eq!(found.below(folder.path()), ["", "link", "link/in"]);
    assert_eq!(found.entry(&link).metadata.kind, EntryKind::Directory);
    // A root itself is what it is.
    assert_eq!(walk_one(&link, FilesOptions::default()).entry(&link).metadata.link_target, b"real");

    if std::os::unix::fs::lchown(&link, Some(65_534), None).is_ok()
        && rustix::process::geteuid().is_root()
    {
        let found = walk_one(&link.join("in"), FilesOptions::default());
        assert_eq!(found.failed(), [(&*link.join("in"), "find")]);
    }
}

#[test]
fn a_file_that_changes_while_it_is_read_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f");
    fs::write(&path, vec![1; 100_000]).unwrap();
    let found = walk_one(&path, FilesOptions::default());
    let mut opened = found.entry(&path).content.as_ref().unwrap().open().unwrap();
    assert!(opened.is_as_opened().unwrap());
    opened.read_exact(&mut [0; 1000]).unwrap();
    let mut writer = fs::OpenOptions::new().append(true).open(&path).unwrap();
    writer.write_all(b"more").unwrap();
    assert!(!opened.is_as_opened().unwrap());
    let mut rest = Vec::new();
    assert_eq!(opened.read_to_end(&mut rest).unwrap(), 99_004);
    // The next reading has a state of its own.
    assert_eq!(content(found.entry(&path)).len(), 100_004);
}

#[test]
fn tags_sizes_and_patterns_leave_out() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let signature = "Signature: 8a477f597d28d172789f06886806bc55\n# rest";
    for (name, text) in [
        ("cache/CACHEDIR.TAG", signature),
        ("cache/a", ""),
        ("cache/b/c", ""),
        ("fake/CACHEDIR.TAG", "Signature: no"),
        ("fake/a", ""),
        ("no/.nobackup", ""),
        ("no/a", ""),
        ("no/CACHEDIR.TAG", ""),
        ("large", "123456"),
        ("small", "12345"),
        ("x.o", ""),
        ("y/x.o", ""),
        ("y/keep.o", ""),
    ] {
        fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
        fs::write(root.join(name), text).unwrap();
    }
    let options = options(|options| {
        options.excludes.add(b"*.o").unwrap();
        options.excludes.add(b"!keep.o").unwrap();
        options.excludes.add_any_case(b"Y/X.*").unwrap();
        options.exclude_larger_than = Some(5);
        options.exclude_if_present = vec![Tag::cache(), Tag::new(b".nobackup", b"").unwrap()];
    });
    let found = walk_one(root, options.clone());
    let kept = [
        "",
        "cache",
        "cache/CACHEDIR.TAG",
        "fake",
        "fake/CACHEDIR.TAG",
        "fake/a",
        "no",
        "no/.nobackup",
        "small",
        "y",
        "y/keep.o",
    ];
    // The signature is larger than what is kept of files, which does not matter to what it says.
    let kept: Vec<_> = kept.into_iter().filter(|name| !name.ends_with("TAG")).collect();
    assert_eq!(found.below(root), kept);
    assert!(Tag::new(b"a/b", b"").is_none());
}

#[test]
fn a_mount_is_not_entered_unless_it_is_a_root() {
    let options = options(|options| {
        options.one_file_system = true;
        for pattern in [&b"/*"[..], b"!/proc", b"/proc/*", b"!/proc/version"] {
            options.excludes.add(pattern).unwrap();
        }
    });
    let found = walk_one(Path::new("/"), options.clone());
    assert_eq!(found.below(Path::new("/")), ["proc"]);
    let found = walk(&mut Files::new(["/", "/proc"], options).unwrap());
    assert_eq!(found.below(Path::new("/")), ["proc", "proc/version"]);
    let version = found.entry(Path::new("/proc/version"));
    assert_eq!(version.metadata.size, 0);
    assert!(content(version).starts_with(b"Linux"));
    assert!(!version.content.as_ref().unwrap().is_told_by_metadata());
}

#[test]
fn a_tree_deeper_than_paths_and_open_files_can_be_is_walked() {
    let folder = tempfile::tempdir().unwrap();
    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
    let mut at = rustix::fs::open(folder.path(), flags, Mode::empty()).unwrap();
    for _ in 0..DEEP {
        rustix::fs::mkdirat(&at, "deeper", Mode::RWXU).unwrap();
        at = rustix::fs::openat(&at, "deeper", flags, Mode::empty()).unwrap();
    }
    let file = rustix::fs::openat(&at, "f", OFlags::CREATE | OFlags::WRONLY, Mode::RWXU).unwrap();
    rustix::io::write(&file, b"deep").unwrap();

    let mut files = Files::new([folder.path()], FilesOptions::default()).unwrap();
    files.prepare().unwrap();
    let (mut entered, mut depth, mut deepest) = (0, 0, None);
    for step in steps(&mut files) {
        match step {
            Step::Enter(_) => (entered, depth) = (entered + 1, depth + 1),
            Step::Leave => depth -= 1,
            Step::Item(entry) => deepest = Some(entry),
            Step::Failed(failure) => panic!("{failure}"),
        }
    }
    assert_eq!((entered, depth), (DEEP + folder.path().components().count() - 1, 0));
    assert_eq!(content(&deepest.unwrap()), b"deep");
}

#[test]
fn an_empty_list_of_patterns_leaves_out_nothing() {
    assert!(Excludes::default().is_empty());
    assert!(!Excludes::default().matches(b"/a"));
}

/// More than 4096 bytes of path, and more than the directories that are kept open.
const DEEP: usize = 900;
