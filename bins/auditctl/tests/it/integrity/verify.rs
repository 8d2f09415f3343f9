//! What `verify` finds, and how it says so.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, symlink};

use serde_json::{Value, json};

use super::host::{Host, mode, pairs};

#[test]
fn what_did_not_change_is_said_with_exit_0() {
    let host = Host::new().with_baseline();
    for depth in [&[][..], &["--full"], &["--fast"]] {
        let ended = host.run(&[&["verify"], depth].concat());
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.stdout.starts_with("no change against baseline 1: 4 paths"), "{ended:?}");
        let answer = host.json(&[&["verify"], depth].concat(), 0);
        assert_eq!((&answer["changes"], &answer["errors"]), (&json!([]), &json!([])));
    }
}

#[test]
fn each_kind_of_change_is_told_with_exit_1() {
    let host = Host::new().with_baseline();
    host.write("a", "six\n");
    host.write("d/c", "new\n");
    fs::remove_file(host.path("tree/d/b")).unwrap();
    let expected = [("a", "modified"), ("d", "modified"), ("d/b", "removed"), ("d/c", "added")];
    for depth in ["--full", "--fast"] {
        assert_eq!(host.changes(&[depth]), pairs(&expected), "{depth}");
    }
    let text = host.run(&["verify"]);
    assert_eq!(text.code, Some(1));
    assert!(text.stdout.contains(&format!("added       {}\n", host.text("tree/d/c"))), "{text:?}");
    assert!(text.stdout.contains("4 changes (1 added, 1 removed, 2 modified)"), "{text:?}");
}

/// Every field of one answer by its name: `[old, new]`.
fn fields(answer: &Value, path: &str) -> Value {
    let changes = answer["changes"].as_array().unwrap();
    let change = changes.iter().find(|change| change["path"] == path).unwrap();
    assert!(
        change
            .as_object()
            .unwrap()
            .keys()
            .all(|key| { ["path", "path_b64", "change", "fields"].contains(&key.as_str()) })
    );
    change["fields"].clone()
}

#[test]
fn each_field_has_its_name_its_old_and_its_new_value() {
    let host = Host::new();
    symlink("a", host.path("tree/link")).unwrap();
    mode(&host.path("tree/a"), 0o644);
    let host = host.with_baseline();
    let old = fs::metadata(host.path("tree/a")).unwrap();
    host.write("a", "other\n");
    mode(&host.path("tree/a"), 0o4755);
    fs::hard_link(host.path("tree/a"), host.path("tree/d/a")).unwrap();
    rustix::fs::lsetxattr(host.path("tree/a"), "user.note", b"x", rustix::fs::XattrFlags::empty())
        .unwrap();
    fs::remove_file(host.path("tree/link")).unwrap();
    symlink("b", host.path("tree/link")).unwrap();
    fs::remove_file(host.path("tree/d/b")).unwrap();
    symlink("../a", host.path("tree/d/b")).unwrap();
    let answer = host.json(&["verify"], 1);

    let file = fields(&answer, &host.text("tree/a"));
    let digest = |text: &str| {
        json!(wardkit_integrity::Algorithm::Blake3.digest(text.as_bytes()).to_string())
    };
    assert_eq!(file["content"], json!({"old": digest("one\n"), "new": digest("other\n")}));
    assert_eq!(file["mode"], json!({"old": "0644", "new": "4755"}));
    assert_eq!(file["size"], json!({"old": 4, "new": 6}));
    assert_eq!(file["nlink"], json!({"old": 1, "new": 2}));
    assert_eq!(file["xattrs"], json!({"old": null, "new": {"user.note": "x"}}));
    assert!(
        file["mtime"]["old"] != file["mtime"]["new"]
            && file["ctime"]["old"] != file["ctime"]["new"]
    );
    assert!(file.get("inode").is_none() && file.get("atime").is_none(), "{file}");

    let link = fields(&answer, &host.text("tree/link"));
    assert_eq!(link["target"], json!({"old": "a", "new": "b"}));
    let replaced = fields(&answer, &host.text("tree/d/b"));
    assert_eq!(replaced["type"], json!({"old": "file", "new": "symlink"}));
    assert_eq!(replaced["target"], json!({"old": null, "new": "../a"}));
    assert_eq!(replaced["content"], json!({"old": digest("two\n"), "new": null}));

    // What is new has every field that it has, and nothing before.
    let added = fields(&answer, &host.text("tree/d/a"));
    let known = [
        "content", "type", "mode", "uid", "gid", "size", "nlink", "inode", "dev", "mtime", "ctime",
    ];
    for name in known {
        assert!(added[name]["old"].is_null() && !added[name]["new"].is_null(), "{name} {added}");
    }
    assert_eq!(added["inode"]["new"], old.ino());
    assert_eq!(
        (&added["uid"]["new"], &added["gid"]["new"]),
        (&old.uid().into(), &old.gid().into())
    );
    let all = [
        "content", "type", "mode", "uid", "gid", "size", "nlink", "inode", "dev", "rdev", "mtime",
        "ctime", "btime", "flags", "xattrs", "target",
    ];
    for change in answer["changes"].as_array().unwrap() {
        for (name, sides) in change["fields"].as_object().unwrap() {
            assert!(all.contains(&name.as_str()), "{name}");
            let sides: Vec<&String> = sides.as_object().unwrap().keys().collect();
            assert_eq!(sides, ["new", "old"], "{change}");
        }
    }
}

