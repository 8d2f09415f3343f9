//! Hours and days of the week in which a layer has somebody on call.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Span, ToSpan as _};
use wardkit_core::Timestamp;

use super::{from_jiff, to_jiff};
use crate::Violation;
use crate::interval::days_of;

/// Parts of some days, by the clocks of a time zone.
#[derive(Clone, Debug)]
pub(super) struct Hours {
    /// From Monday on.
    days: [bool; 7],
    /// Minutes of the day.
    start: i16,
    /// Minutes from the same midnight on; those of the next day are beyond a day.
    end: i16,
}

impl Hours {
    /// Reads what a layer says, which is nothing when it holds all the time.
    pub(super) fn read(
        key: &str,
        weekdays: &[String],
        hours: &str,
        found: &mut Vec<Violation>,
    ) -> Option<Self> {
        if weekdays.is_empty() && hours.is_empty() {
            return None;
        }
        let mut days = [weekdays.is_empty(); 7];
        for text in weekdays {
            match days_of(text) {
                Some(named) => named.into_iter().for_each(|day| days[usize::from(day)] = true),
                None => found.push(Violation::new(
                    format!("{key}.weekdays"),
                    format!("{text:?} is not a day such as mon, or days such as mon-fri"),
                )),
            }
        }
        let (start, end) = match hours {
            "" => (0, DAY),
            text => parts_of(text).unwrap_or_else(|| {
                let reason = "must be hours such as 09:00-17:00, or 22:00-06:00 over midnight";
                found.push(Violation::new(format!("{key}.hours"), reason));
                (0, DAY)
            }),
        };
        Some(Self { days, start, end })
    }

    /// Returns whether a moment is in them.
    pub(super) fn hold(&self, zone: &TimeZone, at: Timestamp) -> bool {
        self.windows(zone, at, DAYS_BACK..=1).any(|(start, end)| start <= at && at < end)
    }

    /// Returns the next moment, after this one, at which they begin or end.
    pub(super) fn next_edge(&self, zone: &TimeZone, at: Timestamp) -> Option<Timestamp> {
        let mut windows = self.windows(zone, at, DAYS_BACK..=DAYS_AHEAD);
        windows.find_map(|(start, end)| [start, end].into_iter().find(|edge| *edge > at))
    }

    /// Returns the last moment, up to this one, at which they began or ended.
    pub(super) fn last_edge(&self, zone: &TimeZone, at: Timestamp) -> Option<Timestamp> {
        let windows = self.windows(zone, at, -DAYS_AHEAD..=1);
        windows.flat_map(|(start, end)| [start, end]).filter(|edge| *edge <= at).max()
    }

    /// Returns those of the days around a moment, in order. They do not overlap: edges are as far apart as clocks
    /// show, and none is crossed twice.
    fn windows<'a>(
        &'a self,
        zone: &'a TimeZone,
        at: Timestamp,
        days: std::ops::RangeInclusive<i32>,
    ) -> impl Iterator<Item = (Timestamp, Timestamp)> + 'a {
        let today = zone.to_datetime(to_jiff(at)).date();
        days.filter_map(move |offset| {
            let date = today.checked_add(Span::new().days(offset)).ok()?;
            let day = usize::try_from(date.weekday().to_monday_zero_offset()).ok()?;
            let is_one = self.days.get(day).copied().unwrap_or_default();
            let window =
                (edge(zone, minute(date, self.start)?), edge(zone, minute(date, self.end)?));
            (is_one && window.0 < window.1).then_some(window)
        })
    }
}

/// Returns the first moment at which clocks show a time, or a later one where they skip it: of two times, the earlier
/// one never comes later.
pub(super) fn edge(zone: &TimeZone, civil: DateTime) -> Timestamp {
    let ambiguous = zone.to_ambiguous_timestamp(civil);
    let is_skipped = matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. });
    let Ok(shown) = ambiguous.compatible() else { return Timestamp::MAX };
    if !is_skipped {
        return from_jiff(shown);
    }
    let after = shown.checked_add(1.second()).unwrap_or(shown);
    zone.preceding(after).next().map_or(from_jiff(shown), |skip| from_jiff(skip.timestamp()))
}

fn minute(date: Date, minute: i16) -> Option<DateTime> {
    date.to_datetime(Time::midnight()).checked_add(Span::new().minutes(minute)).ok()
}

/// Returns the short name of a day.
pub(super) fn short(day: Weekday) -> &'static str {
    let named = usize::try_from(day.to_monday_zero_offset()).ok().and_then(|day| SHORT.get(day));
    named.copied().unwrap_or_default()
}

fn parts_of(text: &str) -> Option<(i16, i16)> {
    let (start, end) = text.split_once('-')?;
    let (start, end) = (minutes_of(start)?, minutes_of(end)?);
    match end {
        _ if start == end || start == DAY => None,
        end if end < start => Some((start, end + DAY)),
        end => Some((start, end)),
    }
}

fn minutes_of(text: &str) -> Option<i16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let number = |digits: &str| {
        let is_number = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| digits.parse::<i16>().ok()).flatten()
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    let all = hour * 60 + minute;
    (minute < 60 && all <= DAY).then_some(all)
}

const SHORT: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
/// Minutes.
const DAY: i16 = 24 * 60;
/// Hours over midnight began a day ago, and places that changed the date line skipped another.
const DAYS_BACK: i32 = -2;
/// The next week's day is at most so far: a date that is skipped is one more week.
const DAYS_AHEAD: i32 = 15;
