//! Leaks are told, and what only looks like one is not.

use proptest::prelude::*;
use wardkit_core::Timestamp;
use wardkit_detect::leak::{LeakWatch, Verdict};

use crate::simulated::resident::{self, Family, Size};

/// Judges a process that was sampled every two minutes for 72 hours.
fn judge(family: Family, size: Size, seed: u64, leak: f64) -> Verdict {
    let mut watch = LeakWatch::new();
    for (minute, value) in (0..).zip(resident::series(family, size, seed, leak, 72)).step_by(2) {
        watch.push(Timestamp::from_unix_seconds(minute * 60), value * 1e6);
    }
    watch.verdict()
}

/// Returns how many of `seeds` processes of each family are said to leak.
fn flagged(size: Size, leak: f64, seeds: u64) -> Vec<(Family, usize)> {
    let families = resident::FAMILIES.into_iter();
    families
        .map(|family| {
            let leaking =
                |seed: &u64| matches!(judge(family, size, *seed, leak), Verdict::Leaking(_));
            (family, (1000..1000 + seeds).filter(leaking).count())
        })
        .collect()
}

fn hour(hour: u32) -> Timestamp {
    Timestamp::from_unix_seconds(i64::from(hour) * 3600)
}

fn learning(watch: &LeakWatch) -> Option<usize> {
    match watch.verdict() {
        Verdict::Learning { hours } => Some(hours),
        _ => None,
    }
}

#[test]
fn at_most_two_in_a_hundred_healthy_processes_are_accused() {
    let accused = flagged(Size::Bot, 0.0, 43);
    let count: usize = accused.iter().map(|(_, count)| count).sum();
    assert!(count <= 6, "of 301: {accused:?}");
    // All but those whose mapped files grow for longer than they were watched.
    let count: usize = accused
        .iter()
        .filter(|(family, _)| *family != Family::Segments)
        .map(|(_, count)| count)
        .sum();
    assert!(count <= 2, "{accused:?}");
}

#[test]
fn processes_that_swing_widely_are_accused_more_often() {
    let accused = flagged(Size::Server, 0.0, 20);
    let others: usize = accused
        .iter()
        .filter(|(family, _)| *family != Family::Segments)
        .map(|(_, count)| count)
        .sum();
    assert!(others <= 5, "of 120: {accused:?}");
}

#[test]
fn a_leak_of_half_a_megabyte_an_hour_is_found_in_three_days() {
    let found = flagged(Size::Bot, 0.5, 20);
    for (family, count) in &found {
        match family {
            // Each start begins anew: nothing ran for three days.
            Family::Restarts => assert!(*count <= 2, "{found:?}"),
            // Their floor moves by more than the leak in some.
            Family::Arenas | Family::Sessions => assert!(*count >= 14, "{found:?}"),
            _ => assert!(*count >= 18, "{found:?}"),
        }
    }
    let found = flagged(Size::Bot, 2.0, 5);
    assert!(
        found.iter().all(|(family, count)| *family == Family::Restarts || *count == 5),
        "{found:?}"
    );
}

#[test]
fn nothing_is_said_before_every_time_of_day_was_seen_twice() {
    let mut watch = LeakWatch::new();
    assert_eq!(learning(&watch), Some(72));
    for at in 0..71 {
        watch.push(hour(at), 100e6);
        // The open hour counts once the others are complete.
        let missing = 72 - usize::try_from(at).unwrap() - usize::from(at >= 12);
        assert_eq!(learning(&watch), Some(missing), "{at}");
    }
    watch.push(hour(71), 100e6);
    assert_eq!(watch.verdict(), Verdict::Clean);
    watch.restarted();
    assert_eq!(watch.verdict().to_string(), "too early to tell; 72 h are missing");
}

#[test]
fn a_week_without_samples_is_no_evidence() {
    let mut watch = LeakWatch::new();
    (0..72).for_each(|at| watch.push(hour(at), 100e6));
    watch.push(hour(72 + 168), 300e6);
    assert_eq!(learning(&watch), Some(1));
}

#[test]
fn what_is_no_amount_and_what_comes_late_changes_nothing() {
    let mut clean = LeakWatch::new();
    let mut disturbed = LeakWatch::new();
    for at in 0..100 {
        let bytes = 100e6 + f64::from(at) * 1e6;
        clean.push(hour(at), bytes);
        disturbed.push(hour(at), bytes);
        disturbed.push(hour(at), f64::NAN);
        disturbed.push(hour(at), f64::NEG_INFINITY);
        disturbed.push(hour(at.saturating_sub(5)), if at < 5 { bytes } else { 0.0 });
    }
    assert_eq!(clean.verdict(), disturbed.verdict());
    assert!(matches!(clean.verdict(), Verdict::Leaking(_)));
}

proptest! {
    #[test]
    fn any_samples_are_judged_in_bounded_memory(
        samples in prop::collection::vec((any::<i64>(), any::<f64>()), 0..300),
    ) {
        let mut watch = LeakWatch::new();
        for (at, bytes) in samples {
            watch.push(Timestamp::from_unix_nanos(at), bytes);
        }
        let _ = watch.verdict();
        prop_assert!(watch.memory() <= 8 * 1024, "{}", watch.memory());
    }

    #[test]
    fn a_steady_leak_is_measured(per_hour in 0.3_f64..20.0, base in 10.0_f64..300.0) {
        let mut watch = LeakWatch::new();
        (0..96).for_each(|at| watch.push(hour(at), (base + per_hour * f64::from(at)) * 1e6));
        let Verdict::Leaking(leak) = watch.verdict() else { panic!("{:?}", watch.verdict()) };
        prop_assert!((leak.per_hour / 1e6 - per_hour).abs() < 1e-6);
        prop_assert_eq!(leak.hours, 84);
    }
}
