//! Answers questions.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use super::block::{self, Block, Row, Times};
use super::disk::Kind;
use super::fold::{Fold, LOOK_BACK};
use super::frame::{self, Frame};
use super::index::{BlockAt, Index, Tier};
use super::stats::Counts;
use super::window::Window;
use super::{Aggregate, Error, Range, Selector, Series, Stats};

/// Answers questions about the history, from any thread, while it grows.
#[derive(Clone, Debug)]
pub struct Reader(pub(super) Arc<Shared>);

/// What the writer and its readers have in common.
pub(super) struct Shared {
    pub(super) dir: PathBuf,
    pub(super) index: Box<dyn Index>,
    pub(super) window: RwLock<Window>,
    pub(super) counts: Counts,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl Reader {
    /// Returns the chosen series over a stretch of time, one value a step, sorted by key. Steps begin at the multiples
    /// of their length since 1970, the first at or before the begin of the range.
    ///
    /// The coarsest rows that fit the step are taken; where there are none yet finer ones, where there are none any
    /// more coarser ones.
    ///
    /// # Errors
    ///
    /// When the range is empty, the answer or what it is made of would be too large, or the index or a file cannot be
    /// read.
    pub fn query(
        &self,
        selector: &Selector,
        range: Range,
        step: Duration,
        aggregate: Aggregate,
    ) -> Result<Vec<Series>, Error> {
        self.query_within(MOST_SAMPLES, selector, range, step, aggregate)
    }

    /// The same with another bound on what is read.
    pub(super) fn query_within(
        &self,
        most_samples: usize,
        selector: &Selector,
        range: Range,
        step: Duration,
        aggregate: Aggregate,
    ) -> Result<Vec<Series>, Error> {
        let step = i64::try_from(step.as_millis()).unwrap_or(i64::MAX);
        if step == 0 || range.from >= range.to {
            return Err(Error::EmptyRange);
        }
        let from = range.from.saturating_sub(range.from.rem_euclid(step));
        let steps = range.to.abs_diff(from).div_ceil(step.unsigned_abs());
        let chosen = self.chosen(selector)?;
        if u128::from(steps) * chosen.len() as u128 > MOST_POINTS as u128 {
            return Err(Error::TooMuch { limit: MOST_POINTS, of: "values" });
        }
        let grows = matches!(aggregate, Aggregate::Increase | Aggregate::Rate);
        let back = if grows { step.max(LOOK_BACK) } else { 0 };
        let mut scan = Scan::new(&self.0);
        let (mut found, mut seen) = (Vec::new(), 0);
        for (key, numbers) in chosen {
            let mut fold = Fold::new(from, step, aggregate);
            let plan = scan.plan(&key, &numbers, (from.saturating_sub(back), range.to))?;
            for piece in plan.pieces(Tier::for_step(step)) {
                scan.rows(&plan, piece, |row| {
                    seen += 1;
                    fold.push(row);
                })?;
                if seen > most_samples {
                    return Err(Error::TooMuch { limit: most_samples, of: "samples to read" });
                }
            }
            let points = fold.finish();
            if !points.is_empty() {
                found.push(Series { key, points });
            }
        }
        Ok(found)
    }

    /// Returns the keys of the chosen series, sorted.
    ///
    /// # Errors
    ///
    /// When the index does not answer.
    pub fn series(&self, selector: &Selector) -> Result<Vec<String>, Error> {
        Ok(self.chosen(selector)?.into_keys().collect())
    }

    /// Returns what the history counts about itself.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let window = self.0.window();
        self.0.counts.stats(window.columns.len() as u64, window.bytes() as u64)
    }

    fn chosen(&self, selector: &Selector) -> Result<BTreeMap<String, Vec<u32>>, Error> {
        let mut chosen: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for (number, key) in self.0.index.series(selector.name())? {
            if selector.matches(&key) {
                chosen.entry(key).or_default().push(number);
            }
        }
        for column in &self.0.window().columns {
            if selector.matches(&column.key) && !chosen.contains_key(&*column.key) {
                chosen.insert(column.key.to_string(), Vec::new());
            }
        }
        Ok(chosen)
    }
}

