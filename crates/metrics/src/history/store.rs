//! Takes samples in and writes them as blocks.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, RwLock};

use wardkit_core::Timestamp;

use super::block::{self, Times};
use super::derive::Derive;
use super::journal::Journal;
use super::query::millis;
use super::reader::{Reader, Shared};
use super::recovery::{self, Recovery};
use super::retention::Retention;
use super::segment::{Segment, Written};
use super::stats::{Counts, add};
use super::window::Window;
use super::xor::Op;
use super::{Config, Error, Index, IndexError, SegmentState, Tier};
use crate::Samples;

/// The history of many series. It has one owner, who appends; [`History::reader`] answers beside it.
#[derive(Debug)]
pub struct History {
    pub(super) shared: Arc<Shared>,
    pub(super) config: Config,
    pub(super) segments: Segments,
    pub(super) derive: Derive,
    pub(super) retention: Retention,
    journal: Option<Journal>,
    next_journal: u32,
    next_series: u32,
    /// The time of the samples taken in last.
    last: Option<i64>,
    synced: i64,
    /// When it was tried last to write what could not be written.
    tried: Option<i64>,
    /// What does not work since an error told of it.
    failing: [bool; PARTS],
    row: Vec<Op>,
    /// Where the series of the samples before were, in their order: they nearly always come in the same.
    places: Vec<u32>,
}

/// The segments, and which are written.
#[derive(Debug, Default)]
pub(super) struct Segments {
    pub(super) known: HashMap<u32, SegmentState>,
    pub(super) active: [Option<Segment>; 3],
    pub(super) next: u32,
    /// What the index could not be told yet.
    pub(super) untold: Vec<Written>,
    /// It could not be told for so long that only the next start makes it whole.
    behind: bool,
}

/// What fails and works again apart from the rest.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    Journal,
    Blocks,
    Index,
    Rows,
    Retention,
}

impl History {
    /// Opens the history in a directory, and makes one if there is none. Whoever opens it has it alone: the lock is the
    /// caller's.
    ///
    /// # Errors
    ///
    /// When the configuration is out of bounds, or the directory or the index cannot be read or written.
    pub fn open(
        dir: &Path,
        config: Config,
        index: impl Index + 'static,
    ) -> Result<(Self, Recovery), Error> {
        if let Some(violation) = config.violations().into_iter().next() {
            return Err(Error::Config { key: violation.path, reason: violation.reason });
        }
        let recovered = recovery::recover(dir, &index)?;
        let next_series = index.largest_number()?.map_or(0, |number| number.saturating_add(1));
        let shared = Arc::new(Shared {
            dir: dir.to_owned(),
            index: Box::new(index),
            window: RwLock::new(recovered.window),
            counts: Counts::default(),
        });
        let last = shared.window().ticks.last().copied();
        let mut history = Self {
            retention: Retention::new(recovered.reference),
            derive: Derive::new(&recovered.segments.values()),
            segments: Segments::new(recovered.segments),
            next_journal: recovered.journal.number.saturating_add(1),
            journal: Some(recovered.journal),
            next_series,
            last,
            synced: last.unwrap_or(i64::MIN),
            tried: None,
            failing: [false; PARTS],
            row: Vec::new(),
            places: Vec::new(),
            config,
            shared,
        };
        history.count_disk();
        Ok((history, recovered.report))
    }

    /// Takes in the samples of a moment. Called once an interval from a thread that may block: when a window of two hours
    /// is over it writes that window's blocks.
    ///
    /// # Errors
    ///
    /// When something began to fail with this call: an event is due. While it keeps failing there is no further error;
    /// samples are taken in, kept in memory, and counted in [`Stats`](super::Stats).
    pub fn append(&mut self, at: Timestamp, samples: &Samples) -> Result<(), Error> {
        let at = millis(at);
        if let Some(last) = self.last
            && at <= last
            && last.abs_diff(at) <= WINDOW.unsigned_abs()
        {
            add(&self.shared.counts.refused, samples.len() as u64);
            return Ok(());
        }
        let mut outcome = Ok(());
        if self.is_over(at) && self.may_try(at) {
            outcome = self.seal(at);
        }
        // After a leap back only a window of its own keeps the times of each in order.
        if self.last.is_some_and(|last| at < last) && !self.shared.window().ticks.is_empty() {
            self.give_up();
        }
        self.last = Some(at);
        let fresh = self.assign(samples);
        let journalled = self.write_journal(at, fresh);
        self.take(at);
        let housekept = self.keep_house(at);
        outcome.and(journalled).and(housekept)
    }

