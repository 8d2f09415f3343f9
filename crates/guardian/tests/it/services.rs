use std::fs;
use std::time::Duration;

use wardkit_guardian::{Error, Event};
use wardkit_process::{Exit, Signal, State};

use crate::{Scene, ended, event, pids, shell};

#[test]
fn a_service_is_held_and_its_end_is_told() {
    let mut scene = Scene::new("held");
    let held = scene.spawn("bot", 1, "exit 42");
    assert_eq!((held.record.service.as_str(), held.record.generation), ("bot", 1));
    let end = ended(scene.client(), "bot");
    assert_eq!(end.exit, Exit::Code(42));
    assert!(end.usage.unwrap().peak_resident > 0);
    let killed = scene.spawn("other", 1, "sleep 1000");
    let process = killed.process.unwrap();
    assert_eq!(process.identity(), &killed.record.identity);
    assert_eq!(process.state().unwrap(), State::Running);
    process.signal(Signal::KILL).unwrap();
    assert_eq!(ended(scene.client(), "other").exit, Exit::Signal { number: 9, core: false });
}

#[test]
fn the_same_start_asked_for_twice_makes_one_process() {
    let mut scene = Scene::new("twice");
    let file = scene.path("starts");
    let script = format!("echo $$ >> {}; sleep 1000", file.display());
    let first = scene.spawn("bot", 1, &script);
    // The master dies between request and answer, and the next one asks again.
    let client = scene.restart();
    let second = client.spawn(&shell("bot", 1, &script)).unwrap();
    assert_eq!(first.record, second.record);
    assert_eq!(pids(&file, 1), [first.record.identity.pid]);
    assert!(matches!(
        client.spawn(&shell("bot", 2, &script)),
        Err(Error::NotGone { generation: 1 })
    ));
    assert!(matches!(client.spawn(&shell("bot", 0, &script)), Err(Error::Outdated { latest: 1 })));
    client.signal("bot", 1, Signal::KILL).unwrap();
    ended(client, "bot");
    // Even after its end the same start is not made again.
    let again = client.spawn(&shell("bot", 1, &script)).unwrap();
    assert_eq!(again.ended.unwrap().exit, Exit::Signal { number: 9, core: false });
    assert_eq!(pids(&file, 1).len(), 1);
    client.stop(&wardkit_guardian::Stop::kill("bot", 1)).unwrap();
    assert!(matches!(event(client), Event::Stopped { left, .. } if left.is_empty()));
    let next = client.spawn(&shell("bot", 2, &script)).unwrap();
    assert_eq!(pids(&file, 2)[1], next.record.identity.pid);
}

#[test]
fn a_new_start_waits_for_what_the_old_one_left() {
    let mut scene = Scene::new("left");
    let file = scene.path("pid");
    let script = format!("setsid sh -c 'echo $$ > {}; exec sleep 1000' & exit 1", file.display());
    scene.spawn("bot", 1, &script);
    let left = pids(&file, 1)[0];
    let client = scene.client();
    assert_eq!(ended(client, "bot").exit, Exit::Code(1));
    assert!(matches!(
        client.spawn(&shell("bot", 2, "true")),
        Err(Error::NotGone { generation: 1 })
    ));
    assert!(matches!(client.forget("bot"), Err(Error::NotGone { generation: 1 })));
    client.stop(&wardkit_guardian::Stop::kill("bot", 1)).unwrap();
    let Event::Stopped { left: still, .. } = event(client) else { panic!() };
    assert_eq!(still, []);
    assert!(!crate::lives(left));
    client.spawn(&shell("bot", 2, "true")).unwrap();
    ended(client, "bot");
}

#[test]
fn what_is_held_is_listed_until_it_is_forgotten() {
    let mut scene = Scene::new("list");
    for number in 0..50 {
        scene.spawn(&format!("s{number:02}"), 7, "exec sleep 1000");
    }
    scene.spawn("done", 1, "exit 3");
    let first = ended(scene.client(), "done");
    let client = scene.restart();
    let listed = client.list().unwrap();
    assert_eq!(listed.len(), 51);
    for held in &listed {
        let is_done = held.record.service == "done";
        assert_eq!(held.ended, is_done.then_some(first));
        let process = held.process.as_ref();
        assert!(is_done || process.is_some_and(|process| !process.has_ended().unwrap()));
    }
    client.forget("done").unwrap();
    assert!(matches!(client.forget("done"), Err(Error::Unknown)));
    assert!(matches!(client.forget("s00"), Err(Error::NotGone { generation: 7 })));
    assert_eq!(client.list().unwrap().len(), 50);
    // What was acknowledged is not told again.
    assert!(client.wait_event(Duration::from_millis(1)).unwrap().is_none());
}

#[test]
fn a_service_gets_nothing_of_the_guardians() {
    let mut scene = Scene::new("clean");
    let file = scene.path("seen");
    let script = format!(
        "{{ ls /proc/self/fd | wc -l; grep -E 'Sig(Blk|Ign)' /proc/self/status; ulimit -n; env; }} > {0}.new; mv {0}.new {0}",
        file.display()
    );
    scene.spawn("bot", 1, &script);
    ended(scene.client(), "bot");
    let seen = fs::read_to_string(file).unwrap();
    let lines: Vec<&str> = seen.lines().collect();
    // Three, and the folder itself.
    assert_eq!(lines[0], "4");
    assert_eq!(lines[1..3], ["SigBlk:\t0000000000000000", "SigIgn:\t0000000000000000"]);
    let ours = wardkit_process::Limit::of_ours(wardkit_process::Resource::OpenFiles).soft;
    assert_eq!(lines[3], ours.map_or("unlimited".to_owned(), |soft| soft.to_string()));
    let marker = format!("WARDKIT_SERVICE=clean-{}/bot/1", std::process::id());
    assert!(lines.contains(&marker.as_str()), "{seen}");
}

#[cfg(feature = "tokio")]
#[tokio::test]
async fn events_are_awaited() {
    let mut scene = Scene::new("await");
    let mut client = wardkit_guardian::AsyncClient::new(scene.client.take().unwrap()).unwrap();
    client.client().spawn(&shell("bot", 1, "exit 5")).unwrap();
    let Event::Ended(held) = client.event().await.unwrap() else { panic!() };
    assert_eq!(held.ended.unwrap().exit, Exit::Code(5));
}
