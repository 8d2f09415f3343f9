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
