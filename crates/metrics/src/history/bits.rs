//! Bits, most significant first.

/// Collects bits.
#[derive(Debug)]
pub(super) struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    held: u64,
    count: u32,
}

impl<'a> BitWriter<'a> {
    pub(super) const fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, held: 0, count: 0 }
    }

    /// Appends the lowest `count` bits of a number, 32 at most.
    pub(super) fn put(&mut self, bits: u64, count: u32) {
        debug_assert!(count <= 32, "more would not fit beside what is held");
        self.held = self.held << count | (bits & ((1 << count) - 1));
        self.count += count;
        while self.count >= 8 {
            self.count -= 8;
            self.out.push((self.held >> self.count) as u8);
        }
    }

    /// Appends the lowest `count` bits of a number, 64 at most.
    pub(super) fn put_long(&mut self, bits: u64, count: u32) {
        if count > 32 {
            self.put(bits >> 32, count - 32);
        }
        self.put(bits, count.min(32));
    }

    /// Fills the last byte.
    pub(super) fn finish(mut self) {
        if self.count > 0 {
            self.put(0, 8 - self.count);
        }
    }
}

/// Gives bits back. Past the end there are zeros, and [`BitReader::finish`] tells.
#[derive(Debug)]
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    /// The next byte to load.
    at: usize,
    /// What is loaded, from the top.
    held: u64,
    /// How many of the held bits count.
    count: u32,
    used: u64,
}

impl<'a> BitReader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, held: 0, count: 0, used: 0 }
    }

    /// Loads until at least 56 bits are held.
    #[inline]
    fn fill(&mut self) {
        if let Some(word) = self.bytes.get(self.at..).and_then(<[u8]>::first_chunk::<8>) {
            self.held |= u64::from_be_bytes(*word) >> self.count;
            self.at += (63 - self.count as usize) / 8;
            // As many whole bytes as fit are there now: 56 bits to 63.
            self.count |= 0x38;
            return;
        }
        while self.count <= 56 {
            let byte = self.bytes.get(self.at).copied().unwrap_or(0);
            self.held |= u64::from(byte) << (56 - self.count);
            self.at += 1;
            self.count += 8;
        }
    }

    #[inline]
    fn drop(&mut self, count: u32) {
        self.held <<= count;
        self.count -= count;
        self.used += u64::from(count);
    }

    /// Reads a number of `count` bits, 56 at most.
    #[inline]
    pub(super) fn take(&mut self, count: u32) -> u64 {
        if count == 0 {
            return 0;
        }
        self.fill();
        let bits = self.held >> (64 - count);
        self.drop(count);
        bits
    }

    /// Reads a number of `count` bits, 64 at most.
    pub(super) fn take_long(&mut self, count: u32) -> u64 {
        let high = if count > 32 { self.take(count - 32) << 32 } else { 0 };
        high | self.take(count.min(32))
    }

    /// Reads how many ones there are before a zero, `most` at most, which is below 32, and the zero if there is one.
    /// Then reads `count` further bits, 24 at most, unless `most` was reached.
    #[inline]
    pub(super) fn take_run(&mut self, most: u32, count: u32) -> (u32, u64) {
        self.fill();
        let ones = self.held.leading_ones();
        if ones >= most {
            self.drop(most);
            return (most, 0);
        }
        self.drop(ones + 1);
        if count == 0 {
            return (ones, 0);
        }
        // 56 bits were held: at most 32 are gone, so that 24 are left.
        let bits = self.held >> (64 - count);
        self.drop(count);
        (ones, bits)
    }

    /// Returns what follows the last byte that was read from, or `None` when more was read than there was.
    pub(super) fn finish(self) -> Option<&'a [u8]> {
        let bytes = usize::try_from(self.used.div_ceil(8)).ok()?;
        self.bytes.get(bytes..)
    }
}
