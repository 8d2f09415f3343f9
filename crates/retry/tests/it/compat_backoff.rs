//! `compat_backoff` against what the original, version 0.4.0, was seen to do.
//!
//! The recordings are the original's own output; the tests of the adapter crate run it again and compare.

mod ours {
    use wardkit_retry::compat_backoff as backoff;

    include!("compat_backoff/program.rs");

    #[cfg(feature = "tokio")]
    include!("compat_backoff/program_future.rs");
}

use std::time::Duration;

use proptest::prelude::*;
use wardkit_retry::compat_backoff::ExponentialBackoff;
use wardkit_retry::compat_backoff::backoff::Backoff;

#[test]
fn a_program_written_for_the_original_sees_what_it_saw_there() {
    let recorded: Vec<_> = include_str!("compat_backoff/recorded.txt").lines().collect();
    assert_eq!(ours::transcript(), recorded);
}

#[cfg(feature = "tokio")]
#[test]
fn an_asynchronous_program_sees_what_it_saw_there() {
    let recorded: Vec<_> = include_str!("compat_backoff/recorded_futures.txt").lines().collect();
    assert_eq!(ours::transcript_of_futures(), recorded);
}

#[test]
fn values_that_are_no_numbers_leave_the_interval_instead_of_spinning() {
    let half = Duration::from_millis(500);
    for (multiplier, randomization_factor) in
        [(f64::NAN, 0.0), (1.0, f64::NAN), (1.0, f64::INFINITY)]
    {
        let mut backoff =
            ExponentialBackoff { multiplier, randomization_factor, ..Default::default() };
        assert_eq!([backoff.next_backoff(), backoff.next_backoff()], [Some(half), Some(half)]);
    }
}

#[test]
fn intervals_beyond_all_bounds_saturate() {
    let mut backoff = ExponentialBackoff {
        current_interval: Duration::MAX,
        max_interval: Duration::MAX,
        multiplier: f64::MAX,
        randomization_factor: 0.0,
        ..Default::default()
    };
    assert_eq!(backoff.next_backoff(), None);
    backoff.max_elapsed_time = None;
    let longest = Some(Duration::from_nanos(u64::MAX));
    assert_eq!([backoff.next_backoff(), backoff.next_backoff()], [longest, longest]);
}

#[cfg(feature = "tokio")]
#[test]
fn a_dropped_future_starts_no_further_attempt() {
    use std::cell::Cell;
    use std::task::{Context, Poll, Waker};
    use wardkit_retry::compat_backoff::{Error, future};

    let calls = Cell::new(0);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut retry = Box::pin(future::retry(ExponentialBackoff::default(), || {
            calls.set(calls.get() + 1);
            std::future::ready(Err::<(), _>(Error::transient("down")))
        }));
        let polled = retry.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!((polled, calls.get()), (Poll::Pending, 1));
        drop(retry);
        tokio::time::sleep(Duration::from_hours(1)).await;
    });
    assert_eq!(calls.get(), 1);
}

proptest! {
    #[test]
    fn waits_stay_in_their_range_and_intervals_below_their_limit(
        interval in 0..u64::MAX / 4,
        max_interval in any::<Duration>(),
        randomization_factor in 0.0..=1.0,
        multiplier in 1.0..100.0,
    ) {
        let interval = Duration::from_nanos(interval);
        let mut backoff = ExponentialBackoff {
            current_interval: interval,
            max_interval,
            randomization_factor,
            multiplier,
            max_elapsed_time: None,
            ..Default::default()
        };
        let wait = backoff.next_backoff().unwrap();
        // A float holds 53 bits: that is how exact the bounds are.
        let slack = interval.mul_f64(1e-15) + Duration::from_nanos(2);
        prop_assert!(wait <= interval.mul_f64(1.0 + randomization_factor) + slack, "{wait:?}");
        prop_assert!(wait + slack >= interval.mul_f64(1.0 - randomization_factor), "{wait:?}");
        prop_assert!(backoff.current_interval <= max_interval);
    }

    #[test]
    fn no_value_makes_the_schedule_panic(
        current_interval in any::<Duration>(),
        max_interval in any::<Duration>(),
        max_elapsed_time in any::<Option<Duration>>(),
        randomization_factor in any::<f64>(),
        multiplier in any::<f64>(),
    ) {
        let mut backoff = ExponentialBackoff {
            current_interval,
            max_interval,
            max_elapsed_time,
            randomization_factor,
            multiplier,
            ..Default::default()
        };
        for _ in 0..5 {
            let wait = backoff.next_backoff();
            prop_assert!(max_elapsed_time.is_none_or(|max| wait.unwrap_or_default() <= max));
            prop_assert!(backoff.current_interval <= max_interval);
        }
    }
}
