//! `auditctl plugin`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::auditctl;

const MANIFEST: &str = "[plugin]\nid = \"org.example.hello\"\nname = \"Hello\"\nversion = \"0.1.0\"\n\
    description = \"Greets\"\nkind = \"native\"\nentry = \"hello.py\"\napi = \"1\"\n";

fn plugin(folder: &Path) {
    fs::write(folder.join("plugin.toml"), MANIFEST).unwrap();
    fs::write(folder.join("hello.py"), "print('{}')\n").unwrap();
}

#[test]
fn a_plugin_is_packed_signed_and_proved() {
    let folder = tempfile::tempdir().unwrap();
    plugin(folder.path());
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (place, out, prefix) = (at(""), at("p.tar.zst"), at("k"));
    let ended = auditctl(&["plugin", "pack", &place, "--out", &out]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let first = fs::read(&out).unwrap();
    auditctl(&["plugin", "pack", &place, "--out", &out]);
    assert_eq!(fs::read(&out).unwrap(), first);

    let (secret, public) = (at("k.key"), at("k.pub"));
    assert_eq!(auditctl(&["plugin", "keygen", "--out", &prefix]).code, Some(0));
    assert_eq!(fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(auditctl(&["plugin", "keygen", "--out", &prefix]).code, Some(2));
    let verify = || auditctl(&["plugin", "verify", &out, "--pub", &public]).code;
    assert_eq!(verify(), Some(1), "unsigned");
    assert_eq!(auditctl(&["plugin", "sign", &out, "--key", &secret]).code, Some(0));
    assert_eq!(verify(), Some(0));
    auditctl(&["plugin", "keygen", "--out", &at("other")]);
    let foreign = auditctl(&["plugin", "verify", &out, "--pub", &at("other.pub")]);
    assert_eq!(foreign.code, Some(1), "{foreign:?}");
    let mut tampered = first;
    tampered[40] ^= 1;
    fs::write(&out, tampered).unwrap();
    assert_eq!(verify(), Some(1), "tampered");
    assert_eq!(auditctl(&["plugin", "inspect", &out]).code, Some(2));
    assert_eq!(auditctl(&["plugin", "sign", &out, "--key", &public]).code, Some(2));
}

#[test]
fn what_speaks_against_a_plugin_is_told_in_three_forms() {
    let folder = tempfile::tempdir().unwrap();
    plugin(folder.path());
    let place = folder.path().display().to_string();
    let check = |more: &[&str]| auditctl(&[&["plugin", "check", &place], more].concat());
    let ended = check(&[]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.contains("warning WKP022 plugin.kind: "), "{ended:?}");
    assert!(ended.stdout.ends_with("org.example.hello 0.1.0 can be run: 0 errors, 4 warnings\n"));
    let wrong = MANIFEST.replace("native", "wasm");
    fs::write(folder.path().join("plugin.toml"), wrong).unwrap();
    assert_eq!(check(&[]).code, Some(1));
    let object: Value = serde_json::from_str(&check(&["--format", "json"]).stdout).unwrap();
    assert_eq!((&object["ok"], &object["findings"][0]["rule"]), (&false.into(), &"WKP001".into()));
    let sarif: Value = serde_json::from_str(&check(&["--sarif"]).stdout).unwrap();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "WKP001");
    assert_eq!(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "hello.py");
    assert_eq!((&result["level"], &result["kind"]), (&"error".into(), &"fail".into()));
    let fingerprint = result["partialFingerprints"]["auditctl/v1"].as_str().unwrap();
    assert!(fingerprint.starts_with("v1:"), "{fingerprint}");
    assert_eq!(sarif["runs"][0]["tool"]["driver"]["rules"][0]["id"], "WKP001");
    let packed = auditctl(&["plugin", "pack", &place, "--out", "/nonexistent/p"]);
    assert!(packed.code == Some(2) && packed.stderr.contains("WKP001"), "{packed:?}");
    fs::write(folder.path().join("plugin.toml"), "[plugin]\nid = 5").unwrap();
    let ended = check(&[]);
    assert!(
        ended.code == Some(2) && ended.stderr.contains("plugin.toml: plugin.id: "),
        "{ended:?}"
    );
}

#[test]
fn a_package_shows_its_manifest() {
    let folder = tempfile::tempdir().unwrap();
    plugin(folder.path());
    let (place, out) =
        (folder.path().display().to_string(), folder.path().join("p").display().to_string());
    auditctl(&["plugin", "pack", &place, "--out", &out]);
    let ended = auditctl(&["plugin", "inspect", &out]);
    assert!(
        ended.stdout.contains("id = \"org.example.hello\"") && ended.stdout.contains("blake3: "),
        "{ended:?}"
    );
    let object: Value =
        serde_json::from_str(&auditctl(&["plugin", "inspect", &out, "--format", "json"]).stdout)
            .unwrap();
    assert_eq!(object["manifest"]["plugin"]["id"], "org.example.hello");
    assert_eq!(object["files"]["hello.py"], 12);
    let schema: Value = serde_json::from_str(&auditctl(&["plugin", "schema"]).stdout).unwrap();
    assert_eq!(schema["title"], "Manifest");
}

#[test]
fn a_new_plugin_is_made_once_and_packs_the_same_twice() {
    let folder = tempfile::tempdir().unwrap();
    let run = |at: &Path, args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_auditctl"));
        command.arg("plugin").args(args).current_dir(at).env("PATH", "").output().unwrap()
    };
    for template in ["basic", "advanced", "api", "security"] {
        for lang in ["rust", "c", "zig", "as", "python", "wat"] {
            let name = format!("{template}-{lang}");
            let made = run(folder.path(), &["new", &name, "--template", template, "--lang", lang]);
            assert!(made.status.success(), "{name}: {made:?}");
            let again = run(folder.path(), &["new", &name, "--lang", lang]);
            assert_eq!(again.status.code(), Some(2), "{name}");
            let packed = run(&folder.path().join(&name), &["pack", "--out", "p.tar.zst"]);
            if ["python", "wat"].contains(&lang) {
                assert!(packed.status.success(), "{name}: {packed:?}");
                assert!(run(&folder.path().join(&name), &["check"]).status.success());
            } else {
                let said = String::from_utf8_lossy(&packed.stderr).into_owned();
                assert!(
                    packed.status.code() == Some(2) && said.contains("hint: "),
                    "{name}: {said}"
                );
            }
        }
    }
    assert_eq!(run(folder.path(), &["new", "../x"]).status.code(), Some(2));
    for (form, expected) in [("html", "<!doctype html>"), ("markdown", "# api-wat"), ("json", "{")]
    {
        let page = run(&folder.path().join("api-wat"), &["docs", "--as", form]);
        assert!(page.status.success() && page.stdout.starts_with(expected.as_bytes()), "{page:?}");
    }
}

