//! What holds whatever happens.

use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;
use wardkit_core::Timestamp;
use wardkit_probe::{Action, CheckId, Checks, Config, Input, Moment, Outcome, State};

use crate::support::check;

/// What happens next: time passes, or one of the runs ends.
#[derive(Clone, Debug)]
enum Step {
    Wait(u64),
    End { which: usize, outcome: u8 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let wait = (0_u64..20_000).prop_map(Step::Wait);
    let end = (any::<usize>(), 0_u8..4).prop_map(|(which, outcome)| Step::End { which, outcome });
    proptest::collection::vec(prop_oneof![1 => wait, 3 => end], 1..200)
}

/// Checks of which each depends on some that come before it, so that there is no circle.
fn config() -> impl Strategy<Value = Config> {
    let one = (1_u32..4, 1_u32..4, 0_u32..6, any::<u8>(), 0_u64..30);
    (proptest::collection::vec(one, 1..7), 1_usize..4).prop_map(|(checks, max_parallel)| {
        let mut config = Config::default();
        config.max_parallel = max_parallel;
        for (index, (fall, rise, flap, needs, grace)) in checks.into_iter().enumerate() {
            let needs: Vec<String> =
                (0..index).filter(|at| needs >> at & 1 == 1).map(|at| format!("c{at}")).collect();
            let needs: Vec<&str> = needs.iter().map(String::as_str).collect();
            let mut check = check(&format!("c{index}"), &needs);
            (check.fall, check.rise) = (fall, rise);
            check.flap_changes = if flap == 1 { 0 } else { flap };
            check.grace = Duration::from_secs(grace);
            check.history = 5;
            config.checks.push(check);
        }
        config
    })
}

proptest! {
    #[test]
    fn runs_are_bounded_blocks_are_true_and_changes_are_told(config in config(), steps in steps()) {
        let mut now = Moment { wall: Timestamp::UNIX_EPOCH, uptime: Duration::ZERO };
        let mut checks = Checks::new(config.clone(), now, 3).unwrap();
        let mut running: Vec<(CheckId, u64)> = Vec::new();
        let mut told: HashMap<String, String> = HashMap::new();
        let mut input = Input::Tick;
        for step in steps {
            for action in checks.step(now, input) {
                match action {
                    Action::Start { check, run } => {
                        prop_assert!(running.iter().all(|(other, _)| *other != check));
                        running.push((check, run));
                    }
                    Action::Publish(event) => {
                        told.insert(event.subject.clone(), event.kind.to_string());
                    }
                    _ => unreachable!("there is no other action"),
                }
            }
            prop_assert!(running.len() <= config.max_parallel);
            prop_assert!(checks.next_wake().is_some() || !running.is_empty(), "it would never wake");
            let status = checks.status();
            for (check, now) in config.checks.iter().zip(&status) {
                let failing = |name: &&String| {
                    let other = status.iter().find(|other| other.name == **name).unwrap();
                    matches!(other.state, State::Down { .. } | State::Blocked { .. })
                };
                let is_blocked = matches!(now.state, State::Blocked { .. });
                prop_assert_eq!(is_blocked, check.depends_on.iter().any(|name| failing(&name)));
                prop_assert!(checks.history(&check.name).count() <= 5);
                if matches!(now.state, State::Down { .. } | State::Blocked { .. }) {
                    prop_assert!(told.contains_key(&check.name), "{} is in trouble untold", check.name);
                }
            }
            input = match step {
                Step::Wait(millis) => {
                    now.uptime += Duration::from_millis(millis);
                    now.wall = now.wall.saturating_add(Duration::from_millis(millis));
                    Input::Tick
                }
                Step::End { .. } if running.is_empty() => Input::Tick,
                Step::End { which, outcome } => {
                    let (check, run) = running.swap_remove(which % running.len());
                    let outcome = match outcome {
                        0 => Outcome::Passed,
                        1 => Outcome::degraded("slow"),
                        _ => Outcome::failed("gone"),
                    };
                    Input::Finished { check, run, outcome, took: Duration::from_millis(1) }
                }
            };
        }
    }
}
