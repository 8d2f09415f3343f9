//! Lists of other programs: what is read of them, what is refused, what differs.
#![expect(clippy::unwrap_used, reason = "the helpers stand outside the tests")]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use wardkit_integrity::{
    Algorithm, ChangeKind, Digest, Entry, EntryKind, Error, Export, Exported, Field, FieldValue,
    Flags, Format, ImportedList, import,
};

const A: &str = "98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4";
const A64: &str = "mOpuTyFvL7S2n/+bOkSELDhobKaF8/VdxIxdP7EQe+Q=";

fn read(format: Format, text: impl AsRef<[u8]>) -> Result<ImportedList, Error> {
    import(format, Path::new("/srv"), text.as_ref())
}

fn names(list: &ImportedList) -> Vec<&[u8]> {
    list.files().map(|(path, _)| path.as_os_str().as_bytes()).collect()
}

/// Checks that a list has these files, each with the digest [`A`], and so much without.
fn check(format: Format, text: impl AsRef<[u8]>, expected: &[&[u8]], without_digest: u64) {
    let list = read(format, text).unwrap();
    assert_eq!(names(&list), expected);
    assert!(list.files().all(|(_, digest)| digest.to_string() == A));
    assert_eq!(list.without_digest(), without_digest);
}

/// Checks at which line a list is refused, and why.
fn check_refused(format: Format, text: impl AsRef<[u8]>, at: u64, why: &str) {
    let text = text.as_ref();
    match read(format, text).unwrap_err() {
        Error::List { line, reason } => {
            assert_eq!((line, reason), (at, why), "{:?}", String::from_utf8_lossy(text));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn sums_are_read_in_every_form_that_coreutils_write() {
    let text = format!(
        "# made on Monday\n\n{A}  plain\n{A} *binary\n\\{A}  new\\nline\n\\{A}  back\\\\slash\n\
         SHA256 (tagged (x) = y) = {A}\n\\SHA256 (tagged\\r) = {A}\n{A}  ./a/./b//c\n\
         {A}  /srv/absolute\n{}  large\n{A}  windows\r\n{A}  with space \n{A}  plain",
        A.to_uppercase()
    );
    check(
        Format::Sha256sum,
        text,
        &[
            b"/srv/absolute",
            b"/srv/back\\slash",
            b"/srv/binary",
            b"/srv/large",
            b"/srv/new\nline",
            b"/srv/plain",
            b"/srv/tagged\r",
            b"/srv/tagged (x) = y",
            b"/srv/windows",
            b"/srv/with space ",
            b"/srv/a/b/c",
        ],
        0,
    );
    let raw = [A.as_bytes(), b"  \xff\xfe\n"].concat();
    check(Format::Sha256sum, raw, &[b"/srv/\xff\xfe"], 0);
    check(Format::B3sum, format!("{A}  x\nBLAKE3 (y) = {A}\n"), &[b"/srv/x", b"/srv/y"], 0);
    check(Format::Sha256sum, "", &[], 0);
}

#[test]
fn hostile_sums_are_refused_with_their_line() {
    let sums = |text: String, why| {
        check_refused(Format::Sha256sum, format!("{A}  fine\n{text}\n"), 2, why);
    };
    let neither = "is not a digest and a name";
    sums(format!("{A} one-space"), neither);
    sums(format!("{A}  "), neither);
    sums(A.to_owned(), neither);
    sums("x".to_owned(), neither);
    sums(format!("{}  short", &A[1..]), neither);
    sums(format!("{}  no digit", A.replace('9', "g")), neither);
    sums(format!("d41d8cd98f00b204e9800998ecf8427e  {}", "md5".repeat(30)), neither);
    sums(format!("\\{A}  x\\t"), "has an escape that is none");
    sums(format!("{A}  ../x"), "has .. in a name");
    sums(format!("{A}  a/../../x"), "has .. in a name");
    sums(format!("{A}  /srv/../etc/passwd"), "has .. in a name");
    sums(format!("{A}  /etc/passwd"), "names what is not below the root");
    sums(format!("{A}  /srvx"), "names what is not below the root");
    sums(format!("{A}  a\0b"), "has a zero byte in a name");
    sums(format!("BLAKE3 (x) = {A}"), "has a digest of another algorithm");
    sums(format!("{A}  {}", "x".repeat(300_000)), "is longer than 256 KiB");
    sums("x".repeat(300_000), "is longer than 256 KiB");
    for root in ["srv", "", "/srv/.."] {
        let error = import(Format::Sha256sum, Path::new(root), b"".as_slice()).unwrap_err();
        assert!(matches!(error, Error::Root(_)), "{error:?}");
    }
}

#[test]
fn mtree_is_read_as_netbsd_and_freebsd_write_it() {
    // Relative names, as `mtree -c` writes them: blocks, defaults, continued lines, escapes in vis(3).
    let text = format!(
        "#\tuser: root\n\n# .\n/set type=file uid=0 mode=0644\n. type=dir mode=0755\n    a\\sb size=3 \\\n\
         \x20   sha256={A}\n    link type=link link=a\\sb\n    nothing\n\n# ./sub\n/set type=file\n\
         sub type=dir\n    \\#x\\M-C\\M-) sha256digest={A}\n# ./sub\n..\n    after sha256={A} optional\n..\n"
    );
    let expected: [&[u8]; 3] = [b"/srv/a b", b"/srv/after", "/srv/sub/#xé".as_bytes()];
    check(Format::Mtree, text, &expected, 4);
    // Whole names, as `mtree -C` and libarchive write them.
    let text = format!(
        "#mtree\n. type=dir\n./a\\040b type=file sha256digest={A}\n./sub type=dir\n\
         ./sub/c type=file sha256digest={A} md5=0\n./link type=link link=x sha256={A}\n\
         /unset all\n./unsaid sha256={A}\n"
    );
    check(Format::Mtree, text, &[b"/srv/a b", b"/srv/unsaid", b"/srv/sub/c"], 3);
}

#[test]
fn hostile_mtree_is_refused_with_its_line() {
    let mtree =
        |text: &str, why| check_refused(Format::Mtree, format!(". type=dir\n{text}\n"), 2, why);
    mtree("x\\ type=file", "has an escape that is none");
    mtree("x sha256=00", "has a SHA-256 that is none");
    mtree("a/../b type=file", "has .. in a name");
    mtree("\\.. type=file", "has .. in a name");
    mtree("\\056\\056 type=file", "has .. in a name");
    mtree("a\\057b type=file", "has an escaped slash in a name");
    mtree("/etc/passwd type=file", "names what is not below the root");
    mtree("x\\0y type=file", "has a zero byte in a name");
    mtree("x type=file \\", "is continued by nothing");
    check_refused(Format::Mtree, "..\n", 1, "leaves a directory that it did not enter");
    check_refused(
        Format::Mtree,
        "d type=dir\n".repeat(3_000),
        2_049,
        "enters too many directories",
    );
    let endless = format!("{}\\\n", "x".repeat(1_000)).repeat(1_000);
    check_refused(Format::Mtree, endless, 262, "is continued for too long");
}

#[test]
fn aide_is_read_by_the_names_of_its_columns() {
    let text = format!(
        "@@begin_db\n# made by Aide\n@@db_spec name lname perm sha256 attr \n\
         /srv 0 40755 0 1\n/srv/a%20b%0A 0 100644 {A64} 1\n/srv/%FF 0 100644 {A64} 1\n@@end_db\n"
    );
    check(Format::Aide, text, &[b"/srv/a b\n", b"/srv/\xff"], 1);
}

#[test]
fn hostile_aide_is_refused_with_its_line() {
    let head = "@@begin_db\n@@db_spec name sha256\n";
    let row = |text: &str, why| {
        check_refused(Format::Aide, format!("{head}{text}\n@@end_db\n"), 3, why);
    };
    row("/srv/x", "has not as many fields as @@db_spec");
    row("/srv/x 0 0", "has not as many fields as @@db_spec");
    row("/srv/x AAAA", "has a SHA-256 that is none");
    row("srv/x 0", "has no absolute path");
    row("/etc/x 0", "names what is not below the root");
    row("/srv/%2e%2e/x 0", "has .. in a name");
    row("/srv/x%00 0", "has a zero byte in a name");
    row("/srv/%zz 0", "has an escape that is none");
    let md5 = "@@db_spec name md5\n";
    check_refused(Format::Aide, md5, 1, "has no column sha256: nothing can be compared");
    check_refused(Format::Aide, "@@db_spec lname sha256\n", 1, "has no column name");
    check_refused(Format::Aide, "/srv/x 0\n", 1, "comes before @@db_spec");
    // Cut off in the middle.
    let cut = "is the last one, and there is no @@end_db";
    check_refused(Format::Aide, format!("{head}/srv/x 0\n"), 3, cut);
    let broken = import(Format::Aide, Path::new("/"), b"\x1f\x8b\x08 broken".as_slice());
    if cfg!(feature = "gzip") {
        assert!(matches!(broken.unwrap_err(), Error::ReadList(_)));
    } else {
        assert!(matches!(broken.unwrap_err(), Error::List { line: 1, .. }));
    }
}

#[test]
fn comparison_says_what_became_of_each_listed_file() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    for name in ["same", "changed", "gone", "linked", "unlisted"] {
        fs::write(root.join(name), name).unwrap();
    }
    let digest = |text: &str| Algorithm::Sha256.digest(text.as_bytes());
    let lines: Vec<String> = ["same", "changed", "gone", "linked"]
        .iter()
        .map(|name| format!("{}  {name}\n", digest(name)))
        .collect();
    fs::write(root.join("changed"), "CHANGED").unwrap();
    fs::remove_file(root.join("gone")).unwrap();
    fs::rename(root.join("linked"), root.join("target")).unwrap();
    symlink("target", root.join("linked")).unwrap();

    let list = import(Format::Sha256sum, &root, lines.concat().as_bytes()).unwrap();
    let compared = list.compare();
    assert!(compared.faults.is_empty());
    let text = |text: String| Some(FieldValue::Text(text));
    let [changed, gone, linked] = compared.changes.as_slice() else {
        panic!("{:?}", compared.changes);
    };
    assert_eq!(
        (changed.path.as_path(), changed.kind),
        (&*root.join("changed"), ChangeKind::Modified)
    );
    assert_eq!(changed.fields.len(), 1);
    let content = changed.field(Field::Content).unwrap();
    assert_eq!(content.old, text(digest("changed").to_string()));
    assert_eq!(content.new, text(digest("CHANGED").to_string()));
    assert_eq!((gone.path.as_path(), gone.kind), (&*root.join("gone"), ChangeKind::Removed));
    let content = gone.field(Field::Content).unwrap();
    assert_eq!((&content.old, &content.new), (&text(digest("gone").to_string()), &None));
    assert_eq!((linked.path.as_path(), linked.kind), (&*root.join("linked"), ChangeKind::Modified));
    assert_eq!(linked.field(Field::Type).unwrap().new, text("symlink".to_owned()));
}

fn file(path: &[u8], digest: Digest) -> Entry {
    let mut entry = Entry::new(PathBuf::from(OsStr::from_bytes(path)), EntryKind::File);
    (entry.mode, entry.nlink, entry.dev, entry.size) = (0o4755, 1, 1, 3);
    entry.mtime.seconds = 1_795_263_933;
    entry.mtime.nanos = 5;
    entry.content = Some(digest);
    entry
}

fn export(export: &Export, entries: &[Entry]) -> (String, Exported) {
    let mut out = Vec::new();
    let exported = export.write(entries.to_vec(), &mut out).unwrap();
    (String::from_utf8_lossy(&out).into_owned(), exported)
}

#[test]
fn sums_are_written_as_their_programs_write_them() {
    let digest: Digest = A.parse().unwrap();
    let names: [&[u8]; 6] =
        [b"/srv/a b", b"/srv/-", b"/srv/new\nline", b"/srv/back\\slash", b"/srv/cr\rx", b"/etc/x"];
    let mut entries: Vec<Entry> = names.iter().map(|name| file(name, digest)).collect();
    entries.push(Entry::new("/srv", EntryKind::Directory));
    let sums = Export::new(Format::Sha256sum, Algorithm::Sha256).unwrap();
    let (text, exported) = export(&sums, &entries);
    assert_eq!(
        text,
        format!(
            "{A}  /srv/a b\n{A}  /srv/-\n\\{A}  /srv/new\\nline\n\\{A}  /srv/back\\\\slash\n\
             \\{A}  /srv/cr\\rx\n{A}  /etc/x\n"
        )
    );
    assert_eq!((exported.written, exported.left_out), (6, 1));

    let (text, exported) = export(&sums.with_root("/srv"), &entries[..2]);
    assert_eq!(text, format!("{A}  a b\n{A}  ./-\n"));
    assert_eq!(exported.left_out, 0);

    let sums = Export::new(Format::B3sum, Algorithm::Blake3).unwrap().with_root("/srv");
    let odd = file(b"/srv/\xff", digest);
    let (text, exported) = export(&sums, &[entries[4].clone(), odd.clone(), entries[5].clone()]);
    assert_eq!(text, format!("{A}  cr\rx\n"));
    assert_eq!((exported.written, exported.left_out), (1, 1));
    assert_eq!(exported.unnameable, [odd.path]);
}

#[test]
fn digests_of_the_other_algorithm_are_not_written_as_sums() {
    for (format, algorithm) in [
        (Format::Sha256sum, Algorithm::Blake3),
        (Format::B3sum, Algorithm::Sha256),
        (Format::Aide, Algorithm::Sha256),
    ] {
        let error = Export::new(format, algorithm).unwrap_err();
        assert_eq!(error.to_string(), format!("{algorithm} digests cannot be written as {format}"));
    }
    assert_eq!("tar".parse::<Format>().unwrap_err().to_string().find("\"tar\""), Some(0));
    assert_eq!("mtree".parse::<Format>().unwrap(), Format::Mtree);
}

#[test]
fn mtree_is_written_with_all_that_it_knows() {
    let mut script = file(b"/srv/bin/a b", A.parse().unwrap());
    script.flags = Some(Flags::from_bits(0x10 | 0x40));
    let mut link = Entry::new("/srv/link", EntryKind::Symlink);
    (link.mode, link.nlink, link.dev) = (0o777, 1, 1);
    link.target = Some("bin/a b".into());
    let hidden = Entry::new("/srv/hidden", EntryKind::Directory);
    let unknown = Entry::new("/srv/unknown", EntryKind::Unknown);
    let entries = [script, link, hidden, unknown];
    let spec = Export::new(Format::Mtree, Algorithm::Sha256).unwrap();
    let (text, exported) = export(&spec, &entries);
    assert_eq!(
        text,
        format!(
            "#mtree\n. type=dir\n./srv type=dir\n./srv/bin type=dir\n\
             ./srv/bin/a\\040b type=file mode=4755 uid=0 gid=0 nlink=1 time=1795263933.000000005 size=3 \
             flags=schg,nodump sha256digest={A}\n\
             ./srv/link type=link mode=0777 uid=0 gid=0 nlink=1 time=0.000000000 link=bin/a\\040b\n\
             ./srv/hidden type=dir\n"
        )
    );
    assert_eq!((exported.written, exported.left_out), (3, 1));

    let spec = Export::new(Format::Mtree, Algorithm::Blake3).unwrap().with_root("/srv");
    let (text, _) = export(&spec, &entries[..1]);
    let head =
        "#mtree\n# without digests: they are blake3, which mtree does not know\n. type=dir\n";
    assert!(text.starts_with(head), "{text}");
    assert!(!text.contains(A), "{text}");
}

proptest! {
    #[test]
    fn what_is_exported_is_imported_again(
        names in prop::collection::btree_set(prop::collection::vec(1_u8.., 1..20), 1..8),
        digest in any::<[u8; 32]>(),
    ) {
        let plain = |name: &&Vec<u8>| !name.contains(&b'/') && ![b"..".as_slice(), b"."].contains(&name.as_slice());
        let digest = Digest::from_bytes(digest);
        let paths: Vec<Vec<u8>> =
            names.iter().filter(plain).map(|name| [b"/srv/", name.as_slice()].concat()).collect();
        let entries: Vec<Entry> = paths.iter().map(|path| file(path, digest)).collect();
        for format in [Format::Sha256sum, Format::Mtree] {
            for root in [None, Some("/srv")] {
                let mut export = Export::new(format, Algorithm::Sha256).unwrap();
                if let Some(root) = root {
                    export = export.with_root(root);
                }
                let mut out = Vec::new();
                let exported = export.write(entries.clone(), &mut out).unwrap();
                prop_assert_eq!(exported.written, paths.len() as u64);
                let from = if format == Format::Mtree && root.is_none() { "/" } else { "/srv" };
                let list = import(format, Path::new(from), out.as_slice()).unwrap();
                let mut read: Vec<&[u8]> = self::names(&list);
                read.sort_unstable();
                prop_assert_eq!(&read, &paths);
                prop_assert!(list.files().all(|(_, read)| read == digest));
            }
        }
    }

    #[test]
    fn no_text_makes_import_panic_or_leave_the_root(
        text in prop::collection::vec(any::<u8>(), 0..300),
        head in prop::sample::select(vec!["", "@@db_spec name sha256\n", "/set type=file\n", "SHA256 ("]),
    ) {
        let text = [head.as_bytes(), &text].concat();
        for format in [Format::Sha256sum, Format::B3sum, Format::Mtree, Format::Aide] {
            if let Ok(list) = read(format, &text) {
                prop_assert!(list.files().all(|(path, _)| path.starts_with("/srv")));
            }
        }
    }
}
