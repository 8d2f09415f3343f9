//! Our lists against the programs whose formats they are: sha256sum, b3sum, mtree and aide; scans against mount; the
//! monitor against dpkg and rpm.
//!
//! `cargo xtask ci` installs them and runs this; by hand, with Debian's `b3sum`, `mtree-netbsd`, `aide` and `rpm`:
//! `cargo test -p wardkit-integrity --features interop --test interop`.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

mod dpkg;
mod mounts;
mod rpm;
mod whole_system;

use std::ffi::{OsStr, OsString};
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;
use wardkit_integrity::{
    Algorithm, Change, ChangeKind, Export, Exported, Field, Format, ScanOptions, import,
};

/// Names that every format can spell.
const NAMES: [&[u8]; 10] = [
    b"plain",
    b"with space",
    b" leading",
    b"new\nline",
    b"back\\slash",
    b"-",
    b"#hash*?[x]=(y) = z",
    "umlaut \u{e9}".as_bytes(),
    b"sub/deeper/file",
    b"empty",
];

/// Names that are not text, or that b3sum does not escape.
const ODD_NAMES: [&[u8]; 3] = [b"\xff\xfe", b"cr\rx", b"escape \x1b[31m"];

struct Tree {
    _dir: TempDir,
    root: PathBuf,
}

impl Tree {
    fn new(names: &[&[u8]]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap().join("tree");
        fs::create_dir_all(root.join("sub/deeper")).unwrap();
        fs::create_dir(root.join("hollow")).unwrap();
        for name in names {
            let content = if *name == b"empty" { b"".as_slice() } else { name };
            fs::write(root.join(OsStr::from_bytes(name)), content).unwrap();
        }
        fs::set_permissions(root.join("plain"), Permissions::from_mode(0o4751)).unwrap();
        symlink("with space", root.join("link")).unwrap();
        Self { _dir: dir, root }
    }

    fn every_name() -> Self {
        Self::new(&[NAMES.as_slice(), &ODD_NAMES].concat())
    }

    /// Scans the tree and writes it beside it, with names relative to it.
    fn export(&self, format: Format, algorithm: Algorithm) -> (PathBuf, Exported) {
        let snapshot = ScanOptions::new([&self.root]).with_algorithm(algorithm).run().unwrap();
        let list = self.root.with_extension("list");
        let exported = Export::new(format, algorithm)
            .unwrap()
            .with_root(&self.root)
            .write(snapshot.entries(), fs::File::create(&list).unwrap())
            .unwrap();
        (list, exported)
    }

    /// Runs a program in the tree.
    fn run<S: AsRef<OsStr>>(&self, program: &str, args: impl IntoIterator<Item = S>) -> Output {
        Command::new(program)
            .args(args)
            .current_dir(&self.root)
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// Compares a list with the tree before and after something happened to it, and returns what differs then.
    fn differs_after(
        &self,
        format: Format,
        list: &[u8],
        files: usize,
        act: impl Fn(),
    ) -> Vec<Change> {
        let list = import(format, &self.root, list).unwrap();
        assert_eq!(list.len(), files);
        let compared = list.compare();
        assert!(compared.changes.is_empty(), "{:?}", compared.changes);
        act();
        list.compare().changes
    }

    fn tamper(&self) {
        fs::write(self.root.join("new\nline"), b"evil\nine").unwrap();
        fs::remove_file(self.root.join("with space")).unwrap();
    }

    fn assert_tampered(&self, changes: &[Change]) {
        let found: Vec<(&Path, ChangeKind)> =
            changes.iter().map(|change| (change.path.as_path(), change.kind)).collect();
        let (evil, gone) = (self.root.join("new\nline"), self.root.join("with space"));
        let expected =
            [(evil.as_path(), ChangeKind::Modified), (gone.as_path(), ChangeKind::Removed)];
        assert_eq!(found, expected);
        assert!(changes.iter().all(|change| change.field(Field::Content).is_some()));
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

fn assert_success(output: &Output) {
    assert!(output.status.success(), "{}", text(output));
}

fn names(names: &[&[u8]]) -> Vec<OsString> {
    names.iter().map(|name| Path::new("./").join(OsStr::from_bytes(name)).into()).collect()
}

#[test]
fn sha256sum_checks_our_list_and_finds_what_changed() {
    let tree = Tree::every_name();
    let (list, exported) = tree.export(Format::Sha256sum, Algorithm::Sha256);
    assert_eq!(exported.written, 13);
    let check = [OsStr::new("--check"), OsStr::new("--strict"), list.as_os_str()];
    assert_success(&tree.run("sha256sum", check));
    tree.tamper();
    let output = tree.run("sha256sum", check);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output);
    assert!(said.contains("1 computed checksum did NOT match"), "{said}");
    assert!(said.contains("1 listed file could not be read"), "{said}");
}

#[test]
fn lists_of_sha256sum_are_read_with_tags_and_without() {
    let files = names(&[NAMES.as_slice(), &ODD_NAMES].concat());
    for options in [["--text"].as_slice(), &["--binary"], &["--tag"]] {
        let tree = Tree::every_name();
        let args = options.iter().map(OsString::from).chain(files.iter().cloned());
        let output = tree.run("sha256sum", args);
        assert_success(&output);
        let changes = tree.differs_after(Format::Sha256sum, &output.stdout, 13, || tree.tamper());
        tree.assert_tampered(&changes);
    }
}

#[test]
fn b3sum_checks_our_list_and_finds_what_changed() {
    let tree = Tree::every_name();
    let (list, exported) = tree.export(Format::B3sum, Algorithm::Blake3);
    assert_eq!(exported.written, 12);
    assert_eq!(exported.unnameable, [tree.root.join(OsStr::from_bytes(b"\xff\xfe"))]);
    let check = [OsStr::new("--check"), list.as_os_str()];
    assert_success(&tree.run("b3sum", check));
    tree.tamper();
    let output = tree.run("b3sum", check);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output).matches("FAILED").count(), 2, "{}", text(&output));
}

