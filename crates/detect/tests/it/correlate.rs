//! What moved together, and what only looks so.

use proptest::prelude::*;
use wardkit_detect::correlate::companions;

use crate::simulated::random::Random;

fn noise(seed: u64, count: usize) -> Vec<f64> {
    let mut random = Random::new(seed);
    (0..count).map(|_| random.normal()).collect()
}

/// Adds up noise: what wanders.
fn walk(seed: u64, count: usize) -> Vec<f64> {
    let mut level = 0.0;
    noise(seed, count)
        .into_iter()
        .map(|step| {
            level += step;
            level
        })
        .collect()
}

fn names(series: &[f64], others: &[(&str, Vec<f64>)], steps: usize) -> Vec<String> {
    let others = others.iter().map(|(name, values)| (*name, &values[..]));
    companions(series, others, steps).iter().map(ToString::to_string).collect()
}

#[test]
fn a_cause_is_found_with_its_lead_and_an_effect_with_its_lag() {
    let cause = walk(1, 300);
    let delayed = |by: usize, seed: u64| -> Vec<f64> {
        let jitter = noise(seed, 300);
        (0..300).map(|at| cause[usize::saturating_sub(at, by)] * 3.0 + jitter[at] * 0.3).collect()
    };
    let series = delayed(4, 2);
    let others = [
        ("cause", cause.clone()),
        ("effect", delayed(6, 3)),
        ("mirror", series.iter().map(|value| -value).collect()),
        ("unrelated", walk(9, 300)),
    ];
    let found = names(&series, &others, 10);
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!(found[0], "mirror moved against it, at the same time (correlation -1.00)");
    assert!(
        found.iter().any(|told| told.starts_with("cause moved with it, 4 steps before")),
        "{found:?}"
    );
    assert!(
        found.iter().any(|told| told.starts_with("effect moved with it, 2 steps after")),
        "{found:?}"
    );
}

#[test]
fn what_only_grows_along_is_no_companion() {
    let grows = |seed: u64| -> Vec<f64> {
        (0_u32..).zip(noise(seed, 200)).map(|(at, noise)| f64::from(at) * 5.0 + noise).collect()
    };
    let others: Vec<_> = (1..30).map(|seed| ("other", grows(seed))).collect();
    assert_eq!(names(&grows(0), &others, 20), Vec::<String>::new());
}

#[test]
fn series_of_chance_find_each_other_seldom() {
    let found = (0..100_u64).filter(|round| {
        let others: Vec<_> =
            (1..20).map(|other| ("other", walk(round * 100 + other, 120))).collect();
        !names(&walk(round * 100, 120), &others, 12).is_empty()
    });
    assert!(found.count() <= 3);
}

#[test]
fn what_never_changes_or_is_too_short_agrees_with_nothing() {
    let series = walk(1, 100);
    assert!(
        names(&series, &[("flat", vec![1.0; 100]), ("short", series[80..].to_vec())], 5).is_empty()
    );
    assert!(names(&[], &[("any", series.clone())], 5).is_empty());
    assert!(names(&series, &[("missing", vec![f64::NAN; 100])], 5).is_empty());
}

proptest! {
    #[test]
    fn any_series_are_compared(
        series in prop::collection::vec(any::<f64>(), 0..200),
        other in prop::collection::vec(any::<f64>(), 0..200),
        steps in any::<usize>(),
    ) {
        for found in companions(&series, [("a", &other[..]), ("b", &series[..])], steps) {
            prop_assert!(found.correlation.abs() <= 1.0 + 1e-9);
            prop_assert!(found.leads_by.unsigned_abs() <= 50);
        }
    }
}
