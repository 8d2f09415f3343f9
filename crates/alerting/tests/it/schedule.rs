//! Who is on call, when clocks are set and when nobody is.

use std::time::Duration;

use proptest::prelude::*;
use wardkit_alerting::{LayerConfig, OnCall as _, OverrideConfig, Schedule, ScheduleConfig};
use wardkit_core::Timestamp;

fn layer(people: &[&str], start: &str, days: u16) -> LayerConfig {
    let mut layer = LayerConfig::default();
    layer.people = people.iter().map(|&name| name.to_owned()).collect();
    start.clone_into(&mut layer.start);
    layer.days = days;
    layer
}

fn exception(person: &str, from: &str, until: &str) -> OverrideConfig {
    let mut one = OverrideConfig::default();
    (one.person, one.from, one.until) = (person.to_owned(), from.to_owned(), until.to_owned());
    one
}

fn config(zone: &str, layers: Vec<LayerConfig>) -> ScheduleConfig {
    let mut config = ScheduleConfig::default();
    "primary".clone_into(&mut config.name);
    zone.clone_into(&mut config.time_zone);
    config.layers = layers;
    config
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn shown(schedule: &Schedule, from: &str, until: &str) -> Vec<String> {
    let shifts = schedule.shifts(at(from), at(until));
    let show = |shift: &wardkit_alerting::Shift| {
        let person = shift.person.as_deref().unwrap_or("nobody");
        format!("{person} until {}", shift.until)
    };
    shifts.iter().map(show).collect()
}

#[test]
fn turns_change_at_the_time_of_the_day_also_when_clocks_are_set() {
    let layers = vec![layer(&["ann", "bob"], "2026-10-19T09:00", 7)];
    let schedule = Schedule::new(&config("Europe/Berlin", layers)).unwrap();
    // Summer time ends on the 25th: the first turn is an hour longer.
    assert_eq!(
        shown(&schedule, "2026-10-19T06:59:59Z", "2026-11-02T09:00:00Z"),
        [
            "nobody until 2026-10-19T07:00:00Z",
            "ann until 2026-10-26T08:00:00Z",
            "bob until 2026-11-02T08:00:00Z",
            "ann until 2026-11-02T09:00:00Z",
        ]
    );
    assert_eq!(schedule.who(at("2026-10-26T07:59:59Z")), ["ann"]);
    assert_eq!(schedule.next(at("2026-10-26T07:59:59Z")), ["bob"]);
}

#[test]
fn a_hand_over_that_clocks_skip_or_show_twice_is_one() {
    let layers = vec![layer(&["ann", "bob"], "2026-03-28T02:30", 1)];
    let schedule = Schedule::new(&config("Europe/Berlin", layers)).unwrap();
    assert_eq!(
        shown(&schedule, "2026-03-28T01:30:00Z", "2026-03-30T01:00:00Z"),
        [
            "ann until 2026-03-29T01:30:00Z",
            "bob until 2026-03-30T00:30:00Z",
            "ann until 2026-03-30T01:00:00Z",
        ]
    );
    let twice = shown(&schedule, "2026-10-24T00:30:00Z", "2026-10-26T01:30:00Z");
    assert_eq!(twice.len(), 2, "{twice:?}");
    assert!(twice[0].ends_with("2026-10-25T00:30:00Z"), "{twice:?}");
}

#[test]
fn exceptions_and_later_layers_decide_and_gaps_are_told() {
    let layers =
        vec![layer(&["ann"], "2026-01-01T00:00", 1), layer(&["bob"], "2026-01-03T00:00", 1)];
    let mut config = config("", layers);
    config.overrides = vec![
        exception("carl", "2026-01-02T00:00", "2026-01-04T00:00"),
        exception("", "2026-01-02T12:00", "2026-01-02T18:00"),
    ];
    let schedule = Schedule::new(&config).unwrap();
    assert_eq!(
        shown(&schedule, "2026-01-01T00:00:00Z", "2026-01-05T00:00:00Z"),
        [
            "ann until 2026-01-02T00:00:00Z",
            "carl until 2026-01-02T12:00:00Z",
            "nobody until 2026-01-02T18:00:00Z",
            "carl until 2026-01-04T00:00:00Z",
            "bob until 2026-01-05T00:00:00Z",
        ]
    );
    let gaps = schedule.gaps(at("2026-01-01T00:00:00Z"), at("2026-01-05T00:00:00Z"));
    assert_eq!((gaps.len(), gaps[0].from), (1, at("2026-01-02T12:00:00Z")));
    assert_eq!(schedule.people(), ["ann", "bob", "carl"]);
}

#[test]
fn what_is_wrong_with_a_schedule_is_named() {
    let mut config = config("Mars/Olympus", vec![layer(&[], "monday", 0)]);
    config.name.clear();
    config.overrides = vec![exception("ann", "2026-01-02T00:00", "2026-01-02T00:00")];
    let found = Schedule::new(&config).unwrap_err();
    let keys: Vec<_> = found.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(
        keys,
        [
            "time-zone",
            "layers[0].start",
            "layers[0].people",
            "layers[0].days",
            "overrides[0].until",
            "name",
        ]
    );
}

#[test]
fn in_every_zone_each_day_of_a_year_is_handed_over_once_and_to_one_person() {
    let zones: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
    assert!(zones.len() > 300, "{}", zones.len());
    for zone in zones {
        // In the hour that most clocks skip or show twice.
        let layers = vec![layer(&["ann", "bob"], "2026-01-01T02:30", 1)];
        let schedule = Schedule::new(&config(&zone, layers)).unwrap();
        let shifts = schedule.shifts(at("2026-01-03T00:00:00Z"), at("2027-01-03T00:00:00Z"));
        // The first and the last are cut.
        for pair in shifts[1..shifts.len() - 1].windows(2) {
            assert_ne!(pair[0].person, pair[1].person, "{zone} {}", pair[1].from);
            assert_eq!(pair[0].until, pair[1].from, "{zone}");
            let hours = pair[0].until.duration_since(pair[0].from).unwrap().as_secs() / 3_600;
            assert!((21..=26).contains(&hours), "{zone} {}: {hours} h", pair[0].from);
        }
        assert!((365..=367).contains(&shifts.len()), "{zone}: {}", shifts.len());
    }
}

const ZONES: [&str; 8] = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Africa/Casablanca",
    "America/St_Johns",
    "UTC",
];

