//! `auditctl sandbox`.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::auditctl;

#[test]
fn a_program_s_output_and_status_are_passed_on() {
    let ended =
        auditctl(&["sandbox", "run", "--", "/bin/sh", "-c", "echo out; echo err >&2; exit 7"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(7), "out\n"), "{ended:?}");
    assert!(ended.stderr.contains("err\n"), "{ended:?}");
}

#[test]
fn a_program_reads_what_auditctl_reads() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_auditctl"))
        .args(["sandbox", "run", "--", "cat"])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"from outside").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), &b"from outside"[..]));
}

#[test]
fn a_program_reaches_nothing_of_the_host() {
    let secret = tempfile::NamedTempFile::new().unwrap();
    fs::write(secret.path(), "secret").unwrap();
    let path = secret.path().display().to_string();
    let script = format!("cat {path} /etc/passwd; ls /proc /home; env");
    let ended = auditctl(&["sandbox", "run", "--", "/bin/sh", "-c", &script]);
    assert_eq!(ended.stdout, "PWD=/\n", "{ended:?}");
}

#[test]
fn what_was_written_before_the_deadline_is_passed_on() {
    let script = "echo before; sleep 60; echo after";
    let ended = auditctl(&["sandbox", "run", "--timeout", "500ms", "--", "/bin/sh", "-c", script]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(124), "before\n"), "{ended:?}");
    assert!(ended.stderr.contains("ended after 500ms"), "{ended:?}");
}

#[test]
fn a_program_that_writes_too_much_is_ended() {
    let ended = auditctl(&["sandbox", "run", "--output", "10kB", "--", "yes"]);
    assert_eq!((ended.code, ended.stdout.len()), (Some(137), 10_000), "{}", ended.stderr);
}

#[test]
fn what_cannot_be_set_up_exits_2() {
    let policy = tempfile::NamedTempFile::new().unwrap();
    fs::write(policy.path(), "[limits]\nmemmory = \"1MB\"").unwrap();
    let policy = policy.path().to_str().unwrap();
    let rows = [
        (&["--", "/no/such/program"][..], "No such file"),
        (&["--", "no-such-program"], "there is no such program"),
        (&["--policy", policy, "--", "true"], "unknown field `memmory`"),
        (&["--memory", "many", "--", "true"], "is no size"),
        (&["--tasks", "0", "--", "true"], "at least one task"),
        (&[], "required"),
    ];
    for (arguments, expected) in rows {
        let ended = auditctl(&[&["sandbox", "run"], arguments].concat());
        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:?}");
        assert!(ended.stderr.contains(expected), "{arguments:?}: {ended:?}");
    }
}

#[test]
fn a_policy_in_a_file_grants_a_place() {
    let folder = tempfile::tempdir().unwrap();
    let (granted, policy) = (folder.path().join("granted"), folder.path().join("policy.toml"));
    fs::create_dir(&granted).unwrap();
    fs::write(granted.join("text"), "granted").unwrap();
    let at_least = "memory = \"approximate\"\ncpu = \"approximate\"\n";
    let text = format!("[at-least]\n{at_least}[[grants.binds]]\npath = {granted:?}\n");
    fs::write(&policy, text).unwrap();
    let (policy, file) = (policy.display().to_string(), granted.join("text").display().to_string());
    let ended = auditctl(&["sandbox", "run", "--policy", &policy, "--", "cat", &file]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "granted"), "{ended:?}");
}

#[test]
fn no_door_of_the_corpus_is_open() {
    let ended = auditctl(&["--format", "json", "sandbox", "selftest"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let told: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(told["open"], 0);
    assert!(told["doors"].as_array().unwrap().len() > 40);
}

#[test]
fn data_tells_how_a_program_ended_and_what_held_it() {
    let ended = auditctl(&["--format", "json", "sandbox", "run", "--", "true"]);
    let told: Value = serde_json::from_str(ended.stderr.lines().last().unwrap()).unwrap();
    assert_eq!(told["ended"]["exited"], 0);
    assert_eq!(told["guarantees"]["output"]["strength"], "enforced");
    let probed = auditctl(&["--format", "json", "sandbox", "probe"]);
    let probed: Value = serde_json::from_str(&probed.stdout).unwrap();
    assert_eq!(probed["guarantees"], told["guarantees"]);
}
