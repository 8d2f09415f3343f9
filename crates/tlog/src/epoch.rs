//! Keys that live for a day.

use std::fmt;
use std::str::FromStr;

use wardkit_core::{Secret, Timestamp};

use crate::{Error, Note, SigningKey, VerifierKey};

/// A day in UTC, from 1970 to 2262. Prints and parses as `2026-01-31`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(u32);

impl Epoch {
    /// Returns the day that a time lies in; the first one for what is before.
    #[must_use]
    pub fn of(time: Timestamp) -> Self {
        Self(u32::try_from(time.as_unix_seconds().div_euclid(SECONDS_PER_DAY)).unwrap_or(0))
    }

    /// Returns when the day begins.
    #[must_use]
    pub fn start(self) -> Timestamp {
        Timestamp::from_unix_seconds(i64::from(self.0) * SECONDS_PER_DAY)
    }

    /// Returns the day after, or `None` after the last.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        let next = Self(self.0 + 1);
        (next <= Self::of(Timestamp::MAX)).then_some(next)
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.start().to_string().trim_end_matches("T00:00:00Z"))
    }
}

impl FromStr for Epoch {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let start: Option<Timestamp> = format!("{text}T00:00:00Z").parse().ok();
        // The round trip refuses every other spelling, and days that are out of range.
        start
            .map(Self::of)
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
    /// Makes the first key of a log, and the certificate for it by the log's identity.
    ///
    /// The seed comes from a generator made for secrets. The identity is not needed again, and is safest elsewhere.
    ///
    /// # Errors
    ///
    /// When the seed is the identity's own.
    pub fn begin(
        identity: &SigningKey,
        now: Timestamp,
        seed: impl Into<Secret<[u8; 32]>>,
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
        now: Timestamp,
        seed: impl Into<Secret<[u8; 32]>>,
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
    pub fn is_due(&self, now: Timestamp) -> bool {
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
        seed: impl Into<Secret<[u8; 32]>>,
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
