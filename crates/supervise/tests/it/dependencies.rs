//! Who starts when, and who goes with whom.

use wardkit_core::Severity;
use wardkit_supervise::{
    Command, Config, Exit, Host, Input, Kind, Notice, Now, ProbeConfig, Supervisor,
};

use crate::support::{World, needing, secs, service};

fn names(world: &World) -> Vec<&str> {
    world.starts.iter().map(|(_, name)| name.as_str()).collect()
}

#[test]
fn services_start_after_those_they_need_are_ready_and_stop_before_them() {
    let mut db = service("db");
    db.probes.readiness = Some(ProbeConfig::notify());
    let bot = needing("bot", &["db"]);
    let web = needing("web", &["bot"]);
    let mut world = World::started([web, bot, db, service("alone")]);
    assert_eq!(names(&world), ["db", "alone"]);
    assert_eq!(world.states(), ["held", "held", "starting", "running"]);
    let notice = Notice::Ready;
    world.step(Input::Notified { service: "db".into(), generation: 1, notice });
    world.settle();
    assert_eq!(names(&world), ["db", "alone", "bot", "web"]);

    world.step(Input::Shutdown);
    let mut ended = Vec::new();
    while let Some(answer) = world.answers.pop_front() {
        if let Input::Exited { service, .. } = &answer {
            ended.push(service.to_string());
        }
        world.step(answer);
    }
    assert_eq!(ended, ["web", "alone", "bot", "db"]);
    assert!(world.supervisor.is_down());
}

#[test]
fn dependants_of_what_is_never_ready_are_not_started() {
    let mut db = service("db");
    db.probes.readiness = Some(ProbeConfig::notify());
    db.start_timeout = secs(3);
    let mut world = World::started([db, needing("bot", &["db"])]);
    world.pass(secs(200));
    assert_eq!(world.states(), ["crash_loop", "held"]);
    assert!(names(&world).iter().all(|name| *name == "db"));
    assert_eq!(
        world.supervisor.explain("bot").unwrap().why,
        ["waits for db: readiness, which is crash_loop"]
    );
    let last = world.supervisor.explain("db").unwrap().exits.pop().unwrap();
    assert_eq!(last.reason.kind().as_str(), "start_timeout");
}

#[test]
fn children_that_fail_because_their_parent_is_down_are_held_and_only_the_parent_is_told() {
    let children: Vec<_> = (0..20).map(|n| needing(&format!("bot{n}"), &["db"])).collect();
    let mut world = World::started([vec![service("db")], children].concat());
    for _ in 0..6 {
        world.exits("db", Exit::Code(1));
        for n in 0..20 {
            world.exits(&format!("bot{n}"), Exit::Code(1));
        }
        world.settle();
        if world.state("db") == "backoff" {
            world.pass(secs(1));
        }
    }
    assert_eq!(world.state("db"), "crash_loop");
    assert_eq!(world.state("bot7"), "held");
    let errors = world.events.iter().filter(|event| event.severity >= Severity::Error);
    let told: Vec<&str> = errors.map(|event| event.subject.as_str()).collect();
    assert_eq!(told, ["db"]);
    world.command("db", Command::Start);
    assert!(world.states().iter().all(|state| state == "running"));
}

#[test]
fn what_is_bound_goes_with_the_other_and_comes_back_with_it() {
    let mut bot = service("bot");
    bot.binds_to = vec!["db".into()];
    let mut world = World::started([service("db"), bot, needing("web", &["db"])]);
    world.exit("db", Exit::Code(1));
    assert_eq!(world.states(), ["running", "running", "running"]);
    assert_eq!(names(&world), ["db", "bot", "web", "db", "bot"]);
    let last = world.supervisor.explain("bot").unwrap().exits.pop().unwrap();
    assert_eq!(last.reason.to_string(), "db went down");
}

#[test]
fn stop_takes_dependants_down_first_and_start_brings_needs_up() {
    let mut world = World::started([service("db"), needing("bot", &["db"])]);
    world.command("db", Command::Stop);
    assert_eq!(world.states(), ["stopped", "held"]);
    world.command("bot", Command::Stop);
    assert_eq!(world.states(), ["stopped", "stopped"]);
    world.command("bot", Command::Start);
    assert_eq!(world.states(), ["running", "running"]);
    world.command("db", Command::Restart);
    assert_eq!(world.generation("db"), 3);
    assert_eq!(world.generation("bot"), 2);
}

#[test]
fn after_orders_without_needing() {
    let mut bot = service("bot");
    bot.after = vec!["cache".into()];
    let mut cache = service("cache");
    cache.restart = wardkit_supervise::RestartPolicy::Never;
    let mut world = World::new([bot, cache]);
    assert_eq!(names(&world), ["cache"]);
    world.settle();
    assert_eq!(names(&world), ["cache", "bot"]);
    world.exit("cache", Exit::Code(1));
    world.exit("bot", Exit::Code(1));
    assert_eq!(world.states(), ["running", "failed"]);
}

#[test]
fn task_must_succeed_before_those_that_need_it() {
    let mut migrate = service("migrate");
    migrate.kind = Kind::Task;
    let mut world = World::started([migrate, needing("bot", &["migrate"])]);
    assert_eq!(world.states(), ["running", "held"]);
    world.exit("migrate", Exit::Code(0));
    assert_eq!(world.states(), ["finished", "running"]);
}

#[test]
fn conflicting_service_is_stopped_first() {
    let mut blue = service("blue");
    blue.conflicts = vec!["green".into()];
    let mut green = service("green");
    green.autostart = false;
    let mut world = World::started([blue, green]);
    assert_eq!(world.states(), ["running", "stopped"]);
    world.command("green", Command::Start);
    assert_eq!(world.states(), ["stopped", "running"]);
    world.command("blue", Command::Start);
    assert_eq!(world.states(), ["running", "stopped"]);
}

#[test]
fn wrong_services_are_not_started_and_the_others_are() {
    let mut world = World::started([
        needing("a", &["b"]),
        needing("b", &["c"]),
        needing("c", &["a"]),
        needing("d", &["nowhere"]),
        needing("e", &["d"]),
        service("f"),
    ]);
    world.pass(secs(60));
    assert_eq!(world.states(), ["failed", "failed", "failed", "failed", "held", "running"]);
    let found: Vec<String> =
        world.supervisor.violations().iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "service[3].depends: there is no service `nowhere`",
            "service[0].depends: goes in a circle: a -> b -> c -> a",
        ]
    );
}

#[test]
fn a_thousand_services_start_within_as_many_steps_as_there_are_answers() {
    let chain: Vec<_> = (0..1_000)
        .map(|n| match n {
            0 => service("s0"),
            n => needing(&format!("s{n}"), &[&format!("s{}", n - 1)]),
        })
        .collect();
    let world = World::started(chain);
    assert!(world.states().iter().all(|state| state == "running"));
    assert_eq!(world.starts.len(), 1_000);
}

#[test]
fn a_circle_through_ten_thousand_services_is_told_and_does_not_end_the_program() {
    let last = 9_999;
    let ring: Vec<_> = (0..=last)
        .map(|n| needing(&format!("s{n}"), &[&format!("s{}", if n == 0 { last } else { n - 1 })]))
        .collect();
    let config = Config::new(ring);
    let supervisor = Supervisor::new(config, Vec::new(), Now::default(), Host::new("b", 1));
    assert_eq!(supervisor.violations().len(), 1);
}
