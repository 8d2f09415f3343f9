//! What each connection is doing, shared between its task and the listener's at the price of one atomic store.

use std::sync::atomic::{AtomicU64, Ordering};

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Accepted; nothing was received yet.
    Fresh,
    /// Part of a request's head was received.
    Head,
    /// A request's body is being received.
    Body,
    /// A request is being answered.
    Busy,
    /// The response is made and on its way into the socket.
    Sending,
    /// Kept alive between two requests.
    Idle,
    /// Nothing more will be answered.
    Closing,
}

impl Phase {
    /// Returns whether the client has sent a request and not received all of its answer.
    pub(crate) const fn owes_an_answer(self) -> bool {
        matches!(self, Self::Busy | Self::Sending)
    }

    const ALL: [Self; 7] =
        [Self::Fresh, Self::Head, Self::Body, Self::Busy, Self::Sending, Self::Idle, Self::Closing];
}

/// Milliseconds since the listener began to serve.
pub(crate) type Millis = u64;

/// One connection's phase and the time it began, in one word.
#[derive(Debug)]
pub(crate) struct PhaseCell(AtomicU64);

impl PhaseCell {
    pub(crate) fn new(now: Millis) -> Self {
        Self(AtomicU64::new(pack(Phase::Fresh, now)))
    }

    pub(crate) fn enter(&self, phase: Phase, now: Millis) {
        self.0.store(pack(phase, now), Ordering::Release);
    }

    /// Enters `phase` without restarting its time: the whole request, or the whole head, has one deadline.
    pub(crate) fn continue_as(&self, phase: Phase) {
        let (_, since) = self.load();
        self.enter(phase, since);
    }

    pub(crate) fn phase(&self) -> Phase {
        self.load().0
    }

    pub(crate) fn load(&self) -> (Phase, Millis) {
        let word = self.0.load(Ordering::Acquire);
        let index = usize::try_from(word & PHASE_MASK).unwrap_or(0);
        (Phase::ALL[index.min(Phase::ALL.len() - 1)], word >> PHASE_BITS)
    }
}

/// The time as the listener last read it: connections need it to a fraction of their shortest timeout only, and a
/// load is cheaper than a clock.
#[derive(Debug, Default)]
pub(crate) struct Ticks(AtomicU64);

impl Ticks {
    pub(crate) fn now(&self) -> Millis {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn set(&self, now: Millis) {
        self.0.store(now, Ordering::Relaxed);
    }
}

const fn pack(phase: Phase, since: Millis) -> u64 {
    since << PHASE_BITS | phase as u64
}

const PHASE_BITS: u32 = 3;
const PHASE_MASK: u64 = (1 << PHASE_BITS) - 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phase_and_its_time_survive_the_packing() {
        let cell = PhaseCell::new(7);
        assert_eq!(cell.load(), (Phase::Fresh, 7));
        for (index, phase) in Phase::ALL.into_iter().enumerate() {
            let since = index as u64 * 86_400_000;
            cell.enter(phase, since);
            assert_eq!(cell.load(), (phase, since));
        }
    }

    #[test]
    fn a_continued_phase_keeps_its_time() {
        let cell = PhaseCell::new(3);
        cell.enter(Phase::Busy, 40);
        cell.continue_as(Phase::Sending);
        assert_eq!(cell.load(), (Phase::Sending, 40));
    }
}
