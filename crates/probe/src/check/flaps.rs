//! Changes of state that come too often to be told one by one.

use std::collections::VecDeque;
use std::time::Duration;

/// The last changes, no more of them than it takes to flap.
#[derive(Clone, Debug)]
pub(super) struct Flaps {
    /// How many changes within the window are flapping; 0 for never.
    most: usize,
    within: Duration,
    /// When they were, in uptime.
    changes: VecDeque<Duration>,
    flapping: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flap {
    Begun,
    Ended,
    Same,
}

impl Flaps {
    pub(super) fn new(most: u32, within: Duration) -> Self {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        Self { most, within, changes: VecDeque::new(), flapping: false }
    }

    pub(super) fn changed(&mut self, uptime: Duration) -> Flap {
        if self.most == 0 {
            return Flap::Same;
        }
        if self.changes.len() >= self.most {
            self.changes.pop_front();
        }
        self.changes.push_back(uptime);
        self.look(uptime)
    }

    /// Begins at the limit and ends at half of it, so that it does not flap itself.
    pub(super) fn look(&mut self, uptime: Duration) -> Flap {
        while self.changes.front().is_some_and(|at| at.saturating_add(self.within) < uptime) {
            self.changes.pop_front();
        }
        if !self.flapping && self.most > 0 && self.changes.len() >= self.most {
            self.flapping = true;
            return Flap::Begun;
        }
        if self.flapping && self.changes.len() <= self.most / 2 {
            self.flapping = false;
            return Flap::Ended;
        }
        Flap::Same
    }

    pub(super) const fn is_flapping(&self) -> bool {
        self.flapping
    }
}