#[test]
fn a_new_plugin_passes_its_own_tests_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let run = |at: &Path, args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_auditctl"));
        command.arg("plugin").args(args).current_dir(at).output().unwrap()
    };
    for template in ["basic", "advanced", "api", "security"] {
        let made = run(folder.path(), &["new", template, "--template", template, "--lang", "wat"]);
        assert!(made.status.success(), "{made:?}");
        let tested = run(&folder.path().join(template), &["test"]);
        let said = String::from_utf8_lossy(&tested.stdout).into_owned();
        assert!(
            tested.status.success() && said.ends_with("\n12 passed\n"),
            "{template}: {tested:?}"
        );
    }
    let place = folder.path().join("basic");
    let manifest = fs::read_to_string(place.join("plugin.toml")).unwrap();
    fs::write(place.join("plugin.toml"), manifest.replacen("{ bytes = 7 }", "{ bytes = 8 }", 1))
        .unwrap();
    let tested = run(&place, &["test"]);
    let said = String::from_utf8_lossy(&tested.stdout).into_owned();
    assert!(tested.status.code() == Some(1) && said.ends_with("1 failed\n11 passed\n"), "{said}");
    let benched = run(&folder.path().join("api"), &["bench", "--calls", "5", "--format", "json"]);
    let object: Value = serde_json::from_slice(&benched.stdout).unwrap();
    assert_eq!(object["calls"], 5);
    for key in ["load_us", "p50_us", "p99_us", "processor_p99_us", "throttled_us"] {
        assert!(object[key].is_u64(), "{key}: {object}");
    }
    assert!(object["peak_memory_bytes"].as_u64() >= Some(131_072), "{object}");
}

