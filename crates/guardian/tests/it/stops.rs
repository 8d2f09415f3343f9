use std::time::Duration;

use wardkit_guardian::{Event, Stop, Then};
use wardkit_process::{Cgroup, Exit, Signal};

use crate::{PATIENCE, Scene, event, lives, pids, shell};

/// Ignores what it is asked, with a child in a session of its own and a daemon that forked twice.
const STUBBORN: &str = "trap '' TERM; F=FILE
    setsid sh -c 'echo $$ >> '$F'; exec sleep 1000' &
    (setsid sh -c '(echo $$ >> '$F'; exec sleep 1000) & exit' &)
    echo $$ >> $F; while :; do sleep 1000; done";

fn check_whole_tree(scene: &mut Scene, cgroup: Option<&Cgroup>) {
    let file = scene.path("pids");
    let mut spawn = shell("bot", 1, &STUBBORN.replace("FILE", &file.display().to_string()));
    spawn.cgroup = cgroup.map(|cgroup| cgroup.path().into());
    let held = scene.client().spawn(&spawn).expect("it is held");
    let all = pids(&file, 3);
    let bystander = scene.spawn("bystander", 1, "exec sleep 1000");
    let client = scene.client();
    let mut stop = Stop::new("bot", 1);
    stop.patience = Duration::from_millis(100);
    client.stop(&stop).expect("it is held");
    let (mut exit, mut left) = (None, None);
    while exit.is_none() || left.is_none() {
        match event(client) {
            Event::Ended(held) => exit = held.ended.map(|ended| ended.exit),
            Event::Stopped { left: pids, .. } => left = Some(pids),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((exit, left), (Some(Exit::Signal { number: 9, core: false }), Some(vec![])));
    assert!(!all.into_iter().any(lives));
    if let Some(path) = held.record.cgroup {
        assert!(!path.exists());
    }
    assert!(!bystander.process.expect("it is held").has_ended().expect("it is held"));
}

#[test]
fn a_whole_tree_is_stopped_without_a_cgroup() {
    check_whole_tree(&mut Scene::new("tree"), None);
}

#[test]
fn a_whole_tree_is_stopped_by_its_cgroup() {
    let name = format!("wardkit-guardian-{}", std::process::id());
    // Not everywhere may one be made.
    let Some(Ok(cgroup)) = Cgroup::ours().map(|ours| ours.child(&name)) else { return };
    check_whole_tree(&mut Scene::new("cgroup"), Some(&cgroup));
    crate::eventually(|| cgroup.remove().ok());
}

#[test]
fn services_stop_in_the_order_that_was_given_and_the_guardian_ends() {
    let mut scene = Scene::new("order");
    let file = scene.path("order");
    for name in ["a", "b", "c"] {
        let script = format!(
            "trap 'echo {name} >> {}; exit 0' TERM; echo ready > {}; while :; do sleep 0.01; done",
            file.display(),
            scene.path(name).display()
        );
        scene.spawn(name, 1, &script);
        crate::eventually(|| scene.path(name).exists().then_some(()));
    }
    let stops: Vec<Stop> = ["b", "c", "a"].map(|name| Stop::new(name, 1)).into();
    let client = scene.client();
    client.stop_all(&stops, Then::End).unwrap();
    while !matches!(event(client), Event::AllStopped) {}
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "b\nc\na\n");
    assert!(scene.client().guardian().wait(Some(PATIENCE)).unwrap());
}

#[test]
fn a_guardian_that_is_told_to_end_without_a_master_stops_everything() {
    let mut scene = Scene::new("term");
    let held = scene.spawn("bot", 1, "exec sleep 1000");
    let guardian = scene.client().guardian().try_clone().unwrap();
    scene.client = None;
    guardian.signal(Signal::TERM).unwrap();
    assert!(guardian.wait(Some(PATIENCE)).unwrap());
    assert!(held.process.unwrap().wait(Some(PATIENCE)).unwrap());
}

/// Each forks two until there are some hundreds, all of which go on trying.
const STORM: &str = "f() { if [ $1 -gt 0 ]; then f $(($1-1)) & f $(($1-1)) & fi; while :; do sleep 0.05; done; }; f 7";

#[test]
fn a_storm_of_forks_is_ended_completely() {
    let mut scene = Scene::new("storm");
    let mut spawn = shell("storm", 1, STORM);
    spawn.limits = vec![];
    let held = scene.client().spawn(&spawn).unwrap();
    let tree = wardkit_process::Tree::new(held.record.identity.clone());
    crate::eventually(|| (tree.members().unwrap().len() > 250).then_some(()));
    let client = scene.client();
    client.stop(&Stop::kill("storm", 1)).unwrap();
    let left = loop {
        if let Event::Stopped { left, .. } = event(client) {
            break left;
        }
    };
    assert_eq!(left, []);
    let marker = format!("storm-{}/storm/1", std::process::id());
    let found =
        wardkit_process::search_marked("WARDKIT_SERVICE", |value| value == marker.as_bytes());
    assert_eq!(found.unwrap().len(), 0);
}
