//! The walk takes what restic takes.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;
use wardkit_backup::source::{
    EntryKind, Excludes, FileTime, Files, FilesOptions, Source as _, Tag,
};

/// What is told of a path: its type, size, owner and when it changed.
type Told = BTreeMap<PathBuf, (String, u64, u64, u64, String)>;

struct Restic {
    folder: TempDir,
}

impl Restic {
    fn new() -> Self {
        let restic = Self { folder: tempfile::tempdir().unwrap() };
        restic.run(["init"]);
        restic
    }

    fn run<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Vec<u8> {
        let output = Command::new("restic")
            .args(arguments)
            .args(["--no-cache", "-r"])
            .arg(self.folder.path())
            .env("RESTIC_PASSWORD", "open")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// What a backup of a folder takes, with what it lies in.
    fn takes(&self, root: &Path, options: &[&str]) -> Told {
        let name = root.to_str().unwrap();
        self.run(["backup", "--force", name].into_iter().chain(options.iter().copied()));
        let listed = self.run(["ls", "--json", "latest"]);
        let lines = listed.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
        let nodes = lines.map(|line| serde_json::from_slice::<Value>(line).unwrap());
        let nodes = nodes.filter(|node| node["struct_type"] == "node");
        let below = root.parent().unwrap();
        let told = nodes.map(|node| {
            let number = |name: &str| node[name].as_u64().unwrap_or_default();
            let text = |name: &str| node[name].as_str().unwrap().to_owned();
            let about = (text("type"), number("size"), number("uid"), number("gid"), text("mtime"));
            (PathBuf::from(text("path")), about)
        });
        // Others work beside the folder.
        told.filter(|(path, _)| path.starts_with(below)).collect()
    }
}

fn we_take(root: &Path, options: FilesOptions) -> Told {
    let mut files = Files::new([root], options).unwrap();
    files.prepare().unwrap();
    let mut told = Told::new();
    while let Some(next) = files.next_entry() {
        let entry = next.unwrap();
        if !entry.path.starts_with(root.parent().unwrap()) {
            continue;
        }
        let metadata = entry.metadata;
        let (kind, size) = match metadata.kind {
            EntryKind::File => ("file", metadata.size),
            EntryKind::Directory => ("dir", 0),
            EntryKind::Symlink => ("symlink", 0),
            EntryKind::Fifo => ("fifo", 0),
            other => panic!("{other:?}"),
        };
        let owner = (u64::from(metadata.uid), u64::from(metadata.gid));
        let time = rfc_3339(metadata.modified);
        told.insert(entry.path, (kind.to_owned(), size, owner.0, owner.1, time));
    }
    told
}

/// A time in UTC as Go writes it, by the system's own calendar.
fn rfc_3339(time: FileTime) -> String {
    let date = Command::new("date")
        .args(["-u", "+%Y-%m-%dT%H:%M:%S", "-d", &format!("@{}", time.seconds)])
        .output()
        .unwrap();
    let date = String::from_utf8(date.stdout).unwrap();
    let nanos = format!(".{:09}", time.nanos);
    let nanos = nanos.trim_end_matches('0').trim_end_matches('.');
    format!("{}{nanos}Z", date.trim())
}

/// A tree in which every pattern below has something to take and something to leave.
fn make_tree(root: &Path) {
    for name in [
        "a/b/c/d.txt",
        "a/b/c.o",
        "a/B/C.O",
        "a.b/x",
        "a-b/[x]",
        "a-b/x*y",
        "foo/bar/foo/baz",
        "foo/keep.o",
        "foo/drop.o",
        "ä/ö",
        "é",
        "1",
        "12",
        "123",
        "node_modules/x/node_modules/y",
        "cache/CACHEDIR.TAG",
        "cache/x",
        "cache/y/z",
        "tagged/.skip",
        "tagged/x",
        "!x",
        "#x",
        "$x",
    ] {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, name).unwrap();
    }
    fs::write(root.join("cache/CACHEDIR.TAG"), CACHE_TAG).unwrap();
    fs::create_dir(root.join("empty")).unwrap();
    fs::set_permissions(root.join("empty"), fs::Permissions::from_mode(0o1777)).unwrap();
    symlink("a", root.join("link")).unwrap();
    symlink("nowhere", root.join("dangling")).unwrap();
    let fifo = Command::new("mkfifo").arg(root.join("fifo")).status().unwrap();
    assert!(fifo.success());
}

