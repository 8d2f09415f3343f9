//! Between the program's time and the format's.

use wardkit_core::Timestamp;

use crate::format::{self, ZonedTime};

/// A time as files of a repository tell it, in UTC.
pub(crate) fn to_format(time: Timestamp) -> format::Timestamp {
    let nanos = time.as_unix_nanos().rem_euclid(NANOS_PER_SECOND);
    format::Timestamp::new(time.as_unix_seconds(), u32::try_from(nanos).unwrap_or(0))
}

/// As [`to_format`], in words.
pub(crate) fn to_words(time: Timestamp) -> ZonedTime {
    to_format(time).into()
}

/// The instant of a file's time, clamped to what the program can tell.
pub(crate) fn of_words(time: &ZonedTime) -> Timestamp {
    let time = time.timestamp();
    let nanos = time.seconds().saturating_mul(NANOS_PER_SECOND);
    Timestamp::from_unix_nanos(nanos.saturating_add(time.nanoseconds().into()))
}

const NANOS_PER_SECOND: i64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_come_back_as_they_were() {
        for nanos in [0, 1, -1, 1_700_000_000_123_456_789, -5_000_000_000] {
            let time = Timestamp::from_unix_nanos(nanos);
            assert_eq!(of_words(&to_words(time)), time, "{nanos}");
        }
        assert_eq!(
            to_words(Timestamp::from_unix_nanos(1_500_000_000)).as_str(),
            "1970-01-01T00:00:01.5Z"
        );
    }
}
