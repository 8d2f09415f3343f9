//! Hours and weekdays of layers, in every time zone that there is.

use std::time::Duration;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Span, ToSpan as _};
use proptest::prelude::*;
use wardkit_alerting::{LayerConfig, OnCall as _, Schedule, ScheduleConfig};
use wardkit_core::Timestamp;

fn layer(person: &str, weekdays: &[&str], hours: &str) -> LayerConfig {
    let mut layer = LayerConfig::default();
    layer.people = vec![person.to_owned()];
    "2020-01-06T00:00".clone_into(&mut layer.start);
    layer.weekdays = weekdays.iter().map(|&day| day.to_owned()).collect();
    hours.clone_into(&mut layer.hours);
    layer
}

fn config(zone: &str, layers: Vec<LayerConfig>) -> ScheduleConfig {
    let mut config = ScheduleConfig::default();
    "primary".clone_into(&mut config.name);
    zone.clone_into(&mut config.time_zone);
    config.layers = layers;
    config
}

fn schedule(zone: &str, layers: Vec<LayerConfig>) -> Schedule {
    Schedule::new(&config(zone, layers)).unwrap()
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
fn business_hours_leave_nights_and_weekends_to_somebody_else() {
    let layers = vec![layer("ann", &[], ""), layer("bob", &["mon-fri"], "09:00-17:00")];
    let schedule = schedule("Europe/Berlin", layers);
    // A Friday to a Monday.
    assert_eq!(
        shown(&schedule, "2026-01-09T00:00:00Z", "2026-01-12T12:00:00Z"),
        [
            "ann until 2026-01-09T08:00:00Z",
            "bob until 2026-01-09T16:00:00Z",
            "ann until 2026-01-12T08:00:00Z",
            "bob until 2026-01-12T12:00:00Z",
        ]
    );
    assert_eq!(schedule.next(at("2026-01-10T12:00:00Z")), ["bob"]);
    let began = schedule.began(at("2026-01-11T12:00:00Z"));
    assert_eq!(began, at("2026-01-09T16:00:00Z"));
}

#[test]
fn next_is_who_comes_after_a_gap_unless_they_are_on_call_already() {
    let one = schedule("", vec![layer("ann", &[], "09:00-17:00")]);
    assert_eq!(one.next(at("2026-01-09T12:00:00Z")), [""; 0]);
    assert_eq!(one.next(at("2026-01-09T20:00:00Z")), ["ann"]);
    let two =
        schedule("", vec![layer("ann", &[], "09:00-12:00"), layer("bob", &[], "13:00-17:00")]);
    assert_eq!(two.next(at("2026-01-09T10:00:00Z")), ["bob"]);
    assert_eq!(two.next(at("2026-01-09T12:30:00Z")), ["bob"]);
    assert_eq!(two.next(at("2026-01-09T16:00:00Z")), ["ann"]);
}

#[test]
fn hours_over_midnight_belong_to_the_day_on_which_they_begin() {
    let schedule = schedule("", vec![layer("ann", &["fri", "Sunday"], "22:00-06:00")]);
    assert_eq!(
        shown(&schedule, "2026-01-09T00:00:00Z", "2026-01-12T12:00:00Z"),
        [
            "nobody until 2026-01-09T22:00:00Z",
            "ann until 2026-01-10T06:00:00Z",
            "nobody until 2026-01-11T22:00:00Z",
            "ann until 2026-01-12T06:00:00Z",
            "nobody until 2026-01-12T12:00:00Z",
        ]
    );
    let gaps = schedule.gaps(at("2026-01-09T00:00:00Z"), at("2026-01-12T12:00:00Z"));
    assert_eq!(gaps.len(), 3);
}

#[test]
fn a_hand_over_at_an_hour_that_clocks_skip_or_show_twice_is_one() {
    let layers = vec![layer("ann", &[], "20:00-02:30"), layer("bob", &[], "02:30-20:00")];
    let schedule = schedule("Europe/Berlin", layers);
    // From 02:00 to 03:00 clocks show nothing: it is when they are set.
    assert_eq!(
        shown(&schedule, "2026-03-28T20:00:00Z", "2026-03-29T12:00:00Z"),
        ["ann until 2026-03-29T01:00:00Z", "bob until 2026-03-29T12:00:00Z"]
    );
    // They show 02:30 twice: it is the first time.
    assert_eq!(
        shown(&schedule, "2026-10-24T20:00:00Z", "2026-10-25T12:00:00Z"),
        ["ann until 2026-10-25T00:30:00Z", "bob until 2026-10-25T12:00:00Z"]
    );
}

#[test]
fn a_day_that_a_place_leaves_out_has_no_hours() {
    // Samoa had no 30th of December 2011, a Friday.
    let schedule = {
        let mut fridays = layer("ann", &["fri"], "09:00-17:00");
        "2011-01-03T00:00".clone_into(&mut fridays.start);
        schedule("Pacific/Apia", vec![fridays])
    };
    let shifts = schedule.shifts(at("2011-12-24T10:00:00Z"), at("2012-01-07T10:00:00Z"));
    let turns: Vec<_> = shifts.iter().filter(|shift| shift.person.is_some()).collect();
    assert_eq!(turns.len(), 1, "{shifts:?}");
    assert_eq!(turns[0].from, at("2012-01-05T19:00:00Z"));
}

#[test]
fn what_is_wrong_with_hours_is_named() {
    for (weekdays, hours, key) in [
        (vec!["day"], "", "layers[0].weekdays"),
        (vec!["mon-"], "", "layers[0].weekdays"),
        (vec!["mon-fri-sun"], "", "layers[0].weekdays"),
        (vec!["\u{e9}t\u{e9}"], "", "layers[0].weekdays"),
        (vec![], "9-17", "layers[0].hours"),
        (vec![], "09:00", "layers[0].hours"),
        (vec![], "09:00-09:00", "layers[0].hours"),
        (vec![], "09:00-24:01", "layers[0].hours"),
        (vec![], "24:00-09:00", "layers[0].hours"),
        (vec![], "09:60-10:00", "layers[0].hours"),
        (vec![], "\u{664}\u{660}:00-10:00", "layers[0].hours"),
    ] {
        let found = Schedule::new(&config("", vec![layer("ann", &weekdays, hours)])).unwrap_err();
        assert_eq!(found.len(), 1, "{weekdays:?} {hours:?}: {found:?}");
        assert_eq!(found[0].path, key);
    }
    for (weekdays, hours) in
        [(vec!["sat-mon"], "00:00-24:00"), (vec!["Monday", "tue"], "23:59-00:00")]
    {
        assert!(Schedule::new(&config("", vec![layer("ann", &weekdays, hours)])).is_ok());
    }
}

#[test]
fn a_week_is_shown_as_its_own_clocks_show_it() {
    let layers = vec![layer("ann", &[], ""), layer("bob", &["mon-fri"], "09:00-17:00")];
    let schedule = schedule("Europe/Berlin", layers);
    let days = schedule.days(at("2026-11-21T23:30:00Z"), 3);
    let names: Vec<_> = days.iter().map(|day| day.day.as_str()).collect();
    assert_eq!(names, ["Sun 2026-11-22", "Mon 2026-11-23", "Tue 2026-11-24"]);
    let of = |day: usize, hour: usize| days[day].hours[hour].as_deref();
    assert_eq!((of(0, 12), of(1, 8), of(1, 9)), (Some("ann"), Some("ann"), Some("bob")));
    assert_eq!((of(1, 16), of(1, 17), days[1].hours.len()), (Some("bob"), Some("ann"), 24));
    assert_eq!(schedule.local(at("2026-11-23T08:00:00Z")), "Mon 2026-11-23 09:00");
}

/// What a clock on the wall says, for hours in minutes of a day: a naive model. A time is reached when the clock shows
/// it or a later one for the first time.
struct Model {
    zone: TimeZone,
    start: i64,
    end: i64,
    days: [bool; 7],
}

impl Model {
    fn reached(&self, civil: DateTime) -> Timestamp {
        let ambiguous = self.zone.to_ambiguous_timestamp(civil);
        let shown = match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(civil).unwrap(),
            AmbiguousOffset::Fold { before, after } => {
                before.to_timestamp(civil).unwrap().min(after.to_timestamp(civil).unwrap())
            }
            AmbiguousOffset::Gap { before, after } => {
                // The last moment at which the clock showed an earlier time, by halving.
                let (mut low, mut high) =
                    (after.to_timestamp(civil).unwrap(), before.to_timestamp(civil).unwrap());
                (low, high) = (low.min(high), low.max(high));
                while high.as_second() - low.as_second() > 1 {
                    let middle = low.as_second().midpoint(high.as_second());
                    let middle = jiff::Timestamp::from_second(middle).unwrap();
                    if self.zone.to_datetime(middle) < civil { low = middle } else { high = middle }
                }
                if self.zone.to_datetime(low) < civil { high } else { low }
            }
        };
        Timestamp::from_unix_seconds(shown.as_second())
    }

    fn holds(&self, at: Timestamp) -> bool {
        let civil = self.zone.to_datetime(
            jiff::Timestamp::from_second(at.as_unix_nanos().div_euclid(1_000_000_000)).unwrap(),
        );
        (-3..=2).any(|offset: i32| {
            let date: Date = civil.date().checked_add(Span::new().days(offset)).unwrap();
            let midnight = date.to_datetime(Time::midnight());
            let day = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap();
            self.days[day]
                && self.reached(midnight.checked_add(self.start.minutes()).unwrap()) <= at
                && at < self.reached(midnight.checked_add(self.end.minutes()).unwrap())
        })
    }
}

