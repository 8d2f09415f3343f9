//! Ends that somebody wants.

use wardkit_supervise::{Command, Exit, Input};

use crate::support::{World, millis, secs, service};

#[test]
fn deaf_service_is_killed_at_its_timeout_with_all_that_it_started() {
    let mut bot = service("bot");
    bot.stop_timeout = secs(1);
    let mut world = World::started([bot]);
    world.deaf.insert("bot".into());
    world.command("bot", Command::Stop);
    world.pass(millis(999));
    assert_eq!(world.state("bot"), "stopping");
    assert_eq!(world.procs.len(), 1);
    world.pass(millis(1));
    assert_eq!(world.state("bot"), "stopped");
    assert_eq!(world.procs.len(), 0);
    let explained = world.supervisor.explain("bot").unwrap();
    assert_eq!(explained.why[0], "stopped by ann");
    assert_eq!(explained.exits[0].exit, Some(Exit::Signal { signal: 9, core: false }));
}

#[test]
fn stopped_service_stays_stopped_over_restarts_of_program_and_host() {
    let mut world = World::started([service("bot"), service("web")]);
    world.command("bot", Command::Stop);
    world.restart_program();
    world.settle();
    assert_eq!(world.states(), ["stopped", "running"]);
    world.reboot();
    world.settle();
    assert_eq!(world.states(), ["stopped", "running"]);
}

#[test]
fn unkillable_service_is_told_once_and_never_started_beside_itself() {
    let mut world = World::started([service("bot")]);
    world.immortal.insert("bot".into());
    world.deaf.insert("bot".into());
    world.command("bot", Command::Restart);
    world.pass(secs(3_600));
    assert_eq!(world.state("bot"), "unkillable");
    assert_eq!(world.told("supervise.unkillable", "bot"), 1);
    assert_eq!(world.starts.len(), 1);
    world.immortal.clear();
    world.pass(secs(30));
    assert_eq!(world.state("bot"), "running");
    assert_eq!(world.starts.len(), 2);
}

#[test]
fn word_of_an_earlier_run_changes_nothing() {
    let mut world = World::started([service("bot")]);
    world.exits("bot", Exit::Code(1));
    let exited = world.answers[0].clone();
    world.settle();
    assert_eq!(world.generation("bot"), 2);
    world.step(exited);
    world.step(Input::TreeGone { service: "bot".into(), generation: 1 });
    assert_eq!(world.state("bot"), "running");
    assert_eq!(world.generation("bot"), 2);
}

#[test]
fn restart_takes_no_place_among_the_failures() {
    let mut world = World::started([service("bot")]);
    for _ in 0..20 {
        world.command("bot", Command::Restart);
    }
    assert_eq!(world.state("bot"), "running");
    assert_eq!(world.generation("bot"), 21);
}
