//! `auditctl services` beside a real agentd.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Ended, auditctl};

/// A running agentd with services; both end when it is dropped.
struct Daemon {
    child: Child,
    dir: TempDir,
}

impl Daemon {
    /// Starts agentd with these services, and waits until it has taken them up.
    fn start(services: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let config = dir.path().join("agentd.toml");
        let services = services.replace("DIR", dir.path().to_str().unwrap());
        fs::write(&config, format!("profile = \"supervise\"\n{services}")).unwrap();
        fs::set_permissions(&config, fs::Permissions::from_mode(0o600)).unwrap();
        let mut command = Command::new(agentd());
        command.arg("run").arg("--config").arg(&config);
        command.arg("--data-dir").arg(dir.path().join("data"));
        command.args(["--format", "json"]).env_clear().env("PATH", "/usr/bin:/bin");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut greeting = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut greeting).unwrap();
        assert!(greeting.contains("\"pid\""), "{greeting}");
        Self { child, dir }
    }

    /// Runs `auditctl services`.
    fn services(&self, args: &[&str]) -> Ended {
        let data = self.dir.path().join("data");
        auditctl(&[&["services"], args, &["--data-dir", data.to_str().unwrap()]].concat())
    }

    fn json(&self, args: &[&str]) -> Value {
        let ended = self.services(&[args, &["--format", "json"]].concat());
        assert_eq!(ended.code, Some(0), "{args:?}: {ended:?}");
        serde_json::from_str(&ended.stdout).unwrap()
    }

    /// Asks again until the answer will do.
    fn until(&self, args: &[&str], is_it: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..600 {
            let answer = self.json(args);
            if is_it(&answer) {
                return answer;
            }
            std::thread::park_timeout(std::time::Duration::from_millis(100));
        }
        panic!("no answer within a minute: {}", self.json(args))
    }

    fn one(&self, name: &str, state: &str) -> Value {
        let find = |list: &Value| {
            let found = list.as_array()?.iter().find(|one| one["name"] == name)?;
            (found["state"] == state).then(|| found.clone())
        };
        find(&self.until(&["list"], |list| find(list).is_some())).unwrap()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let data = self.dir.path().join("data");
        let _ = Command::new(agentd()).arg("stop").arg("--data-dir").arg(data).output();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The agentd that was built along with this auditctl.
fn agentd() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_auditctl")).with_file_name("agentd")
}

fn alive(pid: &Value) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

const SLEEPER: &str = "[[service]]\nname = \"sleeper\"\nstop_timeout = \"1s\"\n\
    command = [\"/bin/sh\", \"-c\", \"trap '' TERM; sleep 1000 & echo $! > DIR/child; wait; sleep 1000\"]\n";

#[test]
fn stop_returns_when_the_whole_tree_is_gone_and_start_when_it_runs() {
    let daemon = Daemon::start(SLEEPER);
    let first = daemon.one("sleeper", "running")["pid"].clone();
    let child = daemon.dir.path().join("child");
    let child = || fs::read_to_string(&child).ok()?.trim().parse::<u64>().ok();
    let child = (0..600).find_map(|_| {
        std::thread::park_timeout(std::time::Duration::from_millis(20));
        child()
    });
    let stopped = daemon.services(&["stop", "sleeper"]);
    assert_eq!(stopped.code, Some(0), "{stopped:?}");
    assert!(!alive(&first) && !alive(&json!(child.unwrap())), "its tree is gone");
    assert_eq!(daemon.one("sleeper", "stopped")["pid"], Value::Null);
    assert_eq!(daemon.services(&["start", "sleeper"]).code, Some(0));
    let second = daemon.one("sleeper", "running")["pid"].clone();
    assert!(alive(&second) && second != first);
    assert_eq!(daemon.services(&["restart", "sleeper"]).code, Some(0));
    let third = daemon.one("sleeper", "running")["pid"].clone();
    assert!(alive(&third) && !alive(&second));
}

