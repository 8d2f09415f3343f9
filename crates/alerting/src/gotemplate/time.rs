//! Times as Go prints them, in UTC.

use std::fmt::Write as _;

use wardkit_core::Timestamp;

/// As `String` prints it: `2026-11-21 22:01:43.5 +0000 UTC`.
pub(super) fn print(at: Option<Timestamp>) -> String {
    format(at, "2006-01-02 15:04:05.999999999 -0700 MST")
}

/// Formats by an example, as Go does: `2006-01-02 15:04:05`.
pub(super) fn format(at: Option<Timestamp>, layout: &str) -> String {
    let parts = Parts::of(at);
    let mut out = String::new();
    let mut rest = layout;
    while let Some(first) = rest.chars().next() {
        let known = PARTS
            .iter()
            .find(|(name, _)| rest.strip_prefix(name).is_some_and(|behind| fits(name, behind)));
        if let Some((name, part)) = known {
            parts.write(*part, &mut out);
            rest = &rest[name.len()..];
            continue;
        }
        let fraction = fraction(rest);
        if fraction > 0 {
            parts.fraction(&rest[..fraction], &mut out);
            rest = &rest[fraction..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

/// `Jan` and `Mon` are not the beginnings of words, and `_2` not of `_2006`.
fn fits(name: &str, behind: &str) -> bool {
    match name {
        "Jan" | "Mon" => !behind.starts_with(|char: char| char.is_ascii_lowercase()),
        "_2" => !behind.starts_with("006"),
        _ => true,
    }
}

/// How long `.000` or `,999` at the beginning is.
fn fraction(text: &str) -> usize {
    let mut bytes = text.bytes();
    if !matches!(bytes.next(), Some(b'.' | b',')) {
        return 0;
    }
    let Some(digit @ (b'0' | b'9')) = bytes.next() else { return 0 };
    let length = 2 + bytes.take_while(|byte| *byte == digit).count();
    let ends = !text.as_bytes().get(length).is_some_and(u8::is_ascii_digit);
    if ends { length } else { 0 }
}

#[derive(Clone, Copy)]
enum Part {
    Year,
    ShortYear,
    MonthName,
    ShortMonth,
    Month,
    MonthDigits,
    WeekdayName,
    ShortWeekday,
    Day,
    DayDigits,
    DayBlank,
    DayOfYear,
    Hour,
    HalfHour,
    HalfHourDigits,
    Minute,
    MinuteDigits,
    Second,
    SecondDigits,
    HalfDay,
    HalfDaySmall,
    Zone,
    Offset,
    OffsetColon,
    OffsetShort,
    OffsetZ,
}

/// Longer ones before those that they begin with.
const PARTS: [(&str, Part); 28] = [
    ("January", Part::MonthName),
    ("Jan", Part::ShortMonth),
    ("Monday", Part::WeekdayName),
    ("Mon", Part::ShortWeekday),
    ("MST", Part::Zone),
    ("002", Part::DayOfYear),
    ("01", Part::MonthDigits),
    ("02", Part::DayDigits),
    ("03", Part::HalfHourDigits),
    ("04", Part::MinuteDigits),
    ("05", Part::SecondDigits),
    ("06", Part::ShortYear),
    ("15", Part::Hour),
    ("1", Part::Month),
    ("2006", Part::Year),
    ("_2", Part::DayBlank),
    ("2", Part::Day),
    ("3", Part::HalfHour),
    ("4", Part::Minute),
    ("5", Part::Second),
    ("PM", Part::HalfDay),
    ("pm", Part::HalfDaySmall),
    ("-07:00", Part::OffsetColon),
    ("-0700", Part::Offset),
    ("-07", Part::OffsetShort),
    ("Z07:00", Part::OffsetZ),
    ("Z0700", Part::OffsetZ),
    ("Z07", Part::OffsetZ),
];

struct Parts {
    year: i64,
    month: usize,
    day: i64,
    day_of_year: i64,
    weekday: usize,
    hour: i64,
    minute: i64,
    second: i64,
    nanos: i64,
}

impl Parts {
    fn of(at: Option<Timestamp>) -> Self {
        let Some(at) = at else { return Self::ZERO };
        let nanos = at.as_unix_nanos();
        let seconds = nanos.div_euclid(1_000_000_000);
        let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let (year, month, day) = date(days);
        let (_, _, leap_day) = date(days_of(year, 3) - 1);
        let before: i64 =
            [31, leap_day, 31, 30, 31, 30, 31, 31, 30, 31, 30].iter().take(month - 1).sum();
        Self {
            year,
            month,
            day,
            day_of_year: before + day,
            // 1970-01-01 was a Thursday.
            weekday: usize::try_from((days + 4).rem_euclid(7)).unwrap_or_default(),
            hour: second / 3600,
            minute: second / 60 % 60,
            second: second % 60,
            nanos: nanos.rem_euclid(1_000_000_000),
        }
    }

    /// Monday, 1 January of the year 1.
    const ZERO: Self = Self {
        year: 1,
        month: 1,
        day: 1,
        day_of_year: 1,
        weekday: 1,
        hour: 0,
        minute: 0,
        second: 0,
        nanos: 0,
    };

    fn write(&self, part: Part, out: &mut String) {
        let month = MONTHS[self.month - 1];
        let weekday = WEEKDAYS[self.weekday];
        let half = (self.hour + 11) % 12 + 1;
        let afternoon = self.hour >= 12;
        let written = match part {
            Part::Year => write!(out, "{:04}", self.year),
            Part::ShortYear => write!(out, "{:02}", self.year.rem_euclid(100)),
            Part::MonthName => write!(out, "{month}"),
            Part::ShortMonth => write!(out, "{}", &month[..3]),
            Part::Month => write!(out, "{}", self.month),
            Part::MonthDigits => write!(out, "{:02}", self.month),
            Part::WeekdayName => write!(out, "{weekday}"),
            Part::ShortWeekday => write!(out, "{}", &weekday[..3]),
            Part::Day => write!(out, "{}", self.day),
            Part::DayDigits => write!(out, "{:02}", self.day),
            Part::DayBlank => write!(out, "{:2}", self.day),
            Part::DayOfYear => write!(out, "{:03}", self.day_of_year),
            Part::Hour => write!(out, "{:02}", self.hour),
            Part::HalfHour => write!(out, "{half}"),
            Part::HalfHourDigits => write!(out, "{half:02}"),
            Part::Minute => write!(out, "{}", self.minute),
            Part::MinuteDigits => write!(out, "{:02}", self.minute),
            Part::Second => write!(out, "{}", self.second),
            Part::SecondDigits => write!(out, "{:02}", self.second),
            Part::HalfDay => write!(out, "{}", if afternoon { "PM" } else { "AM" }),
            Part::HalfDaySmall => write!(out, "{}", if afternoon { "pm" } else { "am" }),
            Part::Zone => write!(out, "UTC"),
            Part::Offset => write!(out, "+0000"),
            Part::OffsetColon => write!(out, "+00:00"),
            Part::OffsetShort => write!(out, "+00"),
            Part::OffsetZ => write!(out, "Z"),
        };
        // Writing to a String does not fail.
        let _ = written;
    }

    /// `.000` keeps its zeros, `.999` drops those at the end.
    fn fraction(&self, layout: &str, out: &mut String) {
        let wanted = layout.len() - 1;
        let digits = format!("{:09}", self.nanos);
        let digits = &digits[..wanted.min(digits.len())];
        let digits = if layout.ends_with('9') { digits.trim_end_matches('0') } else { digits };
        if !digits.is_empty() {
            out.push_str(&layout[..1]);
            out.push_str(digits);
        }
    }
}

/// Proleptic Gregorian; the years start in March, so that a leap day is the last of its year.
fn date(days: i64) -> (i64, usize, i64) {
    let day = days + 719_468;
    let (era, day) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let march = (5 * day + 2) / 153;
    let month = if march < 10 { march + 3 } else { march - 9 };
    let year = era * 400 + year + i64::from(month <= 2);
    (year, usize::try_from(month).unwrap_or(1), day - (153 * march + 2) / 5 + 1)
}

/// The days from 1970 to the first of a month from March on.
fn days_of(year: i64, month: i64) -> i64 {
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day = (153 * (month - 3) + 2) / 5;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day - 719_468
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const WEEKDAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