#[test]
fn reading_a_file_is_no_change() {
    let host = Host::new().with_baseline();
    let times = rustix::fs::Timestamps {
        last_access: rustix::fs::Timespec { tv_sec: 1, tv_nsec: 0 },
        last_modification: rustix::fs::Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_OMIT },
    };
    let policy = host.path("policy.toml");
    fs::write(&policy, "[[rule]]\nmatch = \"/**\"\nprofile = \"static\"\nexcept = [\"ctime\"]\n")
        .unwrap();
    let path = host.path("tree/a");
    rustix::fs::utimensat(rustix::fs::CWD, &path, &times, rustix::fs::AtFlags::empty()).unwrap();
    // Setting the time of the last access moves the change time, which is all that is seen of it.
    let answer = host.json(&["verify"], 1);
    let changed = fields(&answer, &host.text("tree/a"));
    assert_eq!(changed.as_object().unwrap().keys().collect::<Vec<_>>(), ["ctime"]);
    assert_eq!(host.changes(&["--policy", policy.to_str().unwrap()]), []);
}

#[test]
fn names_that_are_no_text_are_told_byte_by_byte() {
    let host = Host::new().with_baseline();
    fs::write(host.path("tree").join(OsStr::from_bytes(b"x\xff\xfe")), "").unwrap();
    host.write("new\nline \x1b[31m", "");
    let answer = host.json(&["verify"], 1);
    let added: Vec<&Value> =
        answer["changes"].as_array().unwrap().iter().filter(|c| c["change"] == "added").collect();
    let root = host.text("tree");
    assert_eq!(added[0]["path"], format!("{root}/new\nline \x1b[31m"));
    assert_eq!(added[0].get("path_b64"), None);
    assert_eq!(added[1]["path"], format!("{root}/x\u{fffd}\u{fffd}"));
    let encoded = added[1]["path_b64"].as_str().unwrap();
    assert_eq!(decoded(encoded), [root.as_bytes(), b"/x\xff\xfe"].concat());

    let text = host.run(&["verify"]).stdout;
    assert!(text.contains("new\\nline \\u{1b}[31m\n"), "{text}");
    assert!(!text.contains('\x1b'));
}

fn decoded(text: &str) -> Vec<u8> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = text.bytes().filter(|&byte| byte != b'=');
    let mut bits: Vec<bool> = Vec::new();
    for digit in digits {
        let value = alphabet.iter().position(|&letter| letter == digit).unwrap();
        bits.extend((0..6).rev().map(|bit| value >> bit & 1 == 1));
    }
    let byte = |bits: &[bool]| bits.iter().fold(0, |byte, &bit| byte << 1 | u8::from(bit));
    bits.chunks_exact(8).map(byte).collect()
}

