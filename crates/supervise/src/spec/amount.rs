//! Amounts as people write them: `512MiB`, `80%`, `200`.

use std::fmt;
use std::str::FromStr;

/// An amount: bytes, a share, or a count.
///
/// Text has a unit or none: `512MiB`, `2GB`, `80%` (which is 0.8), `1.5`.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Amount(f64);

impl Amount {
    /// Creates an amount; what is no number or less than nothing is nothing.
    #[must_use]
    pub const fn new(value: f64) -> Self {
        Self(if value.is_finite() && value > 0.0 { value } else { 0.0 })
    }

    /// Returns the amount in its basic unit: bytes, a share of one, or a count.
    #[must_use]
    pub const fn value(self) -> f64 {
        self.0
    }

    /// Returns the amount in its basic unit without what is behind the point.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is not below zero, and what is too much is the most that there is"
    )]
    pub const fn whole(self) -> u64 {
        self.0 as u64
    }
}

impl fmt::Display for Amount {
    /// The largest unit that leaves no fraction.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_whole = |(_, unit): &&(&str, f64)| *unit > 1.0 && self.0 % unit == 0.0;
        let whole = UNITS.iter().filter(is_whole).max_by(|one, other| one.1.total_cmp(&other.1));
        match whole.filter(|_| self.0 > 0.0) {
            Some((name, unit)) => write!(f, "{}{name}", self.0 / unit),
            None => write!(f, "{}", self.0),
        }
    }
}

impl FromStr for Amount {
    type Err = NotAnAmount;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let unit = unit.trim();
        let scale = UNITS.iter().find(|(name, _)| *name == unit).ok_or(NotAnAmount)?.1;
        let number: f64 = number.parse().map_err(|_| NotAnAmount)?;
        let value = number * scale;
        if value.is_finite() { Ok(Self(value)) } else { Err(NotAnAmount) }
    }
}

/// An amount of bytes for people, to a tenth: `64 MiB`, `63.9 MiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) u64);

impl Bytes {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an amount is not below zero, and beyond 16 EiB it is the most there is"
    )]
    pub(crate) fn of(value: f64) -> Self {
        Self(value as u64)
    }
}

impl fmt::Display for Bytes {
    #[expect(clippy::cast_precision_loss, reason = "a tenth of a unit is all that is shown")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |(_, unit): &&(&str, u64)| self.0 >= *unit;
        let (name, unit) = BINARY.iter().find(fits).unwrap_or(&("bytes", 1));
        let tenths = (self.0 as f64 / *unit as f64 * 10.0).round() / 10.0;
        write!(f, "{tenths} {name}")
    }
}

/// A text that is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnAmount;

impl fmt::Display for NotAnAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is no amount such as 512MiB, 80% or 200")
    }
}

impl std::error::Error for NotAnAmount {}

#[cfg(feature = "serde")]
impl serde::Serialize for Amount {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Amount {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl serde::de::Visitor<'_> for Visitor {
            type Value = Amount;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an amount such as 512MiB, 80% or 200")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Amount, E> {
                text.parse().map_err(|error| E::custom(format_args!("{text:?} {error}")))
            }

            fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Amount, E> {
                if value.is_finite() && value >= 0.0 {
                    Ok(Amount(value))
                } else {
                    Err(E::custom("an amount is not below zero"))
                }
            }

            #[expect(
                clippy::cast_precision_loss,
                reason = "nobody limits to the byte beyond 8 PiB"
            )]
            fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Amount, E> {
                self.visit_f64(value as f64)
            }

            #[expect(
                clippy::cast_precision_loss,
                reason = "nobody limits to the byte beyond 8 PiB"
            )]
            fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Amount, E> {
                self.visit_f64(value as f64)
            }
        }

        from.deserialize_any(Visitor)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Amount {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Amount".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": ["string", "number"] })
    }
}

const BINARY: [(&str, u64); 4] =
    [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

/// Of those that mean the same, the last is the one that is printed.
const UNITS: [(&str, f64); 13] = [
    ("", 1.0),
    ("%", 0.01),
    ("K", 1024.0),
    ("M", 1024.0 * 1024.0),
    ("G", 1024.0 * 1024.0 * 1024.0),
    ("kB", 1e3),
    ("KiB", 1024.0),
    ("MB", 1e6),
    ("MiB", 1024.0 * 1024.0),
    ("GB", 1e9),
    ("GiB", 1024.0 * 1024.0 * 1024.0),
    ("TB", 1e12),
    ("TiB", 1024.0 * 1024.0 * 1024.0 * 1024.0),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_to_a_tenth_of_the_largest_unit() {
        for (bytes, shown) in [
            (0, "0 bytes"),
            (1023, "1023 bytes"),
            (64 << 20, "64 MiB"),
            ((64 << 20) - 60_000, "63.9 MiB"),
            (3 << 29, "1.5 GiB"),
        ] {
            assert_eq!(Bytes(bytes).to_string(), shown);
        }
        assert_eq!(Bytes::of(-1.0), Bytes(0));
        assert_eq!(Bytes::of(f64::INFINITY), Bytes(u64::MAX));
    }

    #[test]
    fn an_amount_is_read_and_printed() {
        for (text, value, printed) in [
            ("512MiB", 536_870_912.0, "512MiB"),
            ("512M", 536_870_912.0, "512MiB"),
            ("2 GB", 2e9, "2GB"),
            ("80%", 0.8, "0.8"),
            ("1.5", 1.5, "1.5"),
            ("0", 0.0, "0"),
        ] {
            let amount: Amount = text.parse().unwrap();
            assert!((amount.value() - value).abs() < 1e-9, "{text}");
            assert_eq!(amount.to_string(), printed, "{text}");
        }
        for text in ["", "MiB", "-1", "1e9", "1.2.3", "5 parsec", "\u{661}MiB"] {
            assert_eq!(text.parse::<Amount>(), Err(NotAnAmount), "{text}");
        }
    }
}
