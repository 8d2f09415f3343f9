//! What services do to themselves, to their host and to whoever looks after them.

use std::fs;
use std::process::Command;

use serde_json::Value;
use wardkit_process::Signal;

use super::scene::{NOBODY, Scene, kill, lives, number, numbered, scripted, signal};
use crate::support::until_some;

const USERS: [Option<u32>; 2] = [None, Some(NOBODY)];

/// Waits until a script has written a number to a file.
fn noted(scene: &Scene, name: &str) -> u32 {
    until_some(|| fs::read_to_string(scene.path(name)).ok()?.trim().parse().ok())
}

#[test]
fn a_storm_of_forks_is_ended_completely_and_agentd_answers_all_the_while() {
    for user in USERS {
        let storm = "fork() { while :; do sleep 1000 & count=$((count + 1)); \
                     [ $count -ge 300 ] && break; done; wait; }; fork & fork & fork & \
                     setsid sh -c 'while :; do sleep 0.01 & wait; done' & fork";
        let config = [scripted("storm", storm, "stop_timeout = \"1s\""), numbered("calm", "")];
        let mut scene = Scene::of(user, &config.concat());
        scene.begin(&["storm", "calm"]);
        let calm = scene.pid("calm");
        until_some(|| {
            let census = scene.census();
            assert_eq!(scene.pid("calm"), calm);
            let count = census.members.get("storm").map_or(0, Vec::len);
            (count >= 1_000).then_some(())
        });
        assert_eq!(scene.command("stop", "storm").0, 200);
        assert_eq!(scene.census().members.get("storm"), None);
        assert_eq!(scene.pid("calm"), calm);
        scene.stop();
    }
}

#[test]
fn a_deaf_service_is_killed_at_its_timeout_with_those_who_fled() {
    for user in USERS {
        let script = "trap '' TERM; setsid sh -c 'trap \"\" TERM; echo $$ >\"$WARDKIT_SCENE/fled\"; \
                      while :; do sleep 1; done' & while :; do sleep 1; done";
        let mut scene = Scene::of(user, &scripted("deaf", script, "stop_timeout = \"200ms\""));
        scene.begin(&["deaf"]);
        let pids = [scene.pid("deaf"), noted(&scene, "fled")];
        assert_eq!(scene.command("stop", "deaf").0, 200);
        assert_eq!(pids.map(lives), [false; 2]);
        let service = scene.until("deaf", "stopped");
        assert_eq!(service["pid"], Value::Null, "{service}");
        assert_eq!(scene.census().members.len(), 0);
        scene.stop();
    }
}

#[test]
fn what_a_dead_run_left_is_killed_before_the_next_one() {
    for user in USERS {
        let script = "setsid sh -c 'echo $$ >\"$WARDKIT_SCENE/left\"; trap \"\" TERM; \
                      while :; do sleep 1; done' & \
                      exec 8>>\"$WARDKIT_SCENE/lock\"; flock --nonblock 8 || \
                      echo $$ >>\"$WARDKIT_SCENE/doubles\"; while :; do sleep 1; done";
        let mut scene = Scene::of(user, &scripted("parent", script, ""));
        scene.begin(&["parent"]);
        let left = noted(&scene, "left");
        let first = scene.pid("parent");
        kill(first);
        scene.until_other("parent", first);
        assert!(!lives(left));
        assert_eq!(scene.doubles(), "");
        scene.settles(&["parent"]);
        scene.stop();
    }
}

#[test]
fn a_pid_file_that_names_a_stranger_is_stale_and_the_stranger_is_left_alone() {
    let mut stranger = Command::new("sleep").arg("1000").spawn().unwrap();
    let config = "[[service]]\nname = \"bot\"\nkind = \"watched\"\n\
                  command = [\"sh\", \"SCENE/launch.sh\"]\npid_file = \"SCENE/bot.pid\"\n\
                  match = \"^sh SCENE/bot.sh\"";
    let launcher =
        "setsid sh -c 'echo $$ >bot.pid; exec sh $WARDKIT_SCENE/bot.sh' >/dev/null 2>&1 &";
    let mut scene = Scene::new(config);
    fs::write(scene.path("launch.sh"), format!("cd $WARDKIT_SCENE\n{launcher}\n")).unwrap();
    fs::write(scene.path("bot.sh"), "while :; do sleep 1; done\n").unwrap();
    fs::write(scene.path("bot.pid"), format!("{}\n", stranger.id())).unwrap();
    scene.begin(&["bot"]);
    let pid = scene.pid("bot");
    assert_ne!(pid, stranger.id());
    assert_eq!(noted(&scene, "bot.pid"), pid);
    let said = scene.until_told("bot", "supervise.stale").to_string();
    assert!(said.contains("stale") && said.contains(&stranger.id().to_string()), "{said}");
    // What is found again by its PID file is not started a second time.
    scene.kill_main();
    scene.settles(&["bot"]);
    assert_eq!(scene.pid("bot"), pid);
    kill(pid);
    let second = scene.until_other("bot", pid);
    fs::write(scene.path("bot.pid"), format!("{}\n", stranger.id())).unwrap();
    kill(second);
    scene.until_other("bot", second);
    assert_eq!(scene.command("stop", "bot").0, 200);
    assert!(stranger.try_wait().unwrap().is_none(), "the stranger was touched");
    stranger.kill().unwrap();
    stranger.wait().unwrap();
    scene.stop();
}

