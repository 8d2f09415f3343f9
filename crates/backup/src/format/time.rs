use std::fmt;
use std::str::FromStr;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant, and the distance from UTC that it is told with. It is ordered by the instant first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp {
    seconds: i64,
    nanoseconds: u32,
    offset_minutes: i16,
}

/// An instant, in the very words of who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ZonedTime {
    text: Box<str>,
    timestamp: Timestamp,
}

/// A text that is no time of RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a time: 2026-01-31T23:59:59.123456789+01:00 is one")]
pub struct ParseTimeError;

impl Timestamp {
    /// An instant by its seconds since 1970 in UTC and its nanoseconds, which are less than a second. What lies before
    /// the year 0 or behind the year 9999 is moved to those, as it could not be written.
    #[must_use]
    pub fn new(seconds: i64, nanoseconds: u32) -> Self {
        if seconds < YEAR_0 {
            return Self { seconds: YEAR_0, nanoseconds: 0, offset_minutes: 0 };
        }
        if seconds > END_OF_YEAR_9999 {
            return Self { seconds: END_OF_YEAR_9999, nanoseconds: 0, offset_minutes: 0 };
        }
        Self { seconds, nanoseconds: nanoseconds.min(NANOSECONDS - 1), offset_minutes: 0 }
    }

    /// The same instant told with another distance from UTC, east of it positive. Less than a day is possible; else, and
    /// where the year would leave 0 to 9999, UTC is kept.
    #[must_use]
    pub fn with_offset_minutes(self, minutes: i16) -> Self {
        let local = self.seconds + i64::from(minutes) * 60;
        if minutes.abs() < DAY_MINUTES && (YEAR_0..=END_OF_YEAR_9999).contains(&local) {
            Self { offset_minutes: minutes, ..self }
        } else {
            Self { offset_minutes: 0, ..self }
        }
    }

    /// Seconds since 1970 in UTC, rounded down.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.seconds
    }

    /// The nanoseconds since that second.
    #[must_use]
    pub const fn nanoseconds(self) -> u32 {
        self.nanoseconds
    }

    /// The distance from UTC in minutes, east of it positive.
    #[must_use]
    pub const fn offset_minutes(self) -> i16 {
        self.offset_minutes
    }

    /// Whether both are the same instant, wherever they were told.
    #[must_use]
    pub const fn is_same_instant(self, other: Self) -> bool {
        self.seconds == other.seconds && self.nanoseconds == other.nanoseconds
    }

    /// The year, month and day where it was told.
    #[must_use]
    pub const fn local_date(self) -> (i64, u8, u8) {
        date_of_day(self.local_seconds().div_euclid(DAY))
    }

    /// The hour, minute and second where it was told.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a day has fewer hours, minutes and seconds"
    )]
    #[expect(clippy::cast_sign_loss, reason = "what remains of a day is not negative")]
    pub const fn local_time(self) -> (u8, u8, u8) {
        let second = self.local_seconds().rem_euclid(DAY);
        ((second / 3600) as u8, (second / 60 % 60) as u8, (second % 60) as u8)
    }

    /// Appends it as Go writes times into JSON: no zeros at the end of the fraction, `Z` for UTC.
    pub(super) fn append_to(self, text: &mut Vec<u8>) {
        let (year, month, day) = self.local_date();
        let (hour, minute, second) = self.local_time();
        #[expect(clippy::cast_sign_loss, reason = "years are not negative here")]
        append_digits(text, year as u64, 4);
        for (between, part) in
            [(b'-', month), (b'-', day), (b'T', hour), (b':', minute), (b':', second)]
        {
            text.push(between);
            append_digits(text, part.into(), 2);
        }
        if self.nanoseconds > 0 {
            text.push(b'.');
            append_digits(text, self.nanoseconds.into(), 9);
            while text.last() == Some(&b'0') {
                text.pop();
            }
        }
        if self.offset_minutes == 0 {
            text.push(b'Z');
            return;
        }
        text.push(if self.offset_minutes < 0 { b'-' } else { b'+' });
        let minutes = u64::from(self.offset_minutes.unsigned_abs());
        append_digits(text, minutes / 60, 2);
        text.push(b':');
        append_digits(text, minutes % 60, 2);
    }

    const fn local_seconds(self) -> i64 {
        self.seconds + self.offset_minutes as i64 * 60
    }
}

