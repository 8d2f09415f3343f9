use std::fs;
use std::os::unix::fs::symlink;
use std::time::Duration;

use wardkit_backup::dr::{Canary, Format, Parses, Probe, RestoredTree, StartCommand, Verdict};

fn never() -> bool {
    false
}

fn tree(files: &[(&str, &str)]) -> (tempfile::TempDir, RestoredTree) {
    let dir = tempfile::tempdir().unwrap();
    let tree = RestoredTree::new(dir.path());
    for (path, content) in files {
        let place = tree.place(path.as_ref());
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, content).unwrap();
    }
    (dir, tree)
}

fn failed(verdict: Verdict) -> String {
    match verdict {
        Verdict::Failed { reason } => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn canary_is_there_and_says_what_it_said() {
    let (_dir, tree) = tree(&[("/srv/canary", "alive")]);
    let canary = Canary::new("/srv/canary", "alive");
    assert_eq!(canary.run(&tree, &never), Verdict::passed("it says what it has to"));
    for other in ["aliv", "alive!", "dead"] {
        let reason = failed(Canary::new("/srv/canary", other).run(&tree, &never));
        assert_eq!(reason, "it says something else");
    }
    let reason = failed(Canary::new("/srv/none", "alive").run(&tree, &never));
    assert!(reason.starts_with("it cannot be opened: No such file"), "{reason}");
}

#[test]
fn links_lead_within_the_tree_only() {
    let (_dir, tree) = tree(&[("/etc/name", "restored")]);
    symlink("/etc/name", tree.place("/absolute".as_ref())).unwrap();
    symlink("../../../../../../../../etc/name", tree.place("/climbing".as_ref())).unwrap();
    symlink("/proc/self/status", tree.place("/outside".as_ref())).unwrap();
    for path in ["/absolute", "/climbing"] {
        let verdict = Canary::new(path, "restored").run(&tree, &never);
        assert_eq!(verdict, Verdict::passed("it says what it has to"), "{path}");
    }
    let reason = failed(Canary::new("/outside", "").run(&tree, &never));
    assert!(reason.starts_with("it cannot be opened: No such file"), "{reason}");
    let reason = failed(Canary::new("/etc", "").run(&tree, &never));
    assert_eq!(reason, "it cannot be opened: it is no regular file");
}

#[test]
fn configuration_parses_or_the_reason_is_told_without_its_text() {
    let files =
        [("/a.json", "{\"a\": [1]}"), ("/b.toml", "a = 1"), ("/c.toml", "secret = hunter2")];
    let (_dir, tree) = tree(&files);
    for path in ["/a.json", "/b.toml"] {
        let probe = Parses::by_name(path).unwrap();
        assert_eq!(probe.run(&tree, &never), Verdict::passed("it parses"), "{path}");
    }
    let reason = failed(Parses::by_name("/c.toml").unwrap().run(&tree, &never));
    assert!(!reason.contains("hunter2") && !reason.is_empty(), "{reason}");
    let reason = failed(Parses::new("/b.toml", Format::Json).run(&tree, &never));
    assert!(reason.contains("line 1"), "{reason}");
    assert_eq!(Parses::by_name("/a.yaml"), None);
}

fn start(command: &[&str], within: Duration) -> StartCommand {
    StartCommand::new(command, "/srv", within)
}

#[test]
fn program_starts_in_the_tree_and_ends_with_0() {
    let (_dir, tree) = tree(&[("/srv/bot.conf", "")]);
    let within = Duration::from_mins(1);
    let verdict = start(&["test", "-e", "bot.conf"], within).run(&tree, &never);
    assert_eq!(verdict, Verdict::passed("it ended with 0"));
    let reason = failed(start(&["ls", "nothing-here"], within).run(&tree, &never));
    assert!(reason.starts_with("it ended with") && reason.contains("nothing-here"), "{reason}");
    let reason = failed(start(&["/no/such/program"], within).run(&tree, &never));
    assert!(reason.contains("No such file"), "{reason}");
    let reason = failed(start(&["sleep", "1000"], Duration::from_millis(50)).run(&tree, &never));
    assert_eq!(reason, "it did not end within 0.05 s");
    let verdict = start(&["sleep", "1000"], within).run(&tree, &|| true);
    assert_eq!(verdict, Verdict::not_run("the drill was broken off"));
}
