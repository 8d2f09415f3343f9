use std::fmt;

use zeroize::Zeroize as _;

use super::rolling::{Progress, Rolling, Stage};
use super::{Chunker, End, Sizes};

/// Cuts where a Gear hash of the last 64 bytes is low, with the normalised lengths of `FastCDC`: rarely before the average
/// length, readily after it.
///
/// The table of the hash follows from a secret: without it, the lengths of chunks do not tell which file they are of.
#[derive(Clone)]
pub struct KeyedFastCdc {
    gear: Gear,
    sizes: Sizes,
    progress: Progress,
}

impl KeyedFastCdc {
    /// A chunker that cuts the same way whenever it has the same secret and sizes.
    #[must_use]
    pub fn new(secret: &[u8; 32], sizes: Sizes) -> Self {
        Self { gear: Gear::new(secret), sizes, progress: Progress::default() }
    }
}

impl Chunker for KeyedFastCdc {
    fn next_cut(&mut self, ahead: &[u8], end: End) -> Option<usize> {
        let average = self.sizes.average();
        // A hash is below this with a chance of one in `average`.
        let even = u64::MAX / average as u64;
        let stages = [
            Stage { until: average, limit: even / NORMALISATION },
            Stage { until: self.sizes.longest() + 1, limit: even.saturating_mul(NORMALISATION) },
        ];
        self.progress.next_cut(&self.gear, self.sizes, &stages, (ahead, end))
    }

    fn restart(&mut self) {
        self.progress = Progress::default();
    }

    fn longest(&self) -> usize {
        self.sizes.longest()
    }
}

impl fmt::Debug for KeyedFastCdc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedFastCdc").field("sizes", &self.sizes).finish_non_exhaustive()
    }
}

/// Random numbers, one for each value of a byte. Shifting them out of 64 bits forgets a byte after 64 others.
#[derive(Clone)]
struct Gear([u64; 256]);

impl Gear {
    fn new(secret: &[u8; 32]) -> Self {
        let mut numbers = blake3::Hasher::new_derive_key(CONTEXT).update(secret).finalize_xof();
        let mut gear = std::array::from_fn(|_| {
            let mut number = [0; 8];
            numbers.fill(&mut number);
            u64::from_le_bytes(number)
        });
        gear[0] = ZEROS_CUT;
        Self(gear)
    }
}

impl Rolling for Gear {
    fn roll(&self, hash: u64, entering: u8, _: u8) -> u64 {
        (hash << 1).wrapping_add(self.0[usize::from(entering)])
    }

    fn rank(&self, hash: u64) -> u64 {
        hash
    }
}

impl Drop for Gear {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// With it the hash of 64 zeros is the lowest there is, whatever the secret, as it is with restic's. Databases and images
/// have zeros between their parts: they are cut there, and a change stores one part anew.
const ZEROS_CUT: u64 = 0;

/// Of all that may follow from the same secret, only this table does from this text.
const CONTEXT: &str = "wardkit-backup 2026-11-22 Gear table of the chunker";

/// How much rarer cuts are before the average length, and how much more frequent after it.
const NORMALISATION: u64 = 2;
