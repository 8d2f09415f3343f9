//! Amounts as people write them: `50MB`, `10%`.

use std::fmt;
use std::str::FromStr;

/// A number of bytes, written with a unit or without: `50MB`, `1MiB`, `4096`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size(pub u64);

impl fmt::Display for Size {
    /// The largest unit that leaves no fraction.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = |(_, unit): &&(&str, u64)| self.0 >= *unit && self.0.is_multiple_of(*unit);
        match UNITS.iter().filter(whole).max_by_key(|(_, unit)| *unit) {
            Some((name, unit)) => write!(f, "{}{name}", self.0 / unit),
            None => write!(f, "{}", self.0),
        }
    }
}

impl FromStr for Size {
    type Err = NotASize;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let unit = unit.trim_start();
        let (_, scale) = UNITS.iter().find(|(name, _)| *name == unit).ok_or(NotASize)?;
        let number: u64 = number.parse().map_err(|_| NotASize)?;
        number.checked_mul(*scale).map(Self).ok_or(NotASize)
    }
}

/// A text that is no [`Size`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no size such as 50MB, 1MiB or 4096")]
pub struct NotASize;

const UNITS: [(&str, u64); 7] = [
    ("", 1),
    ("kB", 1_000),
    ("KiB", 1 << 10),
    ("MB", 1_000_000),
    ("MiB", 1 << 20),
    ("GB", 1_000_000_000),
    ("GiB", 1 << 30),
];

/// A share of one processor, in thousandths: `10%`, `2.5%`, `200%` for two processors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Share {
    thousandths: u32,
}

impl Share {
    /// Takes a share in thousandths of one processor.
    ///
    /// # Errors
    ///
    /// [`NotAShare`] for none at all, and for more than a thousand processors.
    pub const fn from_thousandths(thousandths: u32) -> Result<Self, NotAShare> {
        match thousandths {
            1..=1_000_000 => Ok(Self { thousandths }),
            _ => Err(NotAShare),
        }
    }

    /// Returns the share in thousandths of one processor.
    #[must_use]
    pub fn thousandths(self) -> u32 {
        self.thousandths
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.thousandths % 10 {
            0 => write!(f, "{}%", self.thousandths / 10),
            tenths => write!(f, "{}.{tenths}%", self.thousandths / 10),
        }
    }
}

impl FromStr for Share {
    type Err = NotAShare;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.trim().strip_suffix('%').ok_or(NotAShare)?.trim_end();
        let (whole, tenths) = number.split_once('.').unwrap_or((number, "0"));
        let [tenth @ b'0'..=b'9'] = tenths.as_bytes() else { return Err(NotAShare) };
        if !whole.bytes().all(|b| b.is_ascii_digit()) {
            return Err(NotAShare);
        }
        let whole: u32 = whole.parse().map_err(|_| NotAShare)?;
        let thousandths =
            whole.checked_mul(10).and_then(|n| n.checked_add(u32::from(tenth - b'0')));
        Self::from_thousandths(thousandths.ok_or(NotAShare)?)
    }
}

/// A text that is no [`Share`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no share of a processor such as 10% or 2.5%")]
pub struct NotAShare;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_they_are_written() {
        for text in ["50MB", "1MiB", "4096", "3GB", "0"] {
            let size: Size = text.parse().expect("it is a size");
            assert_eq!(size.to_string().parse(), Ok(size), "{text}");
        }
        assert_eq!("50 MB".parse(), Ok(Size(50_000_000)));
        for text in ["", "MB", "50mb", "-1", "1.5MB", "99999999999GB"] {
            assert_eq!(text.parse::<Size>(), Err(NotASize), "{text}");
        }
    }

    #[test]
    fn shares_are_read_as_they_are_written() {
        for (text, thousandths) in [("10%", 100), ("2.5%", 25), ("200%", 2000), ("0.1%", 1)] {
            let share: Share = text.parse().expect("it is a share");
            assert_eq!((share.thousandths(), share.to_string().as_str()), (thousandths, text));
        }
        for text in ["", "%", "10", "0%", "-5%", "1.25%", "+1%", "100001%", "99999999999%"] {
            assert_eq!(text.parse::<Share>(), Err(NotAShare), "{text}");
        }
    }
}
