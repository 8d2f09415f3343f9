use super::{End, Sizes};

/// A hash of the last [`WINDOW`] bytes, which follows from the hash one byte before.
pub(super) trait Rolling {
    /// The hash with one byte more and the oldest one less.
    fn roll(&self, hash: u64, entering: u8, leaving: u8) -> u64;

    /// What is compared with the limit below which content is cut.
    fn rank(&self, hash: u64) -> u64;
}

/// Until which length of a chunk which limit holds.
pub(super) struct Stage {
    pub(super) until: usize,
    pub(super) limit: u64,
}

/// How far the chunk that is looked for has been looked at. No hash is kept: it follows from the last bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    looked: usize,
}

impl Progress {
    /// The next cut, by stages that end at the longest chunk.
    pub(super) fn next_cut(
        &mut self,
        rolling: &impl Rolling,
        sizes: Sizes,
        stages: &[Stage],
        (ahead, end): (&[u8], End),
    ) -> Option<usize> {
        let known = ahead.len().min(sizes.longest());
        let mut from = sizes.shortest().max(self.looked + 1);
        for stage in stages {
            let until = stage.until.min(known + 1);
            if let Some(length) = first_below(rolling, ahead, from, until, stage.limit) {
                self.looked = 0;
                return Some(length);
            }
            from = from.max(until);
        }
        if known == sizes.longest() || (end == End::Reached && known > 0) {
            self.looked = 0;
            return Some(known);
        }
        self.looked = known;
        None
    }
}

/// The first length in `from..until` at which the window before it ranks below the limit.
fn first_below(
    rolling: &impl Rolling,
    bytes: &[u8],
    mut from: usize,
    until: usize,
    limit: u64,
) -> Option<usize> {
    while until.saturating_sub(from) >= LANES * LANE {
        let lowest = lowest_of_lanes(rolling, bytes, from);
        if let Some(lane) = lowest.iter().position(|rank| *rank < limit) {
            let start = from + lane * LANE;
            return first_below_in_order(rolling, bytes, start, start + LANE, limit);
        }
        from += LANES * LANE;
    }
    first_below_in_order(rolling, bytes, from, until, limit)
}

/// The lowest ranks of neighbouring lanes of lengths, all at once: each hash waits for the one before it, and the
/// processor has nothing else to do meanwhile but the other lanes.
fn lowest_of_lanes(rolling: &impl Rolling, bytes: &[u8], from: usize) -> [u64; LANES] {
    let lane = |index| {
        let start = from + index * LANE;
        let entering = bytes[start - 1..].first_chunk::<LANE>();
        let leaving = bytes[start - 1 - WINDOW..].first_chunk::<LANE>();
        entering.zip(leaving).expect("the lanes end before the bytes do")
    };
    let lanes = [lane(0), lane(1), lane(2), lane(3)];
    let mut hashes = [0, 1, 2, 3].map(|index| hash_before(rolling, bytes, from + index * LANE));
    let mut lowest = [u64::MAX; LANES];
    for at in 0..LANE {
        for ((hash, lowest), (entering, leaving)) in hashes.iter_mut().zip(&mut lowest).zip(lanes) {
            *hash = rolling.roll(*hash, entering[at], leaving[at]);
            *lowest = rolling.rank(*hash).min(*lowest);
        }
    }
    lowest
}

fn first_below_in_order(
    rolling: &impl Rolling,
    bytes: &[u8],
    from: usize,
    until: usize,
    limit: u64,
) -> Option<usize> {
    if from >= until {
        return None;
    }
    let mut hash = hash_before(rolling, bytes, from);
    let pairs = bytes[from - 1..until - 1].iter().zip(&bytes[from - 1 - WINDOW..]);
    let found = pairs.map(|(entering, leaving)| {
        hash = rolling.roll(hash, *entering, *leaving);
        rolling.rank(hash)
    });
    found.enumerate().find(|(_, rank)| *rank < limit).map(|(at, _)| from + at)
}

/// The hash of the window one byte before the window of this length.
fn hash_before(rolling: &impl Rolling, bytes: &[u8], length: usize) -> u64 {
    let window = &bytes[length - 1 - WINDOW..length - 1];
    window.iter().fold(0, |hash, byte| rolling.roll(hash, *byte, 0))
}

/// The bytes that decide about a cut: restic's number, and the bits of a hash that shifts by one for each byte.
pub(super) const WINDOW: usize = 64;

/// How many hashes are computed at once: what the registers of a processor hold.
const LANES: usize = 4;

/// Long enough that beginning a hash with a window costs little, short enough that little is hashed beyond a cut.
const LANE: usize = 4 << 10;
