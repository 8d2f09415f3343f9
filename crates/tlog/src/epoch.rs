//! Keys that live for a day.

use std::fmt;
use std::str::FromStr;

use zeroize::Zeroizing;

use crate::{Error, Note, SigningKey, VerifierKey};

/// A day in UTC, from 1970 to 9999. Prints and parses as `2026-01-31`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(u32);

impl Epoch {
    /// The last day that has a date of ten characters.
    pub const LAST: Self = Self(2_932_896);

    /// Returns the day that a time lies in, given in seconds since the Unix epoch; the first or the last one for
    /// what lies outside.
    #[must_use]
    pub fn of(unix_seconds: i64) -> Self {
        let day = unix_seconds.div_euclid(SECONDS_PER_DAY).clamp(0, i64::from(Self::LAST.0));
        Self(u32::try_from(day).unwrap_or(0))
    }

    /// Returns when the day begins, in seconds since the Unix epoch.
    #[must_use]
    pub fn start(self) -> i64 {
        i64::from(self.0) * SECONDS_PER_DAY
    }

    /// Returns the day after, or `None` after the last.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        (self < Self::LAST).then_some(Self(self.0 + 1))
    }

    /// Year, month and day of the month.
    ///
    /// Counts in 400-year eras that begin on 1 March, so that the leap day is the last of its year.
    const fn date(self) -> (u32, u32, u32) {
        let days = self.0 + DAYS_TO_EPOCH;
        let (era, of_era) = (days / DAYS_PER_ERA, days % DAYS_PER_ERA);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * from_march + 2) / 5 + 1;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        (year_of_era + era * 400 + (month <= 2) as u32, month, day)
    }

    /// The inverse of [`Epoch::date`], for years from 1970 on.
    const fn from_date(year: u32, month: u32, day: u32) -> Option<Self> {
        if year < 1970 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31 {
            return None;
        }
        let year = year - (month <= 2) as u32;
        let (era, year_of_era) = (year / 400, year % 400);
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
        Some(Self(era * DAYS_PER_ERA + of_era - DAYS_TO_EPOCH))
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date();
        f.pad(&format!("{year:04}-{month:02}-{day:02}"))
    }
}

impl FromStr for Epoch {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers: Option<Vec<u32>> = text.split('-').map(|number| number.parse().ok()).collect();
        let epoch = match numbers.as_deref() {
            Some(&[year, month, day]) => Self::from_date(year, month, day),
            _ => None,
        };
        // The round trip refuses every other spelling, and days that the calendar does not have.
        epoch
            .filter(|epoch| epoch.to_string() == text)
            .ok_or(Error::Certificate("the epoch is no day"))
    }
}

/// Says that a key signs for a log from a day on.
///
/// It is the text of a note by the log's identity or by the key before it; [`EpochChain`](crate::EpochChain) checks
/// which.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EpochCertificate {
    epoch: Epoch,
    key: VerifierKey,
}

impl EpochCertificate {
    /// Returns the day from which the key signs.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Returns the key.
    #[must_use]
    pub const fn key(&self) -> &VerifierKey {
        &self.key
    }
}

impl fmt::Display for EpochCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{HEADER}\n{EPOCH}{}\n{KEY}{}\n", self.epoch, self.key)
    }
}

impl FromStr for EpochCertificate {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.strip_suffix('\n').ok_or(Error::Certificate("no newline at the end"))?;
        let lines: Vec<&str> = text.split('\n').collect();
        let &[HEADER, epoch, key] = lines.as_slice() else {
            return Err(Error::Certificate("not the three lines of wardkit-epoch-key/v1"));
        };
        let epoch =
            epoch.strip_prefix(EPOCH).ok_or(Error::Certificate("the second line is no epoch"))?;
        let key = key.strip_prefix(KEY).ok_or(Error::Certificate("the third line is no key"))?;
        Ok(Self { epoch: epoch.parse()?, key: key.parse()? })
    }
}

/// The key of the current epoch, on the side that signs.
///
/// Its secret is wiped when it is dropped. Who breaks in later finds only the key of that day, and can sign nothing
/// in the name of a day before.
#[derive(Debug)]
pub struct EpochSigner {
    epoch: Epoch,
    key: SigningKey,
}

impl EpochSigner {
    /// Makes the first key of a log, and the certificate for it by the log's identity. `now` is in seconds since the
    /// Unix epoch, here and below.
    ///
    /// The seed comes from a generator made for secrets. The identity is not needed again, and is safest elsewhere.
    ///
    /// # Errors
    ///
    /// When the seed is the identity's own.
    pub fn begin(
        identity: &SigningKey,
        now: i64,
        seed: impl Into<Zeroizing<[u8; 32]>>,
    ) -> Result<(Self, Note), Error> {
        Self::certify(identity, Epoch::of(now), seed)
    }

    /// Makes the next key, and the certificate for it by this one.
    ///
    /// Nothing is replaced yet: make certificate and key durable, sign with this one what it has to vouch for, then
    /// drop it. Where the clock was set back, the next key is for the day after this one's.
    ///
    /// # Errors
    ///
    /// When the seed is that of this key, or this is the last day there is.
    pub fn next(
        &self,
        now: i64,
        seed: impl Into<Zeroizing<[u8; 32]>>,
    ) -> Result<(Self, Note), Error> {
        let after = self.epoch.next().ok_or(Error::Chain("there is no day after this"))?;
        Self::certify(&self.key, after.max(Epoch::of(now)), seed)
    }

    /// Takes up a stored key with its certificate.
    ///
    /// # Errors
    ///
    /// When the certificate is of another key.
    pub fn resume(key: SigningKey, certificate: &EpochCertificate) -> Result<Self, Error> {
        if *key.verifier() == certificate.key {
            Ok(Self { epoch: certificate.epoch, key })
        } else {
            Err(Error::Chain("it certifies another key"))
        }
    }

    /// Tells whether the key's day is over.
    #[must_use]
    pub fn is_due(&self, now: i64) -> bool {
        Epoch::of(now) > self.epoch
    }

    /// Returns the day from which the key signs.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Returns the key.
    #[must_use]
    pub const fn key(&self) -> &SigningKey {
        &self.key
    }

    fn certify(
        issuer: &SigningKey,
        epoch: Epoch,
        seed: impl Into<Zeroizing<[u8; 32]>>,
    ) -> Result<(Self, Note), Error> {
        let key = SigningKey::from_seed(issuer.verifier().name(), seed)?;
        if key.verifier() == issuer.verifier() {
            return Err(Error::Chain("the new key is the old one"));
        }
        let certificate = EpochCertificate { epoch, key: key.verifier().clone() };
        let note = Note::sign(certificate.to_string(), issuer)?;
        Ok((Self { epoch, key }, note))
    }
}

const HEADER: &str = "wardkit-epoch-key/v1";
const EPOCH: &str = "epoch ";
const KEY: &str = "key ";

const SECONDS_PER_DAY: i64 = 86_400;
const DAYS_PER_ERA: u32 = 146_097;
/// Days from 0000-03-01, where the eras begin, to 1970-01-01.
const DAYS_TO_EPOCH: u32 = 719_468;
