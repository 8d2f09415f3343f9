//! Restic checks, restores and goes on with what is backed up here, and the other way round.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use wardkit_backup::engine::{
    BackupOptions, BackupReport, InitOptions, OpenOptions, Password, Repository, Silent, Writer,
};
use wardkit_backup::format::{Id, KdfParams, RepoVersion};
use wardkit_backup::source::{Files, FilesOptions};
use wardkit_backup::store::LocalDir;

const PASSWORD: &str = "known to both";

fn restic(repo: &Path, arguments: &[&OsStr]) -> Vec<u8> {
    let output = Command::new("restic")
        .args(["--no-cache", "-r"])
        .arg(repo)
        .args(arguments)
        .env("RESTIC_PASSWORD", PASSWORD)
        .env("TZ", "UTC")
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "restic {arguments:?}: {error}");
    output.stdout
}

fn words(words: &[&str]) -> Vec<&'static OsStr> {
    words.iter().map(|word| OsStr::new(String::leak((*word).to_owned()))).collect()
}

fn open_options() -> OpenOptions {
    let mut options = OpenOptions::default();
    options.lock_settle = Duration::ZERO;
    options
}

fn init(at: &Path, version: RepoVersion) -> Repository<Writer> {
    let mut options = InitOptions::default();
    options.version = version;
    options.kdf = KdfParams::new(16, 8, 1).unwrap();
    options.open = open_options();
    let store = Arc::new(LocalDir::create(at).unwrap());
    Repository::<Writer>::init(store, &Password::new(PASSWORD), options).unwrap()
}

fn back_up(repository: &Repository<Writer>, source: &Path) -> BackupReport {
    let mut options = BackupOptions::default();
    options.host = Some("host".to_owned());
    // Small packs, so that there are several.
    options.pack_size = 1 << 20;
    let mut files = Files::new([source], FilesOptions::default()).unwrap();
    let report = repository.backup(&mut files, &options, &Silent).unwrap();
    assert!(report.outcome.is_complete(), "{report:?}");
    report
}

/// What restic's backup says at its end, and the tree of its snapshot.
fn restic_back_up(repo: &Path, source: &Path) -> (Value, Id) {
    let mut arguments = words(&["backup", "--json", "--host", "host"]);
    arguments.push(source.as_os_str());
    let output = String::from_utf8(restic(repo, &arguments)).unwrap();
    let summary: Value = serde_json::from_str(output.lines().last().unwrap()).unwrap();
    let shown = restic(repo, &words(&["snapshots", "--json", "latest"]));
    let shown: Vec<Value> = serde_json::from_slice(&shown).unwrap();
    let tree = shown[0]["tree"].as_str().unwrap().parse().unwrap();
    (summary, tree)
}

#[test]
fn restic_checks_and_restores_what_was_backed_up_here() {
    for version in [RepoVersion::V1, RepoVersion::V2] {
        let folder = tempfile::tempdir().unwrap();
        let (at, source) = (folder.path().join("repo"), folder.path().join("source"));
        fill(&source);
        let repository = init(&at, version);
        let first = back_up(&repository, &source);
        fs::write(source.join("dir/changed"), "changed").unwrap();
        let second = back_up(&repository, &source);
        assert_eq!(second.parent, Some(first.snapshot));
        assert_eq!(second.counts.files_unmodified, first.counts.files_new);

        restic(&at, &words(&["check", "--read-data"]));
        let target = folder.path().join("target");
        let mut arguments = words(&["restore", &second.snapshot.to_string(), "--target"]);
        arguments.push(target.as_os_str());
        restic(&at, &arguments);
        let restored = target.join(source.strip_prefix("/").unwrap());
        let (wanted, found) = (described(&source), described(&restored));
        for (path, wanted) in &wanted {
            assert_eq!(found.get(path), Some(wanted), "{version:?} {}", path.display());
        }
        assert_eq!(wanted.len(), found.len());
    }
}

#[test]
fn restic_goes_on_with_our_snapshot_as_parent() {
    let folder = tempfile::tempdir().unwrap();
    let (at, source) = (folder.path().join("repo"), folder.path().join("source"));
    fill(&source);
    let repository = init(&at, RepoVersion::V2);
    let ours = back_up(&repository, &source);
    let (summary, tree) = restic_back_up(&at, &source);
    assert_eq!((&summary["files_new"], &summary["files_changed"]), (&0.into(), &0.into()));
    assert!(summary["files_unmodified"].as_u64() >= Some(ours.counts.files_new), "{summary}");
    assert_eq!(tree_of(&repository, &tree, &source), tree_of(&repository, &ours.tree, &source));
    restic(&at, &words(&["check", "--read-data"]));
}

