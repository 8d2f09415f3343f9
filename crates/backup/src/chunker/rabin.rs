use std::fmt;

use zeroize::Zeroize as _;

use super::rolling::{Progress, Rolling, Stage, WINDOW};
use super::{Chunker, End, Polynomial, Sizes};

/// Cuts where restic does with the same polynomial: where the lowest bits of the Rabin fingerprint of the last 64 bytes
/// are zero.
#[derive(Clone)]
pub struct Rabin {
    tables: Tables,
    sizes: Sizes,
    progress: Progress,
}

impl Rabin {
    /// Restic's chunker, with its sizes.
    #[must_use]
    pub fn new(polynomial: Polynomial) -> Self {
        Self::with_sizes(polynomial, Sizes::default())
    }

    /// Restic's chunker with other sizes.
    #[must_use]
    pub fn with_sizes(polynomial: Polynomial, sizes: Sizes) -> Self {
        let tables = Tables::new(polynomial, sizes.average() as u64 - 1);
        Self { tables, sizes, progress: Progress::default() }
    }
}

impl Chunker for Rabin {
    fn next_cut(&mut self, ahead: &[u8], end: End) -> Option<usize> {
        let stages = [Stage { until: self.sizes.longest() + 1, limit: 1 }];
        self.progress.next_cut(&self.tables, self.sizes, &stages, (ahead, end))
    }

    fn restart(&mut self) {
        self.progress = Progress::default();
    }

    fn longest(&self) -> usize {
        self.sizes.longest()
    }
}

impl fmt::Debug for Rabin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rabin").field("sizes", &self.sizes).finish_non_exhaustive()
    }
}

/// What a byte adds to a fingerprint when it leaves the window, and what the byte above the polynomial's degree adds
/// when it is reduced, for each value.
#[derive(Clone)]
struct Tables {
    leaving: [u64; 256],
    reduced: [u64; 256],
    mask: u64,
}

impl Tables {
    fn new(polynomial: Polynomial, mask: u64) -> Self {
        let leaving = |byte| {
            // As many bytes come after it as the window has beside it.
            (1..WINDOW).fold(polynomial.reduce(byte), |sum, _| polynomial.reduce(sum << 8))
        };
        let reduced = |byte| {
            let above = byte << Polynomial::DEGREE;
            // Both at once: what stands above the degree goes, and what is left of it comes.
            polynomial.reduce(above) | above
        };
        Self {
            leaving: std::array::from_fn(|byte| leaving(byte as u64)),
            reduced: std::array::from_fn(|byte| reduced(byte as u64)),
            mask,
        }
    }
}

impl Rolling for Tables {
    fn roll(&self, hash: u64, entering: u8, leaving: u8) -> u64 {
        let hash = hash ^ self.leaving[usize::from(leaving)];
        let [above, ..] = (hash >> (Polynomial::DEGREE - 8)).to_le_bytes();
        (hash << 8 | u64::from(entering)) ^ self.reduced[usize::from(above)]
    }

    fn rank(&self, hash: u64) -> u64 {
        hash & self.mask
    }
}

impl Drop for Tables {
    fn drop(&mut self) {
        self.leaving.zeroize();
        self.reduced.zeroize();
    }
}
