//! Values as they come: what differs from the value before, in whole bytes. It can be appended to at any time.
//!
//! A byte below 64 says how often the value stays, one below 128 how often there is none, and one above which bytes
//! of the value's bits change; those follow.

/// What a value is, given the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    /// The one before.
    Same,
    /// There is none.
    Absent,
    /// The one before with these bits changed.
    Change(u64),
}

/// Where the run that the last byte tells of may still grow.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OpenRun(bool);

/// Appends what a value is.
pub(super) fn push(out: &mut Vec<u8>, run: &mut OpenRun, op: Op) {
    let first = match op {
        Op::Same => 0,
        Op::Absent => ABSENT,
        Op::Change(0) => return push(out, run, Op::Same),
        Op::Change(bits) => {
            run.0 = false;
            let low = bits.trailing_zeros() / 8;
            let bytes = bits.to_le_bytes();
            let high = 8 - bits.leading_zeros() / 8;
            out.push(CHANGE | (low << 3) as u8 | (high - low - 1) as u8);
            out.extend_from_slice(&bytes[low as usize..high as usize]);
            return;
        }
    };
    if let Some(last) = out.last_mut().filter(|_| run.0)
        && *last & 0xc0 == first
        && *last & 0x3f < 0x3f
    {
        *last += 1;
        return;
    }
    out.push(first);
    run.0 = true;
}

/// Reads what was pushed.
#[derive(Debug)]
pub(super) struct Ops<'a> {
    bytes: &'a [u8],
    run: u8,
    of_run: Op,
}

impl<'a> Ops<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, run: 0, of_run: Op::Same }
    }

    /// Returns what was not read.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.bytes
    }
}

impl Iterator for Ops<'_> {
    type Item = Op;

    #[inline]
    fn next(&mut self) -> Option<Op> {
        if self.run > 0 {
            self.run -= 1;
            return Some(self.of_run);
        }
        let (&first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        if first & CHANGE == 0 {
            self.of_run = if first & ABSENT == 0 { Op::Same } else { Op::Absent };
            self.run = first & 0x3f;
            return Some(self.of_run);
        }
        let (low, length) = (usize::from(first >> 3 & 7), usize::from(first & 7) + 1);
        let (changed, rest) = rest.split_at_checked(length)?;
        self.bytes = rest;
        let mut bytes = [0; 8];
        bytes.get_mut(low..low + length)?.copy_from_slice(changed);
        Some(Op::Change(u64::from_le_bytes(bytes)))
    }
}

const ABSENT: u8 = 0x40;
const CHANGE: u8 = 0x80;
