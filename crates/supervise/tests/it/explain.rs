//! What is said to whoever asks.

use wardkit_supervise::{Exit, Kind, ProbeConfig};

use crate::support::{World, millis, needing, secs, service};

fn explained(world: &World, service: &str) -> String {
    world.supervisor.explain(service).expect("it is there").to_string()
}

#[test]
fn service_that_waits_names_whom_and_for_what() {
    let mut db = service("db");
    db.probes.readiness = Some(ProbeConfig::notify());
    let world = World::started([db, needing("bot", &["db"])]);
    assert_eq!(
        explained(&world, "bot"),
        "bot is held since 2023-11-14T22:13:20Z\n  \
         waits for db: readiness, which is starting\n  is started when that is over"
    );
    assert_eq!(
        explained(&world, "db"),
        "db is starting since 2023-11-14T22:13:20Z\n  it has not been ready yet\n  \
         is stopped at 2023-11-14T22:14:50Z if it is not ready by then"
    );
    assert_eq!(world.supervisor.explain("db").unwrap().needed_by, ["bot"]);
    assert!(world.supervisor.explain("nobody").is_none());
}

#[test]
fn service_that_fails_says_when_it_is_started_again_and_when_it_gives_up() {
    let mut world = World::started([service("bot")]);
    world.pass(millis(10));
    world.exit("bot", Exit::Code(1));
    world.pass(millis(10));
    world.exit("bot", Exit::Code(1));
    assert_eq!(
        explained(&world, "bot"),
        "bot is backoff since 2023-11-14T22:13:20.020Z\n  \
         its last run ended after 10ms: exit code 1\n  \
         is started again at 2023-11-14T22:13:20.120Z\n  \
         gives up at 2023-11-14T22:13:21.560Z if it goes on like this\n  \
         run 2 ended 2023-11-14T22:13:20.020Z: exit code 1\n  \
         run 1 ended 2023-11-14T22:13:20.010Z: exit code 1"
    );
    let gives_up_at = world.supervisor.explain("bot").unwrap().gives_up_at.unwrap();
    while world.state("bot") != "crash_loop" {
        world.pass(millis(10));
        world.exit("bot", Exit::Code(1));
        if world.state("bot") == "backoff" {
            world.pass(world.until_wake());
        }
    }
    // It said when, and that is when.
    assert_eq!(world.now.wall, gives_up_at);
}

#[test]
fn task_says_when_it_runs_next() {
    let mut task = service("report");
    task.kind = Kind::Task;
    task.schedule = Some("30 4 * * 1".into());
    let world = World::started([task]);
    let next = world.supervisor.explain("report").unwrap().next;
    assert_eq!(next, ["runs by its schedule at 2023-11-20T04:30:00Z"]);
}

#[test]
fn slow_failures_never_give_up() {
    let mut world = World::started([service("bot")]);
    world.exit("bot", Exit::Code(1));
    world.pass(secs(9));
    assert_eq!(world.supervisor.explain("bot").unwrap().exits.len(), 1);
    world.exit("bot", Exit::Code(1));
    world.pass(secs(1));
    let explained = world.supervisor.explain("bot").unwrap();
    assert!(explained.gives_up_at.is_some());
    world.pass(secs(60));
    assert_eq!(world.supervisor.explain("bot").unwrap().gives_up_at, None);
}