impl ZonedTime {
    /// The words.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The instant.
    #[must_use]
    pub const fn timestamp(&self) -> Timestamp {
        self.timestamp
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(35);
        self.append_to(&mut text);
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Timestamp {
    type Err = ParseTimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text.as_bytes()).ok_or(ParseTimeError)
    }
}

impl From<Timestamp> for ZonedTime {
    fn from(timestamp: Timestamp) -> Self {
        Self { text: timestamp.to_string().into(), timestamp }
    }
}

impl FromStr for ZonedTime {
    type Err = ParseTimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self { timestamp: text.parse()?, text: text.into() })
    }
}

impl fmt::Display for ZonedTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for ZonedTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for ZonedTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Timestamp;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Timestamp, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

fn parse(text: &[u8]) -> Option<Timestamp> {
    let (date, rest) = text.split_first_chunk::<19>()?;
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if separators.iter().any(|&(at, separator)| date[at] != separator) {
        return None;
    }
    let part = |from: usize, to: usize| number(&date[from..to]);
    let (year, month, day) = (part(0, 4)?, part(5, 7)?, part(8, 10)?);
    let (hour, minute, second) = (part(11, 13)?, part(14, 16)?, part(17, 19)?);
    if !(1..=12).contains(&month) || !(1..=days_of_month(year, month)).contains(&day) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (nanoseconds, zone) = fraction(rest)?;
    let offset_minutes = offset(zone)?;
    let local = day_of_date(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
    let seconds = local - i64::from(offset_minutes) * 60;
    Some(Timestamp { seconds, nanoseconds, offset_minutes })
}

/// The nanoseconds of a fraction, if there is one, and what follows it. Go drops what is smaller, and so do we.
fn fraction(text: &[u8]) -> Option<(u32, &[u8])> {
    let Some(digits) = text.strip_prefix(b".") else { return Some((0, text)) };
    let end = digits.iter().position(|byte| !byte.is_ascii_digit())?;
    let (digits, rest) = digits.split_at(end);
    if digits.is_empty() {
        return None;
    }
    let padded = digits.iter().copied().chain(std::iter::repeat(b'0'));
    Some((padded.take(9).fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')), rest))
}

fn offset(zone: &[u8]) -> Option<i16> {
    let (&sign, rest) = zone.split_first()?;
    match (sign, rest) {
        (b'Z', []) => Some(0),
        (b'+' | b'-', &[h1, h2, b':', m1, m2]) => {
            let (hours, minutes) = (number(&[h1, h2])?, number(&[m1, m2])?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let minutes = i16::try_from(hours * 60 + minutes).ok()?;
            Some(if sign == b'-' { -minutes } else { minutes })
        }
        _ => None,
    }
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |sum, digit| {
        digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0'))
    })
}

fn append_digits(text: &mut Vec<u8>, number: u64, digits: u32) {
    for place in (0..digits).rev() {
        let digit = u8::try_from(number / 10_u64.pow(place) % 10).unwrap_or(0);
        text.push(b'0' + digit);
    }
}

const fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970. The year is taken to begin in March, so that the leap day is its last.
const fn day_of_date(year: i64, month: i64, day: i64) -> i64 {
    let year = if month < 3 { year - 1 } else { year };
    let (era, month) = (year.div_euclid(400), (month + 9) % 12);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * ERA_DAYS + day_of_era - DAYS_TO_1970
}

#[expect(clippy::cast_possible_truncation, reason = "months and days are small")]
#[expect(clippy::cast_sign_loss, reason = "months and days are positive")]
const fn date_of_day(day: i64) -> (i64, u8, u8) {
    let day = day + DAYS_TO_1970;
    let (era, day) = (day.div_euclid(ERA_DAYS), day.rem_euclid(ERA_DAYS));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day_of_month = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (year + era * 400 + next, month as u8, day_of_month as u8)
}

const NANOSECONDS: u32 = 1_000_000_000;
const DAY: i64 = 86_400;
const DAY_MINUTES: i16 = 24 * 60;
/// Days of 400 years.
const ERA_DAYS: i64 = 146_097;
/// Days from the 1st of March of the year 0 to 1970.
const DAYS_TO_1970: i64 = 719_468;
const YEAR_0: i64 = day_of_date(0, 1, 1) * DAY;
const END_OF_YEAR_9999: i64 = day_of_date(10_000, 1, 1) * DAY - 1;
