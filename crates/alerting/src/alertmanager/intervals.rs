//! `time_intervals` and `mute_time_intervals`.

use std::collections::BTreeMap;

use super::section::Section;
use crate::{InvalidInterval, Location, TimeInterval, TimeRange};

pub(super) type Intervals = BTreeMap<String, Vec<TimeInterval>>;

/// Reads both lists, which have one space of names.
pub(super) fn read(section: &mut Section<'_>) -> Intervals {
    let mut intervals = Intervals::new();
    for key in ["mute_time_intervals", "time_intervals"] {
        for mut named in section.sections(key) {
            let name = named.text("name").unwrap_or_default().to_owned();
            if name.is_empty() {
                named.error(named.at(), "name", "is missing");
            }
            let list = named.sections("time_intervals").into_iter().map(interval).collect();
            if intervals.insert(name.clone(), list).is_some() {
                named.error(named.at(), "name", format!("{name:?} is there twice"));
            }
            named.finish();
        }
    }
    intervals
}

fn interval(mut section: Section<'_>) -> TimeInterval {
    let mut interval = TimeInterval {
        weekdays: each(&mut section, "weekdays", TimeInterval::parse_weekdays),
        days_of_month: each(&mut section, "days_of_month", TimeInterval::parse_days_of_month),
        months: each(&mut section, "months", TimeInterval::parse_months),
        years: each(&mut section, "years", TimeInterval::parse_years),
        ..TimeInterval::default()
    };
    for mut times in section.sections("times") {
        let start = times.text("start_time").unwrap_or_default();
        let end = times.text("end_time").unwrap_or_default();
        match TimeRange::parse(start, end) {
            Ok(range) => interval.times.push(range),
            Err(error) => times.error(times.at(), "", error.to_string()),
        }
        times.finish();
    }
    if let Some((at, name)) = section.text_at("location") {
        match Location::new(name) {
            Ok(location) => interval.location = location,
            Err(error) => section.error(at, "location", error.to_string()),
        }
    }
    section.finish();
    interval
}

fn each<T>(
    section: &mut Section<'_>,
    key: &str,
    parse: impl Fn(&str) -> Result<T, InvalidInterval>,
) -> Vec<T> {
    let mut ranges = Vec::new();
    for (node, text) in section.texts(key) {
        match parse(text) {
            Ok(range) => ranges.push(range),
            Err(error) => section.error(node.at, key, error.to_string()),
        }
    }
    ranges
}
