//! A column of values: one that stays, decimals as whole numbers, or whatever bits they are.
//!
//! Most of what is measured was a whole number or had a few decimals when it was written down, and comes back bit by bit
//! when the whole number is divided again. What does not, NaN with its bits among it, is kept as it is.

use super::bytes::{Bytes, put, put_signed};
use super::ints;
use super::xor::{self, Op, OpenRun, Ops};

/// Encodes values; every bit of each comes back.
#[must_use]
pub fn encode(values: &[f64]) -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, values.len() as u64);
    encode_into(values, &mut out);
    out
}

/// Decodes what [`encode`] made, or tells with `None` that it did not make this.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<Vec<f64>> {
    let mut bytes = Bytes(bytes);
    let count = bytes.count(MOST_VALUES)?;
    let mut values = Vec::new();
    decode_into(&mut bytes, count, &mut values)?;
    bytes.0.is_empty().then_some(values)
}

/// Appends values, whose count whoever reads must know.
pub(super) fn encode_into(values: &[f64], out: &mut Vec<u8>) {
    let Some(first) = values.first() else { return };
    if values.iter().all(|value| value.to_bits() == first.to_bits()) {
        if let Some(number) = whole(*first, 1.0) {
            out.push(CONSTANT_WHOLE);
            put_signed(out, number);
        } else {
            out.push(CONSTANT);
            out.extend_from_slice(&first.to_bits().to_le_bytes());
        }
        return;
    }
    match Decimals::of(values) {
        Some(decimals) => decimals.encode(values, out),
        None => encode_bits(values, out),
    }
}

/// Appends `count` values to `out`.
pub(super) fn decode_into(bytes: &mut Bytes<'_>, count: usize, out: &mut Vec<f64>) -> Option<()> {
    if count == 0 {
        return Some(());
    }
    match bytes.byte()? {
        CONSTANT_WHOLE => {
            let value = bytes.signed()? as f64;
            out.resize(out.len() + count, value);
        }
        CONSTANT => {
            let value = f64::from_bits(bytes.word()?);
            out.resize(out.len() + count, value);
        }
        DECIMALS => decode_decimals(bytes, count, out)?,
        BITS => decode_bits(bytes, count, out)?,
        _ => return None,
    }
    Some(())
}

/// How values become whole numbers.
#[derive(Debug)]
struct Decimals {
    places: u8,
}

impl Decimals {
    /// Finds with how many decimal places nearly all values are whole numbers.
    fn of(values: &[f64]) -> Option<Self> {
        let most_others = values.len() / 8 + 1;
        let (mut places, mut others) = (0, 0);
        for value in values {
            match (places..POWERS.len()).find(|&more| whole(*value, POWERS[more]).is_some()) {
                Some(enough) => places = enough,
                None => others += 1,
            }
            if others > most_others {
                return None;
            }
        }
        // More places leave less room: what was whole with few may be too large with many.
        let others = values.iter().filter(|value| whole(**value, POWERS[places]).is_none()).count();
        (others <= most_others && others < values.len()).then_some(Self { places: places as u8 })
    }

    fn encode(&self, values: &[f64], out: &mut Vec<u8>) {
        let power = POWERS[usize::from(self.places)];
        let mut numbers = Vec::with_capacity(values.len());
        let mut others = Vec::new();
        // What is no whole number stands as the one before it, the first as the next that is.
        let mut last = values.iter().find_map(|value| whole(*value, power)).unwrap_or(0);
        for (at, value) in values.iter().enumerate() {
            match whole(*value, power) {
                Some(number) => last = number,
                None => others.push((at, value.to_bits())),
            }
            numbers.push(last);
        }
        out.push(DECIMALS);
        out.push(self.places);
        put(out, others.len() as u64);
        for (at, bits) in others {
            put(out, at as u64);
            out.extend_from_slice(&bits.to_le_bytes());
        }
        ints::encode(&numbers, out);
    }
}

fn decode_decimals(bytes: &mut Bytes<'_>, count: usize, out: &mut Vec<f64>) -> Option<()> {
    let power = *POWERS.get(usize::from(bytes.byte()?))?;
    let others = bytes.count(count)?;
    let mut listed = *bytes;
    for _ in 0..others {
        bytes.number()?;
        bytes.word()?;
    }
    let start = out.len();
    out.reserve(count);
    if power == 1.0 {
        ints::decode(bytes, count, |number| out.push(number as f64))?;
    } else {
        ints::decode(bytes, count, |number| out.push(number as f64 / power))?;
    }
    for _ in 0..others {
        let at = usize::try_from(listed.number()?).ok()?;
        let bits = listed.word()?;
        *out.get_mut(start..)?.get_mut(at)? = f64::from_bits(bits);
    }
    Some(())
}

fn encode_bits(values: &[f64], out: &mut Vec<u8>) {
    out.push(BITS);
    let (mut before, mut run) = (0, OpenRun::default());
    let mut ops = Vec::with_capacity(values.len() * 8);
    for value in values {
        xor::push(&mut ops, &mut run, Op::Change(value.to_bits() ^ before));
        before = value.to_bits();
    }
    out.extend_from_slice(&ops);
}

fn decode_bits(bytes: &mut Bytes<'_>, count: usize, out: &mut Vec<f64>) -> Option<()> {
    let mut ops = Ops::new(bytes.0);
    let mut before = 0;
    for _ in 0..count {
        match ops.next()? {
            Op::Same => {}
            Op::Change(bits) => before ^= bits,
            Op::Absent => return None,
        }
        out.push(f64::from_bits(before));
    }
    bytes.0 = ops.rest();
    Some(())
}

/// Takes the rounding away that adding decimals left in a sum, given some of what was added.
pub(super) fn sum_of_decimals(sum: f64, some: [f64; 3]) -> f64 {
    let mut places = 0;
    for value in some {
        match (places..=MOST_SUMMED).find(|&more| whole(value, POWERS[more]).is_some()) {
            Some(enough) => places = enough,
            None => return sum,
        }
    }
    let scaled = (sum * POWERS[places]).round();
    if scaled.abs() < EXACT { scaled / POWERS[places] } else { sum }
}

/// Returns the whole number that gives exactly this value when it is divided by the power.
#[inline]
fn whole(value: f64, power: f64) -> Option<i64> {
    let scaled = value * power;
    if scaled.is_nan() || scaled.abs() >= EXACT {
        return None;
    }
    let number = (scaled + 0.5_f64.copysign(scaled)) as i64;
    (number as f64 / power).to_bits().eq(&value.to_bits()).then_some(number)
}

/// The powers of ten by which values are multiplied; beyond nanoseconds there are no decimals, only rounding.
const POWERS: [f64; 13] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12];
/// More places than that of a sum are rounding.
const MOST_SUMMED: usize = 9;
/// Up to here a float tells whole numbers apart.
const EXACT: f64 = 9_007_199_254_740_992.0;
/// Eight MiB: a bound for what a damaged count may allocate.
const MOST_VALUES: usize = 1 << 20;

const CONSTANT_WHOLE: u8 = 0;
const CONSTANT: u8 = 1;
const DECIMALS: u8 = 2;
const BITS: u8 = 3;