    /// Makes what was taken in last, and tells the index what it could not be told before: for an orderly end.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn sync(&mut self) -> Result<(), Error> {
        self.tell_index()?;
        self.journal.as_mut().map_or(Ok(()), Journal::sync)
    }

    /// Returns what answers questions, from any thread.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader(Arc::clone(&self.shared))
    }

    /// Fills the row with what each series is now, and returns from which place on series are new.
    fn assign(&mut self, samples: &Samples) -> usize {
        let mut window = self.shared.window.write().unwrap_or_else(PoisonError::into_inner);
        let fresh = window.columns.len();
        self.row.clear();
        self.row.resize(fresh, Op::Absent);
        let (mut overflow, mut position) = (0, 0);
        let most = self.config.max_series as usize;
        for sample in samples.families().flat_map(|family| family.samples()) {
            let hint = self.places.get(position).copied();
            let hint = hint.filter(|place| window.is(*place, sample.series));
            let place = hint.or_else(|| window.place(sample.series, most));
            let Some(place) = place else {
                overflow += 1;
                continue;
            };
            if hint.is_none() {
                self.places.truncate(position);
                self.places.push(place);
            }
            position += 1;
            if place as usize >= self.row.len() {
                self.row.push(Op::Absent);
            }
            // A series that comes twice counts once.
            if self.row[place as usize] == Op::Absent {
                self.row[place as usize] = window.op(place, sample.value);
            }
        }
        add(&self.shared.counts.overflow, overflow);
        fresh
    }

    fn write_journal(&mut self, at: i64, fresh: usize) -> Result<(), Error> {
        let Some(mut journal) = self.journal.take() else { return Ok(()) };
        let outcome = {
            let window = self.shared.window();
            let fresh: Vec<&str> = window.columns[fresh..].iter().map(|one| &*one.key).collect();
            journal.append(at, &fresh, &self.row)
        };
        // Without this moment the next ones mean nothing: it is written anew when there is room.
        if outcome.is_ok() {
            self.journal = Some(journal);
        }
        self.note(Part::Journal, outcome, at)
    }

    /// Adds the row to the window.
    fn take(&mut self, at: i64) {
        let mut window = self.shared.window.write().unwrap_or_else(PoisonError::into_inner);
        window.tick(at);
        let mut taken = 0;
        for (place, op) in (0..).zip(&self.row) {
            if *op != Op::Absent {
                window.push(place, *op);
                taken += 1;
            }
        }
        add(&self.shared.counts.samples, taken);
    }

    fn keep_house(&mut self, at: i64) -> Result<(), Error> {
        let mut outcome = Ok(());
        if self.journal.is_none() && self.may_try(at) {
            let shared = Arc::clone(&self.shared);
            outcome = self.renew_journal(&shared.window(), at);
        }
        if at.abs_diff(self.synced) >= u64::from(self.config.sync_seconds) * 1000 {
            self.synced = at;
            if let Some(mut journal) = self.journal.take() {
                let synced = journal.sync();
                // One that cannot be synced is written anew, as one that cannot be appended to.
                self.journal = synced.is_ok().then_some(journal);
                outcome = outcome.and(self.note(Part::Journal, synced, at));
            }
        }
        if !self.segments.is_told() && self.may_try(at) {
            let told = self.tell_index();
            outcome = outcome.and(self.note(Part::Index, told, at));
        }
        if self.segments.untold.is_empty()
            && (!self.failing[Part::Rows as usize] || self.may_try(at))
        {
            let derived = self.derive_some(at);
            outcome = outcome.and(self.note(Part::Rows, derived, at));
        }
        // Moments of very many series are not the disk's fault.
        if self.is_too_large() && self.may_try(at) {
            outcome = outcome.and(self.seal(at));
        }
        if self.is_too_large() {
            self.give_up();
        }
        outcome
    }

    fn is_too_large(&self) -> bool {
        self.shared.window().bytes() > 2 * self.open_bytes()
    }

    /// Tells whether what is in memory is due to become blocks.
    fn is_over(&self, at: i64) -> bool {
        let window = self.shared.window();
        let Some(first) = window.ticks.first() else { return false };
        first.div_euclid(WINDOW) != at.div_euclid(WINDOW)
            || window.bytes() > self.open_bytes()
            || window.ticks.len() >= block::MOST_TIMES
    }

    const fn open_bytes(&self) -> usize {
        (self.config.open_mib as usize) << 20
    }

    /// Writes the window's blocks and begins another.
    fn seal(&mut self, at: i64) -> Result<(), Error> {
        let sealed = self.write_blocks();
        let failed = sealed.is_err();
        let mut outcome = self.note(Part::Blocks, sealed, at);
        if failed {
            return outcome;
        }
        outcome = outcome.and(self.renew_journal(&Window::default(), at));
        let told = self.tell_index();
        outcome = outcome.and(self.note(Part::Index, told, at));
        // Until the index knew the blocks, the window answered for them.
        self.clear_window();
        let expired = self.expire(at);
        outcome = outcome.and(self.note(Part::Retention, expired, at));
        self.count_disk();
        outcome
    }

    fn write_blocks(&mut self) -> Result<(), Error> {
        let shared = Arc::clone(&self.shared);
        let window = shared.window();
        let (Some(&first), Some(&last)) = (window.ticks.first(), window.ticks.last()) else {
            return Ok(());
        };
        let mut next = self.next_series;
        let keys: Vec<&Arc<str>> = window.columns.iter().map(|column| &column.key).collect();
        let names = self.segments.number(&keys, &*shared.index, &mut next)?;
        let journal = self.journal.as_ref().map_or(0, |journal| journal.number);
        let reference = self.retention.reference_at(last);
        let keep = self.config.keep(Tier::Raw);
        let segment =
            self.segments.writable(&shared.dir, Tier::Raw, (first, last), keep, reference)?;
        let mut batch = segment.batch(journal);
        let numbers: Vec<u32> = names.iter().map(|(number, _)| *number).collect();
        batch.names(names)?;
        let grid = block::regular(&window.ticks);
        if grid.is_none() {
            batch.ticks(&window.ticks)?;
        }
        let mut values = Vec::new();
        for (series, column) in numbers.into_iter().zip(&window.columns) {
            let presence = column.collect(&mut values);
            let Some((start, end)) = presence.bounds() else { continue };
            let (Some(&start), Some(&end)) = (window.ticks.get(start), window.ticks.get(end))
            else {
                continue;
            };
            batch.block(series, (start, end), |out, times| {
                let regular = grid.map(|width| Times::Grid { start: first, width });
                let Some(times) = regular.or(times) else { return };
                block::encode_samples(series, times, &presence, &values, out);
            })?;
        }
        let written = batch.finish()?;
        self.next_series = next;
        self.segments.wrote(written);
        Ok(())
    }

    /// Begins a journal with what a window holds, and removes the one before.
    fn renew_journal(&mut self, window: &Window, at: i64) -> Result<(), Error> {
        self.journal = None;
        let made = Journal::create(&self.shared.dir, self.next_journal, window);
        let outcome = made.and_then(|journal| {
            let old = journal.number.saturating_sub(1);
            self.next_journal = journal.number.saturating_add(1);
            self.journal = Some(journal);
            recovery::remove_journals(&self.shared.dir, old)
        });
        self.note(Part::Journal, outcome, at)
    }

    fn clear_window(&mut self) -> Window {
        self.places.clear();
        let mut window = self.shared.window.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *window)
    }

    /// Tells the index of blocks that were written.
    pub(super) fn tell_index(&mut self) -> Result<(), Error> {
        if self.segments.behind {
            let reason = "it was down for too long: the next start makes it whole";
            return Err(IndexError::new(reason).into());
        }
        while let Some(written) = self.segments.untold.first() {
            written.commit(&*self.shared.index)?;
            self.segments.untold.remove(0);
        }
        Ok(())
    }

    /// Lets the window go when it can neither be written nor kept.
    fn give_up(&mut self) {
        let window = self.clear_window();
        let lost = window.columns.iter().map(|column| column.samples().count() as u64).sum();
        add(&self.shared.counts.lost, lost);
        // Its journal would bring it back beside what comes now.
        self.journal = None;
    }

    /// What does not work is tried again once a minute: each attempt costs time and writes.
    fn may_try(&mut self, at: i64) -> bool {
        let may = self.tried.is_none_or(|tried| tried.abs_diff(at) >= RETRY);
        if may {
            self.tried = None;
        }
        may
    }

    /// Lets an error through if it is the first of its kind since that last worked.
    pub(super) fn note(
        &mut self,
        part: Part,
        outcome: Result<(), Error>,
        at: i64,
    ) -> Result<(), Error> {
        let failing = &mut self.failing[part as usize];
        let Err(error) = outcome else {
            *failing = false;
            return Ok(());
        };
        add(&self.shared.counts.failures, 1);
        self.tried = Some(at);
        if std::mem::replace(failing, true) { Ok(()) } else { Err(error) }
    }

    pub(super) fn count_disk(&mut self) {
        let journal = self.journal.as_ref().map_or(0, |journal| journal.length);
        let counts = &self.shared.counts;
        counts.disk_bytes.store(self.segments.bytes() + journal, Ordering::Relaxed);
        counts.segments.store(self.segments.known.len() as u64, Ordering::Relaxed);
    }
}