impl Shared {
    pub(super) fn window(&self) -> RwLockReadGuard<'_, Window> {
        self.window.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tier {
    /// How long a row of it tells of.
    pub(super) const fn width(self) -> i64 {
        match self {
            Self::Raw => 1,
            Self::Minute => 60_000,
            Self::Quarter => 900_000,
        }
    }

    const fn for_step(step: i64) -> Self {
        if step % Self::Quarter.width() == 0 {
            Self::Quarter
        } else if step % Self::Minute.width() == 0 {
            Self::Minute
        } else {
            Self::Raw
        }
    }
}

/// Where the samples of a series over a stretch of time are.
#[derive(Debug)]
pub(super) struct Plan {
    /// Sorted by tier and start.
    blocks: Vec<BlockAt>,
    /// What is not written yet.
    open: Vec<Row>,
    range: (i64, i64),
}

/// A tier, from when on, and up to but without when.
pub(super) type Piece = (Tier, i64, i64);

impl Plan {
    /// Finds the blocks of a series alone.
    pub(super) fn of_blocks(
        shared: &Shared,
        number: u32,
        range: (i64, i64),
    ) -> Result<Self, Error> {
        let mut blocks = shared.index.blocks(number, range.0, range.1)?;
        blocks.sort_by_key(|block| (block.tier, block.start));
        Ok(Self { blocks, open: Vec::new(), range })
    }

    /// Divides the time between the tiers: `wanted` as far as it goes, finer ones behind it, coarser ones before it.
    fn pieces(&self, wanted: Tier) -> Vec<Piece> {
        let (from, to) = self.range;
        let mut pieces = Vec::new();
        let (mut first, mut next) = (to, from);
        let finer = [Tier::Quarter, Tier::Minute, Tier::Raw].into_iter().filter(|t| *t <= wanted);
        for tier in finer {
            let Some((start, end)) = self.span(tier) else { continue };
            if pieces.is_empty() {
                (first, next) = (start.max(from), start.max(from));
            } else if start < first {
                pieces.insert(0, (tier, start.max(from), first));
                first = start.max(from);
            }
            if end > next {
                pieces.push((tier, next, end.min(to)));
                next = end;
            }
        }
        for tier in [Tier::Minute, Tier::Quarter].into_iter().filter(|tier| *tier > wanted) {
            if let Some((start, end)) = self.span(tier)
                && start < first
            {
                pieces.insert(0, (tier, start.max(from), first.min(end)));
                first = start.max(from);
            }
        }
        pieces
    }

    fn span(&self, tier: Tier) -> Option<(i64, i64)> {
        let blocks = self.blocks.iter().filter(|block| block.tier == tier);
        let open = self.open.iter().filter(|_| tier == Tier::Raw);
        blocks
            .map(|block| (block.start, block.end.saturating_add(tier.width())))
            .chain(open.map(|row| (row.at, row.at + 1)))
            .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }
}

/// Reads blocks, one file open at a time.
pub(super) struct Scan<'a> {
    shared: &'a Shared,
    file: Option<(u32, File)>,
    bytes: Vec<u8>,
    ticks: (u32, u64, Vec<i64>),
    values: Vec<f64>,
}

impl<'a> Scan<'a> {
    pub(super) const fn new(shared: &'a Shared) -> Self {
        let ticks = (0, u64::MAX, Vec::new());
        Self { shared, file: None, bytes: Vec::new(), ticks, values: Vec::new() }
    }

    /// Finds where the samples are, from `range.0` and up to but without `range.1`.
    pub(super) fn plan(
        &self,
        key: &str,
        numbers: &[u32],
        range: (i64, i64),
    ) -> Result<Plan, Error> {
        // The window first: what is written in between is then seen twice, and not missed.
        let open = self.shared.open_rows(key, range);
        self.plan_behind(open, numbers, range)
    }

    /// The same with what was found in the window.
    pub(super) fn plan_behind(
        &self,
        open: Vec<Row>,
        numbers: &[u32],
        range: (i64, i64),
    ) -> Result<Plan, Error> {
        let mut blocks = Vec::new();
        for number in numbers {
            // A row before the begin may tell of time behind it.
            blocks.extend(self.shared.index.blocks(*number, range.0, range.1)?);
        }
        blocks.sort_by_key(|block| (block.tier, block.start));
        Ok(Plan { blocks, open, range })
    }

