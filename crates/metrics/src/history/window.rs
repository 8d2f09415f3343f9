//! The samples that are not written as blocks yet, each series compressed as it comes.

use std::collections::HashMap;
use std::sync::Arc;

use super::block::Presence;
use super::bytes::{Bytes, put, put_signed};
use super::xor::{self, Op, OpenRun, Ops};

/// The window that is open.
#[derive(Debug, Default)]
pub(super) struct Window {
    pub(super) ticks: Vec<i64>,
    pub(super) columns: Vec<Column>,
    by_key: HashMap<Arc<str>, u32>,
    bytes: usize,
}

/// A series in the window.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) key: Arc<str>,
    /// The tick that its first operation is about.
    first: u32,
    /// How many operations there are.
    length: u32,
    last: u64,
    run: OpenRun,
    ops: Vec<u8>,
}

impl Window {
    /// Tells whether a place is that of a series.
    pub(super) fn is(&self, place: u32, key: &str) -> bool {
        self.columns.get(place as usize).is_some_and(|column| &*column.key == key)
    }

    /// Returns the place of a series, which is made if there is none and room for one.
    pub(super) fn place(&mut self, key: &str, most: usize) -> Option<u32> {
        if let Some(place) = self.by_key.get(key) {
            return Some(*place);
        }
        if self.columns.len() >= most || key.len() > LONGEST_KEY {
            return None;
        }
        let place = u32::try_from(self.columns.len()).ok()?;
        let key: Arc<str> = key.into();
        self.bytes += key.len() + COLUMN_BYTES;
        self.by_key.insert(Arc::clone(&key), place);
        let first = u32::try_from(self.ticks.len()).ok()?;
        self.columns.push(Column {
            key,
            first,
            length: 0,
            last: 0,
            run: OpenRun::default(),
            ops: Vec::new(),
        });
        Some(place)
    }

    /// Tells what a value is beside the series' last one.
    pub(super) fn op(&self, place: u32, value: f64) -> Op {
        let last = self.columns.get(place as usize).map_or(0, |column| column.last);
        Op::Change(value.to_bits() ^ last)
    }

    /// Begins a moment; the operations that follow are about it.
    pub(super) fn tick(&mut self, at: i64) {
        self.ticks.push(at);
        self.bytes += 8;
    }

    /// Adds what a series was at the moment that began last.
    pub(super) fn push(&mut self, place: u32, op: Op) {
        let Ok(now) = u32::try_from(self.ticks.len().saturating_sub(1)) else { return };
        let Some(column) = self.columns.get_mut(place as usize) else { return };
        let before = column.ops.capacity();
        while column.first + column.length < now {
            column.push(Op::Absent);
        }
        if column.first + column.length == now {
            column.push(op);
        }
        self.bytes += column.ops.capacity() - before;
    }

    /// How many bytes of memory it takes, about.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns the column of a series.
    pub(super) fn column(&self, key: &str) -> Option<&Column> {
        self.columns.get(*self.by_key.get(key)? as usize)
    }

    /// Appends all of it, for the journal.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        put(out, self.ticks.len() as u64);
        for tick in &self.ticks {
            put_signed(out, *tick);
        }
        put(out, self.columns.len() as u64);
        for column in &self.columns {
            put(out, column.key.len() as u64);
            out.extend_from_slice(column.key.as_bytes());
            put(out, u64::from(column.first));
            put(out, u64::from(column.length));
            put(out, column.ops.len() as u64);
            out.extend_from_slice(&column.ops);
        }
    }

    /// Reads what [`Window::encode`] made.
    pub(super) fn decode(payload: &[u8]) -> Option<Self> {
        let mut bytes = Bytes(payload);
        let mut window = Self::default();
        for _ in 0..bytes.count(payload.len())? {
            window.tick(bytes.signed()?);
        }
        for _ in 0..bytes.count(payload.len())? {
            let length = bytes.count(payload.len())?;
            let key = std::str::from_utf8(bytes.take(length)?).ok()?;
            let place = window.place(key, usize::MAX)?;
            let first = u32::try_from(bytes.count(window.ticks.len())?).ok()?;
            let length = u32::try_from(bytes.count(window.ticks.len())?).ok()?;
            let ops_length = bytes.count(payload.len())?;
            let mut ops = Ops::new(bytes.take(ops_length)?);
            window.columns[place as usize].first = first;
            for _ in 0..length {
                window.columns[place as usize].push(ops.next()?);
            }
        }
        window.bytes += window.columns.iter().map(|column| column.ops.capacity()).sum::<usize>();
        Some(window)
    }
}

impl Column {
    fn push(&mut self, op: Op) {
        if let Op::Change(bits) = op {
            self.last ^= bits;
        }
        // Growing by a quarter wastes less than doubling, over thousands of series.
        if self.ops.capacity() - self.ops.len() < LONGEST_OP {
            self.ops.reserve_exact((self.ops.len() / 4).max(2 * LONGEST_OP));
        }
        xor::push(&mut self.ops, &mut self.run, op);
        self.length += 1;
    }

    /// Gives the index of every tick with a sample, and the sample.
    pub(super) fn samples(&self) -> impl Iterator<Item = (u32, f64)> {
        let mut last = 0;
        (self.first..).zip(Ops::new(&self.ops)).filter_map(move |(index, op)| {
            match op {
                Op::Absent => return None,
                Op::Same => {}
                Op::Change(bits) => last ^= bits,
            }
            Some((index, f64::from_bits(last)))
        })
    }

    /// Replaces `values` by its samples and returns which ticks have them.
    pub(super) fn collect(&self, values: &mut Vec<f64>) -> Presence {
        values.clear();
        let (mut presence, mut end) = (Presence::default(), 0);
        for (index, value) in self.samples() {
            presence.add_after(end, index);
            end = index + 1;
            values.push(value);
        }
        presence
    }
}

/// A column without its operations: itself, its entry in the map, and the allocations.
const COLUMN_BYTES: usize = 160;
/// A bound on what one series' name may take, in memory and in every segment.
const LONGEST_KEY: usize = 4096;
/// A byte that says which bytes change, and eight of them.
const LONGEST_OP: usize = 9;
