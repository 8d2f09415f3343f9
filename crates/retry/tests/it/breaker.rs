use std::sync::Arc;
use std::time::Duration;

use wardkit_core::{Clock, Timestamp};
use wardkit_retry::{Breaker, BreakerConfig, BreakerState, Class, Error, TestClock, Trip};

use crate::support::{Diary, millis, secs};

fn breaker(change: impl FnOnce(&mut BreakerConfig)) -> Breaker {
    let mut config = BreakerConfig::default();
    change(&mut config);
    Breaker::new("target", config).unwrap().with_seed(1)
}

fn ratio(percent: u32, window: u32, minimum: u32) -> Breaker {
    breaker(|config| config.trip = Trip::Ratio { percent, window, minimum })
}

/// Makes calls that fail (`x`) or succeed (`.`); returns how many were made before the breaker opened.
fn play(breaker: &Breaker, clock: &TestClock, calls: &str) -> usize {
    for (index, call) in calls.chars().enumerate() {
        let Ok(permit) = breaker.admit(clock) else {
            return index;
        };
        match call {
            'x' => permit.failed(Class::Timeout, clock),
            _ => permit.succeeded(),
        }
    }
    calls.len()
}

#[test]
fn breaker_opens_at_the_share_of_its_window() {
    let rows = [
        (ratio(50, 50, 10), "xxxxxxxxxxx", 10),
        (ratio(50, 50, 10), ".....xxxxx.", 10),
        (ratio(50, 50, 10), "......xxxxxx.", 12),
        (ratio(50, 4, 4), "....xx.", 6),
        (ratio(50, 4, 4), "x...x...x...x...", 16),
        (ratio(100, 3, 3), "xx.xx.xxx.", 9),
        (ratio(1, 63, 63), &".".repeat(100), 100),
        (breaker(|c| c.trip = Trip::Consecutive { failures: 3 }), "xx.xx.xxx.", 9),
        (breaker(|c| c.trip = Trip::Consecutive { failures: 1 }), ".x.", 2),
    ];
    for (breaker, calls, expected) in rows {
        assert_eq!(play(&breaker, &TestClock::new(1), calls), expected, "{calls} {breaker:?}");
    }
}

#[test]
fn closed_breaker_never_reads_the_clock() {
    let clock = TestClock::new(1);
    play(&ratio(50, 50, 10), &clock, "x.x..x...x..x...x..x");
    assert_eq!(clock.reads(), 0);
}

#[test]
fn answers_that_are_errors_do_not_open_it() {
    let clock = TestClock::new(1);
    let breaker = breaker(|config| config.trip = Trip::Consecutive { failures: 1 });
    for class in [Class::Permanent, Class::QuotaExhausted { until: None }] {
        breaker.admit(&clock).unwrap().failed(class, &clock);
        assert_eq!(breaker.state(), BreakerState::Closed, "{class}");
    }
}

#[test]
fn open_breaker_lets_probes_through_and_closes_when_all_succeed() {
    let clock = TestClock::new(1);
    let breaker = breaker(|config| config.probes = 2);
    play(&breaker, &clock, "xxxxxxxxxx");
    let refused = breaker.admit(&clock).unwrap_err().retry_after().unwrap();
    assert!((secs(1)..=millis(1_500)).contains(&refused), "{refused:?}");
    clock.advance(refused);
    let (one, two) = (breaker.admit(&clock).unwrap(), breaker.admit(&clock).unwrap());
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
    assert!(breaker.admit(&clock).is_err());
    one.succeeded();
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
    two.succeeded();
    assert_eq!(breaker.state(), BreakerState::Closed);
    // The failures of before are forgotten.
    assert_eq!(play(&breaker, &clock, "xxxxx....."), 10);
}

#[test]
fn failed_probe_opens_it_again_and_late_probes_change_nothing() {
    let clock = TestClock::new(1);
    let breaker = breaker(|_| ());
    play(&breaker, &clock, "xxxxxxxxxx");
    clock.advance(secs(2));
    let probes: Vec<_> = (0..3).map(|_| breaker.admit(&clock).unwrap()).collect();
    let mut probes = probes.into_iter();
    probes.next().unwrap().failed(Class::Transient, &clock);
    assert_eq!(breaker.state(), BreakerState::Open);
    probes.next().unwrap().succeeded();
    assert_eq!(breaker.state(), BreakerState::Open);
    clock.advance(secs(2));
    let probe = breaker.admit(&clock).unwrap();
    probes.next().unwrap().failed(Class::Transient, &clock);
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
    drop(probe);
}