#[test]
fn an_explanation_has_reasons_events_and_what_comes_next() {
    let daemon = Daemon::start(
        "[[service]]\nname = \"looping\"\ncommand = [\"/bin/sh\", \"-c\", \"exit 3\"]\n\
         backoff = { first = \"0s\", initial = \"1ms\", max = \"2ms\" }\n\
         [[service]]\nname = \"child\"\ncommand = [\"/bin/sleep\", \"1000\"]\ndepends = [\"missing\"]\n\
         [[service]]\nname = \"missing\"\ncommand = [\"/gone/away\"]\n",
    );
    daemon.one("looping", "crash_loop");
    let explained = daemon.until(&["explain", "looping"], |answer| {
        let events = answer["events"].as_array();
        events.is_some_and(|all| all.iter().any(|one| one["kind"] == "supervise.crash_loop"))
    });
    assert_eq!(
        (&explained["name"], &explained["state"]),
        (&json!("looping"), &json!("crash_loop"))
    );
    assert_eq!(explained["exit_reason"], "exit code 3");
    assert_eq!(explained["exits"][0]["reason"], json!({"code": 3}));
    assert_eq!(explained["exits"][0]["why"], "exit code 3");
    let text = daemon.services(&["explain", "child"]);
    assert!(text.stdout.contains("waits for missing"), "{text:?}");
    assert_eq!(daemon.services(&["list"]).code, Some(0));
    assert_eq!(daemon.services(&["list", "--fail"]).code, Some(1), "somebody should look");
}

#[test]
fn commands_for_services_that_are_not_there_fail_with_the_nearest_name() {
    let daemon = Daemon::start(SLEEPER);
    for args in [&["stop", "sleper"][..], &["explain", "sleper"], &["logs", "sleper"]] {
        let ended = daemon.services(args);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains("did you mean `sleeper`?"), "{ended:?}");
    }
}

#[test]
fn the_graph_is_shown_as_text_for_graphviz_and_as_data() {
    let daemon = Daemon::start(
        "[[service]]\nname = \"bot\"\ncommand = [\"/bin/sleep\", \"1000\"]\ndepends = [\"db\"]\n\
         [[service]]\nname = \"db\"\ncommand = [\"/bin/sleep\", \"1000\"]\n",
    );
    assert_eq!(daemon.services(&["graph"]).stdout, "1 db\n2 bot  depends db\n");
    assert!(daemon.services(&["graph", "--as", "dot"]).stdout.starts_with("digraph services {"));
    let graph = daemon.json(&["graph"]);
    assert_eq!(graph["edges"], json!([{"from": "bot", "to": "db", "kind": "depends"}]));
    assert_eq!(graph["waves"], json!([["db"], ["bot"]]));
}

#[test]
fn a_service_in_maintenance_is_left_alone_until_that_is_over() {
    let daemon = Daemon::start(SLEEPER);
    daemon.one("sleeper", "running");
    let begun = daemon.services(&["maintenance", "sleeper", "--comment", "new disk"]);
    assert_eq!(begun.code, Some(0), "{begun:?}");
    let explained = daemon.json(&["explain", "sleeper"]);
    assert_eq!(explained["maintenance"]["comment"], "new disk");
    assert_eq!(daemon.services(&["maintenance", "sleeper", "--over"]).code, Some(0));
    assert_eq!(daemon.json(&["explain", "sleeper"])["maintenance"], Value::Null);
}

#[test]
fn commands_without_a_daemon_say_so() {
    let dir = tempfile::tempdir().unwrap();
    for args in [&["list"][..], &["stop", "bot"], &["logs", "bot"]] {
        let all = [&["services"], args, &["--data-dir", dir.path().to_str().unwrap()]].concat();
        let ended = auditctl(&all);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains("no daemon listens"), "{ended:?}");
    }
    // What was written is still there.
    let logs = dir.path().join("services/logs");
    fs::create_dir_all(&logs).unwrap();
    fs::write(logs.join("bot.log"), "one\ntwo\nthree\n").unwrap();
    let args = ["services", "logs", "bot", "-n", "2", "--data-dir", dir.path().to_str().unwrap()];
    assert_eq!(auditctl(&args).stdout, "two\nthree\n");
}
