use std::num::NonZeroUsize;

use super::{Chunker, End};

/// Cuts at multiples of one length: for files that change in place, as images of disks do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fixed {
    length: usize,
}

impl Fixed {
    /// Chunks of `length` bytes.
    #[must_use]
    pub const fn new(length: NonZeroUsize) -> Self {
        Self { length: length.get() }
    }
}

impl Chunker for Fixed {
    fn next_cut(&mut self, ahead: &[u8], end: End) -> Option<usize> {
        let rest = || (end == End::Reached && !ahead.is_empty()).then_some(ahead.len());
        if ahead.len() >= self.length { Some(self.length) } else { rest() }
    }

    fn restart(&mut self) {}

    fn longest(&self) -> usize {
        self.length
    }
}