#[test]
fn dropped_probe_gives_its_place_to_another() {
    let clock = TestClock::new(1);
    let breaker = breaker(|config| config.probes = 1);
    play(&breaker, &clock, "xxxxxxxxxx");
    clock.advance(secs(2));
    drop(breaker.admit(&clock).unwrap());
    breaker.admit(&clock).unwrap().succeeded();
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[test]
fn hanging_probes_are_given_up_after_another_pause() {
    let clock = TestClock::new(1);
    let breaker = breaker(|config| config.probes = 1);
    play(&breaker, &clock, "xxxxxxxxxx");
    clock.advance(secs(2));
    let hanging = breaker.admit(&clock).unwrap();
    let refused = breaker.admit(&clock).unwrap_err().retry_after().unwrap();
    clock.advance(refused);
    breaker.admit(&clock).unwrap().succeeded();
    assert_eq!(breaker.state(), BreakerState::Closed);
    hanging.failed(Class::Timeout, &clock);
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[test]
fn pauses_differ_between_breakers() {
    let pauses: std::collections::BTreeSet<Duration> = (0..20)
        .map(|seed| {
            let clock = TestClock::new(1);
            let breaker = Breaker::new("target", BreakerConfig::default()).unwrap().with_seed(seed);
            play(&breaker, &clock, "xxxxxxxxxx");
            breaker.admit(&clock).unwrap_err().retry_after().unwrap()
        })
        .collect();
    assert_eq!(pauses.len(), 20);
    assert!(*pauses.last().unwrap() > *pauses.first().unwrap() + millis(300));
}

#[test]
fn pause_that_the_target_asks_for_is_kept_to_the_end_and_no_further() {
    let clock = TestClock::new(1);
    let breaker = breaker(|_| ());
    let throttled = Class::Throttled { after: Some(secs(20)) };
    breaker.admit(&clock).unwrap().failed(throttled, &clock);
    assert_eq!(breaker.state(), BreakerState::Paused);
    assert_eq!(breaker.admit(&clock).unwrap_err().retry_after(), Some(secs(20)));
    // A shorter one does not shorten it.
    breaker.pause(&clock, secs(3));
    assert_eq!(breaker.refuses_for(&clock), Some(secs(20)));
    clock.advance(secs(20));
    breaker.admit(&clock).unwrap().succeeded();
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[test]
fn pause_of_a_year_is_bounded() {
    let clock = TestClock::new(1);
    let breaker = breaker(|config| config.longest_pause = secs(60));
    breaker.pause(&clock, Duration::MAX);
    assert_eq!(breaker.refuses_for(&clock), Some(secs(60)));
}

#[test]
fn quota_pauses_until_it_is_back() {
    let clock = TestClock::new(1);
    let breaker = breaker(|_| ());
    let until = Some(Timestamp::from_unix_seconds(90));
    breaker.admit(&clock).unwrap().failed(Class::QuotaExhausted { until }, &clock);
    assert_eq!(breaker.refuses_for(&clock), Some(secs(90)));
}

#[test]
fn operator_opens_and_releases_it() {
    let clock = TestClock::new(1);
    let diary = Arc::new(Diary::default());
    let shared: Arc<dyn wardkit_retry::Observer + Send + Sync> = diary.clone();
    let breaker = breaker(|_| ()).with_observer(shared);
    breaker.force_open();
    assert_eq!(breaker.admit(&clock).unwrap_err().retry_after(), None);
    clock.advance(secs(86_400));
    breaker.pause(&clock, secs(1));
    assert!(breaker.admit(&clock).is_err());
    breaker.release();
    breaker.admit(&clock).unwrap().succeeded();
    play(&breaker, &clock, "xxxxxxxxxx");
    assert_eq!(
        diary.lines(),
        ["target closed -> forced-open", "target forced-open -> closed", "target closed -> open",]
    );
}

#[test]
fn impossible_settings_are_named() {
    let rows: [(fn(&mut BreakerConfig), &str); 7] = [
        (|c| c.open_for = secs(0), "open-for"),
        (|c| c.longest_pause = secs(1_000_000), "longest-pause"),
        (|c| c.probes = 0, "probes"),
        (|c| c.trip = Trip::Consecutive { failures: 0 }, "trip.failures"),
        (|c| c.trip = Trip::Ratio { percent: 101, window: 10, minimum: 5 }, "trip.percent"),
        (|c| c.trip = Trip::Ratio { percent: 50, window: 64, minimum: 5 }, "trip.window"),
        (|c| c.trip = Trip::Ratio { percent: 50, window: 10, minimum: 11 }, "trip.minimum"),
    ];
    for (change, path) in rows {
        let mut config = BreakerConfig::default();
        change(&mut config);
        let Err(Error::Invalid { what: "breaker", violations }) = Breaker::new("x", config) else {
            panic!("{config:?}");
        };
        assert_eq!(violations[0].path, path);
        assert_eq!(violations.len(), 1);
    }
}

#[test]
fn threads_count_every_failure() {
    let breaker = breaker(|config| config.trip = Trip::Consecutive { failures: 4_000 });
    let clock = TestClock::new(1);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| play(&breaker, &clock, &"x".repeat(1_000)));
        }
    });
    assert_eq!(breaker.state(), BreakerState::Open);
    assert!(clock.uptime() == Duration::ZERO);
}

#[test]
fn pause_asked_of_a_probe_does_not_close_the_breaker() {
    let clock = TestClock::new(1);
    let breaker = breaker(|config| config.probes = 1);
    play(&breaker, &clock, "xxxxxxxxxx");
    clock.advance(secs(2));
    let asked = Class::Throttled { after: Some(secs(5)) };
    breaker.admit(&clock).unwrap().failed(asked, &clock);
    assert_eq!(breaker.state(), BreakerState::Open);
    assert_eq!(breaker.refuses_for(&clock), Some(secs(5)));
    clock.advance(secs(5));
    let probe = breaker.admit(&clock).unwrap();
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
    assert!(breaker.admit(&clock).is_err());
    probe.succeeded();
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[test]
fn wait_of_no_time_pauses_nothing_and_counts_as_a_failure() {
    let clock = TestClock::new(1);
    let breaker = breaker(|config| config.trip = Trip::Consecutive { failures: 2 });
    for state in [BreakerState::Closed, BreakerState::Open] {
        let asked = Class::Throttled { after: Some(Duration::ZERO) };
        breaker.admit(&clock).unwrap().failed(asked, &clock);
        assert_eq!(breaker.state(), state);
    }
}

#[test]
fn released_breaker_has_forgotten_past_failures_though_it_was_paused() {
    let clock = TestClock::new(1);
    let breaker = breaker(|config| config.trip = Trip::Consecutive { failures: 3 });
    play(&breaker, &clock, "xx");
    breaker.pause(&clock, secs(5));
    breaker.release();
    assert_eq!(play(&breaker, &clock, "xx"), 2);
    assert_eq!(breaker.state(), BreakerState::Closed);
}
