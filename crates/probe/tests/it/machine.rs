//! Thresholds, times, flapping and history of single checks.

use std::time::Duration;

use wardkit_core::Health;
use wardkit_probe::{Config, Input, Latency, Outcome, State};

use crate::support::{INTERVAL, World, check, down, failed};

#[test]
fn a_check_falls_after_three_failures_and_rises_after_two_passes() {
    let mut world = World::new([check("web", &[])]);
    assert_eq!(world.state("web"), State::Starting);
    assert_eq!(world.rounds(1, |_| Outcome::Passed), ["web passed"]);
    assert_eq!(world.rounds(2, |_| failed()), [""; 0]);
    assert_eq!(world.state("web"), State::Up);
    assert_eq!(world.rounds(2, |_| failed()), ["web failed"]);
    assert_eq!(world.state("web"), down());
    assert_eq!(world.rounds(1, |_| Outcome::Passed), [""; 0]);
    assert_eq!(world.rounds(1, |_| Outcome::Passed), ["web recovered"]);
    let status = world.status("web");
    assert_eq!((status.runs, status.failures, status.critical), (7, 4, true));
}

#[test]
fn one_failure_between_passes_is_not_told() {
    let mut world = World::new([check("web", &[])]);
    world.rounds(1, |_| Outcome::Passed);
    for _ in 0..20 {
        assert_eq!(world.rounds(2, |_| failed()), [""; 0]);
        assert_eq!(world.rounds(1, |_| Outcome::Passed), [""; 0]);
    }
}

#[test]
fn the_reason_shown_is_that_of_the_last_failure() {
    let mut world = World::new([check("web", &[])]);
    world.rounds(3, |_| failed());
    world.rounds(1, |_| Outcome::failed("status 503"));
    assert_eq!(world.state("web"), State::Down { reason: "status 503".to_owned() });
    assert_eq!(world.status("web").health(), Health::down("status 503"));
}

#[test]
fn a_slow_pass_degrades() {
    let mut slow = check("web", &[]);
    slow.slow_after = Some(Duration::from_millis(100));
    slow.fall = 1;
    let mut world = World::new([slow]);
    world.rounds(1, |_| Outcome::Passed);
    world.pass(INTERVAL);
    world.end_after("web", Outcome::Passed, Duration::from_millis(101));
    let reason = "took 101ms, which is more than 100ms".to_owned();
    assert_eq!(world.state("web"), State::Degraded { reason });
    assert_eq!(world.told, ["web passed", "web degraded"]);
}

#[test]
fn a_run_that_did_not_take_place_says_nothing_and_comes_again() {
    let mut world = World::new([check("web", &[])]);
    world.rounds(1, |_| Outcome::Passed);
    world.rounds(2, |_| failed());
    for _ in 0..5 {
        assert_eq!(world.pass(INTERVAL), ["web"]);
        world.put_off("web");
        assert_eq!(world.pass(INTERVAL / 2), [""; 0]);
        world.clock.advance(INTERVAL / 2);
    }
    let status = world.status("web");
    assert_eq!((status.runs, status.failures, status.state), (3, 2, State::Up));
    assert_eq!(world.rounds(1, |_| failed()), ["web failed"]);
}

#[test]
fn failures_do_not_count_in_the_grace_before_the_first_pass() {
    let mut slow = check("web", &[]);
    slow.grace = Duration::from_mins(1);
    let mut world = World::new([slow]);
    assert_eq!(world.rounds(6, |_| failed()), [""; 0]);
    assert_eq!(world.state("web"), State::Starting);
    assert_eq!(world.status("web").health(), Health::Starting);
    assert_eq!(world.rounds(4, |_| failed()), ["web failed"]);
}

#[test]
fn the_first_run_waits_for_the_start_delay() {
    let mut late = check("web", &[]);
    late.start_delay = Duration::from_secs(45);
    let mut world = World::new([late]);
    assert_eq!(world.checks.next_wake(), Some(Duration::from_secs(45)));
    assert_eq!(world.pass(Duration::from_secs(44)), [""; 0]);
    assert_eq!(world.pass(Duration::from_secs(1)), ["web"]);
    assert_eq!(world.checks.next_wake(), None);
}

#[test]
fn starts_are_an_interval_apart_however_long_a_run_takes() {
    let mut world = World::new([check("web", &[])]);
    world.pass(Duration::ZERO);
    world.pass(Duration::from_secs(4));
    world.end("web", Outcome::Passed);
    assert_eq!(world.checks.next_wake(), Some(Duration::from_secs(10)));
    assert_eq!(world.pass(Duration::from_secs(6)), ["web"]);
    // One that takes longer than the interval is followed at once, by one run and not by two.
    world.pass(Duration::from_secs(25));
    world.end("web", Outcome::Passed);
    world.end("web", Outcome::Passed);
    assert_eq!(world.checks.next_wake(), Some(Duration::from_secs(45)));
}

