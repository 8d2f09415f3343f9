use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A span of time as people write it: `30s`, `500ms`, `2m`, `1h`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub Duration);

impl fmt::Display for Span {
    /// The largest unit that leaves no fraction; parts of a millisecond are left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        let (name, unit) = UNITS
            .iter()
            .rfind(|(_, unit)| millis > 0 && millis.is_multiple_of(u128::from(*unit)))
            .unwrap_or(&UNITS[0]);
        write!(f, "{}{name}", millis / u128::from(*unit))
    }
}

impl FromStr for Span {
    type Err = NotASpan;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or(NotASpan)?;
        let (number, unit) = text.split_at(digits);
        let (_, scale) =
            UNITS.iter().find(|(name, _)| *name == unit.trim_start()).ok_or(NotASpan)?;
        let number: u64 = number.parse().map_err(|_| NotASpan)?;
        let millis = number.checked_mul(*scale).ok_or(NotASpan)?;
        Ok(Self(Duration::from_millis(millis)))
    }
}

/// A text that is no [`Span`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no span of time such as 30s, 500ms or 2m")]
pub struct NotASpan;

const UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];

/// A duration in a file is written as a span.
#[cfg(feature = "serde")]
pub(crate) mod data {
    use std::time::Duration;

    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    use super::Span;

    pub(crate) fn serialize<S: Serializer>(span: &Duration, to: S) -> Result<S::Ok, S::Error> {
        Span(*span).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        Span::deserialize(from).map(|span| span.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_they_are_written() {
        for text in ["30s", "500ms", "2m", "1h", "0ms", "90s"] {
            let span: Span = text.parse().expect("it is a span");
            assert_eq!(span.to_string(), text);
        }
        assert_eq!("1000ms".parse::<Span>().map(|span| span.to_string()), Ok("1s".into()));
        for text in ["", "30", "s", "-1s", "1.5s", "1d", "99999999999999999h"] {
            assert_eq!(text.parse::<Span>(), Err(NotASpan), "{text}");
        }
    }
}
