//! `auditctl harden`.

use std::fs;

use serde_json::Value;

use crate::auditctl;

#[test]
fn a_unit_is_printed_with_what_it_lacks() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("bot.service");
    fs::write(&file, "[Service]\nExecStart=/missing/bot\nUser=bot\n").unwrap();
    let path = file.to_str().unwrap();
    let ended = auditctl(&["harden", "systemd", "--unit", path]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.starts_with("[Service]\nExecStart=/missing/bot\nUser=bot\n"), "{ended:?}");
    assert!(ended.stdout.contains("\nNoNewPrivileges=yes\n"));
    assert!(ended.stderr.contains("exposure before: 9.2\nexposure after: 1.3\n"), "{ended:?}");
    fs::write(&file, &ended.stdout).unwrap();
    let again = auditctl(&["harden", "systemd", "--unit", path]);
    assert_eq!(again.stdout, ended.stdout);
    assert!(again.stderr.contains("exposure before: 1.3\nexposure after: 1.3\n"), "{again:?}");
}

#[test]
fn what_a_unit_insists_on_is_kept_and_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("bot.service");
    let insists = "ProtectSystem=no\r\nNoNewPrivileges=false\r\nPrivateTmp=\r\n";
    fs::write(&file, format!("[Service]\r\nExecStart=/missing/bot\r\n{insists}")).unwrap();
    let ended = auditctl(&["harden", "systemd", "--unit", file.to_str().unwrap()]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.contains("\nNoNewPrivileges=false\n"), "{ended:?}");
    assert!(ended.stderr.contains("what keeps it exposed: "), "{ended:?}");
    assert!(ended.stderr.contains("exposure before: 9.6\nexposure after: 2."), "{ended:?}");
    // A line that goes on where the file ends must not take the first setting with it.
    fs::write(&file, "[Service]\nUser=bot\nExecStart=/missing/bot \\\n").unwrap();
    let ended = auditctl(&["harden", "systemd", "--unit", file.to_str().unwrap()]);
    assert!(ended.stdout.contains("ExecStart=/missing/bot \\\n\n#"), "{ended:?}");
    assert!(ended.stderr.contains("exposure after: 1.3\n"), "{ended:?}");
}

