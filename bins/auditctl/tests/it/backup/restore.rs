//! Parts of snapshots, and what restic makes of them.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::process::Command;

use super::host::Host;

#[test]
fn a_part_is_restored_below_the_target_with_its_parents() {
    let host = Host::new();
    let odd = host.path("tree/d").join(OsStr::from_bytes(b"odd\xff"));
    fs::write(&odd, "three\n").unwrap();
    host.json(&["run", &host.text("tree")], 0);
    let (out, part) = (host.text("out"), host.text("tree/d"));
    let restored = host.json(&["restore", "latest", "--target", &out, "--include", &part], 0);
    assert_eq!((&restored["outcome"], &restored["files"]), (&"complete".into(), &2.into()));
    let below = host.path("out").join(host.path("tree").strip_prefix("/").unwrap());
    assert!(!below.join("a").exists());
    assert_eq!(
        fs::read_to_string(below.join("d").join(odd.file_name().unwrap())).unwrap(),
        "three\n"
    );
    let refused = ["restore", "latest", "--target", &out, "--include", "tree/d"];
    host.assert_refused(&refused, &["not absolute"]);
    host.assert_refused(&["restore", "ffffffff", "--target", &out], &["there is no snapshot"]);
    let gone = ["restore", "latest", "--target", &out, "--include", "/gone"];
    host.assert_ended(&gone, 3, &["/gone", "1 failed"]);
}

#[test]
fn restic_reads_what_was_backed_up_where_it_is_installed() {
    let host = Host::new();
    host.json(&["run", &host.text("tree")], 0);
    let restic = |args: &[&str]| {
        let mut command = Command::new("restic");
        command.args(["--no-cache", "-r", &host.text("repository"), "--password-file"]);
        command.arg(host.path("key")).args(args).output()
    };
    // It is no part of every machine; the tests with other programs insist on it.
    let Ok(checked) = restic(&["check", "--read-data"]) else { return };
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    let restored = restic(&["restore", "latest", "--target", &host.text("out")]).unwrap();
    assert!(restored.status.success(), "{}", String::from_utf8_lossy(&restored.stderr));
    let below = host.path("out").join(host.path("tree").strip_prefix("/").unwrap());
    assert_eq!(fs::read_to_string(below.join("d/b")).unwrap(), "two\n");
}