#[test]
fn a_permission_that_no_test_needs_is_told_with_what_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let run = |at: &Path, args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_auditctl"));
        command.arg("plugin").args(args).current_dir(at).output().unwrap()
    };
    run(folder.path(), &["new", "hello", "--template", "advanced"]);
    let place = folder.path().join("hello");
    let manifest = fs::read_to_string(place.join("plugin.toml")).unwrap();
    let more = "[permissions.clock]\nwhy = \"says when it was\"\n[permissions.kv]\nbytes = \"1KiB\"\nwhy = \"remembers what it counted\"\n";
    fs::write(place.join("plugin.toml"), manifest + more).unwrap();
    let said = String::from_utf8(run(&place, &["test"]).stdout).unwrap();
    for line in [
        "permissions.clock: the module does not import it; leave it out\n",
        "permissions.kv: no test used it; leave it out\n",
        "\n    [permissions.log]\n",
        "  memory     655360 bytes of 50MB, 1.3%\n",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert!(said.ends_with("\n12 passed\n"), "{said}");
}

#[test]
fn what_builds_or_runs_a_plugin_and_is_not_there_is_named_with_its_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let programs = folder.path().join("bin");
    fs::create_dir(&programs).unwrap();
    let run = |name: &str, args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_auditctl"));
        command.arg("plugin").args(args).current_dir(folder.path().join(name));
        command.env("PATH", &programs).env("SECRET", "of mine").output().unwrap()
    };
    let said = |name: &str| {
        let tested = run(name, &["test"]);
        assert_eq!(tested.status.code(), Some(2), "{name}: {tested:?}");
        String::from_utf8(tested.stderr).unwrap()
    };
    let program = |name: &str, script: &str| {
        let path = programs.join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    let rows = [
        (
            "rust",
            "rustc",
            "echo \"can't find crate for \\`core\\`\" >&2",
            "hint: rustup target add ",
        ),
        ("c", "python3", "echo No module named ziglang >&2", "hint: python3 -m pip install "),
        ("zig", "python3", "echo No module named ziglang >&2", "hint: python3 -m pip install "),
        ("as", "asc", "echo env: node: No such file >&2", "hint: npm install --global "),
    ];
    for (lang, compiler, script, hint) in rows {
        run(".", &["new", lang, "--lang", lang]);
        // There is none, and then there is one with a part of it missing.
        for _ in 0..2 {
            let said = said(lang);
            assert!(said.lines().count() == 2 && said.contains(hint), "{lang}: {said}");
            program(compiler, &format!("{script}; exit 1"));
        }
        // Another failure is told as it is, and nothing of this process's own is in it.
        program(compiler, "echo wrong at 5 $SECRET. >&2; exit 1");
        let said = said(lang);
        assert!(said.contains("wrong at 5 .") && !said.contains("hint: "), "{lang}: {said}");
        fs::remove_file(programs.join(compiler)).unwrap();
    }
    run(".", &["new", "python", "--lang", "python"]);
    let script = folder.path().join("python/plugin.py");
    let text = fs::read_to_string(&script).unwrap().replace("/usr/bin/python3", "/nowhere/python");
    fs::write(&script, text).unwrap();
    assert!(said("python").contains("what runs plugin.py is not installed: /nowhere/python"));
}