#[test]
fn a_script_brings_its_interpreter() {
    let directory = tempfile::tempdir().unwrap();
    let script = directory.path().canonicalize().unwrap().join("bot \"x\".sh");
    fs::write(&script, "#!/bin/sh\n").unwrap();
    let program = script.to_str().unwrap();
    let ended = auditctl(&["harden", "apparmor", "--program", program, "--name", "my bot"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended.stdout.contains("profile my_bot \"")
            && ended.stdout.contains("bot \\\"x\\\".sh\" mrix,"),
        "{ended:?}"
    );
    assert!(ended.stdout.contains("\"/bin/sh\" mrix,"), "{ended:?}");
    assert!(ended.stderr.contains("is not known: give --manifest or --trace"), "{ended:?}");
}

#[test]
fn needs_come_from_manifests_and_traces() {
    let directory = tempfile::tempdir().unwrap();
    let (manifest, trace) = (directory.path().join("needs.toml"), directory.path().join("trace"));
    fs::write(&manifest, "writes = [\"/var/lib/bot/\"]\n[network]\nfamilies = [\"unix\"]\n")
        .unwrap();
    fs::write(
        &trace,
        "1 openat(AT_FDCWD, \"/srv/x\", O_RDONLY) = 3\n1 openat(5, \"y\", O_RDONLY) = 4\n",
    )
    .unwrap();
    let own = std::env::current_exe().unwrap();
    let program = ["--program", own.to_str().unwrap(), "--format", "json"];
    let with = |kind, option, file: &std::path::Path| {
        let ended =
            auditctl(&[&["harden", kind, option, file.to_str().unwrap()], &program[..]].concat());
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
        serde_json::from_str::<Value>(&ended.stdout).unwrap()
    };
    let answer = with("selinux", "--manifest", &manifest);
    assert_eq!(answer["needs"]["network"]["families"], serde_json::json!(["unix"]));
    assert!(answer["file_contexts"].as_str().unwrap().contains("/var/lib/bot(/.*)?"));
    assert!(answer["profile"].as_str().unwrap().contains("module "));
    let answer = with("seccomp", "--trace", &trace);
    let calls = answer["needs"]["system_calls"].as_array().unwrap();
    assert_eq!(calls, &["openat"]);
    assert!(answer["notes"][0].as_str().unwrap().starts_with("1 paths are relative"), "{answer}");
    let filter: Value = serde_json::from_str(answer["profile"].as_str().unwrap()).unwrap();
    assert_eq!(filter["defaultAction"], "SCMP_ACT_ERRNO");
}

#[test]
fn what_cannot_be_read_exits_2() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "nothing of use\n").unwrap();
    let path = file.to_str().unwrap();
    let own = std::env::current_exe().unwrap();
    let own = own.to_str().unwrap();
    for (args, expected) in [
        (&["bogus", "--program", own][..], "invalid value 'bogus'"),
        (&["apparmor"], "--program <PATH>"),
        (&["apparmor", "--program", "/missing"], "No such file"),
        (&["apparmor", "--program", path], "no program"),
        (&["apparmor", "--program", directory.path().to_str().unwrap()], "is no file"),
        (&["seccomp", "--program", own, "--trace", path], "the trace has no system call in it"),
        (&["seccomp", "--program", own, "--manifest", path], "the manifest cannot be read"),
        (&["systemd", "--unit", path], "it has no section [Service]"),
        (&["systemd", "--program", own, "--file-contexts"], "only `selinux` labels files"),
    ] {
        let ended = auditctl(&[&["harden"], args].concat());
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{args:?}: {ended:?}");
        assert!(ended.stderr.contains(expected), "{args:?}: {ended:?}");
    }
}

#[test]
fn a_plugins_manifest_says_what_it_asks_for() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().canonicalize().unwrap();
    let file = folder.join("plugin.toml");
    let plugin = "[plugin]\nid = \"org.example.sky\"\nname = \"Sky\"\nversion = \"0.1.0\"\n\
                  description = \"Tells the weather\"\nkind = \"native\"\nentry = \"sky.py\"\napi = \"1\"\n";
    let http =
        "[[permissions.http]]\nhost = \"api.example.com\"\nports = [8443]\nwhy = \"asks for it\"\n";
    let profile = |text: String| {
        fs::write(&file, text).unwrap();
        let own = std::env::current_exe().unwrap();
        let program = ["--program", own.to_str().unwrap(), "--manifest", file.to_str().unwrap()];
        let ended = auditctl(&[&["harden", "systemd", "--format", "json"], &program[..]].concat());
        assert_eq!(ended.code, Some(0), "{ended:?}");
        serde_json::from_str::<Value>(&ended.stdout).unwrap()
    };
    let closed = profile(plugin.to_owned());
    assert_eq!(closed["needs"]["network"]["beyond_host"], false, "{closed}");
    let open = profile(format!("{plugin}{http}"));
    assert_eq!(open["needs"]["network"]["connect"], serde_json::json!([53, 8443]), "{open}");
    let folder = format!("{}/", folder.display());
    let files = open["needs"]["files"].as_array().unwrap();
    assert!(files.iter().any(|one| one["path"] == *folder && one["read"] == true), "{open}");
    fs::write(&file, format!("{plugin}colour = 1\n")).unwrap();
    let own = std::env::current_exe().unwrap();
    let told = auditctl(&[
        "harden",
        "systemd",
        "--program",
        own.to_str().unwrap(),
        "--manifest",
        file.to_str().unwrap(),
    ]);
    assert_eq!(told.code, Some(2), "{told:?}");
    assert!(told.stderr.contains("colour"), "{told:?}");
}
