//! Times of the day.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use wardkit_core::Timestamp;

/// A time of each day, in UTC, to the minute: `02:00-05:00`. One that ends before it begins goes over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// The minute of the day at which it begins.
    from: u16,
    /// The minute at which it is over.
    until: u16,
}

impl Window {
    /// Returns whether a moment lies within it.
    #[must_use]
    pub fn contains(self, at: Timestamp) -> bool {
        self.since_begin(at) < i64::from(self.minutes()) * 60
    }

    /// Returns when it is open next: now, where it is open.
    #[must_use]
    pub fn next(self, at: Timestamp) -> Timestamp {
        if self.contains(at) {
            return at;
        }
        let rest = (DAY - self.since_begin(at)).unsigned_abs();
        let begin = at.saturating_add(Duration::from_secs(rest));
        Timestamp::from_unix_seconds(begin.as_unix_seconds())
    }

    /// Returns the seconds since it began last.
    fn since_begin(self, at: Timestamp) -> i64 {
        (at.as_unix_seconds() - i64::from(self.from) * 60).rem_euclid(DAY)
    }

    const fn minutes(self) -> u16 {
        (self.until + MINUTES - self.from) % MINUTES
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, until) = (self.from, self.until);
        write!(f, "{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, until / 60, until % 60)
    }
}

impl FromStr for Window {
    type Err = NotAWindow;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (from, until) = text.trim().split_once('-').ok_or(NotAWindow)?;
        let window = Self { from: minute(from)?, until: minute(until)? };
        if window.from == window.until { Err(NotAWindow) } else { Ok(window) }
    }
}

fn minute(text: &str) -> Result<u16, NotAWindow> {
    let (hour, minute) = text.trim().split_once(':').ok_or(NotAWindow)?;
    let number = |text: &str| {
        let is_number =
            (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { text.parse::<u16>().map_err(|_| NotAWindow) } else { Err(NotAWindow) }
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    if hour < 24 && minute < 60 { Ok(hour * 60 + minute) } else { Err(NotAWindow) }
}

/// A text that is no time of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAWindow;

impl fmt::Display for NotAWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is no time of the day such as 02:00-05:00")
    }
}

impl std::error::Error for NotAWindow {}

#[cfg(feature = "serde")]
impl serde::Serialize for Window {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Window {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        text.parse().map_err(|error| serde::de::Error::custom(format_args!("{text:?} {error}")))
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Window {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Window".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string" })
    }
}

const MINUTES: u16 = 24 * 60;
const DAY: i64 = 24 * 60 * 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_open_from_its_first_minute_until_its_last() {
        let at = |hour: i64, minute: i64| {
            Timestamp::from_unix_seconds(1_000 * DAY + hour * 3600 + minute * 60)
        };
        for (text, moment, opens) in [
            ("02:00-05:00", at(2, 0), at(2, 0)),
            ("02:00-05:00", at(4, 59), at(4, 59)),
            ("02:00-05:00", at(5, 0), at(26, 0)),
            ("02:00-05:00", at(1, 59), at(2, 0)),
            ("23:30-0:30", at(0, 29), at(0, 29)),
            ("23:30-0:30", at(0, 30), at(23, 30)),
            ("23:30-0:30", at(23, 45), at(23, 45)),
        ] {
            let window: Window = text.parse().unwrap();
            assert_eq!(window.next(moment), opens, "{text} {moment}");
            assert_eq!(window.contains(moment), moment == opens, "{text} {moment}");
        }
        assert_eq!("23:30-0:30".parse::<Window>().unwrap().to_string(), "23:30-00:30");
        for text in ["", "2-5", "02:00", "24:00-01:00", "02:60-03:00", "+2:00-05:00", "2:0-2:0"] {
            assert_eq!(text.parse::<Window>(), Err(NotAWindow), "{text}");
        }
    }
}
