//! Backups as an operator takes, restores and checks them.

mod contract;
mod drill;
mod host;
mod keys;
mod recover;
mod restore;
mod snapshots;
mod tampering;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use self::host::Host;

#[test]
fn what_is_backed_up_is_restored() {
    let host = Host::new();
    let ran = host.json(&["run", &host.text("tree")], 0);
    assert_eq!((&ran["outcome"], &ran["failed"]), (&"complete".into(), &serde_json::json!([])));
    let listed = host.json(&["list"], 0);
    assert_eq!(listed["snapshots"][0]["id"], ran["snapshot"]);
    assert_eq!(listed["snapshots"][0]["paths"][0], host.text("tree"));
    host.assert_ended(
        &["restore", "latest", "--target", &host.text("out")],
        0,
        &["every byte is proven"],
    );
    let below = host.path("out").join(host.path("tree").strip_prefix("/").unwrap());
    assert_eq!(fs::read_to_string(below.join("a")).unwrap(), "one\n");
    assert_eq!(fs::read_to_string(below.join("d/b")).unwrap(), "two\n");
    host.assert_ended(&["check"], 0, &["clean"]);
    host.assert_ended(&["check", "--read-data"], 0, &["packs read", "clean"]);
}

#[test]
fn the_second_run_reads_only_what_changed_and_explain_says_why() {
    let host = Host::new();
    let tree = host.text("tree");
    assert_eq!(host.json(&["run", &tree], 0)["files_new"], 2);
    host.write("a", "three and more\n");
    let explained = host.json(&["explain", &host.text("tree/a")], 0);
    assert_eq!(explained["read_again"], true, "{explained}");
    let what = |value: &serde_json::Value| value["what"].as_str().unwrap().to_owned();
    let differences: Vec<_> =
        explained["differences"].as_array().unwrap().iter().map(what).collect();
    assert!(differences.contains(&"size".to_owned()) && differences.contains(&"mtime".to_owned()));
    assert_eq!(host.json(&["explain", &host.text("tree/d/b")], 0)["read_again"], false);
    let again = host.json(&["run", &tree], 0);
    let counts = ["files_new", "files_changed", "files_unmodified"].map(|key| again[key].as_u64());
    assert_eq!(counts, [Some(0), Some(1), Some(1)], "{again}");
    assert_eq!(again["parent"], host.json(&["list"], 0)["snapshots"][0]["id"]);
}

#[test]
fn a_path_that_is_missing_makes_the_run_partial_and_is_named() {
    let host = Host::new();
    let (tree, gone) = (host.text("tree"), host.text("gone"));
    let ran = host.json(&["run", &tree, &gone], 3);
    assert_eq!(
        (&ran["outcome"], &ran["failed"][0]["path"]),
        (&"partial".into(), &gone.clone().into())
    );
    assert!(!ran["failed"][0]["error"].as_str().unwrap().is_empty());
    host.assert_ended(&["run", &tree, &gone], 3, &[&gone, "partial: 1 failed"]);
    assert_eq!(host.json(&["list"], 0)["snapshots"].as_array().unwrap().len(), 2);
}

#[test]
fn a_run_that_cannot_begin_makes_nothing() {
    let host = Host::new();
    host.assert_refused(&["run", &host.text("gone")], &["gone"]);
    assert_eq!(host.json(&["list"], 0)["snapshots"], serde_json::json!([]));
    let nowhere = host.text("nowhere");
    host.assert_refused(
        &["run", &host.text("tree"), "--repo", &nowhere],
        &["auditctl backup init"],
    );
    assert!(!host.path("nowhere").exists());
    host.assert_refused(&["init"], &["repository"]);
    host.assert_refused(&["run", &host.text("tree"), "--repo", ""], &["--repo PLACE"]);
}

#[test]
fn what_a_command_prints_is_backed_up_when_it_succeeds() {
    let host = Host::new();
    let run = ["run", "--stdin-from-command", "--stdin-filename", "dump.sql", "--"];
    host.assert_ended(&[&run[..], &["echo", "-n", "insert;"]].concat(), 0, &["complete"]);
    host.assert_ended(&["restore", "latest", "--target", &host.text("out")], 0, &[]);
    assert_eq!(fs::read_to_string(host.path("out/dump.sql")).unwrap(), "insert;");
    host.assert_refused(&[&run[..], &["false"]].concat(), &["false"]);
    assert_eq!(host.json(&["list"], 0)["snapshots"].as_array().unwrap().len(), 1);
    host.assert_refused(&["run"], &["PATH"]);
}

