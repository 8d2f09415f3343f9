//! Services that start themselves, or that others start.

use std::fs;
use std::path::{Path, PathBuf};

use wardkit_process::{Cgroup, Launch, Process, Procfs, Signal};
use wardkit_runner::Then;
use wardkit_supervise::{Config, Kind, RestartPolicy, ServiceSpec};

use crate::scene::{PATIENCE, Scene, block_on, eventually, kill, lives, shell};

/// A program that others started, which ends with the test.
struct Stranger(Process);

impl Stranger {
    fn start(script: &str) -> Self {
        Self(Launch::new(["/bin/sh", "-c", script]).start().unwrap())
    }

    fn pid(&self) -> u32 {
        self.0.pid()
    }

    fn lives(&self) -> bool {
        !self.0.has_ended().unwrap()
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        let _ = self.0.signal(Signal::KILL);
        let _ = self.0.wait(Some(PATIENCE));
        let _ = self.0.state();
    }
}

/// A service whose command leaves a daemon behind, which has a session of its own and writes its PID file.
fn daemon(name: &str, pid_file: &Path) -> ServiceSpec {
    let script = format!("setsid sh -c 'echo $$ > {}; exec sleep 1000' &", pid_file.display());
    let mut spec = shell(name, &script);
    spec.kind = Kind::Watched;
    spec.pid_file = Some(pid_file.into());
    spec
}

fn pid_in(file: &Path) -> u32 {
    eventually(|| fs::read_to_string(file).ok()?.trim().parse().ok())
}

fn with_daemon() -> (Scene, PathBuf) {
    let mut scene = Scene::new();
    let file = scene.path("daemon.pid");
    scene.start(Config::new([daemon("daemon", &file)]));
    (scene, file)
}

#[test]
pub(crate) fn daemon_is_started_by_its_command_watched_by_its_pid_file_and_stopped_whole() {
    let (scene, file) = with_daemon();
    let first = scene.until("daemon", "running").unwrap();
    assert_eq!(first, pid_in(&file));
    kill(first);
    let second = scene.until_run("daemon", "running", 2).unwrap();
    assert_ne!(first, second);
    assert_eq!(second, pid_in(&file));
    assert_eq!(scene.processes("daemon"), [second]);
    block_on(scene.services().stop_service("daemon", "operator ann")).unwrap();
    assert!(!lives(second));
    assert_eq!(scene.state("daemon").as_str(), "stopped");
    block_on(scene.services().start_service("daemon", "operator ann")).unwrap();
    assert_eq!(scene.until("daemon", "running"), Some(pid_in(&file)));
}

#[test]
pub(crate) fn daemon_that_runs_already_is_looked_after_and_not_started_again() {
    let mut scene = Scene::new();
    let file = scene.path("daemon.pid");
    let stranger = Stranger::start(&format!("echo $$ > {}; exec sleep 1000", file.display()));
    pid_in(&file);
    let mut spec = daemon("daemon", &file);
    spec.pattern = Some("^sleep 1000$".to_owned());
    scene.start(Config::new([spec]));
    assert_eq!(scene.until("daemon", "running"), Some(stranger.pid()));
    scene.told("supervise.adopted", "daemon");
    assert_eq!(scene.processes("daemon"), Vec::<u32>::new());
    stranger.0.signal(Signal::KILL).unwrap();
    stranger.0.wait(Some(PATIENCE)).unwrap();
    stranger.0.state().unwrap();
    let next = scene.until_run("daemon", "running", 2).unwrap();
    assert_eq!(next, pid_in(&file));
}

#[test]
pub(crate) fn pid_file_that_names_a_living_stranger_is_stale_and_the_stranger_is_left_alone() {
    for pattern in [Some("sleep 1000"), None] {
        let mut scene = Scene::new();
        let file = scene.path("daemon.pid");
        let stranger = Stranger::start("exec sleep 77777");
        fs::write(&file, format!("{}\n", stranger.pid())).unwrap();
        let mut spec = daemon("daemon", &file);
        spec.pattern = pattern.map(str::to_owned);
        scene.start(Config::new([spec]));
        let pid = scene.until("daemon", "running").unwrap();
        assert_eq!(pid, pid_in(&file));
        let told = scene.told("supervise.stale", "daemon");
        let hint = if pattern.is_none() { "; if it is the service, say so by match" } else { "" };
        let stale = format!(
            "stale PID file {}: names another program's process: pid {} `sleep 77777`{hint}",
            file.display(),
            stranger.pid()
        );
        assert_eq!(told, stale);
        let why = scene.services().explain("daemon").unwrap().explanation.why;
        assert!(why.contains(&stale), "{why:?}");
        block_on(scene.services().stop_service("daemon", "operator ann")).unwrap();
        assert!(stranger.lives() && !lives(pid));
    }
}

