//! Old temporary files are removed.

use std::fs;

use crate::support::{Daemon, dir, run, until_some};

#[test]
fn what_a_rule_covers_goes_and_what_is_refused_is_told_once() {
    let dir = dir();
    let path = dir.path().canonicalize().unwrap();
    let (rubbish, link, config) = (path.join("rubbish"), path.join("link"), path.join("a.toml"));
    fs::create_dir(&rubbish).unwrap();
    for name in ["a.tmp", "b.tmp", "c.txt"] {
        fs::write(rubbish.join(name), "123").unwrap();
    }
    std::os::unix::fs::symlink("rubbish", &link).unwrap();
    let text = format!(
        "[cleanup]\nevery = \"10s\"\njitter = \"0s\"\n\
         [[cleanup.rule]]\npath = {rubbish:?}\nnames = [\"*.tmp\"]\nolder-than = \"0s\"\n\
         [[cleanup.rule]]\npath = {link:?}\nkeep = 1\n"
    );
    fs::write(&config, text).unwrap();
    let daemon = Daemon::start(&path.join("data"), &["--config", config.to_str().unwrap()]);
    daemon.logged(&["cleanup.refused", "a link leads there"]);
    let left: Vec<_> =
        rubbish.read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["c.txt"]);
    let metrics = until_some(|| {
        let body = daemon.request("/metrics").body;
        body.contains("agentd_cleanup_removed_total 2\n").then_some(body)
    });
    assert!(metrics.contains("agentd_cleanup_removed_bytes_total 6\n"), "{metrics}");
    let status = daemon.status();
    let is_cleanup = |part: &&serde_json::Value| part["name"] == "cleanup";
    let part = status["parts"].as_array().unwrap().iter().find(is_cleanup).unwrap();
    assert_eq!(part["health"]["state"], "degraded", "{part}");
    let events = status["events"].as_array().unwrap().iter();
    let told: Vec<_> = events.filter(|event| event["source"] == "cleanup").collect();
    assert_eq!(told.len(), 2, "{told:?}");

    // A rule that would remove what agentd needs is the part's failure, and the rest lives on.
    fs::write(&config, format!("[[cleanup.rule]]\npath = {:?}\nkeep = 1\n", path.join("data")))
        .unwrap();
    daemon.logged(&["part.failed", "would remove what this program needs"]);
    assert!(path.join("data/trail").exists());
}

#[test]
fn a_dangerous_rule_is_refused_with_its_line() {
    let dir = dir();
    let config = dir.path().join("a.toml");
    fs::write(&config, "[[cleanup.rule]]\npath = \"/etc\"\n").unwrap();
    let ended = run(&["check-config", "--config", config.to_str().unwrap()]);
    assert_eq!(ended.code, Some(78));
    assert!(ended.stderr.contains(":2: cleanup.rule[0].path: is no directory of"), "{ended:?}");
    assert!(ended.stderr.contains("cleanup.rule[0].older-than: says nothing"), "{ended:?}");
}
