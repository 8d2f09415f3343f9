use std::time::Duration;

use wardkit_runner::{Refused, Then};
use wardkit_supervise::{Config, RestartPolicy, State};

use crate::lives::guardian;
use crate::scene::{Scene, block_on, eventually, kill, lives, shell, sleeper};

#[test]
pub(crate) fn what_is_killed_runs_again() {
    let scene = Scene::with([sleeper("bot"), sleeper("other")]);
    let first = scene.until("bot", "running").unwrap();
    let other = scene.until("other", "running");
    kill(first);
    let second = scene.until_run("bot", "running", 2).unwrap();
    assert_ne!(first, second);
    assert_eq!(scene.until("other", "running"), other);
    assert_eq!(scene.processes("bot"), [second]);
    assert_eq!(scene.told("supervise.exited", "bot"), "signal 9");
    let explained = scene.services().explain("bot").unwrap();
    assert_eq!(explained.explanation.exits.len(), 1);
    let kinds: Vec<&str> = explained.events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["supervise.started", "supervise.exited", "supervise.started"]);
    assert_eq!(scene.services().metrics()[0].exits["signal"], 1);
    assert!(scene.services().explain("nobody").is_err());
}

#[test]
pub(crate) fn a_stop_returns_when_the_whole_tree_is_gone() {
    let file = |scene: &Scene| scene.path("children");
    let mut scene = Scene::new();
    // A child in a session of its own, which ignores what it is asked.
    let script = format!(
        "trap '' TERM; setsid sh -c 'trap \"\" TERM; echo $$ > {}; while :; do sleep 1; done' & \
         while :; do sleep 1; done",
        file(&scene).display()
    );
    let mut bot = shell("bot", &script);
    bot.stop_timeout = Duration::from_millis(50);
    scene.start(Config::new([bot]));
    let pid = scene.until("bot", "running").unwrap();
    let read = || std::fs::read_to_string(file(&scene)).ok()?.trim().parse::<u32>().ok();
    let child = eventually(read);
    block_on(scene.services().stop_service("bot", "operator ann")).unwrap();
    assert!(!lives(pid) && !lives(child));
    assert_eq!(scene.state("bot"), State::Stopped);
    let why = scene.services().explain("bot").unwrap().explanation.why;
    assert!(why.contains(&"stopped by operator ann".to_owned()), "{why:?}");
    block_on(scene.services().start_service("bot", "operator ann")).unwrap();
    let again = scene.until("bot", "running").unwrap();
    block_on(scene.services().restart_service("bot", "operator ann")).unwrap();
    assert!(!lives(again));
    assert!(scene.until("bot", "running").is_some_and(|pid| pid != again));
}

#[test]
pub(crate) fn what_cannot_be_started_is_named_and_the_others_run() {
    let mut nowhere = sleeper("nowhere");
    nowhere.working_directory = Some("/nonexistent/folder".into());
    let mut nobody = sleeper("nobody");
    nobody.user = Some("no-such-user".to_owned());
    let absent = wardkit_supervise::ServiceSpec::new("absent", ["/nonexistent/program"]);
    let mut needy = sleeper("needy");
    needy.depends = vec!["absent".to_owned()];
    let mut circle = [sleeper("one"), sleeper("two")];
    circle[0].depends = vec!["two".to_owned()];
    circle[1].depends = vec!["one".to_owned()];
    let [one, two] = circle;
    let scene = Scene::with([nowhere, nobody, absent, needy, one, two, sleeper("fine")]);
    scene.until("fine", "running");
    for (name, expected) in [
        ("nowhere", "/nonexistent/folder: the service was not started: its directory"),
        ("nobody", "user no-such-user: there is no such user"),
        ("absent", "/nonexistent/program: the service was not started: the program"),
        ("one", "one -> two -> one"),
    ] {
        scene.until(name, "failed");
        let State::Failed { why } = scene.state(name) else { panic!() };
        assert!(why.contains(expected), "{why}");
    }
    assert_eq!(scene.state("needy").as_str(), "held");
    let refused = block_on(scene.services().start_service("needy", "operator")).unwrap_err();
    assert!(matches!(refused, Refused::NotRunning { .. }), "{refused}");
    let refused = block_on(scene.services().start_service("nobody", "operator")).unwrap_err();
    assert!(refused.to_string().contains("no such user"), "{refused}");
}

#[test]
pub(crate) fn everything_stops_in_reverse_order_and_the_guardian_with_it() {
    let mut scene = Scene::new();
    let log = scene.path("log");
    let service = |name: &str, depends: &[&str]| {
        let script = format!(
            "trap 'echo {name} >> {}; exit 0' TERM; while :; do sleep 0.01; done",
            log.display()
        );
        let mut spec = shell(name, &script);
        spec.depends = depends.iter().map(ToString::to_string).collect();
        spec
    };
    scene.start(Config::new([
        service("top", &["middle"]),
        service("middle", &["base"]),
        service("base", &[]),
    ]));
    for name in ["base", "middle", "top"] {
        scene.until(name, "running");
    }
    let pids: Vec<u32> = ["base", "middle", "top"].map(|name| scene.processes(name)[0]).to_vec();
    // The shells must have set their traps.
    eventually(|| pids.iter().all(|pid| has_child(*pid)).then_some(()));
    block_on(scene.services().shutdown(Then::Stop));
    assert_eq!(std::fs::read_to_string(&log).unwrap(), "top\nmiddle\nbase\n");
    assert!(!pids.iter().copied().any(lives));
    let refused = block_on(scene.services().start_service("top", "operator")).unwrap_err();
    assert_eq!(refused, Refused::ShutDown);
    // What was to run runs when the program comes back.
    scene.services = None;
    scene.start(Config::new([service("base", &[])]));
    assert!(scene.until("base", "running").is_some());
}

#[test]
pub(crate) fn whoever_is_tired_of_waiting_kills_everything_and_the_guardian_ends() {
    let mut deaf = shell("deaf", "trap '' TERM; while :; do sleep 0.01; done");
    deaf.stop_timeout = Duration::from_mins(10);
    let mut base = sleeper("base");
    deaf.depends = vec!["base".to_owned()];
    base.stop_timeout = Duration::from_mins(10);
    let scene = Scene::with([deaf, base]);
    let deaf = scene.until("deaf", "running").unwrap();
    eventually(|| has_child(deaf).then_some(()));
    let guardian = guardian(&scene);
    let services = scene.services().clone();
    let patient = std::thread::spawn(move || block_on(services.shutdown(Then::Stop)));
    scene.until("deaf", "stopping");
    block_on(scene.services().shutdown(Then::Kill));
    patient.join().unwrap();
    assert!(!lives(deaf) && !lives(guardian));
    assert_eq!(scene.processes("base"), Vec::<u32>::new());
}

fn has_child(pid: u32) -> bool {
    let processes = wardkit_process::Procfs::default().processes().unwrap();
    processes.iter().any(|stat| stat.parent == pid)
}

#[test]
pub(crate) fn a_service_that_ends_well_is_not_started_again_when_that_is_not_wanted() {
    let mut done = shell("done", "exit 0");
    done.restart = RestartPolicy::OnFailure;
    let mut wrong = shell("wrong", "exit 78");
    wrong.restart = RestartPolicy::Always;
    let scene = Scene::with([done, wrong]);
    scene.until("done", "stopped");
    scene.until("wrong", "failed");
    assert_eq!(scene.services().list()[0].generation, 1);
    assert_eq!(scene.store.record("wrong").unwrap().history.len(), 1);
}