#[test]
pub(crate) fn daemon_that_is_restarted_behind_our_back_is_looked_after_again() {
    let mut scene = Scene::new();
    let file = scene.path("daemon.pid");
    let start = format!("echo $$ > {}; exec sleep 1000", file.display());
    let old = Stranger::start(&start);
    pid_in(&file);
    let mut spec = daemon("daemon", &file);
    spec.pattern = Some("^sleep 1000$".to_owned());
    scene.start(Config::new([spec]));
    assert_eq!(scene.until("daemon", "running"), Some(old.pid()));
    // As an upgrade does it: the new one is there before the old one goes.
    let new = Stranger::start(&start);
    eventually(|| (pid_in(&file) == new.pid()).then_some(()));
    old.0.signal(Signal::TERM).unwrap();
    old.0.wait(Some(PATIENCE)).unwrap();
    old.0.state().unwrap();
    eventually(|| (scene.until("daemon", "running") == Some(new.pid())).then_some(()));
    let status = scene.services().list().remove(0);
    assert_eq!((status.generation, status.restarts), (1, 0));
    assert!(new.lives());
}

#[test]
pub(crate) fn service_is_found_by_its_command_line() {
    let mut scene = Scene::new();
    let word = scene.options.instance.clone();
    let mut spec = shell("bot", &format!("setsid sh -c 'sleep 1000; exit' {word} &"));
    spec.kind = Kind::Watched;
    spec.pattern = Some(format!("^sh -c .*{word}$"));
    scene.start(Config::new([spec]));
    let pid = scene.until("bot", "running").unwrap();
    let line = Procfs::default().command_line(pid).unwrap();
    assert!(String::from_utf8_lossy(&line).ends_with(&format!("{word}\0")));
    kill(pid);
    let next = scene.until_run("bot", "running", 2).unwrap();
    // What the first one had started is gone before the second one comes.
    assert_eq!(scene.processes("bot"), [next]);
}

#[test]
pub(crate) fn what_is_left_of_a_daemons_session_is_killed_before_the_next_start() {
    let mut scene = Scene::new();
    let (file, child) = (scene.path("daemon.pid"), scene.path("child.pid"));
    // Started by others: it carries no mark of ours.
    let script = format!(
        "sleep 2000 & echo $! > {}; echo $$ > {}; wait; exit",
        child.display(),
        file.display()
    );
    let stranger = Stranger::start(&script);
    pid_in(&file);
    let child = pid_in(&child);
    let mut spec = daemon("daemon", &file);
    spec.pattern = Some("^sleep 1000$|^/bin/sh -c sleep 2000".to_owned());
    scene.start(Config::new([spec]));
    assert_eq!(scene.until("daemon", "running"), Some(stranger.pid()));
    stranger.0.signal(Signal::KILL).unwrap();
    stranger.0.wait(Some(PATIENCE)).unwrap();
    stranger.0.state().unwrap();
    scene.until_run("daemon", "running", 2).unwrap();
    assert!(!lives(child));
}

#[test]
pub(crate) fn watched_service_lives_on_when_we_go_and_is_found_when_we_come_back() {
    let (mut scene, file) = with_daemon();
    let pid = scene.until("daemon", "running").unwrap();
    let services = scene.services.take().unwrap();
    block_on(services.shutdown(Then::LeaveRunning));
    assert!(lives(pid));
    scene.start(Config::new([daemon("daemon", &file)]));
    assert_eq!(scene.until("daemon", "running"), Some(pid));
    assert_eq!(scene.processes("daemon"), [pid]);
    let status = scene.services().list().remove(0);
    assert_eq!((status.generation, status.restarts), (1, 0));
}

#[test]
pub(crate) fn command_that_fails_or_starts_nothing_is_why_the_service_does_not_run() {
    let mut scene = Scene::new();
    let file = scene.path("no.pid");
    let broken = |name: &str, script: &str| {
        let mut spec = shell(name, script);
        spec.kind = Kind::Watched;
        spec.pid_file = Some(file.clone());
        spec.restart = RestartPolicy::Never;
        spec.start_timeout = std::time::Duration::from_millis(100);
        spec
    };
    let mut absent = broken("absent", "");
    absent.command = Vec::new();
    let mut missing = broken("missing", "");
    missing.command = vec!["/nonexistent/program".to_owned()];
    let services = [broken("fails", "exit 3"), broken("idle", "exit 0"), absent, missing];
    scene.start(Config::new(services));
    for (name, expected) in [
        ("fails", "the command that starts it ended with exit code 3"),
        ("idle", "its command was run, and it is not there"),
        ("absent", "it is not there, and no command starts it"),
        ("missing", "/nonexistent/program"),
    ] {
        scene.until(name, "failed");
        let why = scene.services().explain(name).unwrap().explanation.why.join("; ");
        assert!(why.contains(expected), "{name}: {why}");
    }
}

