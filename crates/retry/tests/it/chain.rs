use std::future::ready;

use wardkit_core::{Clock, ManualClock, Timestamp, Transient};
use wardkit_retry::{
    BreakerState, Chain, ChainConfig, Class, Classes, Error, Idempotency, Limit, Limits, Retryable,
    TestClock, Usage, Why,
};

use crate::support::{ByFault, Fault, PERMANENT, TRANSIENT, secs};

type TestChain = Chain<u32, ByFault, TestClock>;

fn chain(clock: &TestClock, limits: [Limits; 2]) -> TestChain {
    let [large, small] = limits;
    Chain::new(
        ChainConfig::default(),
        &Idempotency::Safe,
        [("large", 1, large), ("small", 2, small)],
    )
    .unwrap()
    .with_classifier(ByFault)
    .with_clock(clock.clone())
}

const OVERLOADED: Fault = Fault(Class::Overloaded { after: None });

/// Asks the chain, whose large target answers this; returns who answered, or the error.
fn ask(chain: &TestChain, clock: &TestClock, large: Result<(), Fault>) -> Result<String, String> {
    let call = |target: &u32| ready(if *target == 1 { large } else { Ok(()) });
    clock
        .block_on(chain.run(Usage::default(), call))
        .map(|answer| answer.target.to_string())
        .map_err(|error| error.to_string())
}

#[test]
fn chain_prefers_its_first_target() {
    let clock = TestClock::new(1);
    let chain = chain(&clock, [Limits::NONE; 2]);
    let answer = clock
        .block_on(chain.run(Usage::default(), |target| ready(Ok::<_, Fault>(*target))))
        .unwrap();
    assert_eq!((answer.value, &*answer.target), (1, "large"));
    assert_eq!(answer.passed, []);
}

#[test]
fn chain_moves_on_sticks_and_comes_back() {
    let clock = TestClock::new(1);
    let chain = chain(&clock, [Limits::NONE; 2]);
    assert_eq!(ask(&chain, &clock, Err(OVERLOADED)), Ok("small".to_owned()));
    clock.advance(secs(29));
    assert_eq!(ask(&chain, &clock, Ok(())), Ok("small".to_owned()));
    clock.advance(secs(1));
    assert_eq!(ask(&chain, &clock, Ok(())), Ok("large".to_owned()));
}

#[test]
fn target_cools_down_as_long_as_it_asks_for() {
    let rows = [
        (Class::Overloaded { after: Some(secs(5)) }, 5),
        (Class::QuotaExhausted { until: Some(Timestamp::from_unix_seconds(600)) }, 600),
        (Class::QuotaExhausted { until: None }, 30),
    ];
    for (class, cool_down) in rows {
        let clock = TestClock::new(1);
        let chain = chain(&clock, [Limits::NONE; 2]);
        ask(&chain, &clock, Err(Fault(class))).unwrap();
        let left = chain.breaker("large").unwrap().refuses_for(&clock);
        assert_eq!(left, Some(secs(cool_down)), "{class}");
    }
}

#[test]
fn failure_that_is_not_the_targets_ends_the_chain() {
    let clock = TestClock::new(1);
    let chain = chain(&clock, [Limits::NONE; 2]);
    for fault in [PERMANENT, TRANSIENT] {
        let call = |_: &u32| ready(Err::<(), _>(fault));
        let error = clock.block_on(chain.run(Usage::default(), call)).unwrap_err();
        assert_eq!((error.last(), error.passed()), (Some(&fault), [].as_slice()));
        assert_eq!(error.is_transient(), fault == TRANSIENT);
    }
}

#[test]
fn configured_failures_move_it_on_too() {
    let clock = TestClock::new(1);
    let mut config = ChainConfig::default();
    config.on = Classes::of(&[Retryable::Transient]);
    let chain =
        Chain::new(config, &Idempotency::Safe, [("a", 1, Limits::NONE), ("b", 2, Limits::NONE)])
            .unwrap()
            .with_classifier(ByFault)
            .with_clock(clock.clone());
    assert_eq!(ask(&chain, &clock, Err(TRANSIENT)), Ok("b".to_owned()));
}

#[test]
fn open_breaker_makes_it_pass_a_target_over() {
    let clock = TestClock::new(1);
    let chain = chain(&clock, [Limits::NONE; 2]);
    for _ in 0..10 {
        ask(&chain, &clock, Err(TRANSIENT)).unwrap_err();
    }
    assert_eq!(chain.breaker("large").unwrap().state(), BreakerState::Open);
    assert_eq!(ask(&chain, &clock, Ok(())), Ok("small".to_owned()));
    chain.breaker("small").unwrap().force_open();
    assert_eq!(
        ask(&chain, &clock, Ok(())),
        Err("no target answered: large is left alone, small is left alone".to_owned())
    );
}

