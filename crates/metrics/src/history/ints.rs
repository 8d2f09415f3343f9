//! Whole numbers: what is left of each after its neighbour and a common base are taken away, in as many bits as it needs.
//!
//! Numbers are taken 64 at a time. Each such part chooses whether to look at them or at their differences, takes their
//! median away, and writes the rest as Rice codes: the lowest `k` bits as they are, what is above as a row of ones.

use super::bits::{BitReader, BitWriter};
use super::bytes::{Bytes, put, put_signed, unzigzag, zigzag};

/// Appends numbers. Their count is not written: whoever reads knows it.
pub(super) fn encode(numbers: &[i64], out: &mut Vec<u8>) {
    let Some((&first, rest)) = numbers.split_first() else { return };
    let divisor = numbers
        .windows(2)
        .fold(
            0,
            |divisor, pair| if divisor == 1 { 1 } else { gcd(divisor, pair[0].abs_diff(pair[1])) },
        )
        .max(1);
    put_signed(out, first);
    put(out, divisor);
    let mut writer = BitWriter::new(out);
    let mut before = 0;
    for part in rest.chunks(PART) {
        let mut plain = [0; PART];
        for (to, number) in plain.iter_mut().zip(part) {
            *to = quotient(number.wrapping_sub(first), divisor);
        }
        let plain = &plain[..part.len()];
        encode_part(plain, before, &mut writer);
        before = plain[plain.len() - 1];
    }
    writer.finish();
}

/// Reads `count` numbers and gives each to `take`, in order.
pub(super) fn decode(bytes: &mut Bytes<'_>, count: usize, mut take: impl FnMut(i64)) -> Option<()> {
    if count == 0 {
        return Some(());
    }
    let first = bytes.signed()?;
    let divisor = bytes.number()?.cast_signed();
    take(first);
    let mut reader = BitReader::new(bytes.0);
    let (mut left, mut before) = (count - 1, 0_i64);
    while left > 0 {
        let part = left.min(PART);
        left -= part;
        let head = reader.take(8);
        let (differences, small) = (head & 0x80 != 0, (head & 0x3f) as u32);
        let base = if head & 0x40 == 0 { 0 } else { take_base(&mut reader) };
        for _ in 0..part {
            let rest = if small == ALL_ZERO { 0 } else { take_rice(&mut reader, small) };
            let start = if differences { before } else { 0 };
            before = start.wrapping_add(base).wrapping_add(rest);
            take(first.wrapping_add(before.wrapping_mul(divisor)));
        }
    }
    bytes.0 = reader.finish()?;
    Some(())
}

fn encode_part(numbers: &[i64], before: i64, writer: &mut BitWriter<'_>) {
    let mut differences = [0; PART];
    let mut last = before;
    for (to, &number) in differences.iter_mut().zip(numbers) {
        *to = number.wrapping_sub(last);
        last = number;
    }
    let differences = &differences[..numbers.len()];
    let (absolute, relative) = (Plan::new(numbers), Plan::new(differences));
    let is_relative = relative.cost <= absolute.cost;
    let (plan, chosen) = if is_relative { (relative, differences) } else { (absolute, numbers) };
    let head = u64::from(is_relative) << 7 | u64::from(plan.base != 0) << 6 | u64::from(plan.small);
    writer.put(head, 8);
    if plan.base != 0 {
        let base = zigzag(plan.base);
        let length = 64 - base.leading_zeros();
        writer.put(u64::from(length - 1), 6);
        writer.put_long(base, length);
    }
    if plan.small == ALL_ZERO {
        return;
    }
    for number in chosen {
        let rest = zigzag(number.wrapping_sub(plan.base));
        let ones = rest >> plan.small;
        if ones >= MOST_ONES {
            writer.put((1 << MOST_ONES) - 1, MOST_ONES as u32);
            writer.put_long(rest, 64);
        } else {
            writer.put(((1 << ones) - 1) << 1, ones as u32 + 1);
            writer.put_long(rest, plan.small);
        }
    }
}

/// How a part is written.
#[derive(Debug)]
struct Plan {
    base: i64,
    /// How many low bits of each number are written as they are, or [`ALL_ZERO`].
    small: u32,
    /// In bits.
    cost: u64,
}

impl Plan {
    fn new(numbers: &[i64]) -> Self {
        let mut sorted = [0; PART];
        let sorted = &mut sorted[..numbers.len()];
        sorted.copy_from_slice(numbers);
        let middle = numbers.len() / 2;
        let base = *sorted.select_nth_unstable(middle).1;
        let with_base = Self::around(base, numbers);
        // A base costs bits itself, which numbers around zero do not repay.
        let without = Self::around(0, numbers);
        if without.cost <= with_base.cost { without } else { with_base }
    }

    fn around(base: i64, numbers: &[i64]) -> Self {
        let mut rests = [0; PART];
        let rests = &mut rests[..numbers.len()];
        let mut sum = 0_u64;
        for (to, number) in rests.iter_mut().zip(numbers) {
            *to = zigzag(number.wrapping_sub(base));
            sum = sum.saturating_add(*to);
        }
        let head = 8 + if base == 0 { 0 } else { 6 + 64 - u64::from(zigzag(base).leading_zeros()) };
        if sum == 0 {
            return Self { base, small: ALL_ZERO, cost: head };
        }
        // The best is near the logarithm of the mean; an outlier pulls it up by some bits at most.
        let near = (sum / numbers.len() as u64 + 1).ilog2();
        let (cost, small) = (near.saturating_sub(4)..=near.saturating_add(1))
            .map(|small| small.min(MOST_SMALL))
            .map(|small| (rests.iter().map(|rest| cost(*rest, small)).sum::<u64>(), small))
            .min()
            .unwrap_or((u64::MAX - head, 0));
        Self { base, small, cost: cost + head }
    }
}

fn cost(rest: u64, small: u32) -> u64 {
    let ones = rest >> small;
    if ones >= MOST_ONES { MOST_ONES + 64 } else { ones + 1 + u64::from(small) }
}

fn take_base(reader: &mut BitReader<'_>) -> i64 {
    let length = reader.take(6) as u32 + 1;
    unzigzag(reader.take_long(length))
}

#[inline]
fn take_rice(reader: &mut BitReader<'_>, small: u32) -> i64 {
    let together = small.min(24);
    let (ones, bits) = reader.take_run(MOST_ONES as u32, if small > 24 { 0 } else { together });
    if u64::from(ones) == MOST_ONES {
        return unzigzag(reader.take_long(64));
    }
    let low = if small > 24 { reader.take_long(small) } else { bits };
    unzigzag(u64::from(ones) << small | low)
}

/// The exact quotient of a number, which may be any, by a divisor of it.
const fn quotient(number: i64, divisor: u64) -> i64 {
    let magnitude = (number.unsigned_abs() / divisor).cast_signed();
    if number < 0 { magnitude.wrapping_neg() } else { magnitude }
}

const fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Numbers that share a head of a byte: longer parts adapt too slowly, shorter ones pay too many heads.
const PART: usize = 64;
/// The value of `small` that says that nothing is left of any number.
const ALL_ZERO: u32 = 63;
/// What remains of 56 bits after the row of ones.
const MOST_SMALL: u32 = 56;
/// From here on a number is written whole, after as many ones.
const MOST_ONES: u64 = 24;
