//! Parts of dates, in UTC.

use crate::function::Calendar;

pub(super) fn part(part: Calendar, seconds: f64) -> f64 {
    if seconds.is_nan() || seconds.abs() > FARTHEST {
        return f64::NAN;
    }
    #[expect(clippy::cast_possible_truncation, reason = "within bounds; fractions are cut off")]
    let seconds = seconds as i64;
    let days = seconds.div_euclid(86_400);
    let of_day = seconds.rem_euclid(86_400);
    let date = date(days);
    let number = match part {
        Calendar::Hour => of_day / 3600,
        Calendar::Minute => of_day / 60 % 60,
        // The epoch was a Thursday.
        Calendar::DayOfWeek => (days + 4).rem_euclid(7),
        Calendar::DayOfMonth => date.day,
        Calendar::DayOfYear => days - first_of(date.year, 1) + 1,
        Calendar::DaysInMonth => match date.month {
            12 => 31,
            month => first_of(date.year, month + 1) - first_of(date.year, month),
        },
        Calendar::Month => date.month,
        Calendar::Year => date.year,
    };
    #[expect(clippy::cast_precision_loss, reason = "years within bounds")]
    let number = number as f64;
    number
}

struct Date {
    year: i64,
    month: i64,
    day: i64,
}

/// Returns the date of a day since the epoch, by years that begin in March.
fn date(days: i64) -> Date {
    let days = days + DAYS_TO_EPOCH;
    let era = days.div_euclid(DAYS_PER_ERA);
    let of_era = days.rem_euclid(DAYS_PER_ERA);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Date { year, month, day }
}

/// Returns the day since the epoch on which a month begins.
fn first_of(year: i64, month: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5;
    era * DAYS_PER_ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year - DAYS_TO_EPOCH
}

/// 400 years of the Gregorian calendar.
const DAYS_PER_ERA: i64 = 146_097;

/// From 0000-03-01 to 1970-01-01.
const DAYS_TO_EPOCH: i64 = 719_468;

/// Thirty million years: no time, but no overflow either.
const FARTHEST: f64 = 1e15;
