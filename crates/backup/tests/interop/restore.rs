//! What restic stored is restored as restic restores it, and our check says of it what restic's says.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use wardkit_backup::engine::{
    CheckOptions, CheckOutcome, OpenOptions, Password, ReadData, Reader, Repository,
    RestoreOptions, Silent,
};
use wardkit_backup::store::{LocalDir, ObjectStore};

/// All that two trees are compared by, for each path.
type Listing = BTreeMap<PathBuf, Vec<String>>;

struct Scratch {
    folder: tempfile::TempDir,
}

impl Scratch {
    fn new() -> Self {
        let scratch = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(scratch.path("password"), "one").unwrap();
        fs::write(scratch.path("other"), "two").unwrap();
        make_source(&scratch.path("source"));
        scratch
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn restic(&self, arguments: &[&str]) {
        let output = Command::new("restic")
            .args(["--no-cache", "-q", "-r"])
            .arg(self.path("repository"))
            .arg("--password-file")
            .arg(self.path("password"))
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    }

    /// Restores with both programs, and compares.
    fn compare(&self, password: &str) {
        let (theirs, ours) = (self.path("theirs"), self.path("ours"));
        self.restic(&["restore", "latest", "--target", theirs.to_str().unwrap()]);
        let store: Arc<dyn ObjectStore> =
            Arc::new(LocalDir::open(self.path("repository")).unwrap());
        let repository: Repository<Reader> =
            Repository::open(store, &Password::new(password), OpenOptions::default()).unwrap();
        let index = repository.load_index(&Silent).unwrap();
        let snapshots = repository.snapshots().unwrap().snapshots;
        let (_, snapshot) = snapshots.last().unwrap();
        let report =
            repository.restore(&index, snapshot, &RestoreOptions::new(&ours), &Silent).unwrap();
        assert!(report.is_complete(), "{:?}", report.failed);
        assert!(report.less.is_empty(), "{:?}", report.less);
        let source = self.path("source");
        let below = source.strip_prefix("/").unwrap();
        assert_eq!(listing(&theirs.join(below)), listing(&ours.join(below)));
        let sparse = fs::metadata(ours.join(below).join("sparse")).unwrap();
        let blocks = fs::metadata(source.join("sparse")).unwrap().blocks();
        assert!(sparse.blocks() <= blocks + 16, "{} for {blocks}", sparse.blocks());
        let report = repository.check(&CheckOptions::reading(ReadData::All), &Silent).unwrap();
        assert_eq!(report.outcome(), CheckOutcome::Clean, "{:?}", report.findings);
    }
}

fn make_source(source: &Path) {
    fs::create_dir_all(source.join("folder/closed")).unwrap();
    let file = fs::File::create(source.join("sparse")).unwrap();
    file.set_len(40 << 20).unwrap();
    file.write_all_at(b"in the middle", 20 << 20).unwrap();
    let text: Vec<u8> = (0..400_000_u32).flat_map(u32::to_be_bytes).collect();
    fs::write(source.join("large"), &text).unwrap();
    fs::write(source.join("empty"), "").unwrap();
    fs::write(source.join(OsStr::from_bytes(b"folder/odd \xff\n\"name\\")), "odd").unwrap();
    symlink(OsStr::from_bytes(b"to/\xfe nowhere"), source.join("folder/link")).unwrap();
    fs::hard_link(source.join("large"), source.join("folder/second name")).unwrap();
    let program = source.join("folder/closed/program");
    fs::write(&program, "#!/bin/sh").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o4755)).unwrap();
    let flags = rustix::fs::XattrFlags::empty();
    rustix::fs::setxattr(&program, "user.any", b"\0\xff", flags).unwrap();
    run(Command::new("mkfifo").arg(source.join("pipe")));
    run(Command::new("setfacl").args(["-m", "u:1234:r,g:77:rw"]).arg(source.join("large")));
    run(Command::new("setfacl").args(["-d", "-m", "u:1234:rx"]).arg(source.join("folder")));
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(source.join("empty"), Some(1234), Some(77)).unwrap();
        std::os::unix::fs::lchown(source.join("folder/link"), Some(1), Some(2)).unwrap();
        run(Command::new("mknod").arg(source.join("device")).args(["c", "1", "3"]));
    }
    fs::set_permissions(source.join("folder/closed"), fs::Permissions::from_mode(0o1555)).unwrap();
    run(Command::new("touch").args(["-h", "-d", "2001-02-03 04:05:06.789"]).args([
        source.join("folder/link"),
        source.join("folder/closed"),
        source.join("empty"),
    ]));
}

