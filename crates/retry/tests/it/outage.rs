//! What a minute of outage makes of the load, and of the minute after.

#[expect(clippy::cast_precision_loss, reason = "counts of a simulation are small")]
mod simulation;

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use simulation::{Client, Report, Scenario, Target, simulate};
use wardkit_retry::{
    Breaker, BreakerConfig, Budget, BudgetConfig, Idempotency, Retry, RetryPolicy, TestClock,
};

#[derive(Clone, Copy)]
enum Equipment {
    NoRetry,
    Naive,
    /// Each client has a breaker, and a budget that begins with this many retries.
    Guarded {
        saved_up: u32,
    },
}

fn run(equipment: Equipment, scenario: Scenario) -> Report {
    let clock = TestClock::new(scenario.seed);
    simulate(scenario, &clock, |number| client(equipment, number, clock.clone()))
}

fn client(equipment: Equipment, number: u64, clock: TestClock) -> Client {
    let policy = match equipment {
        Equipment::NoRetry => RetryPolicy::never(),
        _ => RetryPolicy::http(),
    };
    let mut retry = Retry::new(policy, Idempotency::Safe).unwrap().with_clock(clock);
    if let Equipment::Guarded { saved_up } = equipment {
        let mut config = BudgetConfig::default();
        config.minimum = saved_up;
        let breaker = Breaker::new("target", BreakerConfig::default()).unwrap();
        retry = retry
            .with_budget(Arc::new(Budget::new(config).unwrap()))
            .with_breaker(Arc::new(breaker.with_seed(number)));
    }
    let retry = Rc::new(retry);
    Rc::new(move |target: Rc<Target>| {
        let retry = Rc::clone(&retry);
        Box::pin(async move { retry.run(|| target.call()).await.is_ok() })
    })
}

const SCENARIO: Scenario = Scenario::STANDARD;

/// The attempts of the fullest 100 ms, over the mean of those before the outage.
fn peak_over_usual(report: &Report, from: Duration, to: Duration) -> f64 {
    let usual = report.peak(Duration::ZERO, SCENARIO.before)
        / report.peak_over_mean(Duration::ZERO, SCENARIO.before);
    report.peak(from, to) / usual
}

fn outage_load(report: &Report) -> f64 {
    let (from, to) = (SCENARIO.before, SCENARIO.before + SCENARIO.outage);
    let expected = 60_f64 * 1_000.0 / SCENARIO.pause.as_secs_f64();
    f64::from(u32::try_from(report.attempts_between(from, to)).unwrap()) / expected
}

#[test]
fn outage_raises_the_load_by_a_tenth_at_most_and_ends_without_a_wave() {
    // After a day without failure a budget is full: the worst moment for an outage.
    for saved_up in [10, 100] {
        let report = run(Equipment::Guarded { saved_up }, SCENARIO);
        let load = outage_load(&report);
        assert!(load <= 1.1, "{load}");
        let recovery = report.recovery(&SCENARIO);
        assert!(recovery <= Duration::from_secs(2), "{recovery:?}");

        let end = SCENARIO.before + SCENARIO.outage;
        let onset = SCENARIO.before + Duration::from_secs(5);
        let settled = SCENARIO.before + SCENARIO.outage / 2;
        for (from, to) in [(SCENARIO.before, onset), (settled, end), (end, end + SCENARIO.after)] {
            let wave = report.peak_over_mean(from, to);
            assert!(wave <= 1.5, "{wave} from {from:?} to {to:?}");
        }
        // Until the breakers are open every request fails up to three times. From then on the load falls, and has no
        // mean to compare with: there it stays below what was usual before.
        let peak = peak_over_usual(&report, SCENARIO.before, onset);
        assert!(peak <= 3.5, "{peak}");
        let peak = peak_over_usual(&report, onset, settled);
        assert!(peak <= 1.1, "{peak}");
    }
}

#[test]
fn naive_retries_multiply_the_load() {
    let scenario = Scenario { clients: 100, ..SCENARIO };
    let load = |equipment| 10.0 * outage_load(&run(equipment, scenario));
    let (none, naive) = (load(Equipment::NoRetry), load(Equipment::Naive));
    assert!((0.95..1.05).contains(&none), "{none}");
    assert!(naive > 2.8, "{naive}");
}

const GUARDED: Equipment = Equipment::Guarded { saved_up: 10 };

#[test]
fn same_seed_gives_the_same_outage() {
    let small = Scenario { clients: 20, ..SCENARIO };
    assert_eq!(run(GUARDED, small), run(GUARDED, small));
    assert_ne!(run(GUARDED, small), run(GUARDED, Scenario { seed: 2, ..small }));
}
