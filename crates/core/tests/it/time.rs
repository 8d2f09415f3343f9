use std::time::Duration;

use wardkit_core::{Clock, Error, ManualClock, SystemClock, Timestamp};

#[test]
fn rfc3339_text_becomes_the_instant_it_names() {
    let rows: &[(&str, i64)] = &[
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59Z", -1_000_000_000),
        ("2000-02-29T12:00:00Z", 951_825_600_000_000_000),
        ("2026-11-21T09:13:18Z", 1_795_252_398_000_000_000),
        ("2026-11-21T10:13:18+01:00", 1_795_252_398_000_000_000),
        ("2026-11-21t04:43:18-04:30", 1_795_252_398_000_000_000),
        ("2026-11-21 09:13:18.5Z", 1_795_252_398_500_000_000),
        ("2026-11-21T09:13:18.123456789999Z", 1_795_252_398_123_456_789),
    ];
    for &(text, nanos) in rows {
        assert_eq!(text.parse(), Ok(Timestamp::from_unix_nanos(nanos)), "{text}");
    }
}

#[test]
fn text_that_is_no_timestamp_is_refused() {
    let rows = [
        "",
        "2026-11-21",
        "2026-11-21T09:13:18",
        "2026-11-21T09:13:18.Z",
        "2026-02-30T00:00:00Z",
        "2025-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:60Z",
        "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00+0100",
        "9999-01-01T00:00:00Z",
        "1600-01-01T00:00:00Z",
        "2026-01-01T00:00:00Zjunk",
        "-026-01-01T00:00:00Z",
        "２０２６-01-01T00:00:00Z",
    ];
    for text in rows {
        assert_eq!(text.parse::<Timestamp>(), Err(Error::Timestamp), "{text}");
    }
}

#[test]
fn fraction_is_printed_only_as_long_as_needed() {
    let second = 1_000_000_000;
    for (nanos, text) in [
        (0, "1970-01-01T00:00:00Z"),
        (second / 2, "1970-01-01T00:00:00.500Z"),
        (1_000, "1970-01-01T00:00:00.000001Z"),
        (1, "1970-01-01T00:00:00.000000001Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
    ] {
        assert_eq!(Timestamp::from_unix_nanos(nanos).to_string(), text);
    }
}

#[test]
fn arithmetic_clamps_instead_of_wrapping() {
    let hour = Duration::from_hours(1);
    assert_eq!(Timestamp::MAX.saturating_add(hour), Timestamp::MAX);
    assert_eq!(Timestamp::UNIX_EPOCH.saturating_sub(Duration::MAX).as_unix_nanos(), -i64::MAX);
    assert_eq!(Timestamp::UNIX_EPOCH.duration_since(Timestamp::MAX), None);
    assert_eq!(
        Timestamp::from_unix_seconds(3600).duration_since(Timestamp::UNIX_EPOCH),
        Some(hour)
    );
}

#[test]
fn setting_the_wall_clock_leaves_the_uptime_alone() {
    let clock = ManualClock::at(Timestamp::from_unix_seconds(1_000));
    clock.advance(Duration::from_secs(10));
    clock.set_wall(Timestamp::from_unix_seconds(5));
    assert_eq!(
        (clock.now(), clock.uptime()),
        (Timestamp::from_unix_seconds(5), Duration::from_secs(10))
    );
}

#[test]
fn system_clock_never_runs_backwards() {
    let readings: Vec<_> = (0..1_000).map(|_| SystemClock.uptime()).collect();
    assert!(readings.is_sorted());
    assert!(SystemClock.now() > Timestamp::from_unix_seconds(1_700_000_000));
}
