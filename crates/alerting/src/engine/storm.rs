//! More new alerts than anybody can read.

use std::collections::BTreeSet;
use std::time::Duration;

use super::group::GroupId;
use super::time::Mono;

/// Counts new alerts and holds groups back while there are too many.
#[derive(Debug, Default)]
pub(super) struct Storm {
    /// Counts of the last slices of a minute, the latest first.
    counts: [usize; SLICES],
    slice: Mono,
    pub(super) on: bool,
    /// Groups with news that is told in the next digest.
    pub(super) held: BTreeSet<GroupId>,
    complained: Option<Mono>,
}

/// What a storm does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Begins(usize),
    Ends,
}

impl Storm {
    pub(super) fn count(&mut self, now: Mono) {
        self.turn(now);
        self.counts[0] += 1;
    }

    pub(super) fn judge(&mut self, now: Mono, limit: usize) -> Option<Turn> {
        self.turn(now);
        let count: usize = self.counts.iter().sum();
        if !self.on && count > limit {
            self.on = true;
            Some(Turn::Begins(count))
        // It ends at half of what begins it, so that it does not come and go.
        } else if self.on && count <= limit / 2 {
            self.on = false;
            Some(Turn::Ends)
        } else {
            None
        }
    }

    pub(super) fn may_complain(&mut self, now: Mono) -> bool {
        let may = self.complained.is_none_or(|at| now.since(at) >= Duration::from_mins(1));
        if may {
            self.complained = Some(now);
        }
        may
    }

    fn turn(&mut self, now: Mono) {
        let passed = now.since(self.slice).as_nanos() / SLICE.as_nanos();
        if passed == 0 {
            return;
        }
        let passed = usize::try_from(passed).unwrap_or(SLICES).min(SLICES);
        self.counts.rotate_right(passed);
        self.counts[..passed].fill(0);
        self.slice = now;
    }
}

const SLICES: usize = 6;
const SLICE: Duration = Duration::from_secs(10);