#[test]
fn result_says_why_the_others_did_not_answer() {
    let clock = TestClock::new(1);
    let mut limits = Limits::NONE;
    limits.requests_per_minute = 1;
    let chain = chain(&clock, [limits, Limits::NONE]);
    let call = |target: &u32| {
        ready(if *target == 1 { Ok(()) } else { Err(Fault(Class::Overloaded { after: None })) })
    };
    clock.block_on(chain.run(Usage::default(), call)).unwrap();
    let error = clock.block_on(chain.run(Usage::default(), call)).unwrap_err();
    let why: Vec<_> = error.passed().iter().map(|passed| (&*passed.target, passed.why)).collect();
    assert_eq!(
        why,
        [
            ("large", Why::LimitReached { limit: Limit::Requests, retry_after: Some(secs(60)) }),
            ("small", Why::Failed { class: Class::Overloaded { after: None } }),
        ]
    );
    assert_eq!(
        error.to_string(),
        "no target answered: large has no requests left, small failed (overloaded)"
    );
    assert!(error.is_transient());
    assert_eq!(error.into_last(), Some(OVERLOADED));
}

/// Takes from the large target only; returns why it was passed over.
fn take(chain: &TestChain, clock: &TestClock, usage: Usage) -> Option<Why> {
    let answer = clock.block_on(chain.run(usage, |_| ready(Ok::<_, Fault>(())))).unwrap();
    answer.passed.first().map(|passed| passed.why)
}

#[test]
fn tokens_flow_back_over_the_minute() {
    let clock = TestClock::new(1);
    let mut limits = Limits::NONE;
    limits.tokens_per_minute = 600;
    let chain = chain(&clock, [limits, Limits::NONE]);
    let tokens = |tokens| Usage { tokens, spend: 0 };
    let reached = |retry_after| Some(Why::LimitReached { limit: Limit::Tokens, retry_after });
    assert_eq!(take(&chain, &clock, tokens(400)), None);
    assert_eq!(take(&chain, &clock, tokens(300)), reached(Some(secs(10))));
    clock.advance(secs(10));
    assert_eq!(take(&chain, &clock, tokens(300)), None);
    assert_eq!(take(&chain, &clock, tokens(601)), reached(None));
}

#[test]
fn estimate_is_corrected_by_what_was_used() {
    let clock = TestClock::new(1);
    let mut limits = Limits::NONE;
    limits.tokens_per_minute = 600;
    limits.spend_per_day = 100;
    let chain = chain(&clock, [limits, Limits::NONE]);
    let usage = |tokens, spend| Usage { tokens, spend };
    let answer = clock.block_on(chain.run(usage(600, 100), |_| ready(Ok::<_, Fault>(())))).unwrap();
    assert!(take(&chain, &clock, usage(1, 1)).is_some());
    chain.settle(&answer, usage(100, 30));
    assert_eq!(take(&chain, &clock, usage(500, 70)), None);
    assert!(take(&chain, &clock, usage(1, 0)).is_some());
}

#[test]
fn money_is_counted_by_the_day() {
    let clock = TestClock::at(Timestamp::from_unix_seconds(86_400 - 3_600), 1);
    let mut limits = Limits::NONE;
    limits.spend_per_day = 100;
    let chain = chain(&clock, [limits, Limits::NONE]);
    let spend = |spend| Usage { tokens: 0, spend };
    let reached = |retry_after| Some(Why::LimitReached { limit: Limit::Spend, retry_after });
    assert_eq!(take(&chain, &clock, spend(60)), None);
    assert_eq!(take(&chain, &clock, spend(41)), reached(Some(secs(3_600))));
    assert_eq!(take(&chain, &clock, spend(40)), None);
    clock.advance(secs(3_600));
    assert_eq!(take(&chain, &clock, spend(100)), None);
    assert_eq!(take(&chain, &clock, spend(101)), reached(None));
    assert_eq!(clock.now(), Timestamp::from_unix_seconds(86_400));
}

#[test]
fn chain_without_targets_and_senseless_settings_are_refused() {
    let none: [(&str, (), Limits); 0] = [];
    assert_eq!(
        Chain::new(ChainConfig::default(), &Idempotency::Safe, none).unwrap_err(),
        Error::EmptyChain
    );
    let mut config = ChainConfig::default();
    config.cool_down = secs(0);
    config.breaker.probes = 0;
    let paths: Vec<_> = config.validate().into_iter().map(|violation| violation.path).collect();
    assert_eq!(paths, ["breaker.probes", "cool-down"]);
    let mut config = ChainConfig::default();
    config.cool_down = secs(3_601);
    let reasons: Vec<_> = config.validate().iter().map(ToString::to_string).collect();
    assert_eq!(reasons, ["cool-down: must not be above breaker.longest-pause"]);
    let twins = [("a", 1, Limits::NONE), ("a", 2, Limits::NONE)];
    let error = Chain::new(ChainConfig::default(), &Idempotency::Safe, twins).unwrap_err();
    assert_eq!(error, Error::DuplicateTarget { name: "a".to_owned() });
}