/// A plugin in the text form of WebAssembly, as its template makes it, packed and signed by `k`.
fn signed(folder: &Path, version: &str) -> String {
    let at = |name: &str| folder.join(name).display().to_string();
    if !folder.join("hello").exists() {
        let made = Command::new(env!("CARGO_BIN_EXE_auditctl"))
            .args(["plugin", "new", "hello"])
            .current_dir(folder)
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        assert_eq!(auditctl(&["plugin", "keygen", "--out", &at("k")]).code, Some(0));
    }
    let manifest = folder.join("hello/plugin.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    let line = text.lines().find(|line| line.starts_with("version")).unwrap().to_owned();
    fs::write(&manifest, text.replace(&line, &format!("version = \"{version}\""))).unwrap();
    let out = at(&format!("{version}.tar.zst"));
    let packed = auditctl(&["plugin", "pack", &at("hello"), "--out", &out]);
    assert_eq!(packed.code, Some(0), "{packed:?}");
    assert_eq!(auditctl(&["plugin", "sign", &out, "--key", &at("k.key")]).code, Some(0));
    out
}

#[test]
fn a_plugin_is_installed_upgraded_rolled_back_and_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (data, public) = (at("data"), at("k.pub"));
    let run = |more: &[&str]| {
        auditctl(&[&["--data-dir", &data, "--format", "json", "plugin"], more].concat())
    };
    let (first, second) = (signed(folder.path(), "0.1.0"), signed(folder.path(), "0.2.0"));
    let asked = run(&["install", &first, "--pub", &public]);
    assert_eq!(asked.code, Some(2), "nobody can be asked: {asked:?}");
    let ended = run(&["install", &first, "--pub", &public, "--yes"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let row: Value = serde_json::from_str(&ended.stdout).unwrap();
    let id = row["id"].as_str().unwrap().to_owned();
    assert_eq!((&row["state"], &row["version"]), (&"active".into(), &"0.1.0".into()));
    assert!(ended.stderr.contains("is granted:"), "{ended:?}");
    assert_eq!(run(&["install", &second, "--trust", &at(""), "--yes"]).code, Some(0));

    let older = run(&["install", &first, "--pub", &public, "--yes"]);
    assert!(older.code == Some(1) && older.stderr.contains("WKP016"), "{older:?}");
    let states = || {
        let list: Value = serde_json::from_str(&run(&["list"]).stdout).unwrap();
        let rows = list["plugins"].as_array().unwrap().clone();
        rows.iter().map(|row| row["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(states(), ["superseded", "active"]);
    assert_eq!(run(&["rollback", &id]).code, Some(0));
    assert_eq!(states(), ["active", "pending"]);
    assert_eq!(run(&["rollback", &id]).code, Some(2));
    let shown: Value = serde_json::from_str(&run(&["inspect", &id]).stdout).unwrap();
    assert_eq!(shown["manifest"]["plugin"]["version"], "0.1.0");

    assert_eq!(run(&["revoke", &id, "--why", "its key leaked"]).code, Some(0));
    assert_eq!(states(), ["revoked", "revoked"]);
    assert_eq!(run(&["install", &second, "--pub", &public, "--yes"]).code, Some(1));
    let trail = auditctl(&["--data-dir", &data, "trail", "query"]);
    for kind in ["plugin.installed", "plugin.rolled-back", "plugin.revoked"] {
        assert!(trail.stdout.contains(kind), "{trail:?}");
    }
}

#[test]
fn what_nobody_answers_for_is_not_installed() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let data = at("data");
    let out = signed(folder.path(), "0.1.0");
    let install = |more: &[&str]| {
        let ended =
            auditctl(&[&["--data-dir", &data, "plugin", "install", &out, "--yes"], more].concat());
        (ended.code, ended.stderr)
    };
    assert_eq!(install(&[]).0, Some(1), "no key");
    auditctl(&["plugin", "keygen", "--out", &at("other")]);
    let (code, told) = install(&["--pub", &at("other.pub")]);
    assert!(code == Some(1) && told.contains("not trusted"), "{told}");
    assert_eq!(install(&["--pub", &at("missing.pub")]).0, Some(2));
    fs::write(folder.path().join("g.toml"), "lgo = true\n").unwrap();
    let (code, told) = install(&["--pub", &at("k.pub"), "--grant", &at("g.toml")]);
    assert!(code == Some(2) && told.contains("lgo"), "{told}");
    fs::remove_file(format!("{out}.minisig")).unwrap();
    assert_eq!(install(&["--pub", &at("k.pub")]).0, Some(1), "unsigned");
    let (code, told) = install(&["--allow-unsigned"]);
    assert!(code == Some(0) && told.contains("signed by nobody"), "{told}");
}
