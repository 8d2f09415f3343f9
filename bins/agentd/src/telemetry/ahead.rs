//! Looking ahead: when disks, memory and descriptors will be short.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use wardkit_core::{Event, Severity, Timestamp};
use wardkit_detect::forecast::{Forecast, Limit, forecast};
use wardkit_metrics::history::{self, Aggregate, Range, Reader, Selector};
use wardkit_metrics::{Collector, Samples};

use super::{gauge, labels, lock};

/// What is looked ahead at: how the events call it, its series, and where it ends.
const RESOURCES: [(&str, &str, Option<&str>); 4] = [
    ("disk", "node_filesystem_avail_bytes", None),
    ("inodes", "node_filesystem_files_free", None),
    ("memory", "node_memory_MemAvailable_bytes", None),
    ("descriptors", "node_filefd_allocated", Some("node_filefd_maximum")),
];

/// What was seen ahead, by resource and series.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ahead(Arc<Mutex<Vec<Seen>>>);

#[derive(Clone, Debug)]
struct Seen {
    resource: &'static str,
    series: String,
    forecast: Forecast,
    told: bool,
}

impl Ahead {
    /// Looks at everything, and returns what ends within `warn_before` and was not told yet. Blocks.
    pub(crate) fn look(
        &self,
        reader: &Reader,
        now: Timestamp,
        warn_before: Duration,
    ) -> Vec<Event> {
        let before = lock(&self.0).clone();
        let mut seen = Vec::new();
        let mut events = Vec::new();
        for (resource, name, _) in RESOURCES {
            let endless = endless(reader, name, now);
            // What cannot be read is seen at the next look; the history itself tells of its trouble.
            for (series, forecast) in
                all(reader, &Selector::named(name), None, now).unwrap_or_default()
            {
                if endless.contains(labels(&series)) {
                    continue;
                }
                let is_short = match &forecast {
                    Forecast::Reached => true,
                    Forecast::Ends(ends) => ends.median <= warn_before,
                    _ => false,
                };
                let was_told = before.iter().any(|one| one.series == series && one.told);
                if is_short && !was_told {
                    events.push(event(resource, &series, &forecast, now));
                }
                seen.push(Seen { resource, series, forecast, told: is_short });
            }
        }
        *lock(&self.0) = seen;
        events
    }
}

impl Collector for Ahead {
    fn name(&self) -> &'static str {
        "ahead"
    }

    fn collect(&mut self, out: &mut Samples) -> Result<(), wardkit_metrics::Error> {
        let help = "When the resource ends, as likely sooner as later; absent where it does not or nothing is known.";
        out.family(gauge("agentd_forecast_seconds", help));
        for seen in lock(&self.0).iter() {
            let left = match &seen.forecast {
                Forecast::Reached => 0.0,
                Forecast::Ends(ends) => ends.median.as_secs_f64(),
                _ => continue,
            };
            out.push(&[("resource", seen.resource), ("series", &seen.series)], left);
        }
        Ok(())
    }
}

/// Returns the labels of those that have nothing left and need nothing: file systems that are only read, and those that
/// make their inodes as they are needed and count none.
fn endless(reader: &Reader, name: &str, now: Timestamp) -> HashSet<String> {
    // Whether the mark is to be above nothing, or not.
    let marks: &[(&str, bool)] = match name {
        "node_filesystem_avail_bytes" => &[("node_filesystem_readonly", true)],
        "node_filesystem_files_free" => {
            &[("node_filesystem_readonly", true), ("node_filesystem_files", false)]
        }
        _ => &[],
    };
    let range = Range::new(now.saturating_sub(LOOK_BACK), now);
    let mut found = HashSet::new();
    for (mark, above) in marks {
        let selector = Selector::named(*mark);
        let all = reader.query(&selector, range, LOOK_BACK, Aggregate::Last).unwrap_or_default();
        let set =
            all.iter().filter(|one| one.points.last().is_some_and(|it| (it.value > 0.0) == *above));
        found.extend(set.map(|one| labels(&one.key).to_owned()));
    }
    found
}

/// Looks ahead at every series that is chosen. Blocks.
///
/// Without a limit, what is known to be limited ends there, and everything else at nothing.
pub(super) fn all(
    reader: &Reader,
    selector: &Selector,
    limit: Option<f64>,
    now: Timestamp,
) -> Result<Vec<(String, Forecast)>, history::Error> {
    let range = Range::new(now.saturating_sub(LOOK_BACK), now);
    let known = RESOURCES.iter().find(|(_, name, _)| selector.name() == Some(name));
    let limit = match (limit, known.and_then(|(_, _, limit)| *limit)) {
        (Some(limit), _) => limit,
        (None, Some(name)) => {
            let found = reader.query(&Selector::named(name), range, LOOK_BACK, Aggregate::Last)?;
            let last = found.first().and_then(|series| series.points.last());
            last.map_or(f64::INFINITY, |point| point.value)
        }
        (None, None) => 0.0,
    };
    let mut seen = Vec::new();
    for series in reader.query(selector, range, STEP, Aggregate::Avg)? {
        let points: Vec<_> = series.points.iter().map(|point| (point.at, point.value)).collect();
        let last = points.last().map_or(0.0, |(_, value)| *value);
        let limit = if last > limit { Limit::Below(limit) } else { Limit::Above(limit) };
        let limit = match limit {
            // What has run out has run out.
            Limit::Above(0.0) => Limit::Below(0.0),
            other => other,
        };
        seen.push((series.key, forecast(&points, limit)));
    }
    Ok(seen)
}

fn event(resource: &str, series: &str, forecast: &Forecast, now: Timestamp) -> Event {
    let kind = match resource {
        "disk" => "forecast.disk.short",
        "inodes" => "forecast.inodes.short",
        "memory" => "forecast.memory.short",
        _ => "forecast.descriptors.short",
    };
    let event = Event::new(now, kind, Severity::Warning, "detect").with_subject(series);
    event.with_message(format!("{resource} ends {forecast}"))
}

/// A week's season is seen twice.
const LOOK_BACK: Duration = Duration::from_hours(14 * 24);
const STEP: Duration = Duration::from_mins(30);

#[cfg(test)]
mod tests;
