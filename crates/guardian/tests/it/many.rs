use std::collections::BTreeMap;

use wardkit_guardian::{Event, Spawn, Stop};
use wardkit_process::Procfs;

use crate::{Scene, event, pids};

const MANY: u32 = 300;

#[test]
fn hundreds_of_services_stop_together_with_what_they_left() {
    let mut scene = Scene::new("many");
    let (file, instance) = (scene.path("left"), scene.options.master.instance.clone());
    for number in 0..MANY {
        let mut spawn = Spawn::new(format!("s{number:03}"), 1, ["sleep", "1000"]);
        if number % 50 == 0 {
            let script = format!(
                "trap '' TERM; (setsid sh -c 'echo $$ >> {}; exec sleep 1000' &); while :; do sleep 1000; done",
                file.display()
            );
            spawn = crate::shell(&spawn.service, 1, &script);
        }
        scene.client().spawn(&spawn).unwrap();
    }
    let left = pids(&file, 6);
    let client = scene.client();
    for number in 0..MANY {
        let mut stop = Stop::new(format!("s{number:03}"), 1);
        stop.patience = std::time::Duration::from_millis(200);
        client.stop(&stop).unwrap();
    }
    let mut stopped = BTreeMap::new();
    while stopped.len() < 300 {
        if let Event::Stopped { service, left, .. } = event(client) {
            assert_eq!(stopped.insert(service, left), None);
        }
    }
    assert!(stopped.values().all(Vec::is_empty), "{stopped:?}");
    assert!(!left.into_iter().any(crate::lives));
    let marked = |value: &[u8]| value.starts_with(format!("{instance}/").as_bytes());
    assert_eq!(wardkit_process::search_marked("WARDKIT_SERVICE", marked).unwrap().len(), 0);
}

#[test]
fn a_service_may_be_killed_for_memory_before_its_guardian() {
    let mut scene = Scene::new("oom");
    let held = scene.spawn("bot", 1, "exec sleep 1000");
    let score = |pid: u32| {
        let text = std::fs::read_to_string(format!("/proc/{pid}/oom_score_adj")).unwrap();
        text.trim().parse::<i32>().unwrap()
    };
    let ours = score(std::process::id());
    let guardian = score(scene.client().guardian().pid());
    // Who is not permitted to lower it keeps what it has.
    assert!(guardian == -900 || guardian == ours, "{guardian}");
    let expected = if guardian == -900 { ours.max(0) } else { ours };
    assert_eq!(score(held.record.identity.pid), expected);
    assert!(Procfs::default().children(std::process::id()).is_none_or(|all| !all.is_empty()));
}
