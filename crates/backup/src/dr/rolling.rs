//! Which packs are read next, so that all are read within some days.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use wardkit_core::Timestamp;

use crate::format::Id;

/// When each pack was last read and proven. Pure: it is told what there is and what was read.
///
/// Who runs it keeps it as text: a pack a line, its name and when it was proven, or when it was first seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rolling {
    packs: BTreeMap<Id, Seen>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    at: Timestamp,
    is_proven: bool,
}

/// What is to be read in one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// The packs, the one that waits longest first.
    pub packs: Vec<Id>,
    /// Their bytes.
    pub bytes: u64,
    /// How long the one has waited that waits longest.
    pub oldest: Duration,
    /// The bytes of all packs that were never proven.
    pub unproven: u64,
}

impl Rolling {
    /// Returns what is to be read now, when a run comes each `every`, so that no pack waits longer than `within`.
    ///
    /// Packs that are gone are forgotten, new ones begin to wait. A run reads its part of all bytes, and whatever could not
    /// wait for the next one. A clock that went back makes nothing wait for longer: what was read in the future counts as
    /// read now.
    pub fn share(
        &mut self,
        now: Timestamp,
        packs: &HashMap<Id, u64>,
        every: Duration,
        within: Duration,
    ) -> Share {
        self.packs.retain(|pack, _| packs.contains_key(pack));
        for pack in packs.keys() {
            let seen = self.packs.entry(*pack).or_insert(Seen { at: now, is_proven: false });
            seen.at = seen.at.min(now);
        }
        let mut waiting: Vec<(Timestamp, Id)> =
            self.packs.iter().map(|(pack, seen)| (seen.at, *pack)).collect();
        waiting.sort_unstable();
        let total: u64 = packs.values().sum();
        let part = part_of(total, every, within);
        let age = |at: Timestamp| now.duration_since(at).unwrap_or_default();
        let mut share = Share {
            oldest: waiting.first().map_or(Duration::ZERO, |(at, _)| age(*at)),
            unproven: self.unproven(packs),
            ..Share::default()
        };
        for (at, pack) in waiting {
            let can_wait = age(at).saturating_add(every) < within;
            if share.bytes >= part && can_wait {
                break;
            }
            share.bytes += packs[&pack];
            share.packs.push(pack);
        }
        share
    }

    /// Notes that a pack was read whole and is what its name says.
    pub fn proven(&mut self, pack: Id, now: Timestamp) {
        self.packs.insert(pack, Seen { at: now, is_proven: true });
    }

    fn unproven(&self, packs: &HashMap<Id, u64>) -> u64 {
        let never = self.packs.iter().filter(|(_, seen)| !seen.is_proven);
        never.filter_map(|(pack, _)| packs.get(pack)).sum()
    }

    /// Writes it as text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let line = |(pack, seen): (&Id, &Seen)| {
            let what = if seen.is_proven { "proven" } else { "seen" };
            format!("{pack} {what} {}\n", seen.at.as_unix_seconds())
        };
        self.packs.iter().map(line).collect()
    }

    /// Reads what [`to_text`](Self::to_text) wrote. A line that is none is passed over: its pack is read early.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        let parse = |line: &str| {
            let mut words = line.split(' ');
            let pack = words.next()?.parse().ok()?;
            let is_proven = match words.next()? {
                "proven" => true,
                "seen" => false,
                _ => return None,
            };
            let at = Timestamp::from_unix_seconds(words.next()?.parse().ok()?);
            words.next().is_none().then_some((pack, Seen { at, is_proven }))
        };
        Self { packs: text.lines().filter_map(parse).collect() }
    }
}

/// The part of all bytes that one run reads, rounded up.
fn part_of(total: u64, every: Duration, within: Duration) -> u64 {
    let within = within.as_millis().max(1);
    let every = every.as_millis().clamp(1, within);
    let part = (u128::from(total) * every).div_ceil(within);
    u64::try_from(part).unwrap_or(total)
}