#[test]
fn call_that_must_not_happen_twice_moves_on_only_when_never_sent() {
    let key = Idempotency::Key("k".to_owned());
    let rows = [
        (&Idempotency::Safe, OVERLOADED, Some("b")),
        (&Idempotency::Unsafe, OVERLOADED, None),
        // The next target does not know the key.
        (&key, OVERLOADED, None),
        // `ByFault` knows of this one that it never arrived.
        (&Idempotency::Unsafe, TRANSIENT, Some("b")),
    ];
    for (idempotency, fault, expected) in rows {
        let clock = TestClock::new(1);
        let mut config = ChainConfig::default();
        config.on = Classes::ALL;
        let targets = [("a", 1, Limits::NONE), ("b", 2, Limits::NONE)];
        let chain = Chain::new(config, idempotency, targets)
            .unwrap()
            .with_classifier(ByFault)
            .with_clock(clock.clone());
        let call = |target: &u32| ready(if *target == 1 { Err(fault) } else { Ok(()) });
        let result = clock.block_on(chain.run(Usage::default(), call));
        assert_eq!(result.as_ref().ok().map(|answer| &*answer.target), expected, "{idempotency:?}");
        assert!(result.err().is_none_or(|error| !error.is_transient()));
        // It cools down all the same.
        assert_eq!(chain.breaker("a").unwrap().refuses_for(&clock), Some(secs(30)));
    }
}

#[test]
fn permanent_failure_is_not_transient_because_another_target_cools_down() {
    let clock = TestClock::new(1);
    let chain = chain(&clock, [Limits::NONE; 2]);
    ask(&chain, &clock, Err(OVERLOADED)).unwrap();
    let call = |_: &u32| ready(Err::<(), _>(PERMANENT));
    let error = clock.block_on(chain.run(Usage::default(), call)).unwrap_err();
    assert_eq!((error.last(), error.passed().len()), (Some(&PERMANENT), 1));
    assert!(!error.is_transient());
}

fn spending(per_day: u64) -> Limits {
    let mut limits = Limits::NONE;
    limits.spend_per_day = per_day;
    limits
}

const fn spend(spend: u64) -> Usage {
    Usage { tokens: 0, spend }
}

#[test]
fn what_a_target_refused_was_not_spent() {
    let clock = TestClock::new(1);
    let chain = chain(&clock, [spending(100), Limits::NONE]);
    for class in [Class::Overloaded { after: None }, Class::QuotaExhausted { until: None }] {
        let call = |target: &u32| ready(if *target == 1 { Err(Fault(class)) } else { Ok(()) });
        clock.block_on(chain.run(spend(100), call)).unwrap();
        clock.advance(secs(60));
    }
    assert_eq!(take(&chain, &clock, spend(100)), None);
}

#[test]
fn money_of_yesterday_is_not_given_back_today() {
    let clock = TestClock::at(Timestamp::from_unix_seconds(86_400 - 1), 1);
    let chain = chain(&clock, [spending(100), Limits::NONE]);
    let late = clock.block_on(chain.run(spend(90), |_| ready(Ok::<_, Fault>(())))).unwrap();
    clock.advance(secs(2));
    assert_eq!(take(&chain, &clock, spend(90)), None);
    chain.settle(&late, spend(0));
    assert!(take(&chain, &clock, spend(11)).is_some());
    assert_eq!(take(&chain, &clock, spend(10)), None);
}

#[test]
fn clock_that_is_set_back_gives_no_money_back() {
    let wall = ManualClock::at(Timestamp::from_unix_seconds(10 * 86_400));
    let limits = spending(100);
    let chain = Chain::new(ChainConfig::default(), &Idempotency::Safe, [("a", 1, limits)])
        .unwrap()
        .with_classifier(ByFault)
        .with_clock(&wall);
    let spent = || {
        let run = chain.run(spend(100), |_| ready(Ok::<_, Fault>(())));
        TestClock::new(1).block_on(run).is_ok()
    };
    let rows = [
        (10 * 86_400, true),
        // A second back, and over midnight again.
        (10 * 86_400 - 1, false),
        (10 * 86_400 + 1, false),
        (11 * 86_400, true),
        // Far back: the clock was wrong, and its next day is a new one.
        (5 * 86_400, false),
        (6 * 86_400, true),
    ];
    for (seconds, expected) in rows {
        wall.set_wall(Timestamp::from_unix_seconds(seconds));
        assert_eq!(spent(), expected, "{seconds}");
    }
}

#[test]
fn tokens_that_have_flowed_back_are_not_given_back_again() {
    let clock = TestClock::new(1);
    let mut limits = Limits::NONE;
    limits.tokens_per_minute = 600;
    let chain = chain(&clock, [limits, Limits::NONE]);
    let tokens = |tokens| Usage { tokens, spend: 0 };
    let first = clock.block_on(chain.run(tokens(600), |_| ready(Ok::<_, Fault>(())))).unwrap();
    clock.advance(secs(60));
    assert_eq!(take(&chain, &clock, tokens(600)), None);
    chain.settle(&first, tokens(0));
    assert!(take(&chain, &clock, tokens(1)).is_some());
}
