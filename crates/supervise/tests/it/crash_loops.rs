//! Restarts, waits, and what is too much.

use wardkit_supervise::{
    Command, Config, Exit, Kind, RestartPolicy, SpawnError, SpawnErrorClass, State,
};

use crate::support::{World, millis, secs, service};

const FAILED: Exit = Exit::Code(1);

#[test]
fn first_restart_is_immediate_and_later_ones_wait_twice_as_long_each() {
    let mut bot = service("bot");
    bot.intensity.max_restarts = 0;
    let mut world = World::started([bot]);
    let mut waits = Vec::new();
    for _ in 0..12 {
        world.exit("bot", FAILED);
        let wait = world.until_wake();
        let is_running = world.state("bot") == "running";
        waits.push(if is_running { 0 } else { u64::try_from(wait.as_millis()).unwrap() });
        world.pass(if is_running { millis(0) } else { wait });
        assert_eq!(world.state("bot"), "running");
    }
    assert_eq!(waits, [0, 100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 51_200, 60_000]);
}

#[test]
fn waits_begin_anew_after_a_stable_run() {
    let mut world = World::started([service("bot")]);
    world.exit("bot", FAILED);
    world.exit("bot", FAILED);
    assert_eq!(world.state("bot"), "backoff");
    world.pass(millis(100));
    // Ten times the last wait would be one second; ten seconds are the least.
    world.pass(secs(10));
    world.exit("bot", FAILED);
    assert_eq!(world.state("bot"), "running");
}

#[test]
fn service_that_dies_at_once_is_told_once_as_a_crash_loop_and_costs_one_start_per_cool_down() {
    let mut world = World::started([service("bot")]);
    // Every run ends after a millisecond, for an hour.
    let until = world.now.boot + secs(3_600);
    while world.now.boot < until {
        world.pass(millis(1));
        world.exit("bot", FAILED);
        if world.state("bot") != "running" {
            world.pass(world.until_wake());
        }
    }
    assert_eq!(world.told("supervise.crash_loop", "bot"), 1);
    // One start, five restarts, and one every five minutes.
    assert_eq!(world.starts.len(), 6 + 12);
}

#[test]
fn crash_loop_ends_when_the_probing_start_lives() {
    let mut world = World::started([service("bot")]);
    for _ in 0..6 {
        world.exit("bot", FAILED);
        world.pass(secs(1));
    }
    let State::CrashLoop { until } = world.supervisor.status_of("bot").unwrap().state else {
        panic!("{}", world.state("bot"));
    };
    assert!(until > world.now.wall);
    world.pass(secs(299));
    assert_eq!(world.state("bot"), "running");
    assert_eq!(world.told("supervise.recovered", "bot"), 0);
    world.pass(secs(60));
    assert_eq!(world.told("supervise.recovered", "bot"), 1);
    // It may fail again as if nothing had been.
    world.exit("bot", FAILED);
    assert_eq!(world.state("bot"), "running");
    assert_eq!(world.told("supervise.crash_loop", "bot"), 1);
}

#[test]
fn operator_starts_what_is_in_a_crash_loop_at_once() {
    let mut world = World::started([service("bot")]);
    for _ in 0..6 {
        world.exit("bot", FAILED);
        world.pass(secs(1));
    }
    assert_eq!(world.state("bot"), "crash_loop");
    world.command("bot", Command::Start);
    assert_eq!(world.state("bot"), "running");
}

