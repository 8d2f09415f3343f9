//! The history: what goes in comes out, whatever the disk and the clock do.
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_lossless,
    clippy::float_cmp,
    reason = "small numbers, and values that must come back as they were"
)]

mod column;
mod faults;
mod kill;
mod query;
mod selector;
mod tiers;

use std::path::Path;
use std::time::Duration;

use wardkit_core::Timestamp;
use wardkit_metrics::history::{Aggregate, Config, History, MemoryIndex, Range, Reader, Selector};
use wardkit_metrics::{Family, Kind, Samples};

/// A Thursday at noon, in seconds; a window of two hours begins there.
const NOON: i64 = 1_700_136_000;

fn open(dir: &Path) -> History {
    History::open(dir, config(), MemoryIndex::new()).unwrap().0
}

/// A configuration with which hours of samples do not wait for the disk hundreds of times.
fn config() -> Config {
    let mut config = Config::default();
    config.sync_seconds = 3600;
    config
}

/// The samples of a moment: a family `m` with a series `m{s="name"}` each.
fn moment<'a>(values: impl IntoIterator<Item = (&'a str, f64)>) -> Samples {
    let mut samples = Samples::new();
    samples.family(Family { name: "m", help: "", kind: Kind::Gauge });
    for (name, value) in values {
        samples.push(&[("s", name)], value);
    }
    samples
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(seconds)
}

/// Returns the samples of a series between two times as they are, in seconds.
fn raw(reader: &Reader, name: &str, from: i64, to: i64) -> Vec<(i64, f64)> {
    let selector: Selector = format!("m{{s=\"{name}\"}}").parse().unwrap();
    let second = Duration::from_secs(1);
    let range = Range::new(at(from), at(to));
    let found = reader.query(&selector, range, second, Aggregate::Last).unwrap();
    let points = found.first().map_or(&[][..], |series| &series.points);
    points.iter().map(|point| (point.at.as_unix_seconds(), point.value)).collect()
}
