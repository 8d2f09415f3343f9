//! What services say of themselves.

use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;

use wardkit_supervise::{Config, ProbeConfig, ServiceSpec};

use crate::scene::{Scene, eventually, lives};

/// A service that does steps one after the other: this very program.
fn speaker(name: &str, steps: &str) -> ServiceSpec {
    let program = std::env::current_exe().unwrap().display().to_string();
    let command = [program.as_str(), "--exact", "notify::the_service_of_these_tests"];
    let mut spec = ServiceSpec::new(name, command);
    spec.env.insert("WARDKIT_TEST_STEPS".to_owned(), steps.to_owned());
    spec
}

#[test]
#[expect(clippy::zombie_processes, reason = "its successor outlives it")]
fn the_service_of_these_tests() {
    let Ok(steps) = std::env::var("WARDKIT_TEST_STEPS") else { return };
    let socket = UnixDatagram::unbound().unwrap();
    let say = |text: &str| {
        let to = std::env::var_os("NOTIFY_SOCKET").unwrap();
        // Nobody may listen any more.
        let _ = socket.send_to(text.as_bytes(), to);
    };
    let rest = |seconds: &str| Command::new("sleep").arg(seconds).status().unwrap();
    for step in steps.split(';') {
        match step.split_once(' ') {
            Some(("wait", file)) => {
                while !std::path::Path::new(file).exists() {
                    rest("0.01");
                }
            }
            Some(("beat-until", file)) => {
                while !std::path::Path::new(file).exists() {
                    say("WATCHDOG=1");
                    rest("0.01");
                }
            }
            Some(("write", file)) => {
                let told = std::env::var("WATCHDOG_USEC").unwrap_or_default();
                std::fs::write(file, told).unwrap();
            }
            _ if step == "successor" => {
                let child = Command::new("sleep").arg("1000").spawn().unwrap();
                say(&format!("MAINPID={}", child.id()));
                say("READY=1");
                rest("0.2");
            }
            _ if step == "rest" => drop(rest("1000")),
            _ => say(step),
        }
    }
}

fn notify(period: Duration) -> ProbeConfig {
    let mut probe = ProbeConfig::notify();
    (probe.period, probe.failures) = (period, 1);
    probe
}

#[test]
fn a_service_says_when_it_is_ready_and_how_it_is() {
    let mut scene = Scene::new();
    let go = scene.path("go");
    let steps = format!("STATUS=loads;wait {};READY=1\nSTATUS=serves;rest", go.display());
    let mut bot = speaker("bot", &steps);
    bot.probes.readiness = Some(ProbeConfig::notify());
    scene.start(Config::new([bot]));
    let says = |text: &str| {
        eventually(|| {
            let shown = scene.services().explain("bot").unwrap().to_string();
            shown.contains(text).then_some(())
        });
    };
    says("loads");
    assert_eq!(scene.state("bot").as_str(), "starting");
    // Anybody else may say what it likes.
    let socket = UnixDatagram::unbound().unwrap();
    let place = scene.options.directory.join("notify/bot.sock");
    socket.send_to(b"READY=1", &place).unwrap();
    socket.send_to(&[b'x'; 10_000], &place).unwrap();
    eventually(|| {
        let notes = scene.services().explain("bot").unwrap().notes;
        notes.iter().any(|note| note.starts_with("a notice was ignored")).then_some(())
    });
    assert_eq!(scene.state("bot").as_str(), "starting");
    std::fs::write(go, "").unwrap();
    scene.until("bot", "running");
    says("serves");
}

#[test]
fn a_service_that_falls_silent_is_started_again() {
    let mut scene = Scene::new();
    let (quiet, told) = (scene.path("quiet"), scene.path("told"));
    let steps = format!("write {};READY=1;beat-until {};rest", told.display(), quiet.display());
    let mut bot = speaker("bot", &steps);
    bot.probes.readiness = Some(ProbeConfig::notify());
    bot.probes.liveness = Some(notify(Duration::from_secs(2)));
    scene.start(Config::new([bot]));
    scene.until("bot", "running");
    assert_eq!(std::fs::read_to_string(told).unwrap(), "2000000");
    assert_eq!(scene.outlet.find("supervise.exited", "bot"), [""; 0]);
    std::fs::write(quiet, "").unwrap();
    scene.until_run("bot", "running", 2);
    let told = scene.told("supervise.probe_failed", "bot");
    assert_eq!(told, "liveness probe: no sign of life within 2s");
}

#[test]
fn a_service_that_says_it_is_broken_is_started_again_at_once() {
    let mut bot = speaker("bot", "READY=1;WATCHDOG=trigger;rest");
    bot.probes.liveness = Some(notify(Duration::from_secs(1000)));
    let scene = Scene::with([bot]);
    // Each run says so, and is over before anybody sees it run.
    eventually(|| (scene.services().list()[0].generation >= 2).then_some(()));
    let ends = scene.outlet.find("supervise.exited", "bot");
    assert!(ends[0].contains("watchdog"), "{ends:?}");
}

#[test]
fn a_successor_that_the_service_names_is_its_main_process() {
    let mut bot = speaker("bot", "successor");
    bot.probes.readiness = Some(ProbeConfig::notify());
    let scene = Scene::with([bot]);
    let main = eventually(|| {
        let status = scene.services().list().remove(0);
        let is_successor = |pid: &u32| {
            std::fs::read(format!("/proc/{pid}/cmdline"))
                .is_ok_and(|line| line == b"sleep\x001000\x00")
        };
        status.pid.filter(is_successor)
    });
    assert_eq!(scene.state("bot").as_str(), "running");
    assert!(lives(main));
}

#[test]
fn a_stranger_is_never_the_main_process() {
    let mut bot = speaker("bot", &format!("MAINPID={};READY=1;rest", std::process::id()));
    bot.probes.readiness = Some(ProbeConfig::notify());
    let scene = Scene::with([bot]);
    let pid = scene.until("bot", "running").unwrap();
    assert_ne!(pid, std::process::id());
    let notes = scene.services().explain("bot").unwrap().notes;
    assert!(notes[0].ends_with("as its main process, which is none of its own"), "{notes:?}");
}

#[test]
fn a_service_of_another_user_reaches_its_socket() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let mut bot = speaker("bot", "READY=1;rest");
    // Where this program lies, others may not look.
    bot.command = ["python3", "-c", SAYS_READY].map(str::to_owned).to_vec();
    bot.user = Some("nobody".to_owned());
    bot.probes.readiness = Some(ProbeConfig::notify());
    if Command::new("python3").arg("--version").output().is_err() {
        return;
    }
    let scene = Scene::with([bot]);
    scene.until("bot", "running");
    let _ = std::fs::remove_dir(format!("/run/wardkit/{}", scene.options.instance));
}

const SAYS_READY: &str = "import os, socket, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.sendto(b'READY=1', os.environ['NOTIFY_SOCKET'])
time.sleep(1000)";