#[test]
fn policy_decides_after_which_ends_a_service_is_started_again() {
    use RestartPolicy::{Always, Never, OnAbnormal, OnFailure, UnlessStopped};
    let killed = Exit::Signal { signal: 9, core: false };
    for (policy, exit, state) in [
        (Always, Exit::Code(0), "running"),
        (Always, Exit::Code(1), "running"),
        (Always, killed.clone(), "running"),
        (UnlessStopped, Exit::Code(0), "running"),
        (OnFailure, Exit::Code(0), "stopped"),
        (OnFailure, Exit::Code(3), "stopped"),
        (OnFailure, Exit::Code(1), "running"),
        (OnFailure, killed.clone(), "running"),
        (OnAbnormal, Exit::Code(0), "stopped"),
        (OnAbnormal, Exit::Code(1), "failed"),
        (OnAbnormal, killed.clone(), "running"),
        (OnAbnormal, Exit::Unknown, "running"),
        (Never, Exit::Code(0), "stopped"),
        (Never, Exit::Code(1), "failed"),
        (Never, killed, "failed"),
        // A mistake in the configuration is none that a restart mends.
        (Always, Exit::Code(78), "failed"),
    ] {
        let mut bot = service("bot");
        bot.restart = policy;
        bot.success_exit_codes = vec![0, 3];
        let mut world = World::started([bot]);
        world.exit("bot", exit.clone());
        assert_eq!(world.state("bot"), state, "{policy:?} {exit:?}");
    }
}

#[test]
fn program_that_is_being_replaced_is_tried_again_and_one_that_never_was_there_is_not() {
    for (class, has_run, state) in [
        (SpawnErrorClass::Transient, false, "running"),
        (SpawnErrorClass::Transient, true, "running"),
        (SpawnErrorClass::Program, false, "failed"),
        (SpawnErrorClass::Program, true, "running"),
        (SpawnErrorClass::Configuration, true, "failed"),
    ] {
        let error = SpawnError::new(class, "/usr/bin/bot: no such file");
        let mut world = World::new([service("bot")]);
        if has_run {
            world.settle();
            world.unstartable.insert("bot".into(), error);
            world.exit("bot", FAILED);
        } else {
            world.restart_program();
            world.unstartable.insert("bot".into(), error);
            world.procs.clear();
            world.store.clear();
            world.restart_program();
            world.settle();
        }
        world.unstartable.clear();
        world.pass(secs(5));
        assert_eq!(world.state("bot"), state, "{class:?} {has_run}");
    }
}

#[test]
fn leftovers_of_a_dead_run_are_killed_before_the_next_one() {
    let mut world = World::started([service("bot")]);
    world.littering.insert("bot".into());
    world.exits("bot", FAILED);
    let exited = world.answers.pop_front().unwrap();
    world.immortal.insert("bot".into());
    world.step(exited);
    assert_eq!(world.state("bot"), "stopping");
    assert_eq!(world.starts.len(), 1);
    world.immortal.clear();
    world.pass(secs(5));
    assert_eq!(world.state("bot"), "running");
    assert_eq!(world.starts.len(), 2);
}

#[test]
fn task_runs_once_and_by_its_schedule() {
    let mut once = service("once");
    once.kind = Kind::Task;
    let mut nightly = service("nightly");
    nightly.kind = Kind::Task;
    nightly.schedule = Some("0 3 * * *".into());
    let mut world = World::with(Config::new([once, nightly]));
    world.settle();
    assert_eq!(world.states(), ["running", "finished"]);
    world.exit("once", Exit::Code(0));
    world.pass(secs(86_400));
    assert_eq!(world.states(), ["finished", "running"]);
    world.exit("nightly", Exit::Code(0));
    let names: Vec<&str> = world.starts.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(names, ["once", "nightly"]);
    world.pass(secs(86_400));
    assert_eq!(world.starts.len(), 3);
}

#[test]
fn crash_loop_is_told_to_be_over_when_somebody_takes_care_of_the_service() {
    for command in [Command::Stop, Command::Start, Command::Restart] {
        let mut world = World::started([service("bot")]);
        for _ in 0..6 {
            world.exit("bot", FAILED);
            world.pass(secs(1));
        }
        assert_eq!(world.state("bot"), "crash_loop");
        world.command("bot", command.clone());
        world.command("bot", command);
        assert_eq!(world.told("supervise.recovered", "bot"), 1);
        assert_eq!(world.told("supervise.crash_loop", "bot"), 1);
    }
}

#[test]
fn crash_loop_of_a_service_that_is_no_longer_declared_is_over() {
    let mut world = World::started([service("bot"), service("db")]);
    for _ in 0..6 {
        world.exit("bot", FAILED);
        world.pass(secs(1));
    }
    world.config = Config::new([service("db")]);
    world.reload();
    assert_eq!(world.told("supervise.recovered", "bot"), 1);
}
