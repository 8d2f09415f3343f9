//! `update`: what is accepted, and what stands on the trail of it.

use std::fs;
use std::process::Stdio;

use super::host::{Host, pairs};

#[test]
fn without_a_word_of_acceptance_it_shows_and_writes_nothing() {
    let host = Host::new().with_baseline();
    assert_eq!(host.run(&["update"]).code, Some(0), "nothing changed");
    host.write("a", "six\n");
    let (files, trail) = (host.files("baseline"), host.trail("integrity").len());
    let answer = host.json(&["update"], 1);
    assert_eq!(host.named(&answer["changes"]), pairs(&[("a", "modified")]));
    let text = host.run(&["update"]);
    assert!(text.stderr.contains("nothing is written; accept with: --accept all"), "{text:?}");
    assert_eq!((host.files("baseline"), host.trail("integrity").len()), (files, trail));
    assert_eq!(host.changes(&[]), pairs(&[("a", "modified")]));
}

#[test]
fn acceptance_keeps_the_old_baseline_and_puts_each_path_on_the_trail() {
    let host = Host::new().with_baseline();
    let first = fs::read(host.path("baseline/baseline-1.fim")).unwrap();
    host.write("a", "six\n");
    host.write("d/c", "new\n");
    fs::remove_file(host.path("tree/d/b")).unwrap();
    let ended = host.run(&["update", "--accept", "all"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.contains("baseline 2 signed: 4 accepted, 0 left"), "{ended:?}");
    assert_eq!(host.changes(&[]), []);
    assert_eq!(host.changes(&["--fast"]), []);
    assert_eq!(fs::read(host.path("baseline/baseline-1.fim")).unwrap(), first);
    for name in ["baseline-1.note", "baseline-2.fim", "baseline-2.note"] {
        assert!(host.path("baseline").join(name).is_file(), "{name}");
    }
    let accepted = host.trail("integrity.change.accepted");
    let subjects: Vec<_> =
        accepted.iter().map(|entry| entry["subject"].as_str().unwrap()).collect();
    let expected = ["tree/a", "tree/d", "tree/d/b", "tree/d/c"].map(|name| host.text(name));
    assert_eq!(subjects, expected);
    for entry in &accepted {
        let actor = entry["actor"].as_str().unwrap();
        assert_eq!(actor, format!("uid {}", rustix::process::getuid().as_raw()));
    }
    assert_eq!(accepted[0]["detail"]["change"], "modified");
    assert!(accepted[0]["detail"]["fields"]["content"]["new"].is_string(), "{}", accepted[0]);
    assert_eq!(host.trail("integrity.baseline.accepted")[0]["detail"]["generation"], 2);
    host.assert_trail_intact();
}

#[test]
fn what_is_accepted_by_path_leaves_the_rest_as_it_was() {
    let host = Host::new().with_baseline();
    host.write("a", "six\n");
    host.write("d/b", "seven\n");
    let accept = format!("path:{}", host.text("tree/d"));
    let ended = host.run(&["update", "--accept", &accept]);
    assert_eq!(ended.code, Some(1), "something is left: {ended:?}");
    assert!(ended.stderr.contains("1 accepted, 1 left"), "{ended:?}");
    for depth in ["--full", "--fast"] {
        assert_eq!(host.changes(&[depth]), pairs(&[("a", "modified")]), "{depth}");
    }
    // A sibling whose name begins the same lies not below it.
    host.write("dd", "");
    assert_eq!(host.run(&["update", "--accept", &accept]).code, Some(1));
    assert!(host.changes(&[]).contains(&("dd".to_owned(), "added".to_owned())));
    let both = [accept.as_str(), "--accept", "all"];
    assert_eq!(host.run(&[&["update", "--accept"], &both[..]].concat()).code, Some(0));
    assert_eq!(host.changes(&[]), []);
}

#[test]
fn what_is_accepted_by_rule_is_what_the_rule_decided() {
    let host = Host::new();
    let policy = host.path("policy.toml");
    let below = host.text("tree/d");
    fs::write(
        &policy,
        format!("[[rule]]\nname = \"reports\"\nmatch = \"{below}/**\"\nprofile = \"static\"\n"),
    )
    .unwrap();
    let made =
        host.run(&["init", "--root", &host.text("tree"), "--policy", policy.to_str().unwrap()]);
    assert_eq!(made.code, Some(0), "{made:?}");
    host.write("a", "six\n");
    host.write("d/b", "seven\n");
    assert_eq!(host.run(&["update", "--accept", "rule:bogus"]).code, Some(1));
    assert_eq!(host.changes(&[]), pairs(&[("a", "modified"), ("d/b", "modified")]));
    assert_eq!(host.run(&["update", "--accept", "rule:reports"]).code, Some(1));
    assert_eq!(host.changes(&[]), pairs(&[("a", "modified")]));
}

#[test]
fn a_package_that_owns_nothing_of_it_lets_nothing_through() {
    let host = Host::new().with_baseline();
    host.write("a", "six\n");
    let ended = host.run(&["update", "--accept", "package:no-such-package"]);
    assert!(matches!(ended.code, Some(1 | 2)), "{ended:?}");
    assert_eq!(host.changes(&[]), pairs(&[("a", "modified")]));
    assert_eq!(host.files("baseline"), ["baseline-1.fim", "baseline-1.note", "lock"]);
}

#[test]
fn what_cannot_be_accepted_is_refused_before_anything_is_looked_at() {
    let host = Host::new().with_baseline();
    host.write("a", "six\n");
    for what in ["", "everything", "path:", "path:relative", "rule:", "package:", "ALL"] {
        host.assert_refused(&["update", "--accept", what], &["error: "]);
    }
    assert_eq!(host.files("baseline"), ["baseline-1.fim", "baseline-1.note", "lock"]);
}

#[test]
fn several_who_accept_at_once_make_one_baseline_after_the_other() {
    let host = Host::new().with_baseline();
    host.write("a", "six\n");
    let baseline = host.text("baseline");
    let args = ["integrity", "update", "--accept", "all", "--baseline", &baseline];
    let children: Vec<_> = (0..6)
        .map(|_| host.command(&args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap())
        .collect();
    let ended: Vec<_> =
        children.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    let mut won = 0;
    for output in &ended {
        let said = String::from_utf8_lossy(&output.stderr);
        match output.status.code() {
            Some(0) => won += usize::from(said.contains("signed")),
            Some(2) => assert!(
                said.contains("came in between") || said.contains("another process"),
                "{said}"
            ),
            _ => panic!("{output:?}"),
        }
    }
    assert_eq!(won, 1, "{ended:?}");
    assert_eq!(host.changes(&[]), []);
    assert_eq!(host.trail("integrity.baseline.accepted").len(), 1);
    host.assert_trail_intact();
}

#[test]
fn a_new_policy_alone_can_be_accepted() {
    let host = Host::new().with_baseline();
    let policy = host.path("policy.toml");
    let rule = "[[rule]]\nmatch = \"/**/a\"\nprofile = \"ignore\"\nreason = \"a test\"\n";
    fs::write(&policy, rule).unwrap();
    let policy = policy.to_str().unwrap();
    assert_eq!(host.run(&["update", "--policy", policy]).code, Some(0), "nothing changed");
    let ended = host.run(&["update", "--policy", policy, "--accept", "all"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.contains("baseline 2 signed"), "{ended:?}");
    host.write("a", "six\n");
    assert_eq!(host.changes(&[]), [], "the policy is that of the newest baseline");
}

#[test]
fn a_further_root_joins_those_before() {
    let host = Host::new().with_baseline();
    fs::create_dir(host.path("more")).unwrap();
    fs::write(host.path("more/file"), "x").unwrap();
    let join = ["update", "--root", &host.text("more"), "--accept", "all"];
    assert_eq!(host.run(&join).code, Some(0));
    assert_eq!(host.changes(&[]), []);
    fs::write(host.path("more/file"), "y").unwrap();
    host.write("a", "six\n");
    let more = host.text("more/file");
    assert_eq!(host.changes(&["--fast"]), pairs(&[(&more, "modified"), ("a", "modified")]));
}

#[test]
fn what_could_not_be_shown_is_not_accepted() {
    let host = Host::new().with_baseline();
    host.write("a", "six\n");
    let baseline = host.text("baseline");
    for format in ["text", "json"] {
        let args = ["integrity", "update", "--accept", "all", "--format", format, "--baseline"];
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let ended =
            host.command(&[&args[..], &[&baseline]].concat()).stdout(full).output().unwrap();
        assert_eq!(ended.status.code(), Some(2), "{ended:?}");
    }
    assert_eq!(host.files("baseline"), ["baseline-1.fim", "baseline-1.note", "lock"]);
}
