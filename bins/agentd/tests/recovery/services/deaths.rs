//! Main, guardian, services and host die in any order; each service runs once, and what it wrote is there once.

use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use wardkit_process::Procfs;

use super::scene::{NOBODY, Scene, kill, lives, numbered, scripted};

/// Restarts so fast that a storm takes no minutes, and as many as it takes.
const TIRELESS: &str =
    "backoff = { initial = \"10ms\", max = \"50ms\" }\nintensity = { max_restarts = 0 }";

const NAMES: [&str; 4] = ["one", "two", "three", "four"];

#[test]
fn a_storm_over_main_and_guardian_touches_no_service_and_loses_no_line() {
    storm_over_agentd(None);
}

#[test]
fn a_storm_over_main_and_guardian_of_an_ordinary_user_touches_no_service_and_loses_no_line() {
    storm_over_agentd(Some(NOBODY));
}

fn storm_over_agentd(user: Option<u32>) {
    let mut scene = Scene::of(user, &NAMES.map(|name| numbered(name, TIRELESS)).concat());
    scene.begin(&NAMES);
    let pids = NAMES.map(|name| scene.pid(name));
    let mut chance = Chance::new();
    for _ in 0..12 {
        match chance.below(4) {
            0 => scene.kill_main(),
            1 => scene.kill_guardian(),
            2 => {
                scene.kill_guardian();
                scene.kill_main();
            }
            _ => {
                scene.kill_main();
                scene.kill_guardian();
            }
        }
        chance.pause();
        scene.revive();
        if chance.below(2) == 0 {
            scene.settles(&NAMES);
        }
    }
    scene.settles(&NAMES);
    assert_eq!(NAMES.map(|name| scene.pid(name)), pids, "{}", scene.log());
    assert_lines(&scene);
    assert_eq!(scene.doubles(), "");
    scene.stop();
    assert_eq!(pids.map(lives), [false; 4]);
}

#[test]
fn a_storm_over_everything_ends_with_each_service_once_and_every_line() {
    storm_over_everything(None);
}

#[test]
fn a_storm_over_everything_of_an_ordinary_user_ends_with_each_service_once_and_every_line() {
    storm_over_everything(Some(NOBODY));
}

/// What is written and not read is held by main, the guardian and the service: it is there as long as not all of them
/// are killed at once.
fn storm_over_everything(user: Option<u32>) {
    let mut scene = Scene::of(user, &NAMES.map(|name| numbered(name, TIRELESS)).concat());
    scene.begin(&NAMES);
    let mut chance = Chance::new();
    for _ in 0..12 {
        let service = chance.one_of(&scene.services());
        match chance.below(5) {
            0 => kill(service),
            1 => {
                kill(service);
                scene.kill_main();
            }
            2 => {
                scene.kill_main();
                kill(service);
            }
            3 => {
                scene.kill_guardian();
                kill(service);
            }
            _ => {
                scene.kill_guardian();
                scene.kill_main();
            }
        }
        chance.pause();
        scene.revive();
        scene.settles(&NAMES);
    }
    assert_lines(&scene);
    assert_eq!(scene.doubles(), "");
    scene.stop();
}

#[test]
fn whatever_dies_while_nobody_looks_runs_once_afterwards() {
    let mut scene = Scene::new(&NAMES.map(|name| numbered(name, TIRELESS)).concat());
    scene.begin(&NAMES);
    let mut chance = Chance::new();
    for _ in 0..6 {
        scene.kill_both();
        for _ in 0..chance.below(4) {
            kill(chance.one_of(&scene.services()));
        }
        chance.pause();
        scene.revive();
        scene.settles(&NAMES);
    }
    assert_eq!(scene.doubles(), "");
    for (generation, lines) in NAMES.iter().flat_map(|name| scene.lines(name)) {
        let is_in_order = lines.windows(2).all(|two| two[0] < two[1]);
        assert!(is_in_order, "run {generation}: {lines:?}");
    }
    scene.stop();
}

#[test]
fn a_kill_between_start_and_record_starts_nothing_twice() {
    let mut scene = Scene::new(&NAMES.map(|name| numbered(name, TIRELESS)).concat());
    let mut chance = Chance::new();
    for round in 0..10 {
        scene.spawn();
        // From before the first instruction to long after the last start.
        std::thread::park_timeout(Duration::from_millis(chance.below(20 * (round + 1))));
        scene.kill_main();
        if chance.below(2) == 0 {
            scene.kill_guardian();
        }
    }
    scene.revive();
    scene.settles(&NAMES);
    assert_eq!(scene.doubles(), "");
    scene.stop();
}

#[test]
fn main_and_guardian_are_known_by_their_command_lines_also_after_a_restart() {
    let mut scene = Scene::new(&numbered("bot", ""));
    scene.begin(&["bot"]);
    let procfs = Procfs::default();
    let of = |pid| String::from_utf8(procfs.command_line(pid).unwrap()).unwrap();
    let file = scene.path("agentd.toml").to_str().unwrap().to_owned();
    for _ in 0..2 {
        let census = scene.settles(&["bot"]);
        let main = of(census.mains[0]);
        let words: Vec<&str> = main.split('\0').collect();
        assert_eq!(words[1], "run", "{main:?}");
        assert!(words.windows(2).any(|two| two == ["--config", &file]), "{main:?}");
        let guardian = of(census.guardians[0]);
        assert!(guardian.split('\0').any(|word| word == "--guardian"), "{guardian:?}");
        scene.kill_main();
        scene.settles(&["bot"]);
        scene.kill_guardian();
    }
    scene.settles(&["bot"]);
}