#[test]
fn lists_of_b3sum_are_read() {
    let tree = Tree::new(&NAMES);
    let output = tree.run("b3sum", names(&NAMES));
    assert_success(&output);
    let changes = tree.differs_after(Format::B3sum, &output.stdout, 10, || tree.tamper());
    tree.assert_tampered(&changes);
}

/// What `mtree` says of a specification and the tree.
fn mtree(tree: &Tree, spec: &Path) -> Output {
    tree.run("mtree", [OsStr::new("-f"), spec.as_os_str(), OsStr::new("-p"), OsStr::new(".")])
}

#[test]
fn mtree_finds_nothing_against_our_specification_and_then_what_changed() {
    for algorithm in [Algorithm::Sha256, Algorithm::Blake3] {
        let tree = Tree::every_name();
        let (spec, exported) = tree.export(Format::Mtree, algorithm);
        // The tree, three directories in it, a link.
        assert_eq!((exported.written, exported.left_out), (13 + 5, 0));
        let output = mtree(&tree, &spec);
        assert_success(&output);
        assert_eq!(text(&output), "");
    }

    let tree = Tree::every_name();
    let (spec, _) = tree.export(Format::Mtree, Algorithm::Sha256);
    let target = tree.root.join("sub/deeper/file");
    let modified = fs::metadata(&target).unwrap().modified().unwrap();
    fs::write(&target, "sub/deeper/evil").unwrap();
    fs::File::options().append(true).open(&target).unwrap().set_modified(modified).unwrap();
    fs::set_permissions(tree.root.join("empty"), Permissions::from_mode(0o777)).unwrap();
    let output = mtree(&tree, &spec);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output);
    assert!(said.contains("sub/deeper/file:") && said.contains("sha256"), "{said}");
    assert!(said.contains("empty:") && said.contains("permissions (0644, 0777)"), "{said}");
    assert_eq!(said.matches(": ").count() + said.matches(":\t").count(), 2, "{said}");
}

#[test]
fn specifications_of_mtree_are_read_in_both_its_forms() {
    let tree = Tree::every_name();
    let keys = "type,mode,uid,gid,size,nlink,link,time,sha256,flags";
    let relative = tree.run("mtree", ["-c", "-k", keys, "-p", "."]);
    assert_success(&relative);
    let spec = tree.root.with_extension("spec");
    fs::write(&spec, &relative.stdout).unwrap();
    let whole = tree.run(
        "mtree",
        [OsStr::new("-C"), OsStr::new("-k"), OsStr::new(keys), OsStr::new("-f"), spec.as_os_str()],
    );
    assert_success(&whole);
    for output in [&relative, &whole] {
        let tree = Tree::every_name();
        let changes = tree.differs_after(Format::Mtree, &output.stdout, 13, || tree.tamper());
        tree.assert_tampered(&changes);
    }
}

#[test]
fn databases_of_aide_are_read_compressed_and_not() {
    for compressed in ["no", "yes"] {
        let tree = Tree::every_name();
        let (database, config) = (tree.root.with_extension("db"), tree.root.with_extension("conf"));
        let (root, database_path) = (tree.root.display(), database.display());
        // Without the end of the name the rule would take `tree.conf` as well.
        fs::write(
            &config,
            format!(
                "database_out=file:{database_path}\ngzip_dbout={compressed}\nreport_url=stdout\n\
                 {root}($|/) p+ftype+u+g+s+i+n+l+m+c+md5+sha256+sha512\n"
            ),
        )
        .unwrap();
        let output =
            tree.run("aide", [OsStr::new("--config"), config.as_os_str(), OsStr::new("--init")]);
        assert_success(&output);
        let database = fs::read(&database).unwrap();
        assert_eq!(database.starts_with(&[0x1f, 0x8b]), compressed == "yes");
        let changes = tree.differs_after(Format::Aide, &database, 13, || tree.tamper());
        tree.assert_tampered(&changes);
    }
}
