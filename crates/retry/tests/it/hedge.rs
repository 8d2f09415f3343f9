use std::cell::Cell;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use wardkit_core::Clock;
use wardkit_retry::{
    Budget, BudgetConfig, Error, Hedge, HedgeConfig, HedgeWhen, Idempotency, SleepAsync, TestClock,
};

use crate::support::{ByFault, Fault, PERMANENT, TRANSIENT, millis, secs};

fn hedge(clock: &TestClock, change: impl FnOnce(&mut HedgeConfig)) -> Hedge<ByFault, TestClock> {
    let mut config = HedgeConfig::default();
    config.when = HedgeWhen::After { delay: secs(1) };
    change(&mut config);
    Hedge::new(config, &Idempotency::Safe)
        .unwrap()
        .with_clock(clock.clone())
        .with_classifier(ByFault)
}

/// Runs calls that take so long and end so; returns the result, when it came, and how many calls were made.
fn race(
    hedge: &Hedge<ByFault, TestClock>,
    clock: &TestClock,
    calls: &[(Duration, Result<u32, Fault>)],
) -> (Result<u32, Fault>, Duration, usize) {
    let made = Cell::new(0);
    let begun = clock.uptime();
    let result = clock.block_on(hedge.run(|| {
        let (takes, result) = calls[made.get()];
        made.set(made.get() + 1);
        async move {
            clock.sleep_async(takes).await;
            result
        }
    }));
    (result, clock.uptime().saturating_sub(begun), made.get())
}

#[test]
fn slow_call_is_made_once_more_and_the_first_answer_counts() {
    let clock = TestClock::new(1);
    let hedge = hedge(&clock, |_| ());
    let rows = [
        (vec![(millis(900), Ok(1))], (Ok(1), millis(900), 1)),
        (vec![(secs(9), Ok(1)), (millis(50), Ok(2))], (Ok(2), millis(1_050), 2)),
        (vec![(millis(1_500), Ok(1)), (secs(9), Ok(2))], (Ok(1), millis(1_500), 2)),
        // A failure waits for the other call.
        (vec![(secs(2), Err(TRANSIENT)), (secs(2), Ok(2))], (Ok(2), secs(3), 2)),
        (vec![(secs(2), Err(TRANSIENT)), (secs(2), Err(TRANSIENT))], (Err(TRANSIENT), secs(3), 2)),
        // A permanent one is an answer.
        (vec![(secs(2), Err(PERMANENT)), (secs(2), Ok(2))], (Err(PERMANENT), secs(2), 2)),
        // An early failure is left to the retry.
        (vec![(millis(10), Err(TRANSIENT))], (Err(TRANSIENT), millis(10), 1)),
    ];
    for (calls, expected) in rows {
        assert_eq!(race(&hedge, &clock, &calls), expected, "{calls:?}");
    }
}

#[test]
fn extra_calls_are_limited_in_number() {
    let clock = TestClock::new(1);
    let hedge = hedge(&clock, |config| config.max_extra = 2);
    let calls = [(secs(60), Ok(1)), (secs(60), Ok(2)), (secs(10), Ok(3)), (secs(0), Ok(4))];
    assert_eq!(race(&hedge, &clock, &calls), (Ok(3), secs(12), 3));
}

#[test]
fn extra_calls_end_with_the_budget() {
    let clock = TestClock::new(1);
    let mut config = BudgetConfig::default();
    config.minimum = 1;
    let budget = Arc::new(Budget::new(config).unwrap());
    let hedge = hedge(&clock, |_| ()).with_budget(Arc::clone(&budget));
    let slow = [(secs(9), Ok(1)), (secs(9), Ok(2))];
    assert_eq!(race(&hedge, &clock, &slow).2, 2);
    assert_eq!(race(&hedge, &clock, &slow).2, 1);
    assert_eq!(budget.refused(), 1);
}

#[test]
fn delay_follows_what_is_slow_for_the_target() {
    let clock = TestClock::new(1);
    let hedge = hedge(&clock, |config| config.when = HedgeWhen::P95 { initial: secs(5) });
    assert_eq!(hedge.delay(), secs(5));
    for _ in 0..20 {
        assert_eq!(race(&hedge, &clock, &[(millis(10), Ok(1))]).0, Ok(1));
    }
    assert_eq!(hedge.delay(), Duration::from_micros(10_240));
    assert_eq!(race(&hedge, &clock, &[(secs(9), Ok(1)), (millis(1), Ok(2))]).0, Ok(2));
}

#[test]
fn dropped_hedge_drops_its_calls() {
    struct Alive<'a>(&'a Cell<i32>);
    impl Drop for Alive<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() - 1);
        }
    }
    let (clock, alive) = (TestClock::new(1), Cell::new(0));
    let hedge = hedge(&clock, |_| ());
    clock.block_on(async {
        let mut run = Box::pin(hedge.run(|| {
            alive.set(alive.get() + 1);
            let guard = Alive(&alive);
            async move {
                let _guard = guard;
                pending::<Result<(), Fault>>().await
            }
        }));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(run.as_mut().poll(&mut context).is_pending());
        clock.sleep_async(secs(2)).await;
        assert!(run.as_mut().poll(&mut context).is_pending());
        assert_eq!(alive.get(), 2);
    });
    assert_eq!(alive.get(), 0);
}

#[test]
fn only_calls_that_are_safe_to_repeat_are_hedged() {
    let config = HedgeConfig::default();
    for idempotency in [Idempotency::Unsafe, Idempotency::Key("k".to_owned())] {
        assert_eq!(Hedge::new(config, &idempotency).unwrap_err(), Error::HedgeNotSafe);
    }
    let mut config = config;
    config.max_extra = 0;
    config.when = HedgeWhen::After { delay: secs(0) };
    let Err(Error::Invalid { violations, .. }) = Hedge::new(config, &Idempotency::Safe) else {
        panic!("{config:?}");
    };
    let paths: Vec<_> = violations.iter().map(|violation| violation.path.as_str()).collect();
    assert_eq!(paths, ["max-extra", "when.delay"]);
}
