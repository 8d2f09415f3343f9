//! Identifiers that sort by time.

use std::fmt;
use std::str::FromStr;

use crate::{Error, Timestamp};

/// 128 bits that sort by time: 48 bits of milliseconds since the Unix epoch, then 80 bits that the caller draws.
///
/// Prints as 26 characters of Crockford's base 32 (the layout of a ULID), which sort as the value does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(u128);

impl Id {
    /// Creates an id from the time and the low 80 bits of `entropy`. A time before 1970 counts as 1970.
    #[must_use]
    pub fn new(at: Timestamp, entropy: u128) -> Self {
        let millis = u128::try_from(at.as_unix_nanos() / NANOS_PER_MILLI).unwrap_or(0);
        Self(millis << ENTROPY_BITS | entropy & ((1 << ENTROPY_BITS) - 1))
    }

    /// Returns the time that the id was made at, to the millisecond.
    #[must_use]
    pub fn timestamp(self) -> Timestamp {
        let millis = i64::try_from(self.0 >> ENTROPY_BITS).unwrap_or(i64::MAX);
        Timestamp::from_unix_nanos(millis.saturating_mul(NANOS_PER_MILLI))
    }

    /// Returns the 128 bits.
    #[must_use]
    pub const fn to_u128(self) -> u128 {
        self.0
    }
}

impl From<u128> for Id {
    fn from(bits: u128) -> Self {
        Self(bits)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0_u8; LENGTH];
        let mut rest = self.0;
        for slot in text.iter_mut().rev() {
            // The mask keeps the index below 32.
            *slot = ALPHABET[usize::try_from(rest & 31).unwrap_or(0)];
            rest >>= 5;
        }
        f.pad(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Id({self})")
    }
}

impl FromStr for Id {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // 26 characters hold 130 bits: a first character above 7 would overflow.
        if text.len() != LENGTH || text.as_bytes()[0] > b'7' {
            return Err(Error::Id);
        }
        let bits = text.bytes().try_fold(0_u128, |bits, byte| {
            let digit = ALPHABET.iter().position(|&letter| letter == byte.to_ascii_uppercase())?;
            Some(bits << 5 | u128::try_from(digit).ok()?)
        });
        bits.map(Self).ok_or(Error::Id)
    }
}

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 26;
const ENTROPY_BITS: u32 = 80;
const NANOS_PER_MILLI: i64 = 1_000_000;
