//! One series over a while: when there are samples, and what they are.

use super::bytes::{Bytes, put, put_signed};
use super::{column, ints};

/// A sample, or a row that tells of several.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Row {
    /// When, or when the time of which it tells began; milliseconds.
    pub(super) at: i64,
    pub(super) count: f64,
    pub(super) min: f64,
    pub(super) max: f64,
    pub(super) sum: f64,
    pub(super) last: f64,
}

impl Row {
    /// Takes one sample for a row.
    #[inline]
    pub(super) fn sample(at: i64, value: f64) -> Self {
        let count = if value.is_nan() { 0.0 } else { 1.0 };
        Self { at, count, min: value, max: value, sum: value, last: value }
    }

    /// Adds a later row to this one. What is not a number counts for nothing, unless there is nothing else.
    pub(super) fn add(&mut self, later: &Self) {
        if later.count > 0.0 {
            if self.count > 0.0 {
                self.min = self.min.min(later.min);
                self.max = self.max.max(later.max);
                self.sum += later.sum;
                self.count += later.count;
            } else {
                (self.min, self.max, self.sum, self.count) =
                    (later.min, later.max, later.sum, later.count);
            }
            self.last = later.last;
        }
    }
}

/// When the samples of a block were taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Times {
    /// At a fixed distance from each other.
    Grid { start: i64, width: i64 },
    /// As the frame of ticks says that begins so many bytes before the block's, and is so long.
    Ticks { distance: u64, length: u64 },
}

/// Which of a block's times have a sample: runs of those that have none and those that have one, in turn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Presence(pub(super) Vec<(u32, u32)>);

impl Presence {
    /// Adds a time that has a sample, behind the runs so far, which end before `end`.
    pub(super) fn add_after(&mut self, end: u32, index: u32) {
        match self.0.last_mut() {
            Some((_, length)) if index == end => *length += 1,
            _ => self.0.push((index - end, 1)),
        }
    }

    /// Returns how many there are.
    pub(super) fn count(&self) -> usize {
        self.0.iter().map(|(_, length)| *length as usize).sum()
    }

    /// Returns the index of the first time that has a sample, and of the last.
    pub(super) fn bounds(&self) -> Option<(usize, usize)> {
        let first = self.0.first()?.0 as usize;
        let end: usize = self.0.iter().map(|(skip, length)| (skip + length) as usize).sum();
        Some((first, end - 1))
    }

    fn encode(&self, out: &mut Vec<u8>) {
        put(out, self.0.len() as u64);
        for (skip, length) in &self.0 {
            put(out, u64::from(*skip));
            put(out, u64::from(*length));
        }
    }

    fn decode(bytes: &mut Bytes<'_>) -> Option<Self> {
        let runs = bytes.count(bytes.0.len() / 2)?;
        let (mut found, mut end) = (Vec::with_capacity(runs), 0_usize);
        for _ in 0..runs {
            let (skip, length) = (bytes.count(MOST_TIMES)?, bytes.count(MOST_TIMES)?);
            end = end.checked_add(skip)?.checked_add(length).filter(|end| *end <= MOST_TIMES)?;
            found.push((u32::try_from(skip).ok()?, u32::try_from(length).ok()?));
        }
        Some(Self(found))
    }

    fn indexes(&self) -> impl Iterator<Item = usize> {
        let mut end = 0;
        self.0.iter().flat_map(move |&(skip, length)| {
            let start = end + skip as usize;
            end = start + length as usize;
            start..end
        })
    }
}

/// Appends a block of samples.
pub(super) fn encode_samples(
    series: u32,
    times: Times,
    presence: &Presence,
    values: &[f64],
    out: &mut Vec<u8>,
) {
    encode_head(series, times, presence, out);
    column::encode_into(values, out);
}

/// Appends a block of rows.
pub(super) fn encode_rows(series: u32, width: i64, rows: &[Row], out: &mut Vec<u8>) {
    let Some(first) = rows.first() else { return };
    let (mut presence, mut end) = (Presence::default(), 0);
    for row in rows {
        let index = u32::try_from((row.at - first.at) / width).unwrap_or(u32::MAX - 1);
        presence.add_after(end, index);
        end = index + 1;
    }
    encode_head(series, Times::Grid { start: first.at, width }, &presence, out);
    let mut columns: [Vec<f64>; COLUMNS] = Default::default();
    for row in rows {
        for (column, value) in
            columns.iter_mut().zip([row.count, row.last, row.min, row.max, row.sum])
        {
            column.push(value);
        }
    }
    for (index, values) in columns.iter().enumerate() {
        // A gauge that stands still has one column, a counter two.
        match columns[..index].iter().position(|earlier| same(earlier, values)) {
            Some(earlier) => out.push(SAME_AS | u8::try_from(earlier).unwrap_or(0)),
            None => column::encode_into(values, out),
        }
    }
}