proptest! {
    #[test]
    fn exactly_one_person_is_on_call_at_every_instant_after_the_start(
        zone in 0..ZONES.len(),
        hour in 0_u8..24,
        minute in 0_u8..60,
        days in 1_u16..30,
        after in 0_u64..400 * 86_400,
    ) {
        let start = format!("2026-01-01T{hour:02}:{minute:02}");
        let layers = vec![layer(&["ann", "bob", "carl"], &start, days)];
        let schedule = Schedule::new(&config(ZONES[zone], layers)).unwrap();
        let from = at("2026-01-03T00:00:00Z").saturating_add(Duration::from_secs(after));
        let until = from.saturating_add(Duration::from_hours(24 * 60));
        let shifts = schedule.shifts(from, until);
        let mut end = from;
        for pair in shifts.windows(2) {
            prop_assert_ne!(&pair[0].person, &pair[1].person);
        }
        for shift in &shifts {
            prop_assert_eq!(shift.from, end);
            prop_assert!(shift.until > shift.from);
            prop_assert_eq!(schedule.who(shift.from).len(), 1);
            prop_assert_eq!(&schedule.who(shift.from)[0], shift.person.as_ref().unwrap());
            let last = shift.until.saturating_sub(Duration::from_nanos(1));
            prop_assert_eq!(&schedule.who(last)[0], shift.person.as_ref().unwrap());
            end = shift.until;
        }
        prop_assert_eq!(end, until);
    }
}
