//! Links that acknowledge, signed so that nobody can make one.

use std::fmt;
use std::time::Duration;

use wardkit_core::Timestamp;

use crate::{Condition, Kind, Notification, NotificationKey};

/// Signs what a link or a button that acknowledges carries. Whoever has it can acknowledge anything.
#[derive(Clone)]
pub struct AckKey([u8; 32]);

/// What a token that was signed says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AckToken {
    incident: u64,
    /// When it expires.
    pub expires_at: Timestamp,
    /// Tells it from every other one of the incident: it is used once.
    pub nonce: u64,
}

/// Why a token acknowledges nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidToken {
    /// It is none that was signed with the key.
    #[error("this is no link that was made here")]
    Forged,
    /// It has expired.
    #[error("the link has expired")]
    Expired,
}

impl AckKey {
    /// Makes a key of 32 random bytes, which are to be kept: another key makes all links that were sent void.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the token of a notification: the same one at each attempt. Those of which nobody need take care have
    /// none.
    #[must_use]
    pub fn token(&self, of: &Notification) -> Option<String> {
        let is_of_incident = matches!(of.kind, Kind::Group | Kind::Escalation | Kind::Reminder);
        if !is_of_incident || of.condition() == Condition::Resolved || of.incident.len() != 16 {
            return None;
        }
        let incident = u64::from_str_radix(&of.incident, 16).ok()?;
        let nonce = blake3::hash(of.key.as_str().as_bytes());
        let mut token = [0; TOKEN];
        token[..8].copy_from_slice(&incident.to_be_bytes());
        let expires = of.at.saturating_add(LIFETIME).as_unix_nanos().div_euclid(NANOS);
        token[8..12].copy_from_slice(&u32::try_from(expires).ok()?.to_be_bytes());
        token[12..SIGNED].copy_from_slice(&nonce.as_bytes()[..8]);
        let tag = self.tag(&token[..SIGNED]);
        token[SIGNED..].copy_from_slice(&tag.as_bytes()[..TAG]);
        Some(encode(&token))
    }

    /// Reads a token, and returns what it says when it was signed with the key and has not expired.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidToken`] when it does not hold.
    pub fn open(&self, token: &str, now: Timestamp) -> Result<AckToken, InvalidToken> {
        let token = decode(token).ok_or(InvalidToken::Forged)?;
        let padded = |tag: &[u8]| {
            let mut bytes = [0; 32];
            bytes[..TAG].copy_from_slice(tag);
            blake3::Hash::from_bytes(bytes)
        };
        // Hashes are compared in constant time.
        let tag = self.tag(&token[..SIGNED]);
        if padded(&tag.as_bytes()[..TAG]) != padded(&token[SIGNED..]) {
            return Err(InvalidToken::Forged);
        }
        let number = |bytes: &[u8]| bytes.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte));
        let expires = i64::try_from(number(&token[8..12])).unwrap_or_default();
        let read = AckToken {
            incident: number(&token[..8]),
            expires_at: Timestamp::from_unix_seconds(expires),
            nonce: number(&token[12..SIGNED]),
        };
        if now >= read.expires_at { Err(InvalidToken::Expired) } else { Ok(read) }
    }

    fn tag(&self, signed: &[u8]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(CONTEXT).update(signed);
        hasher.finalize()
    }
}

impl fmt::Debug for AckKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AckKey").finish_non_exhaustive()
    }
}

impl AckToken {
    /// Returns the name of the incident that it acknowledges.
    #[must_use]
    pub fn incident(&self) -> String {
        format!("{:016x}", self.incident)
    }

    /// Returns whether it was sent with the notification of that key.
    #[must_use]
    pub fn is_of(&self, key: &NotificationKey) -> bool {
        let hash = blake3::hash(key.as_str().as_bytes());
        hash.as_bytes()[..8] == self.nonce.to_be_bytes()
    }
}

/// Writes bytes in the alphabet for addresses, six bits a character; their number divides by three.
fn encode(bytes: &[u8; TOKEN]) -> String {
    let bits = bytes.chunks_exact(3).flat_map(|three| {
        let bits = three.iter().fold(0_usize, |bits, &byte| bits << 8 | usize::from(byte));
        [bits >> 18, bits >> 12, bits >> 6, bits]
    });
    bits.map(|bits| char::from(ALPHABET[bits & 63])).collect()
}

fn decode(text: &str) -> Option<[u8; TOKEN]> {
    // Nothing else is looked at, however long it is.
    if text.len() != TOKEN / 3 * 4 {
        return None;
    }
    let mut bytes = [0; TOKEN];
    for (four, three) in text.as_bytes().chunks_exact(4).zip(bytes.chunks_exact_mut(3)) {
        let mut bits = 0_u32;
        for char in four {
            let value = ALPHABET.iter().position(|other| other == char)?;
            bits = bits << 6 | u32::try_from(value).ok()?;
        }
        three.copy_from_slice(&bits.to_be_bytes()[1..]);
    }
    Some(bytes)
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// Keeps signatures of other things with the same key apart.
const CONTEXT: &[u8] = b"wardkit acknowledgement 1";
/// Incident, expiry and nonce.
const SIGNED: usize = 20;
/// 128 bits; the whole token fits into the 64 bytes of a button of Telegram.
const TAG: usize = 16;
const TOKEN: usize = SIGNED + TAG;
/// As long as a critical notification is tried, and a day to look at it.
const LIFETIME: Duration = Duration::from_hours(48);
const NANOS: i64 = 1_000_000_000;