fn run(command: &mut Command) {
    assert!(command.status().unwrap().success(), "{command:?}");
}

/// What there is below a directory: kind and mode, owner, size, times, names, device, content, attributes.
fn listing(below: &Path) -> Listing {
    let mut found = Listing::new();
    let mut waiting = vec![below.to_owned()];
    while let Some(path) = waiting.pop() {
        let stat = fs::symlink_metadata(&path).unwrap();
        let kind = stat.file_type();
        let mut said = vec![
            format!("{:o} {} {}", stat.mode(), stat.uid(), stat.gid()),
            format!("{}.{:09}", stat.mtime(), stat.mtime_nsec()),
            format!("{:x}", stat.rdev()),
        ];
        if kind.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if kind.is_symlink() {
            let target = fs::read_link(&path).unwrap();
            said.push(target.as_os_str().as_bytes().escape_ascii().to_string());
        } else {
            said.push(format!("{} bytes, {} names", stat.len(), stat.nlink()));
        }
        if kind.is_file() {
            said.push(wardkit_backup::format::Id::of(&fs::read(&path).unwrap()).to_string());
        }
        if !kind.is_symlink() {
            said.push(attributes(&path));
        }
        found.insert(path.strip_prefix(below).unwrap().to_owned(), said);
    }
    found
}

fn attributes(path: &Path) -> String {
    let mut names = vec![0; 4096];
    let length = rustix::fs::listxattr(path, &mut names[..]).unwrap();
    let mut names: Vec<&[u8]> = names[..length].split(|byte| *byte == 0).collect();
    names.sort_unstable();
    let said = names.into_iter().filter(|name| !name.is_empty()).map(|name| {
        let mut value = vec![0; 4096];
        let length = rustix::fs::getxattr(path, name, &mut value[..]).unwrap();
        format!("{}={:?} ", name.escape_ascii(), &value[..length])
    });
    said.collect()
}

#[test]
fn repositories_of_both_versions_are_restored_as_restic_does() {
    for (version, compression) in [("1", "auto"), ("2", "off"), ("2", "max")] {
        let scratch = Scratch::new();
        let source = scratch.path("source");
        let source = source.to_str().unwrap();
        scratch.restic(&["init", "--repository-version", version]);
        scratch.restic(&["backup", "--compression", compression, source]);
        scratch.compare("one");
    }
}

#[test]
fn a_repository_with_a_history_is_restored_by_any_of_its_keys() {
    let scratch = Scratch::new();
    let source = scratch.path("source");
    let other = scratch.path("other");
    scratch.restic(&["init"]);
    scratch.restic(&["backup", source.to_str().unwrap()]);
    fs::write(source.join("folder/new"), "in the second snapshot").unwrap();
    fs::remove_file(source.join("sparse")).unwrap();
    fs::write(source.join("sparse"), "not any more").unwrap();
    scratch.restic(&["backup", source.to_str().unwrap()]);
    scratch.restic(&["key", "add", "--new-password-file", other.to_str().unwrap()]);
    scratch.restic(&["forget", "--keep-last", "1", "--prune"]);
    scratch.restic(&["rebuild-index"]);
    scratch.compare("two");
}
