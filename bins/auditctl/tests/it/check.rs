//! `auditctl check`, `auditctl host` and `auditctl explain`.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::auditctl;

/// Facts of a host that allows root to sign in with a password; nothing else is known of it.
fn facts(folder: &Path) -> String {
    let root = folder.join("root");
    fs::create_dir_all(root.join("etc/ssh")).unwrap();
    fs::write(root.join("etc/ssh/sshd_config"), "PermitRootLogin yes\n").unwrap();
    let ended = auditctl(&["host", "--print-facts", "--root", root.to_str().unwrap()]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
    let file = folder.join("facts.json");
    fs::write(&file, &ended.stdout).unwrap();
    file.display().to_string()
}

#[test]
fn a_host_is_judged_by_facts_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let facts = facts(folder.path());
    let run = |more: &[&str]| auditctl(&[&["host", "--facts", &facts], more].concat());
    let text = run(&[]);
    assert_eq!(text.code, Some(1), "{text:?}");
    assert!(text.stdout.contains("High      host-ssh-root-login  /etc/ssh/sshd_config:1\n"));
    let json: Value = serde_json::from_str(&run(&["--format", "json"]).stdout).unwrap();
    let checks = json["checks"].as_array().unwrap();
    assert!(checks.len() >= 40);
    let root = checks.iter().find(|check| check["id"] == "host-ssh-root-login").unwrap();
    assert_eq!(
        (&root["status"], &root["evidence"][0]),
        (&"fail".into(), &"permitrootlogin yes".into())
    );
    for (format, begins) in [
        ("sarif", "{\n  \"$schema\""),
        ("junit", "<?xml"),
        ("md", "# Audit\n"),
        ("html", "<!DOCTYPE html>"),
        ("github", "::"),
    ] {
        let ended = run(&["--format", format]);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stdout.starts_with(begins), "{format}");
        let out = folder.path().join(format).display().to_string();
        assert_eq!(run(&["--format", format, "-o", &out]).stdout, "");
        assert_eq!(fs::read_to_string(out).unwrap(), ended.stdout);
    }
    // Nothing known is critical, and not everything is known.
    assert_eq!(run(&["--fail-on", "critical"]).code, Some(3));
    assert_eq!(run(&["--fail-on", "critical", "--allow-incomplete"]).code, Some(0));
}

#[test]
fn what_cannot_be_run_exits_2() {
    let folder = tempfile::tempdir().unwrap();
    let bad = folder.path().join("bad");
    fs::create_dir(&bad).unwrap();
    fs::write(bad.join(".auditctl.toml"), "[[allow]]\nchecks = [\"*\"]\n").unwrap();
    for args in [
        &["check", "/missing/folder"][..],
        &["check", bad.to_str().unwrap()],
        &["check", "--format", "yaml"],
        &["check", "--engine", "bogus"],
        &["check", "--baseline-strict"],
        &["check", folder.path().to_str().unwrap(), "--diff", "HEAD"],
        &["host", "--format", "bogus"],
        &["host", "--facts", "/missing"],
        &["host", "--root", "/missing"],
        &["explain", "bogus"],
    ] {
        assert_eq!(auditctl(args).code, Some(2), "{args:?}");
    }
}