fn same(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
}

fn encode_head(series: u32, times: Times, presence: &Presence, out: &mut Vec<u8>) {
    put(out, u64::from(series));
    match times {
        Times::Grid { start, width } => {
            out.push(GRID);
            put_signed(out, start);
            put_signed(out, width);
        }
        Times::Ticks { distance, length } => {
            out.push(TICKS);
            put(out, distance);
            put(out, length);
        }
    }
    presence.encode(out);
}

/// A block that is being read: its head, and what holds its columns.
#[derive(Debug)]
pub(super) struct Block<'a> {
    pub(super) series: u32,
    pub(super) times: Times,
    presence: Presence,
    columns: Bytes<'a>,
}

impl<'a> Block<'a> {
    pub(super) fn parse(payload: &'a [u8]) -> Option<Self> {
        let mut bytes = Bytes(payload);
        let series = u32::try_from(bytes.number()?).ok()?;
        let times = match bytes.byte()? {
            GRID => Times::Grid { start: bytes.signed()?, width: bytes.signed()? },
            TICKS => Times::Ticks { distance: bytes.number()?, length: bytes.number()? },
            _ => return None,
        };
        let presence = Presence::decode(&mut bytes)?;
        Some(Self { series, times, presence, columns: bytes })
    }

    /// Returns the times of its samples, given the ticks if it asks for some.
    pub(super) fn times<'b>(&'b self, ticks: &'b [i64]) -> impl Iterator<Item = Option<i64>> + 'b {
        self.presence.indexes().map(move |index| match self.times {
            Times::Grid { start, width } => {
                i64::try_from(index).ok()?.checked_mul(width)?.checked_add(start)
            }
            Times::Ticks { .. } => ticks.get(index).copied(),
        })
    }

    /// Gives every sample to `take`, in order. `None` when the block is damaged.
    pub(super) fn samples(
        mut self,
        ticks: &[i64],
        values: &mut Vec<f64>,
        mut take: impl FnMut(i64, f64),
    ) -> Option<()> {
        values.clear();
        column::decode_into(&mut self.columns, self.presence.count(), values)?;
        for (at, value) in self.times(ticks).zip(values) {
            take(at?, *value);
        }
        Some(())
    }

    /// Gives every row to `take`, in order. `None` when the block is damaged.
    pub(super) fn rows(mut self, mut take: impl FnMut(Row)) -> Option<()> {
        let count = self.presence.count();
        let mut columns: [Vec<f64>; COLUMNS] = Default::default();
        for index in 0..COLUMNS {
            match self.columns.0.first() {
                Some(first) if first & SAME_AS != 0 => {
                    let earlier = usize::from(first & !SAME_AS);
                    let earlier = columns[..index].get(earlier)?.clone();
                    columns[index] = earlier;
                    self.columns.byte()?;
                }
                _ => column::decode_into(&mut self.columns, count, &mut columns[index])?,
            }
        }
        let [counts, lasts, mins, maxs, sums] = &columns;
        for (index, at) in self.times(&[]).enumerate() {
            take(Row {
                at: at?,
                count: *counts.get(index)?,
                last: *lasts.get(index)?,
                min: *mins.get(index)?,
                max: *maxs.get(index)?,
                sum: *sums.get(index)?,
            });
        }
        Some(())
    }
}

/// Appends the times that blocks share.
pub(super) fn encode_ticks(ticks: &[i64], out: &mut Vec<u8>) {
    put(out, ticks.len() as u64);
    ints::encode(ticks, out);
}

/// Reads the times that blocks share.
pub(super) fn decode_ticks(payload: &[u8]) -> Option<Vec<i64>> {
    let mut bytes = Bytes(payload);
    let count = bytes.count(MOST_TIMES)?;
    let mut ticks = Vec::with_capacity(count);
    ints::decode(&mut bytes, count, |tick| ticks.push(tick))?;
    Some(ticks)
}

/// Returns the distance of times that all have the same.
pub(super) fn regular(ticks: &[i64]) -> Option<i64> {
    let width = ticks.get(1).zip(ticks.first()).map_or(1, |(second, first)| second - first);
    ticks.windows(2).all(|pair| pair[1] - pair[0] == width).then_some(width)
}

const GRID: u8 = 0;
const TICKS: u8 = 1;
const COLUMNS: usize = 5;
/// In place of a column: it is the same as an earlier one.
const SAME_AS: u8 = 0x80;
/// More than a sample a tenth of a second in a window: a bound for what a damaged number may allocate.
pub(super) const MOST_TIMES: usize = 1 << 17;
