//! Who is on call, by rotations in a time zone.

mod calendar;
mod config;
mod days;
mod hours;

use std::time::Duration;

use jiff::ToSpan as _;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use wardkit_core::Timestamp;

pub use config::{LayerConfig, OverrideConfig, ScheduleConfig};
pub use days::ScheduleDay;

use crate::{OnCall, Violation};
use hours::Hours;

/// Who is on call, ready to be asked. At each instant it is one person, or nobody.
#[derive(Clone, Debug)]
pub struct Schedule {
    allows_gaps: bool,
    zone: TimeZone,
    layers: Vec<Layer>,
    overrides: Vec<Override>,
}

/// A time in which who is on call does not change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Shift {
    /// Who; nobody in a gap.
    pub person: Option<String>,
    /// From when on.
    pub from: Timestamp,
    /// Until when; the end is not in it.
    pub until: Timestamp,
}

#[derive(Clone, Debug)]
struct Layer {
    people: Vec<String>,
    start: DateTime,
    days: i64,
    /// When it has somebody on call at all; without it, always.
    hours: Option<Hours>,
}

#[derive(Clone, Debug)]
struct Override {
    person: Option<String>,
    from: Timestamp,
    until: Timestamp,
}

impl Schedule {
    /// Makes a schedule of what an operator declares.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with it.
    pub fn new(config: &ScheduleConfig) -> Result<Self, Vec<Violation>> {
        let mut found = Vec::new();
        let zone = match config.time_zone.as_str() {
            "" => TimeZone::UTC,
            name => TimeZone::get(name).unwrap_or_else(|_| {
                found.push(Violation::new("time-zone", "no such time zone"));
                TimeZone::UTC
            }),
        };
        let mut time = |key: String, text: &str| -> DateTime {
            text.parse().unwrap_or_else(|_| {
                found.push(Violation::new(key, "must be a time such as 2026-01-05T09:00"));
                DateTime::default()
            })
        };
        let mut layers = Vec::new();
        for (index, layer) in config.layers.iter().enumerate() {
            layers.push(Layer {
                people: layer.people.clone(),
                start: time(format!("layers[{index}].start"), &layer.start),
                days: i64::from(layer.days),
                hours: None,
            });
        }
        let mut overrides = Vec::new();
        for (index, one) in config.overrides.iter().enumerate() {
            let from = time(format!("overrides[{index}].from"), &one.from);
            let until = time(format!("overrides[{index}].until"), &one.until);
            overrides.push(Override {
                person: Some(one.person.clone()).filter(|person| !person.is_empty()),
                from: instant(&zone, from),
                until: instant(&zone, until),
            });
        }
        for (index, (layer, declared)) in layers.iter_mut().zip(&config.layers).enumerate() {
            let key = format!("layers[{index}]");
            layer.hours = Hours::read(&key, &declared.weekdays, &declared.hours, &mut found);
            if layer.people.is_empty() || layer.people.iter().any(String::is_empty) {
                found.push(Violation::new(format!("layers[{index}].people"), "must name somebody"));
            }
            if !(1..=366).contains(&layer.days) {
                let reason = "must be between 1 and 366";
                found.push(Violation::new(format!("layers[{index}].days"), reason));
            }
        }
        for (index, _) in overrides.iter().enumerate().filter(|(_, one)| one.from >= one.until) {
            let reason = "must be after its begin";
            found.push(Violation::new(format!("overrides[{index}].until"), reason));
        }
        if config.name.is_empty() {
            found.push(Violation::new("name", "is needed"));
        }
        if layers.is_empty() {
            found.push(Violation::new("layers", "must have at least one layer"));
        }
        if found.is_empty() {
            Ok(Self { allows_gaps: config.allow_gaps, zone, layers, overrides })
        } else {
            Err(found)
        }
    }

