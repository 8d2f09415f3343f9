use std::time::Duration;

use crate::engine::Error;

/// How a repository is pruned.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PruneOptions {
    /// How long packs stay that nobody needs. Writers that cannot lock, because they may only put, have to finish within
    /// this time; where all of them lock it may be zero.
    pub grace: Duration,
    /// How much of a pack may be unneeded, in percent, before what is needed of it is packed anew.
    pub unused_percent: u8,
    /// What was there after the last prune, if the caller remembers: the brake compares with it.
    pub seen: Option<Seen>,
    /// Prunes although the brake says that far more than usual would be removed.
    pub danger_ignore_brake: bool,
    /// Only tells what would be done.
    pub dry_run: bool,
}

/// What a repository needs, for the next prune to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the caller keeps it")]
pub struct Seen {
    /// How many snapshots there are.
    pub snapshots: u64,
    /// How many bytes of packs they need.
    pub bytes: u64,
}

/// What a prune did, or would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub struct PruneReport {
    /// What is needed.
    pub seen: Seen,
    /// Packs that stay.
    pub packs_kept: u64,
    /// Packs of which a part was packed anew; they are marked, or removed without grace.
    pub packs_repacked: u64,
    /// Packs that are marked after it, with those that were.
    pub packs_marked: u64,
    /// Bytes of these.
    pub bytes_marked: u64,
    /// Packs that were removed.
    pub packs_removed: u64,
    /// Bytes of these.
    pub bytes_removed: u64,
}

impl PruneOptions {
    /// Whoever can remove snapshots can make everything unneeded. What an attacker, or a slip of the hand, did must not
    /// become final unseen.
    pub(super) fn heed_brake(&self, report: &PruneReport) -> Result<(), Error> {
        if self.danger_ignore_brake {
            return Ok(());
        }
        let refuse = |reason| Err(Error::PruneRefused { reason });
        let PruneReport { seen, .. } = report;
        if seen.snapshots == 0 && report.packs_marked + report.packs_removed > 0 {
            return refuse("there is no snapshot, and all packs would be removed".to_owned());
        }
        let Some(before) = self.seen else { return Ok(()) };
        if seen.snapshots.saturating_mul(BRAKE) < before.snapshots {
            return refuse(format!(
                "there are {} snapshots, and there were {}",
                seen.snapshots, before.snapshots
            ));
        }
        if seen.bytes.saturating_mul(BRAKE) < before.bytes {
            return refuse(format!(
                "snapshots need {} bytes, and needed {}",
                seen.bytes, before.bytes
            ));
        }
        Ok(())
    }
}

impl Default for PruneOptions {
    fn default() -> Self {
        Self {
            grace: Duration::from_hours(24),
            unused_percent: 25,
            seen: None,
            danger_ignore_brake: false,
            dry_run: false,
        }
    }
}

/// Half of the snapshots or bytes may go from one prune to the next.
const BRAKE: u64 = 2;
