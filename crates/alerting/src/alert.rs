//! An alert as somebody brings it.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use wardkit_core::{Labels, Timestamp};

/// What is said of an alert beside what it is: summaries, links to runbooks.
pub type Annotations = BTreeMap<String, String>;

/// An alert as a rule, an event or a client of the API brings it: again and again while it lasts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// What it is. Two alerts with the same labels are one.
    pub labels: Labels,
    /// What is said of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: Annotations,
    /// Since when it lasts.
    pub starts_at: Timestamp,
    /// Until when, if that is known; one that is past has ended. Without it, it ends when nobody brings it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
    /// Where to look at what brought it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub generator_url: String,
}

impl Alert {
    /// Returns what tells the alert from others.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.labels)
    }

    /// Returns whether it has ended at `now`.
    #[must_use]
    pub fn has_ended(&self, now: Timestamp) -> bool {
        self.ends_at.is_some_and(|end| end <= now)
    }
}

/// A hash of labels: the same as Alertmanager shows for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// Returns the fingerprint of labels: FNV-1a over names and values in order, a byte 0xff behind each.
    #[must_use]
    pub fn of(labels: &Labels) -> Self {
        let mut hash = OFFSET;
        for (name, value) in labels.iter() {
            for part in [name, value] {
                for byte in part.bytes().chain([SEPARATOR]) {
                    hash = (hash ^ u64::from(byte)).wrapping_mul(PRIME);
                }
            }
        }
        Self(hash)
    }

    /// Returns the number.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// FNV-1a's own numbers.
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0100_0000_01b3;
/// No text in UTF-8 has it.
const SEPARATOR: u8 = 0xff;
