//! `import` and `export`: lists of other tools.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::process::Command;

use super::host::{Host, mode, pairs};

fn with_algorithm(algorithm: &str) -> Host {
    let host = Host::new();
    host.write("a space", "three\n");
    host.write("d/new\nline\\", "four\n");
    if algorithm == "sha256" {
        fs::write(host.path("tree").join(OsStr::from_bytes(b"x\xff")), "five\n").unwrap();
    }
    let made = host.run(&["init", "--root", &host.text("tree"), "--algorithm", algorithm]);
    assert_eq!(made.code, Some(0), "{made:?}");
    host
}

/// Exports into the file `list`, byte by byte.
fn export(host: &Host, format: &str, args: &[&str]) {
    let baseline = host.text("baseline");
    let all = [&["integrity", "export", "--as", format, "--baseline", &baseline], args].concat();
    let output = host.command(&all).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    fs::write(host.path("list"), output.stdout).unwrap();
}

#[test]
fn what_is_exported_is_imported_again_and_finds_content_alone() {
    for (format, algorithm) in [("sha256sum", "sha256"), ("b3sum", "blake3"), ("mtree", "sha256")] {
        let host = with_algorithm(algorithm);
        let files = if algorithm == "sha256" { 5 } else { 4 };
        let import = ["import", &host.text("list"), "--as", format, "--root", &host.text("tree")];
        for args in [&[][..], &["--root", &host.text("tree")]] {
            export(&host, format, args);
            // In mtree absolute names are written from the root of the file system on.
            if format == "mtree" && args.is_empty() {
                continue;
            }
            let answer = host.json(&import, 0);
            assert_eq!(
                (&answer["files"], &answer["errors"]),
                (&files.into(), &serde_json::json!([]))
            );
        }
        mode(&host.path("tree/a"), 0o600);
        host.write("not listed", "");
        assert_eq!(host.json(&import, 0)["changes"], serde_json::json!([]), "content only");
        host.write("a", "six\n");
        fs::remove_file(host.path("tree/d/b")).unwrap();
        let answer = host.json(&import, 1);
        assert_eq!(host.named(&answer["changes"]), pairs(&[("a", "modified"), ("d/b", "removed")]));
        let fields = answer["changes"][0]["fields"].as_object().unwrap();
        assert_eq!(fields.keys().collect::<Vec<_>>(), ["content"], "{format}");
    }
}

#[test]
fn sha256sum_reads_what_is_exported_and_writes_what_is_imported() {
    let host = with_algorithm("sha256");
    export(&host, "sha256sum", &["--root", &host.text("tree")]);
    let check = Command::new("sha256sum")
        .args(["--check", "--strict", "--quiet"])
        .arg(host.path("list"))
        .current_dir(host.path("tree"))
        .output()
        .unwrap();
    assert!(check.status.success(), "{check:?}");
    let listed = Command::new("sha256sum")
        .args(["a", "a space", "d/b", "d/new\nline\\"])
        .current_dir(host.path("tree"))
        .output()
        .unwrap();
    fs::write(host.path("list"), listed.stdout).unwrap();
    let import = ["import", &host.text("list"), "--as", "sha256sum", "--root", "tree"];
    assert_eq!(host.json(&import, 0)["files"], 4);
}

#[test]
fn a_format_that_has_another_digest_than_the_baseline_is_refused() {
    let host = Host::new().with_baseline();
    host.assert_refused(&["export", "--as", "sha256sum"], &["--algorithm"]);
    assert_eq!(host.run(&["export", "--as", "b3sum"]).code, Some(0));
    // It has much else to compare for those who read mtree, and nothing for us.
    let ended = host.run(&["export", "--as", "mtree"]);
    assert!(ended.code == Some(0) && ended.stderr.contains("--algorithm sha256"), "{ended:?}");
    fs::write(host.path("list"), ended.stdout).unwrap();
    let import = ["import", &host.text("list"), "--as", "mtree", "--root", "/"];
    host.assert_refused(&import, &["no digest that could be compared"]);
}

#[test]
fn a_name_that_the_format_cannot_spell_makes_no_whole_list() {
    let host = Host::new();
    fs::write(host.path("tree").join(OsStr::from_bytes(b"x\xff")), "five\n").unwrap();
    let host = host.with_baseline();
    let ended = host.run(&["export", "--as", "b3sum"]);
    assert_eq!((ended.code, ended.stdout.lines().count()), (Some(2), 2), "{ended:?}");
    assert!(ended.stderr.contains("the list is not whole"), "{ended:?}");
}

#[test]
fn a_list_that_leads_elsewhere_or_is_no_list_is_refused_whole() {
    let host = Host::new();
    let digest = "0".repeat(64);
    let root = host.text("tree");
    for text in [
        format!("{digest}  ../data\n"),
        format!("{digest}  /etc/passwd\n"),
        format!("{digest}  d/../../x\n"),
        format!("{digest}  a\nnot a line\n"),
        format!("{}  a\n", "0".repeat(63)),
        format!("{}  a\n", "g".repeat(64)),
        format!("{digest}  {}\n", "x".repeat(1 << 20)),
        "\u{0}\u{0}".to_owned(),
    ] {
        fs::write(host.path("list"), &text).unwrap();
        let args = ["import", &host.text("list"), "--as", "sha256sum", "--root", &root];
        host.assert_refused(&args, &["cannot use the list", "line"]);
    }
    fs::write(host.path("list"), "not a digest").unwrap();
    for format in ["b3sum", "mtree", "aide"] {
        let args = ["import", &host.text("list"), "--as", format, "--root", &root];
        host.assert_refused(&args, &["the list"]);
    }
    let missing = ["import", &host.text("missing"), "--as", "b3sum", "--root", &root];
    host.assert_refused(&missing, &["cannot read", "missing"]);
    let directory = ["import", &root, "--as", "b3sum", "--root", &root];
    host.assert_refused(&directory, &[&root]);
}
