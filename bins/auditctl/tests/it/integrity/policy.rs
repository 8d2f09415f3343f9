//! Policies: kept with the baseline, refused with a reason, explained.

use std::fs;

use super::host::{Host, mode, pairs};

/// A host with a policy under which `a` may change as it likes.
fn with_policy(host: Host) -> Host {
    let path = host.text("tree/a");
    let text = format!(
        "roots = [\"{}\"]\n[[rule]]\nname = \"noise\"\nmatch = \"{path}\"\nprofile = \"ignore\"\nreason = \"written all the time\"\n",
        host.text("tree")
    );
    fs::write(host.path("policy.toml"), text).unwrap();
    let made = host.run(&["init", "--policy", &host.text("policy.toml")]);
    assert_eq!(made.code, Some(0), "{made:?}");
    host
}

fn kept(host: &Host) -> String {
    let mut files = host.files("baseline").into_iter();
    host.text(&format!("baseline/{}", files.find(|name| name.starts_with("policy-")).unwrap()))
}

#[test]
fn a_policy_is_kept_with_the_baseline_and_used_from_then_on() {
    let host = with_policy(Host::new());
    fs::remove_file(host.path("policy.toml")).unwrap();
    host.write("a", "six\n");
    assert_eq!(host.changes(&[]), []);
    host.write("d/b", "six\n");
    assert_eq!(host.changes(&["--fast"]), pairs(&[("d/b", "modified")]));
    assert_eq!(host.run(&["update", "--accept", "all"]).code, Some(0));
    assert_eq!(host.changes(&[]), []);
}

#[test]
fn a_kept_policy_that_was_changed_or_taken_away_is_refused() {
    let host = with_policy(Host::new());
    let path = kept(&host);
    let whole = fs::read_to_string(&path).unwrap();
    let lax = whole.replace("tree/a", "tree/**");
    for text in [lax.as_str(), "", "not toml [", &whole[..whole.len() / 2]] {
        fs::write(&path, text).unwrap();
        host.assert_refused(&["verify"], &[&path, "--policy FILE"]);
        host.assert_refused(&["update", "--accept", "all"], &[&path]);
    }
    fs::remove_file(&path).unwrap();
    host.assert_refused(&["verify"], &[&path, "missing"]);
    // Given again, it is the one that was signed.
    assert_eq!(host.changes(&["--policy", &host.text("policy.toml")]), []);
    fs::write(&path, whole).unwrap();
    assert_eq!(host.changes(&[]), []);
}

#[test]
fn another_policy_than_that_of_the_baseline_is_told() {
    let host = with_policy(Host::new());
    let other = host.text("other.toml");
    fs::write(&other, "[[rule]]\nmatch = \"/nowhere/**\"\nprofile = \"static\"\n").unwrap();
    let ended = host.run(&["verify", "--policy", &other]);
    assert!(ended.stderr.contains("the policy is another than the one of baseline 1"), "{ended:?}");
    assert!(ended.stderr.contains("no path matched this rule"), "{ended:?}");
}

#[test]
fn a_policy_with_problems_is_refused_with_file_line_key_and_reason() {
    let host = Host::new();
    let path = host.text("policy.toml");
    let init = ["init", "--root", &host.text("tree"), "--policy", &path];
    for (text, words) in [
        (
            "[[rule]]\nmatch = \"/a\"\nprofile = \"statik\"\n",
            ["line 3", "profile", "did you mean static?"],
        ),
        ("[[rule]]\nmatch = \"a\"\nprofile = \"static\"\n", ["line 2", "match", "/"]),
        ("[[rule]]\nmatch = \"/a\"\nprofile = \"ignore\"\n", ["line", "reason", "ignore"]),
        ("\nrools = 1\n", ["line 2", "rools", "unknown"]),
        ("[[rule]\n", ["line 1", "", ""]),
        ("full-every = \"soon\"\n", ["line 1", "full-every", ""]),
    ] {
        fs::write(&path, text).unwrap();
        host.assert_refused(&init, &[&path, words[0], words[1], words[2]]);
    }
    fs::write(&path, [0xff, 0xfe]).unwrap();
    host.assert_refused(&init, &[&path]);
    fs::write(&path, "#".repeat((1 << 20) + 1)).unwrap();
    host.assert_refused(&init, &[&path, "1 MiB"]);
    fs::remove_file(&path).unwrap();
    host.assert_refused(&init, &[&path]);
    assert!(!host.path("baseline/baseline-1.fim").exists());
}

#[test]
fn a_policy_that_cannot_be_read_is_refused() {
    let host = Host::ordinary();
    let path = host.text("policy.toml");
    fs::write(&path, "").unwrap();
    mode(&host.path("policy.toml"), 0);
    let init = ["init", "--root", &host.text("tree"), "--policy", &path];
    host.assert_refused(&init, &["cannot read the policy", &path]);
}

#[test]
fn the_rule_that_decides_is_explained() {
    let host = with_policy(Host::new());
    let (noise, other) = (host.text("tree/a"), host.text("tree/d/b"));
    let text = host.run(&["explain", &noise]);
    assert_eq!(text.code, Some(0), "{text:?}");
    for word in ["noise", "ignore", "written all the time"] {
        assert!(text.stdout.contains(word), "{text:?}");
    }
    assert_eq!(host.json(&["explain", &noise], 0)["rule"]["profile"], "ignore");
    assert_eq!(host.json(&["explain", &other], 0)["rule"]["profile"], "static");
    assert_eq!(host.run(&["explain", "tree/a"]).stdout, text.stdout, "named from here");
    let missing = host.text("tree/not/there");
    assert_eq!(host.run(&["explain", &missing]).code, Some(0), "it need not exist");
    fs::write(host.path("other.toml"), "").unwrap();
    let other = ["explain", &noise, "--policy", &host.text("other.toml")];
    assert_eq!(host.json(&other, 0)["rule"]["profile"], "static");
    host.assert_refused(&["explain", &noise, "--policy", &host.text("none.toml")], &["none.toml"]);
}

#[test]
fn roots_of_a_policy_need_not_be_there() {
    let host = Host::new();
    let bot = host.text("tree");
    fs::write(host.path("policy.toml"), format!("roots = [\"{bot}\", \"{bot}/later\"]\n")).unwrap();
    let made = host.run(&["init", "--policy", &host.text("policy.toml")]);
    assert_eq!(made.code, Some(0), "{made:?}");
    assert!(made.stderr.contains(&format!("there is no {bot}/later")), "{made:?}");
    fs::create_dir(host.path("tree/later")).unwrap();
    assert!(host.changes(&[]).contains(&("later".to_owned(), "added".to_owned())));
}
