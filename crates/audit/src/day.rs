//! A day of the calendar.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};
use wardkit_core::Timestamp;

use crate::Error;

/// A day in UTC, as exceptions name the last one on which they count: `2027-01-31`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day {
    year: u16,
    month: u8,
    of_month: u8,
}

impl Day {
    /// Returns the day of a moment.
    #[must_use]
    pub fn of(time: Timestamp) -> Self {
        let text = time.to_string();
        // RFC 3339 begins with the date; every timestamp is within years of four digits.
        text.get(..10).and_then(|date| date.parse().ok()).unwrap_or(Self::FIRST)
    }

    const FIRST: Self = Self { year: 1970, month: 1, of_month: 1 };
}

impl FromStr for Day {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        parse(text).ok_or_else(|| Error::Unknown { what: "day", name: text.to_owned() })
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.of_month)
    }
}

impl<'de> Deserialize<'de> for Day {
    /// Takes a date of TOML, and a text.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Text(String),
            Date(toml::value::Datetime),
        }
        let text = match Written::deserialize(deserializer)? {
            Written::Text(text) => text,
            Written::Date(date) => date.to_string(),
        };
        text.parse().map_err(serde::de::Error::custom)
    }
}

fn parse(text: &str) -> Option<Day> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let number = |range: std::ops::Range<usize>| -> Option<u16> {
        let digits = text.get(range)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    let day = u8::try_from(day).ok().filter(|day| (1..=longest).contains(day))?;
    Some(Day { year, month: u8::try_from(month).ok()?, of_month: day })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_days() {
        for good in ["2027-01-31", "2028-02-29", "2000-02-29"] {
            assert_eq!(good.parse::<Day>().unwrap().to_string(), good);
        }
        for bad in
            ["2027-02-29", "2027-13-01", "2027-1-1", "2027-00-10", "+027-01-01", "", "ä027-1-1"]
        {
            assert!(bad.parse::<Day>().is_err(), "{bad}");
        }
        assert!("2026-12-31".parse::<Day>().unwrap() < "2027-01-01".parse().unwrap());
        assert_eq!(Day::of(Timestamp::from_unix_seconds(1_700_000_000)).to_string(), "2023-11-14");
    }
}