#[test]
fn a_clock_that_is_set_changes_no_schedule() {
    let mut world = World::new([check("web", &[])]);
    world.rounds(1, |_| Outcome::Passed);
    let wake = world.checks.next_wake();
    world.clock.set_wall("1999-01-01T00:00:00Z".parse().unwrap());
    world.step(Input::Tick);
    assert_eq!(world.checks.next_wake(), wake);
    assert_eq!(world.rounds(1, |_| Outcome::Passed), [""; 0]);
}

#[test]
fn jitter_puts_starts_off_by_less_than_its_limit() {
    let mut config = Config::default();
    for number in 0..50 {
        let mut check = check(&format!("c{number}"), &[]);
        check.jitter = Duration::from_secs(5);
        config.checks.push(check);
    }
    config.max_parallel = 256;
    let mut world = World::of(config);
    assert!(world.pass(Duration::ZERO).len() < 5, "they do not start together");
    assert_eq!(world.pass(Duration::from_secs(5)).len(), 50);
}

#[test]
fn no_more_than_the_limit_run_and_the_longest_due_is_first() {
    let mut config = Config::default();
    config.max_parallel = 2;
    for (name, delay) in [("c", 0), ("b", 1), ("a", 2)] {
        let mut check = check(name, &[]);
        check.start_delay = Duration::from_secs(delay);
        config.checks.push(check);
    }
    let mut world = World::of(config);
    assert_eq!(world.pass(Duration::from_secs(3)), ["b", "c"]);
    assert_eq!(world.checks.next_wake(), None);
    world.end("c", Outcome::Passed);
    assert_eq!(world.pass(Duration::ZERO), ["a", "b"]);
}

#[test]
fn flapping_is_told_once_and_its_end_too() {
    let mut flappy = check("web", &[]);
    (flappy.fall, flappy.rise, flappy.flap_changes) = (1, 1, 4);
    flappy.flap_within = Duration::from_mins(2);
    let mut world = World::new([flappy]);
    let mut told = Vec::new();
    for _ in 0..10 {
        told.extend(world.rounds(1, |_| Outcome::Passed));
        told.extend(world.rounds(1, |_| failed()));
    }
    let expected = ["web passed", "web failed", "web recovered", "web flapping"];
    assert_eq!(told, expected);
    assert!(world.status("web").flapping);
    world.rounds(1, |_| Outcome::Passed);
    assert_eq!(world.status("web").health(), Health::degraded("changes its state too often"));
    assert_eq!(world.rounds(20, |_| Outcome::Passed), ["web settled"]);
    assert_eq!(world.status("web").health(), Health::Up);
    assert_eq!(world.rounds(1, |_| failed()), ["web failed"]);
}

#[test]
fn history_keeps_the_last_runs_and_no_more() {
    let mut short = check("web", &[]);
    short.history = 3;
    let mut world = World::new([short]);
    world.rounds(5, |_| Outcome::Passed);
    world.rounds(1, |_| Outcome::failed("x".repeat(10_000)));
    let found: Vec<_> = world.checks.history("web").collect();
    assert_eq!(found.len(), 3);
    assert_eq!(found[0].outcome, Outcome::Passed);
    assert_eq!(found[2].outcome.reason().map(str::len), Some(256 + '…'.len_utf8()));
    assert_eq!(found[1].took, Duration::from_millis(5));
    assert_eq!(world.checks.history("nobody").count(), 0);
    assert_eq!(world.checks.latency("web").map(Latency::count), Some(6));
    assert_eq!(world.checks.latency("nobody"), None);
}

#[test]
fn a_run_that_is_told_twice_counts_once() {
    let mut world = World::new([check("web", &[])]);
    let actions = {
        world.clock.advance(INTERVAL);
        let now = wardkit_probe::Moment::of(&world.clock);
        world.checks.step(now, Input::Tick)
    };
    let [wardkit_probe::Action::Start { check, run }] = actions[..] else { panic!("it is due") };
    for outcome in [Outcome::Passed, failed(), failed()] {
        world.step(Input::Finished { check, run, outcome, took: Duration::ZERO });
    }
    assert_eq!(world.status("web").runs, 1);
    assert_eq!(world.state("web"), State::Up);
}

#[test]
fn what_is_not_critical_takes_nothing_down() {
    let mut extra = check("extra", &[]);
    extra.critical = false;
    let mut world = World::new([check("web", &[]), extra]);
    let parts = world.checks.health();
    assert_eq!(parts, [("web".to_owned(), Health::Starting), ("extra".to_owned(), Health::Up)]);
    world.rounds(3, |name| if name == "extra" { failed() } else { Outcome::Passed });
    let whole = Health::merge(world.checks.health());
    assert_eq!(whole, Health::degraded("extra: refused"));
    world.rounds(3, |_| failed());
    assert_eq!(Health::merge(world.checks.health()), Health::down("web: refused"));
}
