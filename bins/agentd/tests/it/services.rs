//! Services under the daemon as its user runs it: with its guardian, through its end and its death.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Daemon, agentd, dir, run, until_some};

/// A daemon with services. When it is dropped, both end, whoever was started again meanwhile.
struct Keeper {
    daemon: Option<Daemon>,
    dir: TempDir,
}

impl Keeper {
    /// Starts agentd with this configuration, in which `DIR` is a directory of the test's own.
    fn start(config: &str) -> Self {
        let dir = dir();
        fs::write(dir.path().join("trust"), "").unwrap();
        let mut keeper = Self { daemon: None, dir };
        keeper.configure(config);
        keeper.daemon = Some(keeper.launch());
        keeper
    }

    fn launch(&self) -> Daemon {
        let mut command = agentd(&[]);
        command.env("PATH", "/usr/bin:/bin").env("AGENT_SECRET", "hush").env("PLAIN", "seen");
        Daemon::spawn(
            command,
            &self.data(),
            &["--config", self.path("agentd.toml").to_str().unwrap()],
        )
    }

    fn configure(&self, config: &str) {
        let file = self.path("agentd.toml");
        let text = config.replace("DIR", self.dir.path().to_str().unwrap());
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn data(&self) -> PathBuf {
        self.path("data")
    }

    fn stop(&mut self, more: &[&str]) {
        let data = self.data();
        let ended = run(&[&["stop", "--data-dir", data.to_str().unwrap()], more].concat());
        assert_eq!(ended.code, Some(0), "{ended:?}");
        self.daemon.take();
    }

    /// Gives a command through the control socket; none while nobody listens.
    fn ask(&self, command: &Value) -> Option<(u16, Value)> {
        let mut stream = UnixStream::connect(self.data().join("control.sock")).ok()?;
        let body = command.to_string();
        let length = body.len();
        let request = format!(
            "POST /v1/services HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some((status, serde_json::from_str(body).ok()?))
    }

    /// Returns how a service is, as soon as it is like that.
    fn until(&self, name: &str, state: &str) -> Value {
        until_some(|| {
            let (_, list) = self.ask(&json!({"do": "list"}))?;
            let one = list.as_array()?.iter().find(|one| one["name"] == name)?.clone();
            (one["state"] == state).then_some(one)
        })
    }

    fn pid(&self, name: &str) -> u64 {
        self.until(name, "running")["pid"].as_u64().unwrap()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let data = self.data();
        // One that was just started again does not listen yet.
        for _ in 0..50 {
            let holder = fs::read_to_string(data.join("agentd.pid")).unwrap_or_default();
            if !is_alive(holder.trim()) {
                break;
            }
            if run(&["stop", "--data-dir", data.to_str().unwrap()]).code != Some(0) {
                std::thread::park_timeout(std::time::Duration::from_millis(100));
            }
        }
    }
}

fn is_alive(pid: &str) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(pid).join("stat"));
    !pid.is_empty() && stat.is_ok_and(|stat| !stat.contains(") Z "))
}

fn alive(pid: u64) -> bool {
    is_alive(&pid.to_string())
}

/// A service that says when it ends.
fn worker(name: &str, more: &str) -> String {
    format!(
        "[[service]]\nname = \"{name}\"\nstop_timeout = \"20s\"\n\
         command = [\"/bin/sh\", \"-c\", \"trap 'echo {name} >> DIR/ended; exit 0' TERM; while :; do sleep 0.05; done\"]\n{more}"
    )
}

