use crate::format::Timestamp;

use super::Period;

/// Which hour, day, week, month or year; comparable within one kind of period.
pub(super) type Bucket = (i64, i64);

/// The period that a time lies in, on the clock that told it.
pub(super) fn bucket(period: Period, time: Timestamp) -> Bucket {
    let (year, month, day) = time.local_date();
    let months = year * 12 + i64::from(month) - 1;
    let days = day_of_month(months) + i64::from(day) - 1;
    match period {
        Period::Last => (time.seconds(), time.nanoseconds().into()),
        Period::Hourly => (days, time.local_time().0.into()),
        Period::Daily => (days, 0),
        // The 1st of January 1970 was a Thursday.
        Period::Weekly => ((days + 3).div_euclid(7), 0),
        Period::Monthly => (months, 0),
        Period::Yearly => (year, 0),
    }
}

/// The days from 1970 to the first day of a month, which is counted from the January of the year 0.
pub(super) fn day_of_month(months: i64) -> i64 {
    // In years that begin in March the leap day is the last, and months have 30.6 days.
    let since_march = months - 2;
    let (year, month) = (since_march.div_euclid(12), since_march.rem_euclid(12));
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (153 * month + 2) / 5 - DAYS_TO_1970
}

/// Days from the 1st of March of the year 0 to 1970.
const DAYS_TO_1970: i64 = 719_468;

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().expect("it is a time")
    }

    #[test]
    fn months_begin_where_the_calendar_says() {
        for (date, days) in [
            ("1970-01-01", 0),
            ("1970-03-01", 59),
            ("2000-02-01", 10_988),
            ("2000-03-01", 11_017),
            ("2100-03-01", 47_541),
            ("1969-12-01", -31),
            ("2024-01-01", 19_723),
        ] {
            let (year, month, _) = time(&format!("{date}T00:00:00Z")).local_date();
            assert_eq!(day_of_month(year * 12 + i64::from(month) - 1), days, "{date}");
            assert_eq!(time(&format!("{date}T00:00:00Z")).seconds(), days * 86_400, "{date}");
        }
    }

    #[test]
    fn weeks_are_those_of_iso_8601() {
        let week = |date: &str| bucket(Period::Weekly, time(&format!("{date}T12:00:00+02:00")));
        // 2020 had 53 weeks: the last began on a Monday and ended on a Sunday of 2021.
        assert_eq!(week("2020-12-28"), week("2021-01-03"));
        assert_ne!(week("2020-12-27"), week("2020-12-28"));
        assert_ne!(week("2021-01-03"), week("2021-01-04"));
        assert_eq!(week("2021-01-04"), week("2021-01-10"));
    }
}
