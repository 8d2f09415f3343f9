//! `auditctl forecast`.

use std::collections::VecDeque;
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};
use wardkit_cli::{Common, Format, Report};
use wardkit_core::Timestamp;
use wardkit_detect::capacity::{Capacity, assess};
use wardkit_detect::forecast::{Forecast as When, Limit, Unknown};

use super::csv::{NoSeries, Series};
use super::detect::{open, unusable};
use super::{note, print};
use crate::cli::Forecast;

/// Tells when the series in a file ends.
pub(super) fn run(common: &Common, options: &Forecast) -> Result<ExitCode, Report> {
    let file = &options.file;
    let input = open(file).map_err(|error| unusable(file, NoSeries::Read(error)))?;
    let series = Series::open(input).map_err(|error| unusable(file, error))?;
    let (history, is_whole) = read(series);
    let limit = match (options.limit, options.floor) {
        (Some(limit), _) => Limit::Above(limit),
        (None, floor) => Limit::Below(floor.unwrap_or(0.0)),
    };
    let found = assess(&name(file), &history, limit);
    print(&match common.format {
        Format::Text => format!("{found}\n"),
        Format::Json => format!("{}\n", object(&found)),
    })?;
    let is_soon = options.fail_within.is_some_and(|hours| soonest(&found.forecast) <= hours);
    Ok(match (is_whole, is_soon) {
        (false, _) => ExitCode::from(INCOMPLETE),
        (true, true) => ExitCode::from(FINDINGS),
        (true, false) => ExitCode::SUCCESS,
    })
}

/// Reads the rows that mean something, the last million of them, and tells whether the input ended by itself.
fn read(mut series: Series<impl Read>) -> (Vec<(Timestamp, f64)>, bool) {
    let mut history = VecDeque::new();
    let (mut rows, mut passed_over) = (0_u64, 0_u64);
    let is_whole = loop {
        match series.next() {
            Ok(None) => break true,
            Ok(Some(sample)) => {
                rows += 1;
                match sample.read.ok().filter(|(_, value)| value.is_finite()) {
                    Some(_) if history.len() >= MOST => {
                        history.pop_front();
                        history.extend(sample.read.ok());
                    }
                    Some(sample) => history.push_back(sample),
                    None => passed_over += 1,
                }
            }
            Err(error) => {
                note(&format!("the input broke off after row {rows}: {error}"));
                break false;
            }
        }
    };
    if passed_over > 0 {
        note(&format!("{passed_over} of {rows} rows have no time or no finite value"));
    }
    (history.into(), is_whole)
}

fn name(file: &Path) -> String {
    match file.file_stem() {
        Some(stem) if file != Path::new("-") => stem.to_string_lossy().into_owned(),
        _ => "series".to_owned(),
    }
}

/// Returns the hours in which it ends in one of ten cases.
fn soonest(forecast: &When) -> f64 {
    match forecast {
        When::Reached => 0.0,
        When::Ends(ends) => hours(ends.low80),
        _ => f64::INFINITY,
    }
}

fn object(found: &Capacity) -> Value {
    let (limit, met_from) = match found.limit {
        Limit::Above(limit) => (limit, "below"),
        Limit::Below(limit) => (limit, "above"),
    };
    let forecast = match &found.forecast {
        When::Reached => json!({"kind": "reached"}),
        When::Ends(ends) => json!({
            "kind": "ends",
            "median_hours": rounded(ends.median),
            "low80_hours": rounded(ends.low80),
            "high80_hours": ends.high80.map(rounded),
        }),
        When::Steady => json!({"kind": "steady"}),
        When::Unknown(Unknown::TooShort { seen }) => {
            json!({"kind": "unknown", "reason": "too-short", "seen_hours": rounded(*seen)})
        }
        _ => json!({"kind": "unknown", "reason": "too-few-hours"}),
    };
    json!({
        "name": found.name,
        "limit": limit,
        "met_from": met_from,
        "now": found.now,
        "peak": found.peak,
        "per_day": found.per_day,
        "forecast": forecast,
        "text": found.to_string(),
    })
}

fn hours(time: Duration) -> f64 {
    time.as_secs_f64() / 3600.0
}

fn rounded(time: Duration) -> f64 {
    (hours(time) * 100.0).round() / 100.0
}

/// Samples that are kept: sixty days at five seconds.
const MOST: usize = 1_036_800;

/// Exit codes.
const FINDINGS: u8 = 1;
const INCOMPLETE: u8 = 3;