const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

fn hours(start: i64, end: i64) -> String {
    let end = if end > 1440 { end - 1440 } else { end };
    format!("{:02}:{:02}-{:02}:{:02}", start / 60, start % 60, end / 60, end % 60)
}

/// Compares who is on call with the model at a moment: bob in his hours, else ann in all others, never both.
fn check(schedule: &Schedule, model: &Model, at: Timestamp, zone: &str) {
    let expected = if model.holds(at) { "bob" } else { "ann" };
    assert_eq!(schedule.who(at), [expected], "{zone} at {at}");
}

/// Every time zone, around each time that its clocks are set in two years, and a week without.
#[test]
fn hours_are_right_in_every_time_zone_whenever_clocks_are_set() {
    let (from, until) = (at("2026-01-01T00:00:00Z"), at("2028-01-01T00:00:00Z"));
    let names: Vec<String> =
        jiff::tz::db().available().map(|name| name.as_str().to_owned()).collect();
    assert!(names.len() > 300, "{}", names.len());
    for (index, name) in names.iter().enumerate() {
        let zone = TimeZone::get(name).unwrap();
        // Each zone has other hours, some of which clocks skip.
        let (start, end) = [(150, 1020), (60, 90), (1320, 1590), (0, 180)][index % 4];
        let days = [true, true, true, true, true, true, index % 2 == 0];
        let chosen: Vec<&str> =
            NAMES.iter().zip(days).filter(|(_, on)| *on).map(|(name, _)| *name).collect();
        let layers = vec![layer("ann", &[], ""), layer("bob", &chosen, &hours(start, end))];
        let schedule = schedule(name, layers);
        let model = Model { zone: zone.clone(), start, end, days };
        let second = |at: Timestamp| at.as_unix_nanos() / 1_000_000_000;
        let first = jiff::Timestamp::from_second(second(from)).unwrap();
        let sets = zone.following(first).map(|set| set.timestamp().as_second());
        let mut looks: Vec<i64> = sets.take_while(|set| *set < second(until)).collect();
        looks.push(second(from) + 40 * 86_400);
        for look in looks {
            let mut moment = look - 86_400;
            while moment < look + 86_400 {
                check(&schedule, &model, Timestamp::from_unix_seconds(moment), name);
                moment += 3600;
            }
            for near in [-1801, -1, 0, 1, 1799, 3599, 3600] {
                check(&schedule, &model, Timestamp::from_unix_seconds(look + near), name);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn shifts_of_any_hours_in_any_zone_are_what_a_clock_on_the_wall_says(
        pick in any::<prop::sample::Index>(),
        start in 0_i64..1440,
        length in 1_i64..1440,
        days in any::<[bool; 7]>(),
        after in 0_u64..640 * 86_400,
    ) {
        prop_assume!(days.contains(&true));
        let names: Vec<String> =
            jiff::tz::db().available().map(|name| name.as_str().to_owned()).collect();
        let name = pick.get(&names);
        let end = start + length;
        let chosen: Vec<&str> =
            NAMES.iter().zip(days).filter(|(_, on)| *on).map(|(name, _)| *name).collect();
        let layers = vec![layer("ann", &[], ""), layer("bob", &chosen, &hours(start, end))];
        let schedule = schedule(name, layers);
        let model = Model { zone: TimeZone::get(name).unwrap(), start, end, days };
        let from = at("2026-01-01T00:00:00Z").saturating_add(Duration::from_secs(after));
        let until = from.saturating_add(Duration::from_hours(24 * 60));
        let shifts = schedule.shifts(from, until);
        let mut last = from;
        for pair in shifts.windows(2) {
            prop_assert_ne!(&pair[0].person, &pair[1].person);
        }
        for shift in &shifts {
            prop_assert_eq!(shift.from, last);
            prop_assert!(shift.until > shift.from);
            let middle = shift.until.duration_since(shift.from).unwrap() / 2;
            for look in [
                shift.from,
                shift.from.saturating_add(middle),
                shift.until.saturating_sub(Duration::from_secs(1)),
            ] {
                let expected = if model.holds(look) { "bob" } else { "ann" };
                prop_assert_eq!(shift.person.as_deref(), Some(expected), "{} at {}", name, look);
            }
            // The middle of the middle of a shift began where the shift did.
            let inside = shift.from.saturating_add(middle / 2);
            if shift.from > from {
                prop_assert_eq!(schedule.began(inside), shift.from);
            }
            last = shift.until;
        }
        prop_assert_eq!(last, until);
    }
}
