//! A schedule as a calendar, read by a strict reader of RFC 5545.

use proptest::prelude::*;
use wardkit_alerting::{LayerConfig, OverrideConfig, Schedule, ScheduleConfig};
use wardkit_core::Timestamp;

fn schedule(people: &[&str]) -> Schedule {
    let mut layer = LayerConfig::default();
    layer.people = people.iter().map(|&name| name.to_owned()).collect();
    "2026-10-19T09:00".clone_into(&mut layer.start);
    let mut config = ScheduleConfig::default();
    "primary".clone_into(&mut config.name);
    "Europe/Berlin".clone_into(&mut config.time_zone);
    config.layers = vec![layer];
    let mut gap = OverrideConfig::default();
    "2026-11-01T00:00".clone_into(&mut gap.from);
    "2026-11-01T12:00".clone_into(&mut gap.until);
    config.overrides = vec![gap];
    Schedule::new(&config).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A property: its name and its value, unfolded.
type Property = (String, String);

/// Reads a calendar as strictly as the standard is written, and returns its own properties and those of its events.
fn read(text: &str) -> (Vec<Property>, Vec<Vec<Property>>) {
    assert!(text.ends_with("\r\n"));
    let mut lines: Vec<String> = Vec::new();
    for line in text.strip_suffix("\r\n").unwrap().split("\r\n") {
        assert!(line.len() <= 75, "{line:?}");
        assert!(!line.contains(['\r', '\n']) && !line.chars().any(char::is_control), "{line:?}");
        match line.strip_prefix(' ') {
            Some(rest) => lines.last_mut().unwrap().push_str(rest),
            None => lines.push(line.to_owned()),
        }
    }
    let mut own = Vec::new();
    let mut events: Vec<Vec<Property>> = Vec::new();
    let mut depth = Vec::new();
    for line in lines {
        let (name, value) = line.split_once(':').unwrap();
        assert!(name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-'), "{name}");
        match (name, depth.len()) {
            ("BEGIN", 0) => assert_eq!(value, "VCALENDAR"),
            ("BEGIN", _) => {
                assert_eq!(value, "VEVENT");
                events.push(Vec::new());
            }
            ("END", _) => {
                assert_eq!(depth.pop().as_deref(), Some(value));
                continue;
            }
            (_, 1) => own.push((name.to_owned(), value.to_owned())),
            (_, 2) => events.last_mut().unwrap().push((name.to_owned(), value.to_owned())),
            _ => panic!("{line:?} is outside"),
        }
        if name == "BEGIN" {
            depth.push(value.to_owned());
        }
    }
    assert_eq!(depth, [""; 0]);
    (own, events)
}

/// Returns the only value of a name.
fn one<'p>(properties: &'p [Property], name: &str) -> &'p str {
    let found: Vec<_> = properties.iter().filter(|(own, _)| own == name).collect();
    assert_eq!(found.len(), 1, "{name}: {properties:?}");
    &found[0].1
}

fn unescaped(text: &str) -> String {
    let (mut out, mut chars) = (String::new(), text.chars());
    while let Some(c) = chars.next() {
        assert!(c != ';' && c != ',', "{text}");
        match c {
            '\\' => match chars.next().unwrap() {
                'n' => out.push('\n'),
                c if "\\;,".contains(c) => out.push(c),
                c => panic!("\\{c} is no escape"),
            },
            c => out.push(c),
        }
    }
    out
}

#[test]
fn shifts_are_events_and_gaps_are_none() {
    let made = schedule(&["ann", "bob"]).calendar(
        "primary",
        at("2026-10-20T00:00:00Z"),
        at("2026-11-03T00:00:00Z"),
        at("2026-10-20T12:34:56Z"),
    );
    let (own, events) = read(&made);
    assert_eq!(one(&own, "VERSION"), "2.0");
    assert!(one(&own, "PRODID").contains("wardkit"));
    let shown: Vec<_> = events
        .iter()
        .map(|event| {
            assert_eq!(one(event, "DTSTAMP"), "20261020T123456Z");
            (one(event, "DTSTART"), one(event, "DTEND"), one(event, "SUMMARY"))
        })
        .collect();
    assert_eq!(
        shown,
        [
            // Whole, though the calendar begins within it; an hour longer, as summer time ends.
            ("20261019T070000Z", "20261026T080000Z", "ann is on call (primary)"),
            ("20261026T080000Z", "20261031T230000Z", "bob is on call (primary)"),
            ("20261101T110000Z", "20261102T080000Z", "bob is on call (primary)"),
            ("20261102T080000Z", "20261109T080000Z", "ann is on call (primary)"),
        ]
    );
}

#[test]
fn an_event_is_known_again_whenever_the_calendar_is_made() {
    let schedule = schedule(&["ann", "bob"]);
    let uids = |from: &str, until: &str, name: &str| -> Vec<String> {
        let made = schedule.calendar(name, at(from), at(until), at(from));
        read(&made).1.iter().map(|event| one(event, "UID").to_owned()).collect()
    };
    let early = uids("2026-10-20T00:00:00Z", "2026-11-05T00:00:00Z", "primary");
    let late = uids("2026-10-27T00:00:00Z", "2026-11-03T00:00:00Z", "primary");
    assert_eq!(early[1..], late[..]);
    let mut all = early.clone();
    all.extend(uids("2026-10-20T00:00:00Z", "2026-11-05T00:00:00Z", "secondary"));
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 8);
}

proptest! {
    #[test]
    fn names_of_any_signs_neither_break_a_line_nor_end_a_value(
        person in "\\PC{0,200}|[\r\n;,\\\\:\u{0}-\u{1f}]{1,90}",
        name in "\\PC{0,90}",
    ) {
        prop_assume!(!person.is_empty());
        let made = schedule(&[person.as_str()]).calendar(
            &name,
            at("2026-10-20T00:00:00Z"),
            at("2026-10-21T00:00:00Z"),
            at("2026-10-20T00:00:00Z"),
        );
        let (own, events) = read(&made);
        let text = |text: &str| -> String {
            text.chars().filter(|c| *c == '\n' || !c.is_control()).collect()
        };
        prop_assert_eq!(unescaped(one(&own, "X-WR-CALNAME")), format!("On call: {}", text(&name)));
        prop_assert_eq!(events.len(), 1);
        let summary = unescaped(one(&events[0], "SUMMARY"));
        prop_assert_eq!(summary, format!("{} is on call ({})", text(&person), text(&name)));
    }
}