#[test]
fn files_are_audited_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).display().to_string();
    fs::create_dir_all(place("bot/ü x")).unwrap();
    let text = "import os\n\ndef f(update, context):\n    os.system(update.message.text)\n\n\
                def main(app):\n    app.add_handler(CommandHandler('x', f))\n";
    for name in ["bot/main.py", "bot/ü x/more.py", "bot/other.py"] {
        fs::write(place(name), text).unwrap();
    }
    fs::write(place("compose.yaml"), "services:\n  db:\n    image: postgres:16.4\n").unwrap();
    let paths = |args: &[&str]| {
        let ended = auditctl(&[&["check", "--format", "json"], args].concat());
        let report: Value = serde_json::from_str(&ended.stdout).unwrap();
        let path = |finding: &Value| finding["files"][0]["path"].as_str().unwrap().to_owned();
        let mut paths: Vec<String> =
            report["findings"].as_array().unwrap().iter().map(path).collect();
        paths.dedup();
        (ended.code, paths)
    };
    let main = place("bot/main.py");
    assert_eq!(paths(&[&main]), (Some(1), vec!["main.py".to_owned()]));
    let both = [&main[..], &place("bot/ü x/more.py")];
    let told = vec!["main.py".to_owned(), "ü x/more.py".to_owned()];
    assert_eq!(paths(&both), (Some(1), told));
    let from_top = ["--root", &place("."), &main, &place("bot/ü x")];
    let told = vec!["bot/main.py".to_owned(), "bot/ü x/more.py".to_owned()];
    assert_eq!(paths(&from_top), (Some(1), told));
    // Whether something saves the database no single file says.
    let compose = paths(&["--engine", "conf", "--profile", "full", &place("compose.yaml")]);
    let ended = auditctl(&["check", "--engine", "conf", "--profile", "full", &place(".")]);
    assert!(ended.stdout.contains("backup-absent"), "{ended:?}");
    let report = auditctl(&["check", "--profile", "full", &place("compose.yaml")]);
    assert!(!report.stdout.contains("backup-absent"), "{report:?}");
    assert_eq!(compose.1, ["compose.yaml"]);

    // What the project leaves out and allows holds for a file of it, too.
    fs::write(place(".auditctl.toml"), "exclude = ['bot/other.py']\n").unwrap();
    let other = ["--root", &place("."), &place("bot/other.py")];
    assert_eq!(paths(&other), (Some(0), Vec::new()));
    for (args, expected) in [
        (&[&place("gone.py")[..]][..], "gone.py: No such file"),
        (&[&main, &place("gone")], "gone: No such file"),
        (&["--root", &place("bot"), &place("compose.yaml")], "compose.yaml: not below "),
        (&["--root", &place("gone"), &main], "gone: No such file"),
        (&["--root", &main, &main], "main.py cannot be audited"),
        (&["/dev/null"], "/dev/null: neither a file nor a folder"),
    ] {
        let ended = auditctl(&[&["check"], args].concat());
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{ended:?}");
        assert!(ended.stderr.lines().next().unwrap().contains(expected), "{ended:?}");
    }
}