impl Segments {
    fn new(known: HashMap<u32, SegmentState>) -> Self {
        let next = known.keys().max().map_or(1, |number| number.saturating_add(1));
        Self { known, active: [None, None, None], next, untold: Vec::new(), behind: false }
    }

    /// Tells whether the index knows everything.
    const fn is_told(&self) -> bool {
        self.untold.is_empty() && !self.behind
    }

    pub(super) fn bytes(&self) -> u64 {
        self.known.values().map(|state| state.length).sum()
    }

    /// Returns the number and key of each series, new numbers for those that have none.
    fn number(
        &self,
        keys: &[&Arc<str>],
        index: &dyn Index,
        next: &mut u32,
    ) -> Result<Vec<(u32, Arc<str>)>, Error> {
        let untold = self.untold.iter().flat_map(|written| &written.names);
        let untold: HashMap<&str, u32> = untold.map(|(number, key)| (&**key, *number)).collect();
        let texts: Vec<&str> = keys.iter().map(|key| &***key).collect();
        let known = index.numbers(&texts)?;
        let mut fresh = || {
            let number = *next;
            *next = next.saturating_add(1);
            number
        };
        let numbered = keys.iter().zip(known).map(|(key, number)| {
            let number = number.or_else(|| untold.get(&***key).copied());
            (number.unwrap_or_else(&mut fresh), Arc::clone(key))
        });
        Ok(numbered.collect())
    }