#[test]
fn a_repository_of_restic_is_gone_on_with() {
    for version in ["1", "2"] {
        let folder = tempfile::tempdir().unwrap();
        let (at, source) = (folder.path().join("repo"), folder.path().join("source"));
        fill(&source);
        // Longer than any piece: wherever this repository's polynomial cuts, the first piece ends within it.
        fs::write(source.join("large"), blake3_bytes(9_000_000)).unwrap();
        restic(&at, &words(&["init", "--repository-version", version]));
        let (summary, tree) = restic_back_up(&at, &source);
        let store = Arc::new(LocalDir::open(&at).unwrap());
        let repository =
            Repository::<Writer>::open(store, &Password::new(PASSWORD), open_options()).unwrap();
        let ours = back_up(&repository, &source);
        assert!(ours.parent.is_some());
        let same = tree_of(&repository, &tree, &source);
        assert_eq!(tree_of(&repository, &ours.tree, &source), same);
        assert_eq!((ours.counts.files_changed, ours.counts.data_blobs), (0, 0));
        assert!(ours.counts.files_unmodified > 0, "{ours:?} {summary}");

        // Read again, a large file is cut where restic cut it.
        File::options()
            .append(true)
            .open(source.join("large"))
            .unwrap()
            .set_len(9_500_000)
            .unwrap();
        let again = back_up(&repository, &source);
        // No piece is shorter than half a megabyte, and the first one is there.
        assert!(again.counts.data_added < 9_100_000, "{again:?}");
        restic(&at, &words(&["check", "--read-data"]));
    }
}

/// The tree of the folder: those above it change while other tests run.
fn tree_of(repository: &Repository<Writer>, root: &Id, folder: &Path) -> Id {
    let index = repository.load_index(&Silent).unwrap();
    folder.strip_prefix("/").unwrap().iter().fold(*root, |tree, name| {
        let nodes = repository.read_tree(&index, &tree).unwrap().nodes;
        let node = nodes.into_iter().find(|node| node.name == name.as_bytes()).unwrap();
        node.subtree.unwrap()
    })
}

/// Everything that a tree of files may have.
fn fill(source: &Path) {
    fs::create_dir_all(source.join("dir/deep")).unwrap();
    fs::create_dir(source.join("empty")).unwrap();
    let random = blake3_bytes(3_000_000);
    fs::write(source.join("large"), &random).unwrap();
    fs::write(source.join("dir/text"), "text ".repeat(40_000)).unwrap();
    fs::write(source.join("dir/deep/zero"), "").unwrap();
    fs::write(source.join("dir.sorts"), "after dir").unwrap();
    fs::write(source.join(OsStr::from_bytes(b"odd\xff\n\"<&>\\")), "odd").unwrap();
    File::create(source.join("sparse")).unwrap().set_len(5_000_000).unwrap();
    fs::hard_link(source.join("dir/text"), source.join("hard")).unwrap();
    symlink("dir/<text>", source.join("link")).unwrap();
    fs::set_permissions(source.join("dir/deep"), Permissions::from_mode(0o1750)).unwrap();
    fs::set_permissions(source.join("dir.sorts"), Permissions::from_mode(0o4711)).unwrap();
    for (program, arguments) in [
        ("mkfifo", vec!["fifo"]),
        ("setfattr", vec!["-n", "user.attribute", "-v", "0x00ff3c", "large"]),
        ("setfattr", vec!["-n", "user.of-dir", "-v", "x", "empty"]),
        ("touch", vec!["-d", "1999-12-31T23:59:59.123456789Z", "dir/text", "empty"]),
    ] {
        let status = Command::new(program).args(arguments).current_dir(source).status();
        assert!(status.unwrap().success(), "{program}");
    }
}

fn blake3_bytes(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    blake3::Hasher::new().finalize_xof().fill(&mut bytes);
    bytes
}

/// All that a restore has to bring back of each path: kind and mode, owner, time, names, content or target, attributes.
fn described(root: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let metadata = fs::symlink_metadata(&path).unwrap();
            let content = if metadata.is_file() {
                Id::of(&fs::read(&path).unwrap()).to_string()
            } else if metadata.is_symlink() {
                fs::read_link(&path).unwrap().display().to_string()
            } else {
                String::new()
            };
            if metadata.is_dir() {
                open.push(path.clone());
            }
            // Restic 0.14 leaves the time of a link as it is.
            let time = if metadata.is_symlink() {
                None
            } else {
                Some((metadata.mtime(), metadata.mtime_nsec()))
            };
            let names = if metadata.is_file() { metadata.nlink() } else { 0 };
            let text = format!(
                "{:o} {}:{} {time:?} {names} {content} {}",
                metadata.mode(),
                metadata.uid(),
                metadata.gid(),
                attributes(&path)
            );
            found.insert(path.strip_prefix(root).unwrap().to_owned(), text);
        }
    }
    found
}

fn attributes(path: &Path) -> String {
    let output = Command::new("getfattr")
        .args(["-h", "-d", "-m", "-", "-e", "hex"])
        .arg(path)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join(" ")
}