#[test]
fn a_tree_is_audited_and_compared_with_its_baseline() {
    let folder = tempfile::tempdir().unwrap();
    let facts = facts(folder.path());
    let tree = folder.path().join("tree");
    fs::create_dir(&tree).unwrap();
    let tree = tree.to_str().unwrap();
    let ended = auditctl(&["--format", "json", "check", tree]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(
        (&report["schema_version"], &report["findings"]),
        (&1.into(), &Value::Array(Vec::new()))
    );
    let full = ["check", tree, "--profile", "full", "--facts", &facts, "--allow-incomplete"];
    assert_eq!(auditctl(&full).code, Some(1));
    let report = auditctl(&[&full[..], &["--format", "json"]].concat());
    let report: Value = serde_json::from_str(&report.stdout).unwrap();
    let found = &report["findings"][0];
    assert_eq!((&found["id"], &found["severity"]), (&"host-ssh-root-login".into(), &"High".into()));
    let baseline = folder.path().join("baseline.json").display().to_string();
    let entries = |prints: &[&Value]| {
        let entry = |print: &&Value| {
            (print.as_str().unwrap().to_owned(), serde_json::json!({"id": "x", "path": "y"}))
        };
        let entries: serde_json::Map<String, Value> = prints.iter().map(entry).collect();
        fs::write(
            &baseline,
            serde_json::json!({"schema_version": 1, "findings": entries}).to_string(),
        )
        .unwrap();
    };
    let with =
        |more: &[&str]| auditctl(&[&full[..], &["--baseline", &baseline], more].concat()).code;
    entries(&[&found["fingerprint"]]);
    assert_eq!(with(&[]), Some(0));
    // Less grave ones are not in it.
    assert_eq!(with(&["--baseline-strict"]), Some(4));
    assert_eq!(auditctl(&["check", "baseline", "create", &baseline, tree]).code, Some(2));
    let own = folder.path().join("own.json").display().to_string();
    assert_eq!(auditctl(&["check", "baseline", "create", &own, tree]).code, Some(0));
    assert_eq!(auditctl(&["check", tree, "--baseline", &own, "--baseline-strict"]).code, Some(0));
    entries(&[&"v1:gone".into()]);
    assert_eq!(
        auditctl(&["check", tree, "--baseline", &baseline, "--baseline-strict"]).code,
        Some(4)
    );
    let diff = auditctl(&["check", "baseline", "diff", &baseline, tree]);
    assert_eq!((diff.code, diff.stdout.as_str()), (Some(0), "- x y v1:gone\n"));
    assert_eq!(auditctl(&["check", "baseline", "prune", &baseline, tree]).code, Some(0));
    assert_eq!(
        auditctl(&["check", tree, "--baseline", &baseline, "--baseline-strict"]).code,
        Some(0)
    );
}

#[test]
fn a_repository_has_no_say_in_how_it_is_compared() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let git = |args: &[&str]| {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=a", "-c", "user.email=a@b.invalid"]).args(args);
        let output =
            git.current_dir(folder.path()).env("GIT_CONFIG_GLOBAL", "/dev/null").output().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    git(&["init", "-q"]);
    fs::write(place("bot.py"), "a\n").unwrap();
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "first"]);
    let script = place("ran.sh");
    fs::write(&script, format!("#!/bin/sh\ntouch '{}'\ncat\n", place("ran").display())).unwrap();
    git(&["config", "core.fsmonitor", "sh ./ran.sh"]);
    git(&["config", "filter.x.clean", "sh ./ran.sh"]);
    git(&["config", "diff.x.textconv", "sh ./ran.sh"]);
    git(&["config", "diff.external", "sh ./ran.sh"]);
    fs::write(place(".gitattributes"), "* filter=x diff=x\n").unwrap();
    fs::write(place("bot.py"), "a\nb\n").unwrap();
    let path = std::env::var_os("PATH").unwrap();
    let run = |reference: &str| {
        let mut auditctl = Command::new(env!("CARGO_BIN_EXE_auditctl"));
        auditctl.args(["check", folder.path().to_str().unwrap(), "--diff", reference]);
        auditctl.env_clear().env("PATH", &path).output().unwrap()
    };
    assert_eq!(run("HEAD").status.code(), Some(0), "{:?}", run("HEAD"));
    assert_eq!(run("--output=x").status.code(), Some(2));
    assert_eq!(run("bogus").status.code(), Some(2));
    assert!(!place("ran").exists());
    // The programs would have run otherwise.
    Command::new("git").args(["diff", "HEAD"]).current_dir(folder.path()).output().unwrap();
    assert!(place("ran").exists());
}

#[test]
fn secrets_are_found_in_files_and_in_the_history() {
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().to_str().unwrap();
    let git = |args: &[&str]| {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=a", "-c", "user.email=a@b.invalid"]).args(args);
        let output =
            git.current_dir(folder.path()).env("GIT_CONFIG_GLOBAL", "/dev/null").output().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    let write = |text: &str| {
        fs::create_dir_all(folder.path().join("bot")).unwrap();
        fs::write(folder.path().join("bot/main.py"), text).unwrap();
    };
    // In parts, so that this file has none.
    let old = ["5839201746", "AAHw7Qm2ZxT9vKpL4sRfYc8NbJgD1eUiWo3"].join(":");
    let new = ["6120394857", "AAGq3Zk8Xw5TnRb1YvLc7PfJd2HsMu9EoAi"].join(":");
    git(&["init", "-q"]);
    write(&format!("a = '{old}'\nb = '{new}'\n"));
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "first"]);
    git(&["tag", "first"]);
    write(&format!("b = '{new}'\n"));
    git(&["commit", "-q", "-a", "-m", "second"]);
    git(&["gc", "-q"]);

    let check = |more: &[&str]| {
        let common = ["check", tree, "--engine", "secrets", "--format", "json", "--no-cache"];
        let ended = auditctl(&[&common[..], more].concat());
        assert!(!ended.stdout.contains(&old) && !ended.stdout.contains(&new), "{ended:?}");
        let report: Value = serde_json::from_str(&ended.stdout).unwrap();
        let name = |finding: &Value| {
            let place = &finding["files"][0];
            format!("{} {}:{}", finding["id"], place["path"], place["line"]).replace('"', "")
        };
        let findings = report["findings"].as_array().unwrap();
        (ended.code, findings.iter().map(name).collect::<Vec<_>>())
    };
    let now = "secret-telegram-token bot/main.py:1".to_owned();
    let past = "secret-in-history bot/main.py:1".to_owned();
    assert_eq!(check(&[]), (Some(1), vec![now.clone()]));
    assert_eq!(check(&["--history"]), (Some(1), vec![now.clone(), past]));
    assert_eq!(check(&["--history", "--since", "first"]), (Some(1), vec![now]));

    // What another repository has is not this one's.
    fs::write(folder.path().join(".git/objects/info/alternates"), "/elsewhere\n").unwrap();
    for args in [
        &["check", tree, "--history"][..],
        &["check", tree, "--since", "first"],
        &["check", "/", "--history"],
        &["check", tree, "--secret-rules", "/missing"],
        &["check", tree, "--secret-rules", "/etc/hostname"],
    ] {
        assert_eq!(auditctl(args).code, Some(2), "{args:?}");
    }
}