#[test]
fn a_service_that_cannot_run_keeps_no_other_from_running() {
    let keeper = Keeper::start(&format!(
        "profile = \"supervise\"\n{}\
         [[service]]\nname = \"gone\"\ncommand = [\"/gone/away\"]\n\
         [[service]]\nname = \"circle\"\ncommand = [\"/bin/true\"]\ndepends = [\"circle\"]\n\
         [[service]]\nname = \"waiting\"\ncommand = [\"/bin/sleep\", \"1000\"]\ndepends = [\"gone\"]\n",
        worker("good", "")
    ));
    assert!(alive(keeper.pid("good")));
    let gone = keeper.until("gone", "failed");
    assert!(gone["why"].as_str().unwrap().contains("/gone/away"), "{gone}");
    keeper.until("circle", "failed");
    let waiting = keeper.until("waiting", "held");
    assert!(waiting["why"].as_str().unwrap().contains("gone"), "{waiting}");
    let daemon = keeper.daemon.as_ref().unwrap();
    daemon.logged(&["a service cannot run", "service[1].command: /gone/away"]);
    assert_eq!(daemon.greeting["listen"], Value::Null, "the profile has no listener");
}

#[test]
fn unknown_services_and_misspelt_ones_are_told_apart() {
    let keeper = Keeper::start(&format!("profile = \"supervise\"\n{}", worker("worker", "")));
    keeper.pid("worker");
    for (name, part) in [("woker", "did you mean `worker`?"), ("x", "there is no service `x`")] {
        let (status, answer) = keeper.ask(&json!({"do": "stop", "name": name})).unwrap();
        assert_eq!(status, 404);
        assert!(answer["errors"][0].as_str().unwrap().contains(part), "{answer}");
    }
}

#[test]
fn the_stop_signal_stops_services_before_what_they_need() {
    let config = format!(
        "profile = \"supervise\"\n{}{}{}",
        worker("bot", "depends = [\"queue\"]\n"),
        worker("queue", "depends = [\"db\"]\n"),
        worker("db", "")
    );
    let mut keeper = Keeper::start(&config);
    let pids = ["db", "queue", "bot"].map(|name| keeper.pid(name));
    let daemon = keeper.daemon.take().unwrap();
    daemon.signal("TERM");
    assert_eq!(daemon.ended(), Some(0));
    assert_eq!(fs::read_to_string(keeper.path("ended")).unwrap(), "bot\nqueue\ndb\n");
    assert!(pids.iter().all(|pid| !alive(*pid)));
}

#[test]
fn the_death_of_the_daemon_harms_no_service_and_brings_it_back_with_its_configuration() {
    let keeper = Keeper::start(&format!("profile = \"supervise\"\n{}", worker("bot", "")));
    let pid = keeper.pid("bot");
    let daemon = keeper.daemon.as_ref().unwrap();
    let first = daemon.child.id().to_string();
    daemon.signal("KILL");
    let second = until_some(|| {
        let holder = fs::read_to_string(keeper.data().join("agentd.pid")).ok()?;
        let holder = holder.trim().to_owned();
        (!holder.is_empty() && holder != first && is_alive(&holder)).then_some(holder)
    });
    let bot = keeper.until("bot", "running");
    assert_eq!((bot["pid"].as_u64(), bot["restarts"].as_u64()), (Some(pid), Some(0)));
    let command = fs::read_to_string(format!("/proc/{second}/cmdline")).unwrap();
    let words: Vec<_> = command.split('\0').collect();
    assert_eq!(words[1], "run");
    let config = keeper.path("agentd.toml");
    assert!(
        words.windows(2).any(|pair| pair == ["--config", config.to_str().unwrap()]),
        "{words:?}"
    );
}

#[test]
fn services_that_were_left_running_are_taken_over_by_the_next_daemon() {
    let mut keeper = Keeper::start(&format!("profile = \"supervise\"\n{}", worker("bot", "")));
    let pid = keeper.pid("bot");
    keeper.stop(&["--leave-running"]);
    assert!(alive(pid), "it was left");
    keeper.daemon = Some(keeper.launch());
    let bot = keeper.until("bot", "running");
    assert_eq!(bot["pid"].as_u64(), Some(pid));
    keeper.stop(&[]);
    assert!(!alive(pid), "it was stopped");
    assert_eq!(fs::read_to_string(keeper.path("ended")).unwrap(), "bot\n");
}

