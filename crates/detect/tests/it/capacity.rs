//! Room that is left, in a sentence.

use wardkit_core::Timestamp;
use wardkit_detect::capacity::assess;
use wardkit_detect::forecast::Limit;

fn check(value: impl Fn(f64) -> f64, hours: u32, limit: Limit, expected: &str) {
    let history: Vec<_> = (0..hours)
        .map(|hour| (Timestamp::from_unix_seconds(i64::from(hour) * 3600), value(f64::from(hour))))
        .collect();
    assert_eq!(assess("memory", &history, limit).to_string(), expected);
}

#[test]
fn a_sentence_says_how_much_is_used_and_for_how_long_it_lasts() {
    check(
        |_| 40.0,
        100,
        Limit::Above(80.0),
        "memory: 50 % used, 50 % at most for 95 % of the time, hardly changes; at its limit not in sight",
    );
    check(
        |hour| 40.0 - hour / 10.0,
        100,
        Limit::Above(80.0),
        "memory: 38 % used, 49 % at most for 95 % of the time, shrinks by 3.0 % a day; at its limit not in sight",
    );
    check(
        |_| 40.0,
        10,
        Limit::Above(80.0),
        "memory: 50 % used, 50 % at most for 95 % of the time, when it is at its limit is unknown: 9 h of 48 h were seen",
    );
    check(
        |_| 1.0,
        0,
        Limit::Above(80.0),
        "memory: when it is at its limit is unknown: 0 h of 48 h were seen",
    );
    check(
        |_| 81.0,
        60,
        Limit::Above(80.0),
        "memory: 101 % used, 101 % at most for 95 % of the time, hardly changes; at its limit now",
    );
    check(
        |hour| 999.0 - hour,
        100,
        Limit::Below(0.0),
        "memory: at its limit in 38 d, 80 %: 38-38 d",
    );
    check(
        |_| f64::NAN,
        100,
        Limit::Above(1.0),
        "memory: when it is at its limit is unknown: 0 h of 48 h were seen",
    );
}

#[test]
fn a_clean_up_does_not_bend_the_growth_of_a_day() {
    let history: Vec<_> = (0..168_u32)
        .map(|hour| {
            let cleaned = if hour >= 100 { 30.0 } else { 0.0 };
            (
                Timestamp::from_unix_seconds(i64::from(hour) * 3600),
                50.0 + f64::from(hour) / 10.0 - cleaned,
            )
        })
        .collect();
    let disk = assess("disk", &history, Limit::Above(100.0));
    assert!((disk.per_day.unwrap() - 2.4).abs() < 1e-9);
    assert_eq!(disk.share(25.0), Some(0.25));
}