    /// Gives the rows of a piece to `take`, in order and each time once.
    pub(super) fn rows(
        &mut self,
        plan: &Plan,
        (tier, from, to): Piece,
        mut take: impl FnMut(&Row),
    ) -> Result<(), Error> {
        let touches =
            |block: &&BlockAt| block.tier == tier && block.start < to && block.end >= from;
        let mut blocks: Vec<&BlockAt> = plan.blocks.iter().filter(touches).collect();
        let mut within = |row: &Row| {
            if (from..to).contains(&row.at) {
                take(row);
            }
        };
        let open = if tier == Tier::Raw { &plan.open[..] } else { &[] };
        // Only after the clock went back do blocks overlap, or the window and a block.
        let open_start = open.first().map_or(i64::MAX, |row| row.at);
        let apart = blocks.windows(2).all(|pair| pair[0].end < pair[1].start)
            && blocks.last().is_none_or(|last| last.end < open_start);
        if apart {
            for block in blocks {
                self.read(block, &mut within)?;
            }
            open.iter().for_each(within);
            return Ok(());
        }
        // What was written last counts, should a time be there twice.
        blocks.sort_by_key(|block| std::cmp::Reverse((block.segment, block.offset)));
        let mut rows = open.to_vec();
        for block in blocks {
            self.read(block, &mut |row| rows.push(*row))?;
        }
        rows.sort_by_key(|row| row.at);
        rows.dedup_by_key(|row| row.at);
        rows.iter().for_each(within);
        Ok(())
    }

    fn read(&mut self, at: &BlockAt, take: &mut impl FnMut(&Row)) -> Result<(), Error> {
        if !self.load(at.segment, at.offset, u64::from(at.length))? {
            return Ok(());
        }
        let bytes = std::mem::take(&mut self.bytes);
        let whole = self.decode(at, &bytes, take)?;
        self.bytes = bytes;
        if whole.is_none() {
            self.shared.counts.damaged();
        }
        Ok(())
    }

    fn decode(
        &mut self,
        at: &BlockAt,
        bytes: &[u8],
        take: &mut impl FnMut(&Row),
    ) -> Result<Option<()>, Error> {
        let Some((kind, payload, _)) = frame::split(bytes) else { return Ok(None) };
        let Some(block) = Block::parse(payload).filter(|block| block.series == at.series) else {
            return Ok(None);
        };
        Ok(match kind {
            Frame::Rows => block.rows(|row| take(&row)),
            Frame::Samples => {
                if let Times::Ticks { distance, length } = block.times
                    && !self.load_ticks(at, distance, length)?
                {
                    return Ok(None);
                }
                let take = |at, value| take(&Row::sample(at, value));
                block.samples(&self.ticks.2, &mut self.values, take)
            }
            _ => None,
        })
    }

    fn load_ticks(&mut self, at: &BlockAt, distance: u64, length: u64) -> Result<bool, Error> {
        let Some(offset) = at.offset.checked_sub(distance) else { return Ok(false) };
        if (self.ticks.0, self.ticks.1) == (at.segment, offset) {
            return Ok(true);
        }
        if length > LONGEST_TICKS || !self.load(at.segment, offset, length)? {
            return Ok(false);
        }
        let ticks = frame::split(&self.bytes)
            .filter(|(kind, ..)| *kind == Frame::Ticks)
            .and_then(|(_, payload, _)| block::decode_ticks(payload));
        let Some(ticks) = ticks else { return Ok(false) };
        self.ticks = (at.segment, offset, ticks);
        Ok(true)
    }

    /// Reads bytes of a segment; false when it is gone or shorter, which happens when it expires meanwhile.
    fn load(&mut self, segment: u32, offset: u64, length: u64) -> Result<bool, Error> {
        let path = || Kind::Segment.path(&self.shared.dir, segment);
        let failed = |source| Error::Read { path: path(), source };
        if self.file.as_ref().is_none_or(|(open, _)| *open != segment) {
            match File::open(path()) {
                Ok(file) => self.file = Some((segment, file)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
                Err(error) => return Err(failed(error)),
            }
        }
        let Some((_, file)) = &self.file else { return Ok(false) };
        self.bytes.resize(usize::try_from(length).unwrap_or(usize::MAX), 0);
        match file.read_exact_at(&mut self.bytes, offset) {
            Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => Err(failed(error)),
            read => Ok(read.is_ok()),
        }
    }
}

impl Shared {
    fn open_rows(&self, key: &str, (from, to): (i64, i64)) -> Vec<Row> {
        let window = self.window();
        let Some(column) = window.column(key) else { return Vec::new() };
        column
            .samples()
            .filter_map(|(index, value)| {
                let at = *window.ticks.get(index as usize)?;
                (from..to).contains(&at).then(|| Row::sample(at, value))
            })
            .collect()
    }
}

/// The most values in an answer: a series of ten seconds over a month is 259 200.
const MOST_POINTS: usize = 1_000_000;
/// Some seconds of work: few values may come of many samples.
const MOST_SAMPLES: usize = 50_000_000;
/// The times of a window, at the most bytes each.
const LONGEST_TICKS: u64 = 10 * block::MOST_TIMES as u64;
