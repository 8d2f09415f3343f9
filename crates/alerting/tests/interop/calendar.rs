//! A schedule's calendar as Python's `icalendar` reads it.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use wardkit_alerting::{LayerConfig, Schedule, ScheduleConfig};
use wardkit_core::Timestamp;

/// Reads a calendar from standard input, and prints what it understood.
const READER: &str = r#"
import json, sys
from icalendar import Calendar
calendar = Calendar.from_ical(sys.stdin.buffer.read())
events = [{
    "summary": str(event["SUMMARY"]),
    "from": event["DTSTART"].dt.isoformat(),
    "until": event["DTEND"].dt.isoformat(),
    "uid": str(event["UID"]),
} for event in calendar.walk("VEVENT")]
print(json.dumps({"name": str(calendar["X-WR-CALNAME"]), "events": events,
                  "errors": [str(error) for part in calendar.walk() for error in part.errors]}))
"#;

fn read(calendar: &str) -> Value {
    let mut child = Command::new("/usr/bin/python3")
        .args(["-c", READER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(calendar.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn another_program_reads_the_shifts_as_they_are() {
    let long = "Zo\u{eb}; the \"one\", who\\has: ".repeat(6) + "\u{1f4df}";
    let mut layer = LayerConfig::default();
    layer.people = vec!["ann".to_owned(), long.clone()];
    "2026-10-19T09:00".clone_into(&mut layer.start);
    let mut config = ScheduleConfig::default();
    "primary, night".clone_into(&mut config.name);
    config.layers = vec![layer];
    "America/New_York".clone_into(&mut config.time_zone);
    let schedule = Schedule::new(&config).unwrap();
    let at = |text: &str| -> Timestamp { text.parse().unwrap() };
    let (from, until) = (at("2026-10-20T00:00:00Z"), at("2027-10-20T00:00:00Z"));
    let read = read(&schedule.calendar("primary, night", from, until, from));
    assert_eq!(read["errors"], json!([]));
    assert_eq!(read["name"], "On call: primary, night");
    let shifts = schedule.shifts(schedule.began(from), until);
    let events = read["events"].as_array().unwrap();
    assert_eq!(events.len(), shifts.len());
    let text = |at: Timestamp| at.to_string().replace('Z', "+00:00");
    for (event, shift) in events.iter().zip(&shifts) {
        let person = shift.person.as_ref().unwrap();
        assert_eq!(event["summary"], format!("{person} is on call (primary, night)"));
        assert_eq!(event["from"], text(shift.from));
        if shift.until != until {
            assert_eq!(event["until"], text(shift.until));
        }
    }
}
