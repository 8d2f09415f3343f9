//! What is made of records after a restart of the program or of the host.

use wardkit_supervise::{Command, Exit, Kind, ProbeConfig, Reason, ServiceSpec};

use crate::support::{Proc, World, needing, secs, service};

fn services() -> [ServiceSpec; 2] {
    let mut db = service("db");
    db.probes.readiness = Some(ProbeConfig::exec(["ready"]));
    [db, needing("bot", &["db"])]
}

fn started() -> World {
    let mut world = World::started(services());
    world.answer_probes(&wardkit_supervise::ProbeResult::Passed);
    assert_eq!(world.states(), ["running", "running"]);
    world
}

#[test]
fn program_that_was_killed_takes_its_services_back() {
    let mut world = started();
    let since = world.supervisor.explain("bot").unwrap().status.since;
    world.pass(secs(100));
    world.restart_program();
    world.settle();
    assert_eq!(world.states(), ["running", "running"]);
    assert_eq!(world.starts.len(), 2);
    assert_eq!(world.told("supervise.adopted", "bot"), 1);
    assert_eq!(world.supervisor.explain("bot").unwrap().status.since, since);
}

#[test]
fn what_died_while_nobody_looked_is_started_again() {
    let mut world = started();
    world.procs.remove("bot");
    world.restart_program();
    world.settle();
    assert_eq!(world.states(), ["running", "running"]);
    assert_eq!(world.starts.len(), 3);
    let exits = world.supervisor.explain("bot").unwrap().exits;
    assert_eq!(exits[0].reason, Reason::Unknown);
}

#[test]
fn after_a_reboot_nothing_is_looked_for_and_all_is_started_in_order() {
    let mut world = started();
    world.starts.clear();
    world.reboot();
    world.settle();
    assert_eq!(world.states(), ["starting", "held"]);
    world.answer_probes(&wardkit_supervise::ProbeResult::Passed);
    assert_eq!(world.states(), ["running", "running"]);
    let order: Vec<&str> = world.starts.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(order, ["db", "bot"]);
    assert_eq!(world.generation("db"), 2);
    let exits = world.supervisor.explain("db").unwrap().exits;
    assert_eq!(exits[0].reason, Reason::Reboot);
}

#[test]
fn crash_loop_goes_on_over_a_restart_of_the_program() {
    let mut world = World::started([service("bot")]);
    for _ in 0..6 {
        world.exit("bot", Exit::Code(1));
        world.pass(secs(1));
    }
    world.pass(secs(100));
    world.restart_program();
    world.settle();
    assert_eq!(world.state("bot"), "crash_loop");
    assert_eq!(world.starts.len(), 6);
    world.pass(secs(200));
    assert_eq!(world.starts.len(), 7);
    // It is the same crash loop, and it was told.
    world.exit("bot", Exit::Code(1));
    assert_eq!(world.state("bot"), "crash_loop");
    assert_eq!(world.told("supervise.crash_loop", "bot"), 1);
}

#[test]
fn what_is_no_longer_declared_is_stopped_and_forgotten() {
    let mut world = started();
    world.config.services.remove(1);
    world.restart_program();
    world.settle();
    assert_eq!(world.supervisor.status().len(), 1);
    assert_eq!(world.store.len(), 1);
    assert_eq!(world.procs.len(), 1);
}

#[test]
fn reload_restarts_only_what_runs_another_program() {
    let mut world = World::started([service("a"), service("b"), service("c")]);
    world.config.services[0].command = vec!["/bin/false".into()];
    world.config.services[1].stop_timeout = secs(3);
    world.config.services[2] = service("d");
    world.reload();
    assert_eq!(world.states(), ["running", "running", "running"]);
    let generations = ["a", "b", "d"].map(|name| world.generation(name));
    assert_eq!(generations, [2, 1, 1]);
    assert!(world.supervisor.status_of("c").is_none());
    assert_eq!(world.store.len(), 3);

    world.config.services[1].depends = vec!["nowhere".into()];
    world.reload();
    let refused = world.events.last().unwrap();
    assert_eq!(refused.kind.as_str(), "supervise.reload_refused");
    assert_eq!(world.states(), ["running", "running", "running"]);
}

