//! Rotation as logrotate does it, in the ways that its configuration has.
//!
//! `cargo xtask ci` installs it and runs this; by hand: `cargo test -p wardkit-logs --test interop --features interop`.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use wardkit_logs::{Config, NoticeKind, Start, Tail};

/// Writes ten lines, polls, rotates, five times over, and returns the lines and what else was said.
fn follow(ways: &str, reopens: bool, restarts: bool) -> (Vec<String>, Vec<NoticeKind>) {
    let dir = tempfile::tempdir().expect("there is room");
    let log = dir.path().join("bot.log");
    let rules = dir.path().join("rules");
    let rule = format!("su root root\n{} {{\nrotate 9\n{ways}\n}}\n", log.display());
    let is_root = user() == 0;
    let rule = if is_root { rule } else { rule.replace("su root root\n", "") };
    fs::write(&rules, rule).expect("there is room");

    let mut config = Config::of([&log]);
    config.start = Start::Beginning;
    let mut tail = Tail::new(&config).expect("the configuration is sound");
    let (mut lines, mut notices, mut now) = (Vec::new(), Vec::new(), Duration::ZERO);
    let open = || File::options().create(true).append(true).open(&log).expect("it is ours");
    let mut writer = open();
    for round in 0..5 {
        for line in 0..10 {
            writeln!(writer, "round {round} line {line}").expect("there is room");
        }
        // Half of the rounds are read only after they were rotated, which emptying in place does not allow.
        if round % 2 == 0 || ways.contains("copytruncate") {
            now += Duration::from_secs(1);
            let found = tail.poll(now, |line| lines.push(line.text.to_owned()));
            notices.extend(found.into_iter().map(|notice| notice.kind));
        }
        let state = tail.state();
        rotate(&rules, dir.path());
        if reopens {
            writer = open();
        }
        if restarts {
            tail = Tail::resume(&config, &state).expect("the configuration is sound");
        }
        now += Duration::from_secs(1);
        let found = tail.poll(now, |line| lines.push(line.text.to_owned()));
        notices.extend(found.into_iter().map(|notice| notice.kind));
    }
    (lines, notices)
}

fn rotate(rules: &Path, dir: &Path) {
    let mut logrotate = Command::new("logrotate");
    logrotate.arg("--force").arg("--state").arg(dir.join("state")).arg(rules);
    let output = logrotate.output().expect("logrotate is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn user() -> u32 {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata("/proc/self").expect("procfs is mounted").uid()
}

fn expected() -> Vec<String> {
    (0..5).flat_map(|round| (0..10).map(move |line| format!("round {round} line {line}"))).collect()
}

#[test]
fn a_log_that_is_renamed_is_read_whole() {
    for ways in ["create", "create\nextension .log", "create\ncompress\ndelaycompress"] {
        for restarts in [false, true] {
            let (lines, notices) = follow(ways, true, restarts);
            assert_eq!(lines, expected(), "{ways}, {restarts}");
            assert_eq!(notices, [], "{ways}, {restarts}");
        }
    }
}

#[test]
fn a_log_that_is_emptied_in_place_is_read_whole() {
    for restarts in [false, true] {
        let (lines, notices) = follow("copytruncate", false, restarts);
        assert_eq!(lines, expected(), "{restarts}");
        assert_eq!(notices, [NoticeKind::Truncated; 5], "{restarts}");
    }
}