#[test]
fn a_stopped_process_is_found_by_its_liveness_and_replaced() {
    let script = "while :; do date >\"$WARDKIT_SCENE/beat\"; sleep 0.05; done";
    let probe = "probes.liveness = { file = \"SCENE/beat\", max_age = \"2s\", period = \"100ms\" }\n\
                 stop_timeout = \"200ms\"";
    let mut scene = Scene::new(&scripted("bot", script, probe));
    scene.begin(&["bot"]);
    let first = scene.pid("bot");
    signal(first, Signal::STOP);
    scene.until_other("bot", first);
    let said = scene.explain("bot");
    assert_eq!(said["exits"][0]["reason"]["probe"]["phase"], "liveness", "{said}");
    scene.stop();
}

#[test]
fn a_crash_loop_is_told_once_and_keeps_what_was_said_last() {
    let more = "intensity = { max_restarts = 3 }\nbackoff = { initial = \"1ms\", max = \"1ms\" }";
    let mut scene = Scene::new(
        &[scripted("bot", "echo last words; exit 3", more), numbered("calm", "")].concat(),
    );
    scene.begin(&["calm"]);
    let state = scene.until("bot", "crash_loop");
    assert_eq!(state["pid"], Value::Null);
    let loops = |said: &Value| {
        let events = said["events"].as_array().unwrap();
        events.iter().filter(|event| event["kind"] == "supervise.crash_loop").count()
    };
    let said = scene.until_told("bot", "supervise.crash_loop");
    assert_eq!(loops(&said), 1, "{said}");
    assert_eq!(said["exits"][0]["reason"]["code"], 3, "{said}");
    assert_eq!(said["log"].as_array().unwrap().last().unwrap(), "last words", "{said}");
    assert_eq!(scene.lines("bot").len(), 0);
    let starts = scene.output("bot").lines().count();
    assert_eq!(starts, 4, "{}", scene.output("bot"));
    // Neither a kill of main nor of the guardian makes it another one.
    scene.kill_main();
    scene.settles(&["calm"]);
    scene.kill_guardian();
    scene.settles(&["calm"]);
    scene.until("bot", "crash_loop");
    assert_eq!(scene.output("bot").lines().count(), starts);
    scene.stop();
}

#[test]
fn a_program_that_is_being_replaced_is_waited_for() {
    let tool = "backoff = { initial = \"20ms\", max = \"50ms\" }\nintensity = { max_restarts = 0 }";
    let config =
        format!("[[service]]\nname = \"bot\"\ncommand = [\"SCENE/bot\", \"1000\"]\n{tool}\n");
    let mut scene = Scene::new(&config);
    let sleep = ["/usr/bin/sleep", "/bin/sleep"].into_iter().find(|path| fs::exists(path).unwrap());
    fs::hard_link(sleep.unwrap(), scene.path("bot"))
        .or_else(|_| fs::copy(sleep.unwrap(), scene.path("bot")).map(drop))
        .unwrap();
    scene.begin(&["bot"]);
    let first = scene.pid("bot");
    // Not there, being written.
    fs::rename(scene.path("bot"), scene.path("bot.good")).unwrap();
    kill(first);
    scene.until("bot", "backoff");
    let path = scene.path("bot").to_str().unwrap().to_owned();
    scene.until_said("bot", |said| said.contains(&path) && said.contains("No such file"));
    fs::copy(scene.path("bot.good"), scene.path("bot")).unwrap();
    let written = fs::File::options().append(true).open(scene.path("bot")).unwrap();
    scene.until_said("bot", |said| said.contains(&path) && said.contains("Text file busy"));
    drop(written);
    fs::rename(scene.path("bot.good"), scene.path("bot")).unwrap();
    scene.until_other("bot", first);
    scene.settles(&["bot"]);
    scene.stop();
}

