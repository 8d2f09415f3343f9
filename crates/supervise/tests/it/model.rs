//! Waits and crash loops against a model that looks back over the whole history each time.

use std::time::Duration;

use proptest::prelude::*;
use wardkit_retry::Jitter;
use wardkit_supervise::{Exit, ServiceSpec, State};

use crate::support::{World, service};

/// All that ever happened, in milliseconds since the start.
#[derive(Default)]
struct Model {
    /// When each run began, and when it ended.
    runs: Vec<(u64, u64)>,
}

impl Model {
    /// Returns when the next run begins, and whether it is in a crash loop until then.
    fn next_start(&self, spec: &ServiceSpec) -> (u64, bool) {
        let millis = |time: Duration| u64::try_from(time.as_millis()).expect("it is short");
        let wait_of = |failures: u32| match failures {
            0 | 1 => 0,
            n => (millis(spec.backoff.initial) << (n - 2).min(40)).min(millis(spec.backoff.max)),
        };
        let (mut failures, mut looping) = (0, false);
        let mut restarts: Vec<u64> = Vec::new();
        let mut next = (0, false);
        for (began, ended) in &self.runs {
            let stable = (10 * wait_of(failures)).max(10_000);
            if ended - began >= stable {
                (failures, looping) = (0, false);
                restarts.clear();
            }
            failures += 1;
            let window = millis(spec.intensity.window);
            let recent = restarts.iter().filter(|at| **at + window >= *ended).count();
            let most = usize::try_from(spec.intensity.max_restarts).expect("it is small");
            if looping || most > 0 && recent >= most {
                looping = true;
                next = (ended + millis(spec.intensity.cool_down), true);
            } else {
                restarts.push(*ended);
                next = (ended + wait_of(failures), false);
            }
        }
        next
    }
}

proptest! {
    #[test]
    fn restarts_are_those_of_the_model(
        lives in prop::collection::vec(prop_oneof![0_u64..50, 50_u64..9_000, 9_000_u64..700_000], 1..40),
        initial in 1_u64..2_000,
        longest in 2_000_u64..100_000,
        max_restarts in 0_u32..8,
        window in 1_u64..120_000,
        cool_down in 1_000_u64..400_000,
        restarts_program in prop::collection::vec(any::<bool>(), 40),
    ) {
        let mut bot = service("bot");
        bot.backoff.jitter = Jitter::None;
        bot.backoff.initial = Duration::from_millis(initial);
        bot.backoff.max = Duration::from_millis(longest);
        bot.intensity.max_restarts = max_restarts;
        bot.intensity.window = Duration::from_millis(window);
        bot.intensity.cool_down = Duration::from_millis(cool_down);
        let mut world = World::started([bot.clone()]);
        let mut model = Model::default();
        let start = world.now.boot;
        let at = |world: &World| u64::try_from(world.now.boot.saturating_sub(start).as_millis()).unwrap();
        for (life, restarts_program) in lives.into_iter().zip(restarts_program) {
            let began = at(&world);
            world.pass(Duration::from_millis(life));
            world.exit("bot", Exit::Code(1));
            model.runs.push((began, at(&world)));
            let (next, looping) = model.next_start(&bot);
            if restarts_program {
                world.restart_program();
                world.settle();
            }
            let state = world.supervisor.status_of("bot").unwrap().state;
            let now = at(&world);
            if next == now {
                prop_assert_eq!(state, State::Running { ready: true });
                continue;
            }
            prop_assert_eq!(matches!(state, State::CrashLoop { .. }), looping, "{:?}", state);
            world.pass(Duration::from_millis(next - now - 1));
            prop_assert_ne!(world.state("bot"), "running");
            world.pass(Duration::from_millis(1));
            prop_assert_eq!(world.state("bot"), "running");
        }
    }

    /// With jitter a wait is never longer than without.
    #[test]
    fn jitter_only_shortens(failures in 0_u32..100, seed in any::<u64>()) {
        let backoff = ServiceSpec::default().backoff;
        prop_assert!(backoff.wait(failures, seed) <= backoff.longest_wait(failures));
    }
}