    /// Returns everybody who can be on call, each once.
    #[must_use]
    pub fn people(&self) -> Vec<&str> {
        let layers = self.layers.iter().flat_map(|layer| &layer.people);
        let all = layers.chain(self.overrides.iter().filter_map(|one| one.person.as_ref()));
        let mut all: Vec<&str> = all.map(String::as_str).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Returns the time around an instant in which who is on call does not change, from the instant on.
    #[must_use]
    pub fn shift(&self, at: Timestamp) -> Shift {
        let person = self.person(at).map(str::to_owned);
        let mut until = self.next_edge(at);
        // Edges at which nothing changes are none; a year of them is enough for everything.
        let last = at.saturating_add(YEAR);
        while until < last && self.person(until) == person.as_deref() {
            until = self.next_edge(until);
        }
        Shift { person, from: at, until }
    }

    /// Returns when the shift began that an instant is in. Where nobody has ever been on call before, that is the
    /// instant itself.
    #[must_use]
    pub fn began(&self, at: Timestamp) -> Timestamp {
        let person = self.person(at);
        let (mut began, mut looked) = (at, at);
        for _ in 0..MOST_EDGES {
            let Some(edge) = self.last_edge(looked) else { break };
            began = edge;
            looked = edge.saturating_sub(Duration::from_nanos(1));
            if self.person(looked) != person {
                break;
            }
        }
        began
    }

    /// Returns the shifts of a time, in order and without holes.
    #[must_use]
    pub fn shifts(&self, from: Timestamp, until: Timestamp) -> Vec<Shift> {
        let mut shifts = Vec::new();
        let mut at = from;
        while at < until && shifts.len() < MOST_SHIFTS {
            let mut shift = self.shift(at);
            shift.until = shift.until.min(until);
            at = shift.until;
            shifts.push(shift);
        }
        shifts
    }

    /// Returns the times in which nobody is on call.
    #[must_use]
    pub fn gaps(&self, from: Timestamp, until: Timestamp) -> Vec<Shift> {
        let shifts = self.shifts(from, until).into_iter();
        shifts.filter(|shift| shift.person.is_none()).collect()
    }

    /// Returns whether times in which nobody is on call are meant.
    #[must_use]
    pub const fn allows_gaps(&self) -> bool {
        self.allows_gaps
    }

    fn person(&self, at: Timestamp) -> Option<&str> {
        let holds = |one: &&Override| one.from <= at && at < one.until;
        if let Some(exception) = self.overrides.iter().rev().find(holds) {
            return exception.person.as_deref();
        }
        self.layers.iter().rev().find_map(|layer| {
            if layer.hours.as_ref().is_some_and(|hours| !hours.hold(&self.zone, at)) {
                return None;
            }
            let turn = usize::try_from(self.turn(layer, at)).ok()?;
            layer.people.get(turn % layer.people.len()).map(String::as_str)
        })
    }

    /// Returns the next instant after which somebody else may be on call.
    fn next_edge(&self, at: Timestamp) -> Timestamp {
        let turns = self.layers.iter().map(|layer| {
            let next = (self.turn(layer, at) + 1).max(0);
            self.turn_start(layer, next)
        });
        let edges = self.overrides.iter().flat_map(|one| [one.from, one.until]);
        let hours = self.layers.iter().filter_map(|layer| layer.hours.as_ref());
        let hours = hours.filter_map(|hours| hours.next_edge(&self.zone, at));
        let later = turns.chain(edges).chain(hours).filter(|edge| *edge > at);
        later.min().unwrap_or(Timestamp::MAX)
    }

    /// Returns the last instant, up to this one, from which on somebody else may have been on call.
    fn last_edge(&self, at: Timestamp) -> Option<Timestamp> {
        let turns = self.layers.iter().filter_map(|layer| {
            let turn = self.turn(layer, at);
            (turn >= 0).then(|| self.turn_start(layer, turn))
        });
        let edges = self.overrides.iter().flat_map(|one| [one.from, one.until]);
        let hours = self.layers.iter().filter_map(|layer| layer.hours.as_ref());
        let hours = hours.filter_map(|hours| hours.last_edge(&self.zone, at));
        turns.chain(edges).chain(hours).filter(|edge| *edge <= at).max()
    }

    /// Returns which turn an instant is in, from 0 on; negative before the first.
    fn turn(&self, layer: &Layer, at: Timestamp) -> i64 {
        let civil = self.zone.to_datetime(to_jiff(at));
        let days =
            civil.date().until(layer.start.date()).map_or(0, |span| -i64::from(span.get_days()));
        // The time of the day, and clocks that are set, move it by one turn at most.
        let mut turn = days.div_euclid(layer.days) + 1;
        while turn > -2 && self.turn_start(layer, turn) > at {
            turn -= 1;
        }
        turn.max(-1)
    }

    fn turn_start(&self, layer: &Layer, turn: i64) -> Timestamp {
        let days = turn.saturating_mul(layer.days);
        let start = layer.start.checked_add(days.clamp(-MOST_DAYS, MOST_DAYS).days());
        instant(&self.zone, start.unwrap_or(DateTime::MAX))
    }
}

impl OnCall for Schedule {
    fn who(&self, at: Timestamp) -> Vec<String> {
        self.person(at).map(str::to_owned).into_iter().collect()
    }

    fn next(&self, at: Timestamp) -> Vec<String> {
        let until = self.shift(at).until;
        // Beyond a gap it is whoever fills it, unless that is the one who is on call before it.
        let beyond = || {
            let next = self.person(self.shift(until).until);
            next.filter(|next| self.person(at) != Some(*next))
        };
        self.person(until).or_else(beyond).map(str::to_owned).into_iter().collect()
    }
}

/// A time that clocks skip is taken as late as it would have been without; one that they show twice is the first.
fn instant(zone: &TimeZone, civil: DateTime) -> Timestamp {
    let at = zone.to_ambiguous_timestamp(civil).compatible();
    at.map_or(Timestamp::MAX, from_jiff)
}

fn to_jiff(at: Timestamp) -> jiff::Timestamp {
    let seconds = at.as_unix_nanos().div_euclid(1_000_000_000);
    jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX)
}

fn from_jiff(at: jiff::Timestamp) -> Timestamp {
    Timestamp::from_unix_seconds(at.as_second())
}

/// More than anybody looks at.
const MOST_SHIFTS: usize = 10_000;
/// Ten years of hours in every day; whoever was on call longer than that began then.
const MOST_EDGES: usize = 10_000;
const YEAR: Duration = Duration::from_hours(24 * 366);
/// Ten thousand years; beyond it there is no calendar.
const MOST_DAYS: i64 = 3_652_000;
