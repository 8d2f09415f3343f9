//! The limits that a cgroup keeps, where this host has one; elsewhere what stands in for it.

use std::path::Path;
use std::time::Duration;

use wardkit_sandbox::{
    Ended, Guarantee, Input, Native, Outcome, Policy, Sandbox as _, Share, Strength,
};

fn run(script: &str, change: impl FnOnce(&mut Policy)) -> Outcome {
    let mut policy = Policy::default();
    policy.limits.tasks = 4;
    policy.at_least = Guarantee::ALL.map(|one| (one, Strength::Absent)).into();
    change(&mut policy);
    let mut given = (Vec::new(), Vec::new());
    let arguments = ["-c".into(), script.into()];
    Native::new()
        .run(Path::new("/bin/sh"), &arguments, &policy, Input::Bytes(b""), &mut given)
        .expect("a shell can be run")
}

fn strength(guarantee: Guarantee) -> Strength {
    Native::new().probe().best.strength(guarantee)
}

#[test]
fn a_program_gets_its_share_of_a_processor_and_no_more() {
    let outcome = run("while :; do :; done", |policy| {
        policy.limits.cpu = Share::from_thousandths(40).expect("it is a share");
        policy.limits.timeout = Duration::from_secs(2);
    });
    assert_eq!(outcome.ended, Ended::Timeout);
    // A 25th of two seconds, so little that a busy host gives it more; what stands in for a cgroup looks every few
    // milliseconds.
    let most = if strength(Guarantee::Cpu) == Strength::Enforced { 140 } else { 250 };
    assert!(outcome.usage.cpu <= Duration::from_millis(most), "{:?}", outcome.usage);
    assert!(outcome.usage.throttled > Duration::ZERO, "{:?}", outcome.usage);
}

#[test]
fn a_program_that_wants_too_much_memory_does_not_get_it() {
    let outcome = run("x=a; while :; do x=$x$x; done", |policy| {
        policy.limits.memory = "30MB".parse().expect("a size");
        policy.limits.cpu = "100%".parse().expect("a share");
    });
    if strength(Guarantee::Memory) == Strength::Enforced {
        assert_eq!(outcome.ended, Ended::OutOfMemory);
        assert!(outcome.usage.peak_memory <= 30_000_000, "{:?}", outcome.usage);
    } else {
        // The shell is refused the memory, says so and gives up.
        assert!(matches!(outcome.ended, Ended::Exited(1..)), "{:?}", outcome.ended);
    }
}

#[test]
fn a_program_cannot_have_more_processes_than_it_may() {
    let outcome = run("for i in 1 2 3 4 5 6 7 8; do sleep 5 & done; exit 3", |policy| {
        policy.limits.timeout = Duration::from_secs(4);
    });
    // The shell gives up at the first that it cannot have, instead of coming to its end.
    assert_eq!(outcome.ended, Ended::Exited(2), "{:?}", outcome.usage);
}

#[test]
fn a_program_is_gone_soon_after_its_deadline_even_when_its_share_is_used_up() {
    let outcome = run("while :; do :; done", |policy| {
        policy.limits.cpu = "1%".parse().expect("a share");
        policy.limits.timeout = Duration::from_millis(300);
    });
    assert_eq!(outcome.ended, Ended::Timeout);
    assert!(outcome.usage.wall < Duration::from_millis(1300), "{:?}", outcome.usage);
}