#[test]
fn failure_is_given_one_try_when_the_program_starts_anew() {
    let mut world = World::started([service("bot")]);
    world.exit("bot", Exit::Code(78));
    assert_eq!(world.state("bot"), "failed");
    world.restart_program();
    world.settle();
    assert_eq!(world.state("bot"), "running");
    world.command("bot", Command::Stop);
    assert_eq!(world.state("bot"), "stopped");
}

fn watched() -> ServiceSpec {
    let mut daemon = service("daemon");
    daemon.kind = Kind::Watched;
    daemon.pid_file = Some("/run/daemon.pid".into());
    daemon
}

#[test]
fn watched_service_that_runs_already_is_not_started() {
    let mut world = World::new([watched()]);
    let proc = Proc { generation: 0, main: true, leftovers: false };
    world.answers.clear();
    world.procs.insert("daemon".into(), proc.clone());
    world.restart_program();
    world.settle();
    assert_eq!(world.state("daemon"), "running");
    assert_eq!(world.starts.len(), 0);
    // Somebody else starts it again before we do.
    world.exits("daemon", Exit::Unknown);
    world.procs.insert("daemon".into(), proc);
    world.settle();
    assert_eq!(world.state("daemon"), "running");
    assert_eq!(world.starts.len(), 0);
}

#[test]
fn watched_service_whose_pid_file_names_a_stranger_is_started_and_that_is_told() {
    let mut world = World::new([watched()]);
    world.stale = Some("/run/daemon.pid names pid 77, which is another program".into());
    world.restart_program();
    world.settle();
    assert_eq!(world.state("daemon"), "running");
    assert_eq!(world.starts.len(), 1);
    assert_eq!(world.told("supervise.stale", "daemon"), 1);
    let why = world.supervisor.explain("daemon").unwrap().why;
    assert_eq!(why, ["/run/daemon.pid names pid 77, which is another program"]);
}

/// A task of every night that ran last night.
fn nightly() -> World {
    let mut nightly = service("nightly");
    nightly.kind = Kind::Task;
    nightly.schedule = Some("0 3 * * *".into());
    let mut world = World::started([nightly]);
    world.pass(secs(86_400));
    assert_eq!(world.starts.len(), 1);
    world
}

#[test]
fn task_whose_time_came_while_nothing_ran_is_caught_up_once() {
    for (catches_up, expected) in [(true, 2), (false, 1)] {
        for reboots in [true, false] {
            let mut world = nightly();
            world.config.services[0].catch_up = catches_up;
            world.exit("nightly", Exit::Code(0));
            let restart = |world: &mut World| {
                if reboots {
                    world.reboot();
                } else {
                    world.restart_program();
                }
                world.settle();
            };
            restart(&mut world);
            assert_eq!(world.starts.len(), 1, "it ran last night");
            // Three nights without us are one run.
            world.advance(secs(3 * 86_400));
            restart(&mut world);
            assert_eq!(world.starts.len(), expected);
            if catches_up {
                world.exit("nightly", Exit::Code(0));
            }
            restart(&mut world);
            assert_eq!(world.starts.len(), expected);
            world.pass(secs(86_400));
            assert_eq!(world.starts.len(), expected + 1, "the next night is as ever");
        }
    }
}

#[test]
fn task_that_a_reboot_cut_off_runs_again_and_one_that_somebody_stopped_does_not() {
    let mut world = nightly();
    world.reboot();
    world.settle();
    assert_eq!(world.state("nightly"), "running");
    assert_eq!(world.starts.len(), 2);
    world.command("nightly", Command::Stop);
    world.advance(secs(3 * 86_400));
    world.reboot();
    world.settle();
    assert_eq!(world.starts.len(), 2);
}