#[test]
fn what_was_unreadable_from_the_first_is_listed_and_no_change() {
    let host = Host::ordinary();
    mode(&host.path("tree/a"), 0);
    mode(&host.path("tree/d"), 0o100);
    let made = host.json(&["init", "--root", &host.text("tree")], 0);
    let expected: Vec<String> = vec![host.text("tree/a"), host.text("tree/d")];
    let listed = |answer: &Value| -> Vec<String> {
        let errors = answer["errors"].as_array().unwrap();
        assert!(errors.iter().all(|error| !error["reason"].as_str().unwrap().is_empty()));
        errors.iter().map(|error| error["path"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(listed(&made), expected);
    for depth in ["--full", "--fast"] {
        assert_eq!(listed(&host.json(&["verify", depth], 0)), expected, "{depth}");
    }
    let text = host.run(&["verify"]);
    assert_eq!((text.code, text.stdout.matches("unreadable  /").count()), (Some(0), 2), "{text:?}");
    mode(&host.path("tree/d"), 0o700);
}

#[test]
fn what_can_no_longer_be_read_is_a_change() {
    let host = Host::ordinary().with_baseline();
    mode(&host.path("tree/a"), 0);
    for depth in ["--full", "--fast"] {
        let answer = host.json(&["verify", depth], 1);
        assert_eq!(host.named(&answer["changes"]), pairs(&[("a", "unreadable")]), "{depth}");
        assert_eq!(fields(&answer, &host.text("tree/a"))["mode"]["new"], "0000");
        assert_eq!(answer["errors"][0]["path"], host.text("tree/a"));
    }
    mode(&host.path("tree/a"), 0o644);
    mode(&host.path("tree/d"), 0);
    let answer = host.json(&["verify"], 1);
    let changes = host.named(&answer["changes"]);
    assert!(changes.contains(&("d".to_owned(), "unreadable".to_owned())), "{changes:?}");
    // What lies below cannot be seen, which is not to say that it is gone.
    mode(&host.path("tree/d"), 0o700);
}

#[test]
fn a_quick_look_believes_the_times_and_a_full_one_does_not() {
    let host = Host::new();
    let text = "x".repeat(100);
    host.write("a", &text);
    let host = host.with_baseline();
    let scan = |depth| host.json(&["verify", depth], 0)["scan"].clone();
    assert_eq!(
        (&scan("--full")["files_read"], &scan("--full")["files_reused"]),
        (&2.into(), &0.into())
    );
    let quick = scan("--fast");
    let sum = quick["files_read"].as_u64().unwrap() + quick["files_reused"].as_u64().unwrap();
    assert_eq!(sum, 2, "what was written within two seconds of the baseline is read: {quick}");
    assert_eq!(host.run(&["verify", "--fast", "--full"]).code, Some(2));
}

#[test]
fn what_a_package_brought_since_is_one_line() {
    let host = Host::new().with_baseline();
    // No package changed since: what changed is nobody's.
    host.write("a", "six\n");
    let answer = host.json(&["verify"], 1);
    assert_eq!(answer["packages"], json!([]));
    assert!(!host.run(&["verify"]).stdout.contains("package "));
}

#[test]
fn a_root_that_lies_where_baselines_are_kept_is_refused() {
    let host = Host::new();
    for root in ["tree", "tree/d"] {
        let (root, kept) = (host.text(root), host.text("tree"));
        let ended = host.auditctl(&["integrity", "init", "--root", &root, "--baseline", &kept]);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains("which no scan reads"), "{ended:?}");
        assert!(!host.path("tree/baseline-1.note").exists());
    }
    let host = host.with_baseline();
    host.assert_refused(&["verify", "--root", &host.text("data")], &["which no scan reads"]);
}
