use wardkit_core::Timestamp;

use super::{DayOfMonth, Location, TimeConfig, TimeInterval, TimeRange};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn every_field_that_says_something_must_hold() {
    let interval = TimeInterval {
        times: vec![TimeRange::parse("09:00", "17:00").unwrap()],
        weekdays: vec![TimeInterval::parse_weekdays("Monday:friday").unwrap()],
        months: vec![TimeInterval::parse_months("january:3").unwrap()],
        years: vec![TimeInterval::parse_years("2026").unwrap()],
        ..TimeInterval::default()
    };
    for (time, expected) in [
        ("2026-01-05T09:00:00Z", true),
        ("2026-01-05T08:59:59Z", false),
        ("2026-01-05T16:59:59Z", true),
        ("2026-01-05T17:00:00Z", false),
        ("2026-01-04T12:00:00Z", false),
        ("2026-04-06T12:00:00Z", false),
        ("2027-01-04T12:00:00Z", false),
    ] {
        assert_eq!(interval.contains(at(time)), expected, "{time}");
    }
    assert!(TimeInterval::default().contains(at("2026-04-06T12:00:00Z")));
}

#[test]
fn negative_days_count_from_the_end_of_the_month() {
    let days = |text: &str| TimeInterval {
        days_of_month: vec![TimeInterval::parse_days_of_month(text).unwrap()],
        ..TimeInterval::default()
    };
    for (text, time, expected) in [
        ("-1", "2026-02-28T00:00:00Z", true),
        ("-1", "2028-02-28T00:00:00Z", false),
        ("-1", "2028-02-29T23:59:59Z", true),
        ("-3:-2", "2026-04-29T00:00:00Z", true),
        ("-3:-2", "2026-04-30T00:00:00Z", false),
        ("31", "2026-04-30T00:00:00Z", false),
        ("20:31", "2026-02-28T00:00:00Z", true),
        ("-31:2", "2026-02-01T00:00:00Z", false),
        ("1:-1", "2026-02-28T00:00:00Z", true),
    ] {
        if text == "-31:2" {
            assert!(TimeInterval::parse_days_of_month(text).is_err());
            continue;
        }
        assert_eq!(days(text).contains(at(time)), expected, "{text} {time}");
    }
    for (first, last) in [(0, 1), (1, 32), (-32, -1), (5, 4), (-1, 5), (20, -20)] {
        assert!(DayOfMonth::new(first, last).is_err(), "{first}:{last}");
    }
}

#[test]
fn what_is_no_interval_is_refused() {
    for (start, end) in [
        ("9:00", "17:00"),
        ("09:00", "24:01"),
        ("17:00", "09:00"),
        ("10:00", "10:00"),
        ("aa:bb", "10:00"),
    ] {
        assert!(TimeRange::parse(start, end).is_err(), "{start} {end}");
    }
    assert!(TimeRange::parse("00:00", "24:00").is_ok());
    for text in ["monday:", "friday:monday", "mon", "monday:tuesday:friday"] {
        assert!(TimeInterval::parse_weekdays(text).is_err(), "{text}");
    }
    for text in ["13a", "march:january", ""] {
        assert!(TimeInterval::parse_months(text).is_err(), "{text}");
    }
}

#[cfg(feature = "schedules")]
#[test]
fn clocks_of_a_place_have_daylight_saving() {
    let night = TimeInterval {
        times: vec![TimeRange::parse("02:00", "03:00").unwrap()],
        location: Location::new("Europe/Berlin").unwrap(),
        ..TimeInterval::default()
    };
    for (time, expected) in [
        // In winter an hour ahead, in summer two.
        ("2026-01-10T01:30:00Z", true),
        ("2026-07-10T00:30:00Z", true),
        ("2026-07-10T01:30:00Z", false),
        // This night has no 02:30.
        ("2026-03-29T00:59:59Z", false),
        ("2026-03-29T01:00:00Z", false),
        // This one has it twice.
        ("2026-10-25T00:30:00Z", true),
        ("2026-10-25T01:30:00Z", true),
        ("2026-10-25T02:00:00Z", false),
    ] {
        assert_eq!(night.contains(at(time)), expected, "{time}");
    }
    // The month in which the clocks are put forward has its last day all the same.
    let last = TimeInterval {
        days_of_month: vec![DayOfMonth::new(-1, -1).unwrap()],
        location: Location::new("Europe/Berlin").unwrap(),
        ..TimeInterval::default()
    };
    assert!(last.contains(at("2026-03-31T12:00:00Z")));
    assert!(!last.contains(at("2026-03-30T12:00:00Z")));
    assert!(Location::new("Europe/Nowhere").is_err());
}

#[cfg(not(feature = "schedules"))]
#[test]
fn without_the_feature_only_utc_is_known() {
    assert!(Location::new("UTC").is_ok());
    assert!(Location::new("Europe/Berlin").is_err());
}

fn declared(hours: &[&str], weekdays: &[&str]) -> TimeConfig {
    let all = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    TimeConfig {
        name: "nights".to_owned(),
        hours: all(hours),
        weekdays: all(weekdays),
        time_zone: "UTC".to_owned(),
        ..TimeConfig::default()
    }
}

#[test]
fn a_declared_time_is_what_alertmanager_would_make_of_it() {
    let declared = TimeConfig {
        days_of_month: vec!["-3:-1".to_owned()],
        months: vec!["december".to_owned()],
        years: vec!["2026".to_owned()],
        ..declared(&["22:00-24:00", "00:00-06:00"], &["sat-mon", "Wednesday"])
    };
    let mut expected = TimeInterval {
        times: vec![
            TimeRange::parse("22:00", "24:00").unwrap(),
            TimeRange::parse("00:00", "06:00").unwrap(),
        ],
        days_of_month: vec![TimeInterval::parse_days_of_month("-3:-1").unwrap()],
        months: vec![TimeInterval::parse_months("12").unwrap()],
        years: vec![TimeInterval::parse_years("2026").unwrap()],
        ..TimeInterval::default()
    };
    expected.weekdays = vec![6..=6, 0..=0, 1..=1, 3..=3];
    assert_eq!(declared.interval().unwrap(), expected);
}

#[test]
fn what_is_wrong_with_a_declared_time_is_named() {
    let found = |config: &TimeConfig| -> Vec<String> {
        config.interval().unwrap_err().into_iter().map(|one| one.path).collect()
    };
    assert_eq!(found(&TimeConfig::default()), ["name", "hours"]);
    assert_eq!(found(&declared(&["22:00-06:00"], &["day"])), ["hours[0]", "weekdays[0]"]);
    let mut wrong = declared(&["9-17"], &[]);
    (wrong.time_zone, wrong.years) = ("Mars/Olympus".to_owned(), vec!["2028:2026".to_owned()]);
    assert_eq!(found(&wrong), ["hours[0]", "years[0]", "time-zone"]);
}