#[test]
pub(crate) fn program_that_stays_where_it_was_started_tells_how_it_ended() {
    let mut scene = Scene::new();
    let file = scene.path("bot.pid");
    let mut spec = shell("bot", &format!("echo $$ > {}; sleep 1000; exit 7", file.display()));
    spec.kind = Kind::Watched;
    spec.pid_file = Some(file.clone());
    spec.restart = RestartPolicy::Never;
    scene.start(Config::new([spec]));
    let pid = scene.until("bot", "running").unwrap();
    assert_eq!(pid, pid_in(&file));
    let procfs = Procfs::default();
    let child = eventually(|| procfs.processes().ok()?.into_iter().find(|one| one.parent == pid));
    kill(child.pid);
    scene.until("bot", "failed");
    let explained = scene.services().explain("bot").unwrap().explanation;
    assert_eq!(explained.exits[0].reason.to_string(), "exit code 7");
}

#[test]
pub(crate) fn service_is_found_by_its_cgroup_where_there_are_any() {
    let mut scene = Scene::new();
    let name = format!("wardkit-test-{}", scene.options.instance);
    let group = Cgroup::ours().and_then(|ours| ours.child(&name).ok());
    let mut spec = shell("bot", "exit 1");
    spec.kind = Kind::Watched;
    spec.restart = RestartPolicy::Never;
    let mount = Cgroup::below_mount(Path::new(""));
    let Some((group, mount)) = group.zip(mount) else {
        spec.cgroup = Some("no/such/group".into());
        scene.start(Config::new([spec]));
        scene.until("bot", "failed");
        return;
    };
    let mut launch = Launch::new(["sleep", "1000"]);
    launch.cgroup = Some(group.clone());
    let stranger = Stranger(launch.start().unwrap());
    spec.cgroup = Some(group.path().strip_prefix(mount.path()).unwrap().into());
    scene.start(Config::new([spec]));
    assert_eq!(scene.until("bot", "running"), Some(stranger.pid()));
    block_on(scene.services().stop_service("bot", "operator ann")).unwrap();
    assert!(!stranger.lives());
    stranger.0.state().unwrap();
    drop(scene);
    group.remove().unwrap();
}

#[test]
fn what_a_daemon_left_while_we_were_away_is_killed_before_the_next_start() {
    let mut scene = Scene::new();
    let (file, worker) = (scene.path("daemon.pid"), scene.path("worker.pid"));
    let script = format!(
        "setsid sh -c 'setsid sleep 3000 & echo $! > {}; echo $$ > {}; exec sleep 1000' &",
        worker.display(),
        file.display()
    );
    let mut spec = daemon("daemon", &file);
    spec.command[2] = script;
    scene.start(Config::new([spec.clone()]));
    let pid = scene.until("daemon", "running").unwrap();
    let left = pid_in(&worker);
    block_on(scene.services.take().unwrap().shutdown(Then::LeaveRunning));
    kill(pid);
    assert!(lives(left));
    scene.start(Config::new([spec]));
    let next = scene.until_run("daemon", "running", 2).unwrap();
    assert!(!lives(left));
    assert_eq!(next, pid_in(&file));
}

#[test]
fn daemon_whose_pid_file_vanished_is_still_the_one_that_was_started() {
    let (mut scene, file) = with_daemon();
    let pid = scene.until("daemon", "running").unwrap();
    block_on(scene.services.take().unwrap().shutdown(Then::LeaveRunning));
    fs::remove_file(&file).unwrap();
    scene.start(Config::new([daemon("daemon", &file)]));
    assert_eq!(scene.until("daemon", "running"), Some(pid));
    assert_eq!(scene.processes("daemon"), [pid]);
}

#[test]
#[cfg(not(feature = "systemd"))]
fn unit_is_refused_where_nothing_speaks_to_systemd() {
    let mut scene = Scene::new();
    let mut spec = ServiceSpec::new("web", Vec::<String>::new());
    spec.kind = Kind::Watched;
    spec.unit = Some("web.service".to_owned());
    scene.start(Config::new([spec]));
    scene.until("web", "failed");
    let why = scene.services().explain("web").unwrap().explanation.why.join("; ");
    assert!(why.contains("built without the feature systemd"), "{why}");
}
