//! What a call allocates: nothing, unless it fails. A binary of its own, since it counts for the whole process.

use std::future::ready;
use std::hint::black_box;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use allocation_counter::measure;
use wardkit_retry::{
    Breaker, BreakerConfig, Budget, BudgetConfig, Counters, Idempotency, Retry, RetryPolicy,
    TestClock,
};

type Guarded = Retry<wardkit_retry::ByTransient, TestClock, Arc<Counters>>;

fn guarded(policy: RetryPolicy) -> (Guarded, Arc<Breaker>) {
    let breaker = Arc::new(Breaker::new("target", BreakerConfig::default()).expect("sound"));
    let budget = Budget::new(BudgetConfig::default()).expect("sound");
    let retry = Retry::new(policy, Idempotency::Safe)
        .expect("sound")
        .with_clock(TestClock::new(1))
        .with_observer(Arc::new(Counters::new()))
        .with_budget(Arc::new(budget))
        .with_breaker(Arc::clone(&breaker));
    (retry, breaker)
}

#[test]
fn success_allocates_nothing() {
    for policy in [RetryPolicy::default(), RetryPolicy::http()] {
        let bare = Retry::new(policy.clone(), Idempotency::Safe).expect("sound");
        let (guarded, _) = guarded(policy);
        let call = || Ok::<_, io::Error>(black_box(1));
        let mut context = Context::from_waker(Waker::noop());
        let counted = measure(|| {
            assert!(bare.run_blocking(call).is_ok());
            assert!(guarded.run_blocking(call).is_ok());
            assert!(pin!(guarded.run(|| ready(call()))).poll(&mut context).is_ready());
        });
        assert_eq!(counted.count_total, 0);
    }
}

#[test]
fn refusal_of_an_open_breaker_allocates_nothing() {
    let (guarded, breaker) = guarded(RetryPolicy::default());
    breaker.pause(&TestClock::new(1), Duration::from_secs(9));
    let counted = measure(|| {
        let error = guarded.run_blocking(|| Ok::<_, io::Error>(1)).unwrap_err();
        assert_eq!(error.attempts(), 0);
    });
    assert_eq!(counted.count_total, 0);
}

#[test]
fn policy_and_its_waits_allocate_nothing() {
    let counted = measure(|| {
        let retry = Retry::new(RetryPolicy::http(), Idempotency::Safe).expect("sound");
        let waits: Duration = retry.policy().delays(1).take(5).sum();
        assert!(waits > Duration::ZERO);
    });
    assert_eq!(counted.count_total, 0);
}
