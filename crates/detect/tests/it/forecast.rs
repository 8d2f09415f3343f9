//! When disks get full, and when nobody can tell.

use std::time::Duration;

use proptest::prelude::*;
use wardkit_core::Timestamp;
use wardkit_detect::forecast::{Ends, Forecast, Limit, Unknown, forecast};

use crate::simulated::disks;
use crate::simulated::random::Random;

fn at(hours: f64) -> Timestamp {
    Timestamp::from_unix_seconds(1_700_000_000)
        .saturating_add(Duration::from_secs_f64((hours + 1.0) * 3600.0))
}

/// Makes a sample every ten minutes.
fn series(hours: u32, value: impl FnMut(f64) -> f64) -> Vec<(Timestamp, f64)> {
    let times = (0..=hours * 6).map(|sample| f64::from(sample) / 6.0);
    times.clone().map(at).zip(times.map(value)).collect()
}

fn hours(time: Duration) -> f64 {
    time.as_secs_f64() / 3600.0
}

fn ends(forecast: &Forecast) -> Ends {
    let Forecast::Ends(ends) = forecast else { panic!("{forecast:?}") };
    *ends
}

fn check(history: &[(Timestamp, f64)], limit: Limit, expected: &str) {
    assert_eq!(forecast(history, limit).to_string(), expected);
}

#[test]
fn simulated_disks_are_full_when_it_was_said() {
    let mut errors = Vec::new();
    let mut inside = 0;
    for family in disks::FAMILIES {
        for seed in 500..516 {
            let disk = disks::disk(family, seed);
            let history: Vec<_> =
                disk.history.iter().map(|(hour, value)| (at(*hour), *value)).collect();
            let found = ends(&forecast(&history, Limit::Above(disk.limit)));
            errors.push((hours(found.median) - disk.full_in).abs() / disk.full_in);
            let high = found.high80.map_or(f64::INFINITY, hours);
            inside += u32::from((hours(found.low80)..=high).contains(&disk.full_in));
        }
    }
    errors.sort_by(f64::total_cmp);
    assert!(errors[errors.len() / 2] <= 0.05, "{}", errors[errors.len() / 2]);
    // 75 to 90 of 100.
    assert!((108..=130).contains(&inside), "{inside} of {}", errors.len());
}

#[test]
fn what_is_at_its_limit_is_told_from_a_single_sample() {
    check(&[(at(0.0), 7.0)], Limit::Above(7.0), "now");
    check(&[(at(0.0), 0.0)], Limit::Below(0.0), "now");
    // The last in time counts, wherever it stands.
    check(&[(at(1.0), 9.0), (at(0.0), 1.0), (at(2.0), f64::NAN)], Limit::Above(8.0), "now");
    check(&[(at(1.0), 1.0), (at(0.0), 9.0)], Limit::Above(8.0), "unknown: 1 h of 48 h were seen");
}

#[test]
fn nothing_is_told_before_two_days_were_seen() {
    let grows = |hour: f64| hour;
    check(&[], Limit::Above(1.0), "unknown: 0 h of 48 h were seen");
    check(&series(31, grows), Limit::Above(100.0), "unknown: 31 h of 48 h were seen");
    check(&series(48, |_| f64::NAN), Limit::Above(100.0), "unknown: 0 h of 48 h were seen");
    let sparse: Vec<_> = series(100, grows).into_iter().step_by(60).collect();
    check(&sparse, Limit::Above(200.0), "unknown: only 11 hours have a value");
    check(&series(48, grows), Limit::Above(f64::NAN), "unknown: the limit is no number");
    check(&series(48, grows), Limit::Above(58.0), "in 10 h, 80 %: 10-10 h");
    assert_eq!(
        forecast(&series(20, grows), Limit::Above(100.0)),
        Forecast::Unknown(Unknown::TooShort { seen: Duration::from_hours(20) })
    );
}

#[test]
fn what_is_there_already_is_said_now() {
    check(&series(48, |hour| hour), Limit::Above(48.0), "now");
    check(&series(48, |hour| -hour), Limit::Below(-40.0), "now");
}

#[test]
fn what_does_not_move_is_not_in_sight() {
    check(&series(200, |_| 50.0), Limit::Above(90.0), "not in sight");
    check(&series(200, |hour| 50.0 - hour * 0.1), Limit::Above(90.0), "not in sight");
    for seed in 0..20 {
        let mut random = Random::new(seed);
        let noisy = series(200, |_| 50.0 + random.normal());
        check(&noisy, Limit::Above(90.0), "not in sight");
    }
}