#[test]
fn after_a_reboot_everything_starts_in_order_and_what_was_stopped_stays_so() {
    let depends = |on: &str| format!("depends = [\"{on}\"]");
    let note = "echo NAME >>\"$WARDKIT_SCENE/order\"; touch \"$WARDKIT_SCENE/NAME.up\"; sleep 1000";
    let ready = "probes.readiness = { file = \"SCENE/NAME.up\", period = \"50ms\" }";
    let of = |name: &str, more: &str| {
        let more = format!("{more}\n{}", ready.replace("NAME", name));
        scripted(name, &note.replace("NAME", name), &more)
    };
    let mut scene = Scene::new(
        &[
            of("top", &depends("middle")),
            of("middle", &depends("base")),
            of("base", ""),
            of("idle", ""),
        ]
        .concat(),
    );
    let names = ["top", "middle", "base"];
    scene.boot("11111111-1111-4111-8111-111111111111");
    scene.begin(&["top", "middle", "base", "idle"]);
    assert_eq!(scene.command("stop", "idle").0, 200);
    let pids = names.map(|name| scene.pid(name));
    scene.kill_all();
    fs::remove_file(scene.path("order")).unwrap();
    for name in names {
        fs::remove_file(scene.path(&format!("{name}.up"))).unwrap();
    }
    scene.boot("22222222-2222-4222-8222-222222222222");
    scene.start();
    scene.settles(&names);
    assert!(names.iter().all(|name| !pids.contains(&scene.pid(name))));
    assert_eq!(fs::read_to_string(scene.path("order")).unwrap(), "base\nmiddle\ntop\n");
    assert_eq!(scene.until("idle", "stopped")["pid"], serde_json::Value::Null);
    // A reboot is no failure.
    let explained = scene.explain("base");
    assert_eq!(explained["generation"], 2, "{explained}");
    assert_eq!(explained["exits"][0]["reason"], "reboot", "{explained}");
    scene.stop();
}

#[test]
fn the_program_is_replaced_while_services_run() {
    replace(None);
}

#[test]
fn the_program_of_an_ordinary_user_is_replaced_while_services_run() {
    replace(Some(NOBODY));
}

fn replace(user: Option<u32>) {
    let mut scene = Scene::of(user, &NAMES.map(|name| numbered(name, TIRELESS)).concat());
    scene.begin(&NAMES);
    let pids = NAMES.map(|name| scene.pid(name));
    for _ in 0..2 {
        let ended = scene.agentd(&["stop", "--leave-running"]).output().unwrap();
        assert!(ended.status.success(), "{ended:?}");
        assert_eq!(scene.ended(), Some(0));
        assert_eq!(scene.census().mains, [0; 0]);
        assert_eq!(pids.map(lives), [true; 4]);
        scene.upgrade();
        scene.start();
        scene.settles(&NAMES);
        assert_eq!(NAMES.map(|name| scene.pid(name)), pids);
    }
    // Whoever holds them now is of the new program, too.
    scene.kill_guardian();
    scene.settles(&NAMES);
    assert_eq!(NAMES.map(|name| scene.pid(name)), pids);
    assert_lines(&scene);
    assert_eq!(scene.doubles(), "");
    let ended = scene.agentd(&["stop"]).output().unwrap();
    assert!(ended.status.success(), "{ended:?}");
    scene.is_empty();
    assert_eq!(pids.map(lives), [false; 4]);
}

#[test]
fn a_second_agentd_ends_and_names_the_first() {
    let mut scene = Scene::new(&numbered("bot", ""));
    scene.begin(&["bot"]);
    let second = scene.agentd(&["run"]).output().unwrap();
    assert_eq!(second.status.code(), Some(75), "{second:?}");
    let main = scene.settles(&["bot"]).mains[0].to_string();
    assert!(String::from_utf8(second.stderr).unwrap().contains(&main));
}

fn assert_lines(scene: &Scene) {
    for name in NAMES {
        scene.assert_lines(name);
    }
}

/// What is left to chance. A test that failed shows the seed.
struct Chance(u64);

impl Chance {
    #[expect(clippy::print_stdout, reason = "shown when the test has failed")]
    fn new() -> Self {
        let given = std::env::var("WARDKIT_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| RandomState::new().hash_one("storm"));
        println!("WARDKIT_TEST_SEED={seed}");
        Self(seed | 1)
    }

    /// Xorshift: it need not be any better.
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn one_of(&mut self, pids: &[u32]) -> u32 {
        // Those that have died already are nobody's.
        pids.get(usize::try_from(self.below(pids.len().max(1) as u64)).unwrap())
            .copied()
            .unwrap_or(u32::MAX)
    }

    fn pause(&mut self) {
        std::thread::park_timeout(Duration::from_millis(self.below(150)));
    }
}