#[test]
fn patterns_leave_out_what_restic_leaves_out() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    make_tree(&root);
    let restic = Restic::new();
    assert_same(&we_take(&root, FilesOptions::default()), &restic.takes(&root, &[]), &[]);

    let anchored = format!("{}/foo", root.display());
    let anywhere = format!("{}/**/x", root.display());
    let stars = format!("{}/*/*/*.txt", root.display());
    for (exact, any_case) in [
        (&["*.o", "!keep.o"][..], &[][..]),
        (&["*.o", "!keep.o", "foo"], &[]),
        (&["foo/bar", "[^a]", "1?"], &[]),
        (&[&*anchored, "!bar", "x/"], &[]),
        (&[&*anywhere, "**/z", "a/**/d.txt"], &[]),
        (&[&*stars, "?", "./a-b/../a.b"], &[]),
        (&["\\[x\\]", "x\\*y", "[!1]x"], &[]),
        (&["node_modules/*/node_modules", "#x", "$x"], &[]),
        (&[], &["*.o", "NODE_*", "Ä", "!C.o"]),
        (&["/foo", ".", "..", "c/", "b/c*"], &["É"]),
        (&["*", "!root", "!a", "!tmp", "!1*", "!.tmp*"], &[]),
        (&["a/**", "foo/**/baz"], &[]),
    ] {
        let mut excludes = Excludes::default();
        let mut arguments = Vec::new();
        for pattern in exact {
            excludes.add(pattern.as_bytes()).unwrap();
            arguments.extend(["--exclude", pattern]);
        }
        for pattern in any_case {
            excludes.add_any_case(pattern.as_bytes()).unwrap();
            arguments.extend(["--iexclude", pattern]);
        }
        let mut options = FilesOptions::default();
        options.excludes = excludes;
        assert_same(&we_take(&root, options), &restic.takes(&root, &arguments), &arguments);
    }
}

#[test]
fn tags_sizes_and_pattern_files_leave_out_what_restic_leaves_out() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    make_tree(&root);
    let restic = Restic::new();

    let mut options = FilesOptions::default();
    options.exclude_if_present = vec![Tag::cache()];
    assert_eq!(we_take(&root, options), restic.takes(&root, &["--exclude-caches"]));

    let mut options = FilesOptions::default();
    options.exclude_if_present = vec![Tag::new(b".skip", b"tag").unwrap()];
    let theirs = restic.takes(&root, &["--exclude-if-present", ".skip:tag"]);
    assert_eq!(we_take(&root, options), theirs);

    let mut options = FilesOptions::default();
    options.exclude_larger_than = Some(10);
    let theirs = restic.takes(&root, &["--exclude-larger-than", "10"]);
    assert_eq!(we_take(&root, options), theirs);

    let patterns = folder.path().join("patterns");
    let text = "# comment\n\n  *.o  \n!keep.o\n$PWD_OF_TEST/x\n$$x\n";
    fs::write(&patterns, text).unwrap();
    let mut options = FilesOptions::default();
    options.excludes.add_lines(text.as_bytes(), &|_| None).unwrap();
    let theirs = restic.takes(&root, &["--exclude-file", patterns.to_str().unwrap()]);
    assert_eq!(we_take(&root, options), theirs);
}

/// Fails with what only one of both has.
fn assert_same(ours: &Told, theirs: &Told, arguments: &[&str]) {
    let less = |left: &Told, right: &Told| -> Vec<_> {
        let other = left.iter().filter(|(path, about)| right.get(*path) != Some(*about));
        other.map(|(path, about)| format!("{} {about:?}", path.display())).collect()
    };
    let (only_ours, only_theirs) = (less(ours, theirs), less(theirs, ours));
    assert!(
        only_ours.is_empty() && only_theirs.is_empty(),
        "{arguments:?}: ours {only_ours:?}, theirs {only_theirs:?}"
    );
}

const CACHE_TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55\n";