#[test]
fn those_who_need_a_service_that_is_down_are_held_and_say_for_whom() {
    let more = "intensity = { max_restarts = 1 }\nbackoff = { initial = \"1ms\", max = \"1ms\" }";
    let parent = "[ -e \"$WARDKIT_SCENE/well\" ] || exit 1; sleep 1000";
    let child = "[ -e \"$WARDKIT_SCENE/well\" ] || exit 1; exec sleep 1000";
    let config = [
        scripted("db", parent, more),
        scripted("bot", child, &format!("binds_to = [\"db\"]\n{more}")),
        scripted("web", child, &format!("depends = [\"bot\"]\n{more}")),
    ];
    let mut scene = Scene::new(&config.concat());
    fs::write(scene.path("well"), "").unwrap();
    scene.begin(&["db", "bot", "web"]);
    let pids = ["bot", "web"].map(|name| scene.pid(name));
    fs::remove_file(scene.path("well")).unwrap();
    kill(scene.pid("db"));
    scene.until("db", "crash_loop");
    scene.until("bot", "held");
    assert!(!lives(pids[0]));
    let said = scene.explain("bot").to_string();
    assert!(said.contains("waits for db: readiness, which is crash_loop"), "{said}");
    for name in ["bot", "web"] {
        let events = scene.explain(name)["events"].to_string();
        assert!(!events.contains("crash_loop"), "{name}: {events}");
    }
    fs::write(scene.path("well"), "").unwrap();
    assert_eq!(scene.command("start", "db").0, 200);
    scene.until("bot", "running");
    scene.until("web", "running");
    scene.stop();
}

#[test]
fn a_service_that_never_becomes_ready_is_stopped_and_those_after_it_never_start() {
    let probe = "start_timeout = \"300ms\"\nrestart = \"never\"\n[service.probes.readiness]\n\
                 exec = [\"false\"]\nperiod = \"50ms\"";
    let config = [
        scripted("slow", "sleep 1000", probe),
        scripted("bot", "touch \"$WARDKIT_SCENE/ran\"", "depends = [\"slow\"]"),
    ];
    let mut scene = Scene::new(&config.concat());
    scene.start();
    scene.until_told("slow", "supervise.exited");
    let said = scene.explain("slow");
    assert_eq!(said["exits"][0]["reason"], "start_timeout", "{said}");
    let bot = scene.until("bot", "held");
    assert_eq!(bot["pid"], Value::Null);
    let said = scene.explain("bot").to_string();
    assert!(said.contains("waits for slow: readiness"), "{said}");
    assert!(!scene.path("ran").exists());
    scene.stop();
}

#[test]
fn a_probe_that_hangs_dies_with_its_children_and_counts_as_a_failure() {
    let probe = "[service.probes.liveness]\naction = \"alert\"\ntimeout = \"100ms\"\n\
                 period = \"100ms\"\nfailures = 2\n\
                 exec = [\"sh\", \"-c\", \"echo $$ >>SCENE/probes; setsid sleep 7000 & sleep 7001\"]";
    let mut scene = Scene::new(&scripted("bot", "sleep 1000", probe));
    scene.begin(&["bot"]);
    let first = scene.pid("bot");
    scene.until_told("bot", "supervise.probe_failed");
    let probes = fs::read_to_string(scene.path("probes")).unwrap();
    let last: Vec<u32> = probes.lines().map(|pid| pid.parse().unwrap()).collect();
    assert!(last.len() >= 2, "{probes}");
    assert_eq!(scene.pid("bot"), first);
    assert_eq!(scene.command("stop", "bot").0, 200);
    until_some(|| {
        let left = Command::new("pgrep").args(["--full", "^sleep 700[01]$"]).output().unwrap();
        let left = String::from_utf8(left.stdout).unwrap();
        let ours = left.lines().filter(|pid| is_of(&scene, pid));
        (ours.count() == 0).then_some(())
    });
    assert!(!last.into_iter().any(lives));
    scene.stop();
}

/// Tells whether a process was started by this scene.
fn is_of(scene: &Scene, pid: &str) -> bool {
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    let here = scene.path("");
    let here = here.to_str().unwrap().trim_end_matches('/').as_bytes();
    environment.windows(here.len()).any(|part| part == here)
}