#[test]
fn a_certificate_ends_when_it_says_however_far_away() {
    let left = |hour: f64| (90.0 * 24.0 - hour) * 3600.0;
    check(&series(72, left), Limit::Below(0.0), "in 87 d, 80 %: 87-87 d");
    check(&series(72, left), Limit::Below(14.0 * 86_400.0), "in 73 d, 80 %: 73-73 d");
}

#[test]
fn one_clean_up_is_not_expected_again_and_a_daily_one_is() {
    let once = |hour: f64| 100.0 + 0.2 * hour - if hour > 90.0 { 30.0 } else { 0.0 };
    let found = ends(&forecast(&series(168, once), Limit::Above(110.0)));
    assert!((hours(found.median) - 32.0).abs() < 1.0, "{found:?}");
    // Logs grow by 24 a day and are deleted at midnight; 0.05 an hour stays.
    let daily = |hour: f64| 100.0 + 0.05 * hour + hour % 24.0;
    let found = ends(&forecast(&series(168, daily), Limit::Above(150.0)));
    let full = (168..5000).map(f64::from).find(|hour| daily(*hour) >= 150.0).unwrap() - 168.0;
    assert!((hours(found.median) - full).abs() < 25.0, "{found:?} {full}");
    assert!(hours(found.median) < (150.0 - daily(168.0)) / 0.05);
}

#[test]
fn the_more_it_wanders_the_wider_the_interval() {
    let width = |noise: f64| {
        let mut random = Random::new(3);
        let mut level = 50.0;
        let wanders = series(168, |_| {
            level += 0.02 + noise * random.normal();
            level
        });
        let found = ends(&forecast(&wanders, Limit::Above(wanders.last().unwrap().1 + 5.0)));
        hours(found.high80.unwrap()) - hours(found.low80)
    };
    assert!(width(0.01) < width(0.05) && width(0.05) < width(0.15));
}

#[test]
fn it_is_said_in_hours_and_from_three_days_in_days() {
    let steady = series(168, |hour| hour);
    check(&steady, Limit::Above(168.0 + 31.0), "in 31 h, 80 %: 31-31 h");
    check(&steady, Limit::Above(168.0 + 24.0 * 12.0), "in 12 d, 80 %: 12-12 d");
}

proptest! {
    // Each forecasts up to four times over weeks of hours.
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_samples_are_survived(
        samples in prop::collection::vec((any::<i64>(), any::<f64>()), 0..40),
        days in prop::collection::vec((0_i64..90 * 86_400, any::<f64>()), 0..80),
        limit in any::<f64>(),
    ) {
        let near = days.iter().map(|(seconds, value)| (Timestamp::from_unix_seconds(*seconds), *value));
        let far = samples.iter().map(|(nanos, value)| (Timestamp::from_unix_nanos(*nanos), *value));
        for history in [near.clone().collect::<Vec<_>>(), near.chain(far).collect()] {
            for limit in [Limit::Above(limit), Limit::Below(limit)] {
                if let Forecast::Ends(ends) = forecast(&history, limit) {
                    prop_assert!(ends.low80 <= ends.median);
                    prop_assert!(ends.high80.is_none_or(|high| ends.median <= high));
                }
            }
        }
    }

    #[test]
    fn order_unit_and_direction_change_nothing(
        pace in 0.01_f64..1.0, noise in 0.0_f64..0.5, seed in any::<u64>(),
    ) {
        let mut random = Random::new(seed);
        let history = series(100, |hour| 20.0 + pace * hour + noise * random.normal());
        let limit = history.iter().map(|(_, value)| *value).fold(0.0, f64::max) + 30.0 * pace;
        let said = forecast(&history, Limit::Above(limit));
        let mut reversed = history.clone();
        reversed.reverse();
        prop_assert_eq!(&forecast(&reversed, Limit::Above(limit)), &said);
        let falling: Vec<_> = history.iter().map(|(at, value)| (*at, -value)).collect();
        prop_assert_eq!(&forecast(&falling, Limit::Below(-limit)), &said);
        let bytes: Vec<_> = history.iter().map(|(at, value)| (*at, value * 1_073_741_824.0)).collect();
        let in_bytes = forecast(&bytes, Limit::Above(limit * 1_073_741_824.0));
        prop_assert_eq!(in_bytes.to_string(), said.to_string());
    }
}
