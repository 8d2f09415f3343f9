//! Programs as people run them: a bot in Python, a program in Node.js, daemons that fork.

#[expect(dead_code, reason = "the recovery suite uses the rest")]
#[path = "../recovery/services/scene.rs"]
mod scene;

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;

use scene::{NOBODY, Scene, kill, lives};
use serde_json::Value;

use crate::support::until_some;

const NAMES: [&str; 4] = ["bot", "program", "daemon", "redis-server"];

/// Restarts so fast that a storm takes no minutes, and as many as it takes.
const TIRELESS: &str =
    "backoff = { initial = \"10ms\", max = \"100ms\" }\nintensity = { max_restarts = 0 }";

fn config() -> String {
    let here = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop");
    let service = |name: &str, command: &[&str], more: &str| {
        format!("[[service]]\nname = \"{name}\"\ncommand = {command:?}\n{TIRELESS}\n{more}\n")
    };
    let bot = "probes.readiness = { notify = true }\n\
               probes.liveness = { ping = \"SCENE/bot.sock\", period = \"200ms\", timeout = \"10s\" }";
    let program = "depends = [\"bot\"]\nprobes.readiness = { log = \"^listening on \" }\n\
                   probes.liveness = { unix = \"SCENE/program.sock\", period = \"200ms\", timeout = \"10s\" }";
    let daemon = "probes.readiness = { notify = true }";
    let redis = "kind = \"watched\"\npid_file = \"SCENE/redis.pid\"\nmatch = \"^redis-server.*SCENE\"\n\
                 probes.readiness = { unix = \"SCENE/redis.sock\", send = \"PING\\r\\n\", expect = \"PONG\", \
                 period = \"200ms\" }";
    let file = |name: &str| format!("{here}/{name}");
    [
        service("bot", &["python3", &file("services_bot.py"), "bot"], bot),
        service("program", &["node", &file("services_program.cjs"), "program"], program),
        service("daemon", &["python3", &file("services_daemon.py"), "daemon"], daemon),
        service(
            "redis-server",
            &[
                "redis-server",
                "--daemonize",
                "yes",
                "--pidfile",
                "SCENE/redis.pid",
                "--port",
                "0",
                "--unixsocket",
                "SCENE/redis.sock",
                "--dir",
                "SCENE",
                "--logfile",
                "SCENE/redis.log",
                "--save",
                "",
            ],
            redis,
        ),
    ]
    .concat()
}

/// Waits until all four work, and returns their processes.
fn work(scene: &Scene) -> [u32; 4] {
    for name in NAMES {
        scene.until_that(name, |one| one["state"] == "running" && one["ready"] == true);
    }
    scene.settles(&NAMES);
    until_some(|| (ask_redis(scene)? == "+PONG\r\n").then_some(()));
    NAMES.map(|name| scene.pid(name))
}

fn ask_redis(scene: &Scene) -> Option<String> {
    let mut stream = UnixStream::connect(scene.path("redis.sock")).ok()?;
    stream.write_all(b"PING\r\n").ok()?;
    let mut answer = [0; 7];
    stream.read_exact(&mut answer).ok()?;
    String::from_utf8(answer.to_vec()).ok()
}

fn assert_lines(scene: &Scene) {
    for name in ["bot", "program", "daemon"] {
        scene.assert_lines(name);
    }
}

#[test]
fn a_bot_a_program_and_daemons_live_through_storms_and_upgrades() {
    live_through_storms(None);
}

#[test]
fn a_bot_a_program_and_daemons_of_an_ordinary_user_live_through_storms_and_upgrades() {
    live_through_storms(Some(NOBODY));
}

fn live_through_storms(user: Option<u32>) {
    let mut scene = Scene::of(user, &config());
    scene.start();
    let first = work(&scene);
    // Neither the end of main nor of the guardian nor of both is any of theirs.
    for round in 0..6 {
        if round % 3 != 1 {
            scene.kill_main();
        }
        if round % 3 != 0 {
            scene.kill_guardian();
        }
        scene.revive();
        assert_eq!(work(&scene), first, "{}", scene.log());
    }
    // Nor is an upgrade.
    let ended = scene.agentd(&["stop", "--leave-running"]).output().unwrap();
    assert!(ended.status.success(), "{ended:?}");
    scene.ended();
    assert_eq!(first.map(lives), [true; 4]);
    scene.upgrade();
    scene.start();
    assert_eq!(work(&scene), first, "{}", scene.log());
    // Their own end is made good.
    for (name, pid) in NAMES.into_iter().zip(first) {
        kill(pid);
        scene.until_other(name, pid);
    }
    // They were started by a guardian that has died long ago, and how they ended is known nonetheless.
    for name in ["bot", "program"] {
        let said = scene.explain(name);
        let reason = &said["exits"][0]["reason"]["signal"];
        assert_eq!(reason["signal"], 9, "{said}");
    }
    let second = work(&scene);
    assert!(second.iter().all(|pid| !first.contains(pid)), "{first:?} {second:?}");
    assert_lines(&scene);
    assert_eq!(scene.doubles(), "");
    let last = work(&scene);
    scene.stop();
    assert_eq!(last.map(lives), [false; 4]);
    let bot = std::fs::read_to_string(scene.path("bot.ended")).unwrap();
    assert_eq!(bot.lines().count(), 1, "{bot}");
}

#[test]
fn a_bot_a_program_and_daemons_start_again_after_a_reboot() {
    let mut scene = Scene::new(&config());
    scene.boot("11111111-1111-4111-8111-111111111111");
    scene.start();
    let first = work(&scene);
    scene.kill_all();
    scene.boot("22222222-2222-4222-8222-222222222222");
    scene.start();
    let second = work(&scene);
    assert!(second.iter().all(|pid| !first.contains(pid)), "{first:?} {second:?}");
    for name in ["bot", "program"] {
        let said = scene.explain(name);
        assert_eq!(said["exits"][0]["reason"], "reboot", "{said}");
    }
    assert_eq!(scene.doubles(), "");
    scene.stop();
}

#[test]
fn a_daemon_that_forks_twice_is_known_by_its_word() {
    let mut scene = Scene::new(&config());
    scene.start();
    let [.., daemon, _] = work(&scene);
    let first = scene.until("daemon", "running");
    assert_eq!(first["generation"], 1, "{first}");
    kill(daemon);
    scene.until_other("daemon", daemon);
    assert_eq!(scene.command("stop", "daemon").0, 200);
    assert_eq!(scene.until("daemon", "stopped")["pid"], Value::Null);
    assert_eq!(scene.census().members.get("daemon"), None);
    scene.stop();
}