#[test]
fn checks_are_explained_and_the_report_has_a_schema() {
    let list = auditctl(&["explain"]);
    assert_eq!(list.code, Some(0));
    assert!(list.stdout.lines().count() >= 43 && list.stdout.contains("suppression-unused"));
    let one = auditctl(&["explain", "host-ssh-root-login"]);
    assert!(
        one.stdout.contains("CWE-250, CWE-307, A02:2025\n") && one.stdout.contains("\nDo: "),
        "{one:?}"
    );
    let schema: Value = serde_json::from_str(&auditctl(&["check", "schema"]).stdout).unwrap();
    assert_eq!(schema["type"], "object");
}

#[test]
fn a_report_is_for_one_reader_and_oscal_for_controls_alone() {
    let folder = tempfile::tempdir().unwrap();
    let facts = facts(folder.path());
    let tree = folder.path().join("tree");
    fs::create_dir(&tree).unwrap();
    let run = |what: &str, format: &str| {
        let path = tree.to_str().unwrap();
        auditctl(&["report", what, path, "--facts", &facts, "--format", format])
    };
    for (what, title) in [
        ("security", "# Security\n"),
        ("performance", "# Performance\n"),
        ("remediation", "# Remediation\n"),
        ("compliance", "# Evidence for controls\n"),
    ] {
        let ended = run(what, "md");
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.stdout.starts_with(title), "{ended:?}");
        assert!(run(what, "html").stdout.starts_with("<!DOCTYPE html>"));
        let json: Value = serde_json::from_str(&run(what, "json").stdout).unwrap();
        assert!(json["sections"].is_array(), "{json}");
        assert_eq!(run(what, "oscal").code, Some(if what == "compliance" { 0 } else { 2 }));
    }
    assert!(run("security", "md").stdout.contains("/etc/ssh/sshd_config:1"));
    let oscal: Value = serde_json::from_str(&run("compliance", "oscal").stdout).unwrap();
    assert!(oscal["assessment-results"]["results"].as_array().unwrap().len() >= 8);
    assert_eq!(run("compliance", "sarif").code, Some(2));
}

#[test]
fn what_is_safe_to_put_right_is_put_right_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let (bot, outside) = (folder.path().join("bot"), folder.path().join("outside.py"));
    fs::create_dir(&bot).unwrap();
    let (file, link) = (bot.join("bot.py"), bot.join("link.py"));
    let text = "import requests\n\ndef f(url):\n    return requests.get(url)\n";
    fs::write(&file, text).unwrap();
    fs::write(&outside, text).unwrap();
    fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink(&outside, &link).unwrap();
    let fix = |more: &[&str]| {
        auditctl(&[&["check", bot.to_str().unwrap(), "--engine", "ast", "--fix"], more].concat())
    };
    let dry = fix(&["--dry-run"]);
    assert!(dry.stdout.contains("\n+    return requests.get(url, timeout="), "{dry:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    let done = fix(&[]);
    assert!(done.stderr.contains("put right"), "{done:?}");
    let fixed = fs::read_to_string(&file).unwrap();
    assert!(fixed.contains("requests.get(url, timeout="), "{fixed}");
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o640);
    assert_eq!(fs::read_to_string(&outside).unwrap(), text);
    assert_eq!(fs::read_dir(&bot).unwrap().count(), 2);
}