#[test]
fn a_flood_of_output_is_limited_and_the_service_goes_on() {
    let flood = "while :; do number=$((number + 1)); echo \"$number flood\"; \
                 [ $((number % 1000)) = 0 ] && echo \"$number\" >\"$WARDKIT_SCENE/number\"; done";
    let logs = "logs = { max_size = \"64KiB\", keep = 2, budget = \"256KiB\", rate = \"16KiB\", \
                burst = \"64KiB\", compress = false }";
    let mut scene = Scene::new(&scripted("flood", flood, logs));
    scene.begin(&["flood"]);
    // Far more than the pipe and the log take together.
    until_some(|| {
        let number: u64 = fs::read_to_string(scene.path("number")).ok()?.trim().parse().ok()?;
        (number >= 300_000).then_some(())
    });
    let size: u64 = fs::read_dir(scene.path("data/services/logs"))
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    assert!(size <= (256 + 64) << 10, "{size}");
    let lines = until_some(|| Some(scene.output("flood")).filter(|text| text.contains("left out")));
    assert!(lines.lines().count() > 1);
    scene.stop();
}

#[test]
fn a_service_outlives_those_who_read_it_and_nothing_is_lost() {
    let flood = "trap '' TERM; run=${WARDKIT_SERVICE##*/}; number=0; while :; do \
                 echo \"$run $number\"; number=$((number + 1)); \
                 [ -e \"$WARDKIT_SCENE/enough\" ] && break; done; \
                 echo $number >\"$WARDKIT_SCENE/number\"; while :; do sleep 1; done";
    let logs = "stop_timeout = \"100ms\"\nlogs = { rate = 0 }";
    let mut scene = Scene::new(&scripted("flood", flood, logs));
    scene.begin(&["flood"]);
    let pid = scene.pid("flood");
    scene.kill_both();
    // Until the pipe is full it writes, and then it waits.
    until_some(|| {
        let stack = fs::read_to_string(format!("/proc/{pid}/wchan")).ok()?;
        stack.contains("pipe").then_some(())
    });
    scene.revive();
    assert_eq!(scene.pid("flood"), pid);
    fs::write(scene.path("enough"), "").unwrap();
    let count = noted(&scene, "number");
    until_some(|| (scene.lines("flood")[&1].len() == count as usize).then_some(()));
    assert_eq!(scene.lines("flood")[&1], (0..u64::from(count)).collect::<Vec<_>>());
    scene.stop();
}

#[test]
fn services_stop_in_the_reverse_of_their_order_when_agentd_is_told_to_end() {
    for user in USERS {
        let script = "trap 'echo NAME >>\"$WARDKIT_SCENE/order\"; exit 0' TERM; \
                      touch \"$WARDKIT_SCENE/NAME.up\"; while :; do sleep 0.05; done";
        let of = |name: &str, more: &str| {
            let probe = format!(
                "{more}\n[service.probes.readiness]\nexec = [\"test\", \"-e\", \"SCENE/{name}.up\"]\n\
                 period = \"200ms\""
            );
            scripted(name, &script.replace("NAME", name), &probe)
        };
        let config = [
            of("top", "depends = [\"middle\"]"),
            of("middle", "depends = [\"base\"]"),
            of("base", ""),
        ];
        let mut scene = Scene::of(user, &config.concat());
        scene.begin(&["top", "middle", "base"]);
        for name in ["top", "middle", "base"] {
            scene.until_that(name, |one| one["ready"] == true);
        }
        scene.stop();
        assert_eq!(fs::read_to_string(scene.path("order")).unwrap(), "top\nmiddle\nbase\n");
    }
}

#[test]
fn the_reason_of_an_end_is_told() {
    let config = [
        ("always-0", "always", "exit 0", "running"),
        ("failure-0", "on-failure", "exit 0", "stopped"),
        ("never-1", "never", "exit 1", "failed"),
        ("wrong", "always", "exit 78", "failed"),
    ];
    let script = |end: &str| {
        format!(
            "[ -e \"$WARDKIT_SCENE/$0\" ] && exec sleep 1000; touch \"$WARDKIT_SCENE/$0\"; {end}"
        )
    };
    let services = config.map(|(name, restart, end, _)| {
        let script = script(end);
        format!(
            "[[service]]\nname = \"{name}\"\nrestart = \"{restart}\"\n\
             command = [\"sh\", \"-c\", '''{script}''', \"{name}\"]\n"
        )
    });
    let mut scene = Scene::new(&services.concat());
    scene.start();
    for (name, _, end, state) in config {
        scene.until_told(name, "supervise.exited");
        scene.until(name, state);
        let said = scene.explain(name);
        let reason = &said["exits"][0]["reason"];
        let code = number(&Value::from(end.split(' ').nth(1).unwrap().parse::<u32>().unwrap()));
        let expected = if code == 78 { &reason["config_error"]["code"] } else { &reason["code"] };
        assert_eq!(expected, code, "{name}: {said}");
    }
    scene.stop();
}