    /// Returns the segment of a tier that is written, or a new one when that is full or this does not follow it.
    pub(super) fn writable(
        &mut self,
        dir: &Path,
        tier: Tier,
        (start, end): (i64, i64),
        keep: i64,
        reference: i64,
    ) -> Result<&mut Segment, Error> {
        let slot = &mut self.active[usize::from(tier.number())];
        let span = keep / SEGMENTS_A_TIER;
        let fits = |state: &SegmentState| {
            state.length < SEGMENT_BYTES
                && (state.start > state.end
                    || (start >= state.start
                        && end.saturating_sub(state.start) <= span
                        && start.saturating_sub(state.end) <= span))
        };
        if let Some(segment) = slot.take().filter(|segment| fits(&segment.state)) {
            return Ok(slot.insert(segment));
        }
        let latest = self.known.values().filter(|state| state.tier == tier);
        let latest = latest.max_by_key(|state| state.segment).filter(|state| fits(state));
        let segment = if let Some(state) = latest {
            Segment::open(dir, *state)?
        } else {
            let segment = Segment::create(dir, self.next, tier, reference)?;
            self.next = self.next.saturating_add(1);
            segment
        };
        Ok(slot.insert(segment))
    }

    /// Remembers what was written until the index knows it.
    pub(super) fn wrote(&mut self, written: Written) {
        if let Some(state) = written.state {
            self.known.insert(state.segment, state);
        }
        self.behind |= self.untold.len() >= MOST_UNTOLD;
        if self.behind {
            // Told of a later part of a segment alone, the index would never ask for the earlier one.
            self.untold.clear();
        } else {
            self.untold.push(written);
        }
    }
}

/// Blocks end where two hours of the clock do.
pub(super) const WINDOW: i64 = 7_200_000;
const RETRY: u64 = 60_000;
/// What expires goes by whole segments, so each holds a small part of its tier.
const SEGMENTS_A_TIER: i64 = 12;
const SEGMENT_BYTES: u64 = 64 << 20;
const PARTS: usize = 5;
/// A day of blocks: what is remembered for an index that does not answer takes some MiB at most.
const MOST_UNTOLD: usize = 12;

#[cfg(test)]
mod tests;
