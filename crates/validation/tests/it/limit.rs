//! The rate limiter.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use proptest::prelude::*;
use wardkit_core::ManualClock;
use wardkit_validation::{Limited, Quota, RateLimiter};

const SECOND: Duration = Duration::from_secs(1);

fn many(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap()
}

#[test]
fn a_burst_is_allowed_and_then_one_each_interval() {
    let clock = ManualClock::default();
    let limiter = RateLimiter::new(Quota::per_second(4)).with_clock(&clock);
    let left: Vec<_> = (0..5).map(|_| limiter.check("a").ok()).collect();
    assert_eq!(left, [Some(3), Some(2), Some(1), Some(0), None]);
    clock.advance(Duration::from_nanos(249_999_999));
    let refusal = limiter.check("a").unwrap_err();
    assert_eq!(refusal.retry_after, Some(Duration::from_nanos(1)));
    clock.advance(Duration::from_nanos(1));
    assert_eq!(limiter.check("a"), Ok(0));
    clock.advance(SECOND * 100);
    assert_eq!(limiter.check("a"), Ok(3));
}

#[test]
fn a_refused_check_takes_nothing() {
    let clock = ManualClock::default();
    let limiter = RateLimiter::new(Quota::per_minute(1)).with_clock(&clock);
    assert_eq!(limiter.check("a"), Ok(0));
    for _ in 0..1_000 {
        assert_eq!(limiter.check("a").unwrap_err().retry_after, Some(SECOND * 60));
    }
    clock.advance(SECOND * 60);
    assert_eq!(limiter.check("a"), Ok(0));
}

#[test]
fn more_than_a_burst_is_refused_for_good() {
    let limiter = RateLimiter::new(Quota::per_hour(10).with_burst(3));
    let refusal = limiter.check_many("a", many(4)).unwrap_err();
    assert_eq!(refusal.retry_after, None);
    assert_eq!(refusal.to_string(), "more at once than is ever allowed");
    assert_eq!(limiter.check_many("a", many(3)), Ok(0));
}

#[test]
fn a_wait_is_told_in_seconds_rounded_up() {
    let clock = ManualClock::default();
    let limiter = RateLimiter::new(Quota::new(2, SECOND * 3).unwrap()).with_clock(&clock);
    assert_eq!(limiter.check_many("a", many(2)), Ok(0));
    let refusal: Limited = limiter.check("a").unwrap_err();
    assert_eq!(refusal.to_string(), "too often: try again in 2 s");
}

#[test]
fn impossible_quotas_are_refused() {
    assert_eq!(Quota::new(0, SECOND), None);
    assert_eq!(Quota::new(1, Duration::ZERO), None);
    assert_eq!(Quota::new(11, Duration::from_nanos(10)), None);
    assert_eq!(Quota::new(3, SECOND).unwrap().interval(), Duration::from_nanos(333_333_334));
    assert_eq!((Quota::per_second(0).burst(), Quota::per_hour(7).burst()), (1, 7));
    let century = SECOND * 3_600 * 24 * 36_500;
    let widest = Quota::new(u32::MAX, century).unwrap();
    assert_eq!(RateLimiter::new(widest).check("a"), Ok(u32::MAX - 1));
}

#[test]
fn keys_that_are_whole_again_make_room_and_busy_ones_are_kept() {
    let clock = ManualClock::default();
    let limiter = RateLimiter::new(Quota::per_second(1)).with_max_keys(100).with_clock(&clock);
    for key in 0..100 {
        assert_eq!(limiter.check(&format!("{key}")[..]), Ok(0));
    }
    // No room: all others together have one quota.
    assert_eq!((limiter.check("x"), limiter.keys()), (Ok(0), 100));
    assert!(limiter.check("y").is_err() && limiter.check("0").is_err());
    assert_eq!(limiter.overflowed(), 2);
    clock.advance(SECOND);
    assert_eq!((limiter.check("0"), limiter.check("y")), (Ok(0), Ok(0)));
    assert_eq!(limiter.keys(), 2);
}

#[test]
fn a_flood_of_invented_keys_neither_frees_nor_starves_a_known_one() {
    let clock = ManualClock::default();
    let limiter = RateLimiter::new(Quota::per_second(2)).with_max_keys(1_000).with_clock(&clock);
    let (mut known, mut invented) = (0, 0);
    for step in 0..100_000_u32 {
        clock.advance(Duration::from_micros(100));
        known += u32::from(limiter.check("known").is_ok());
        invented += u32::from(limiter.check(&format!("{step}")[..]).is_ok());
        assert!(limiter.keys() <= 1_000);
    }
    // Ten seconds of two a second, and the burst.
    assert_eq!(known, 21);
    // Each remembered key has a burst and is then whole again after half a second.
    assert!(invented < 1_000 * 20 + 22, "{invented}");
}

#[test]
fn threads_together_get_what_one_would() {
    let limiter = RateLimiter::new(Quota::per_hour(1_000)).with_clock(ManualClock::default());
    let allowed: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| (0..1_000).filter(|_| limiter.check("a").is_ok()).count()))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(allowed, 1_000);
}

#[test]
fn its_debug_output_names_no_key() {
    let limiter = RateLimiter::new(Quota::per_second(1));
    limiter.check("192.0.2.7").unwrap();
    let shown = format!("{limiter:?}");
    assert!(shown.starts_with("RateLimiter { quota: ") && !shown.contains("192"), "{shown}");
}

proptest! {
    /// Against a bucket that is filled drop by drop, with room for all keys and with room for few.
    #[test]
    fn it_allows_exactly_what_a_bucket_of_tokens_allows(
        interval in 1_u64..1_000,
        burst in 1_u32..20,
        steps in prop::collection::vec((0_u64..3_000, 0_u8..5, 1_u32..6), 1..200),
    ) {
        let clock = ManualClock::default();
        let quota = Quota::new(1, Duration::from_nanos(interval)).unwrap().with_burst(burst);
        let limiter = RateLimiter::<u8>::new(quota).with_clock(&clock);
        // What is in each bucket, in nanoseconds, and when that was.
        let mut buckets: BTreeMap<u8, (u64, u64)> = BTreeMap::new();
        let full = interval * u64::from(burst);
        let mut now = 0;
        for (passed, key, count) in steps {
            clock.advance(Duration::from_nanos(passed));
            now += passed;
            let (level, at) = buckets.entry(key).or_insert((full, now));
            *level = full.min(*level + (now - *at));
            *at = now;
            let cost = interval * u64::from(count);
            let found = limiter.check_many(&key, many(count));
            if cost <= *level {
                *level -= cost;
                prop_assert_eq!(found, Ok(u32::try_from(*level / interval).unwrap()));
            } else {
                let wait = (count <= burst).then(|| Duration::from_nanos(cost - *level));
                prop_assert_eq!(found.unwrap_err().retry_after, wait);
            }
        }
    }

    #[test]
    fn no_times_make_it_panic(uptimes in prop::collection::vec(any::<u64>(), 1..50), burst: u32, period in 1_u64..) {
        let Some(quota) = Quota::new(1, Duration::from_nanos(period)) else { return Ok(()) };
        let clock = ManualClock::default();
        let limiter = RateLimiter::<u8>::new(quota.with_burst(burst)).with_max_keys(3).with_clock(&clock);
        for uptime in uptimes {
            clock.advance(Duration::from_nanos(uptime / 50));
            let _ = limiter.check(&u8::try_from(uptime % 7).unwrap());
        }
        prop_assert!(limiter.keys() <= 3);
    }
}