#[test]
fn what_is_excluded_is_not_in_the_snapshot() {
    let host = Host::new();
    fs::create_dir(host.path("tree/cache")).unwrap();
    host.write("cache/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n");
    for name in ["cache/x", "d/large", "e.TMP", "f.log", "keep"] {
        host.write(name, "0123456789\n");
    }
    host.write("d/large", &"x".repeat(3000));
    fs::write(host.path("patterns"), "# logs\n*.log\n").unwrap();
    let options = [
        "--exclude",
        "a",
        "--iexclude",
        "*.tmp",
        "--exclude-file",
        &host.text("patterns"),
        "--exclude-caches",
        "--exclude-larger-than",
        "2k",
        "--tag",
        "one,two",
        "--host",
        "bot",
    ];
    host.json(&[&["run", &host.text("tree")], &options[..]].concat(), 0);
    host.assert_ended(&["restore", "latest", "--target", &host.text("out")], 0, &[]);
    let below = host.path("out").join(host.path("tree").strip_prefix("/").unwrap());
    for (name, is_there) in [
        ("a", false),
        ("d/b", true),
        ("d/large", false),
        ("cache/CACHEDIR.TAG", true),
        ("cache/x", false),
        ("e.TMP", false),
        ("f.log", false),
        ("keep", true),
    ] {
        assert_eq!(below.join(name).exists(), is_there, "{name}");
    }
    let listed = host.json(&["list", "--tag", "one,two", "--host", "bot"], 0);
    assert_eq!(listed["snapshots"][0]["tags"], serde_json::json!(["one", "two"]));
    assert_eq!(host.json(&["list", "--host", "other"], 0)["snapshots"], serde_json::json!([]));
}

#[test]
fn a_password_is_never_in_the_arguments_and_who_else_may_read_it_is_told() {
    let host = Host::new();
    host.assert_refused(&["list", "--password", "swordfish"], &["env:NAME"]);
    let ended = host.run(&["list", "--password", "swordfish"]);
    assert!(!ended.stderr.contains("never itself: swordfish"), "{ended:?}");
    let open = host.path("open.key");
    fs::write(&open, "correct horse\n").unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o644)).unwrap();
    // The folder above keeps others out, or it does not.
    fs::set_permissions(host.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    let ended = host.run(&["list", "--password-file", &host.text("open.key")]);
    assert!(ended.code == Some(0) && ended.stderr.contains("chmod 600"), "{ended:?}");
    fs::set_permissions(host.path(""), fs::Permissions::from_mode(0o700)).unwrap();
    let ended = host.run(&["list", "--password-file", &host.text("open.key")]);
    assert!(ended.code == Some(0) && !ended.stderr.contains("chmod 600"), "{ended:?}");
    fs::write(&open, "wrong\n").unwrap();
    host.assert_refused(&["list", "--password-file", &host.text("open.key")], &["opens none"]);
    fs::write(&open, " \n").unwrap();
    host.assert_refused(&["list", "--password-file", &host.text("open.key")], &["empty"]);
    for (source, code) in [
        (format!("file:{}", host.text("key")), 0),
        (format!("command:cat {}", host.text("key")), 0),
        ("command:false".to_owned(), 2),
        ("command:/nowhere/program".to_owned(), 2),
        ("env:BACKUP_PASSWORD_OF_NOBODY".to_owned(), 2),
    ] {
        assert_eq!(host.run(&["list", "--password", &source]).code, Some(code), "{source}");
    }
}

#[test]
fn doctor_and_kit_look_after_the_day_that_it_is_needed() {
    let host = Host::new();
    host.json(&["run", &host.text("tree")], 0);
    let kit = host.text("kit.txt");
    host.assert_ended(&["kit", "--out", &kit], 0, &["recovery kit written"]);
    assert_eq!(fs::metadata(&kit).unwrap().permissions().mode() & 0o777, 0o600);
    let page = fs::read_to_string(&kit).unwrap();
    let password = page.lines().find_map(|line| line.strip_prefix("password     ")).unwrap();
    fs::write(host.path("recovery.key"), format!("{password}\n")).unwrap();
    host.assert_ended(&["list", "--password-file", &host.text("recovery.key")], 0, &["tree"]);
    host.assert_refused(&["kit", "--out", &kit], &["kit.txt"]);
    assert_eq!(fs::read_to_string(&kit).unwrap(), page, "a kit is never replaced");
    let examined = host.json(&["doctor"], 0);
    assert_eq!(examined["healthy"], true, "{examined}");
    fs::set_permissions(host.path("repository"), fs::Permissions::from_mode(0o777)).unwrap();
    host.assert_ended(&["doctor"], 1, &["others may remove backups"]);
    host.assert_ended(&["doctor", "--repo", "/nowhere"], 1, &["auditctl backup init"]);
}