#[test]
fn services_inherit_the_environment_without_secrets_of_the_daemon() {
    let keeper = Keeper::start(
        "profile = \"supervise\"\n[otlp]\nheaders = { authorization = \"env:AGENT_SECRET\" }\n\
         [[service]]\nname = \"env\"\nkind = \"task\"\nenv = { MODE = \"own\" }\n\
         command = [\"/bin/sh\", \"-c\", \"env > DIR/env.new && mv DIR/env.new DIR/env\"]\n",
    );
    keeper.until("env", "finished");
    let env = fs::read_to_string(keeper.path("env")).unwrap();
    let has = |line: &str| env.lines().any(|one| one == line);
    assert!(has("MODE=own") && has("PLAIN=seen"), "{env}");
    assert!(!env.contains("AGENT_SECRET") && !env.contains("hush"), "{env}");
}

#[test]
fn a_reload_starts_and_ends_services_and_leaves_the_others_alone() {
    let config = |more: &str| format!("profile = \"supervise\"\n{}{more}", worker("a", ""));
    let keeper = Keeper::start(&config(&worker("b", "")));
    let (a, b) = (keeper.pid("a"), keeper.pid("b"));
    let daemon = keeper.daemon.as_ref().unwrap();
    keeper.configure(&config("[[service]]\nname = \"c\"\ncommand = [\"/gone/away\"]\n"));
    let refused = daemon.command(&["reload"]);
    assert!(refused.code == Some(2) && refused.stderr.contains("/gone/away"), "{refused:?}");
    assert!(alive(a) && alive(b), "the old configuration stays");
    keeper.configure(&config(&worker("c", "")));
    let reloaded = daemon.command(&["reload"]);
    assert_eq!(reloaded.code, Some(0), "{reloaded:?}");
    assert!(alive(keeper.pid("c")));
    assert_eq!(keeper.pid("a"), a);
    until_some(|| (!alive(b)).then_some(()));
    let (_, list) = keeper.ask(&json!({"do": "list"})).unwrap();
    let names: Vec<_> = list.as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, ["a", "c"]);
}

#[test]
fn a_crash_loop_is_one_alert_with_the_name_of_the_service_also_after_a_restart() {
    let mut keeper = Keeper::start(
        "[listen]\naddress = \"127.0.0.1:0\"\n[metrics]\nenabled = false\n[alerting]\ngroup-wait = \"0s\"\n\
         [[service]]\nname = \"looping\"\ncommand = [\"/bin/sh\", \"-c\", \"exit 3\"]\n\
         backoff = { first = \"0s\", initial = \"1ms\", max = \"2ms\" }\n\
         [[service]]\nname = \"child\"\ncommand = [\"/bin/sleep\", \"1000\"]\ndepends = [\"looping\"]\n\
         probes.readiness = { tcp = \"127.0.0.1:1\" }\n",
    );
    let alerts = |keeper: &Keeper| -> Vec<Value> {
        let answer = keeper.daemon.as_ref().unwrap().request("/api/v2/alerts");
        let all: Vec<Value> = serde_json::from_str(&answer.body).unwrap_or_default();
        all.into_iter().map(|one| one["labels"].clone()).collect()
    };
    let first = |keeper: &Keeper| until_some(|| Some(alerts(keeper)).filter(|all| !all.is_empty()));
    keeper.until("looping", "crash_loop");
    let found = first(&keeper);
    let names: Vec<_> = found.iter().map(|one| (&one["alertname"], &one["service"])).collect();
    assert_eq!(names, [(&json!("CrashLoop"), &json!("looping"))]);
    keeper.stop(&[]);
    keeper.daemon = Some(keeper.launch());
    keeper.until("looping", "crash_loop");
    assert_eq!(first(&keeper), found);
}
