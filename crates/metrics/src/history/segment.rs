//! A file of blocks that only grows, and how what was being written when the power went is found.

use std::collections::HashSet;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::block::{self, Block, Times};
use super::bytes::{Bytes, put};
use super::disk::{self, Kind};
use super::frame::{self, Frame, HEAD};
use super::index::{BlockAt, Commit, Index, SegmentState, Tier};
use super::{Error, IndexError};

/// A segment that is written.
#[derive(Debug)]
pub(super) struct Segment {
    file: File,
    path: PathBuf,
    pub(super) state: SegmentState,
}

impl Segment {
    /// Creates an empty one. `reference` is the time by which the history ages, for the next start.
    pub(super) fn create(
        dir: &Path,
        number: u32,
        tier: Tier,
        reference: i64,
    ) -> Result<Self, Error> {
        let path = Kind::Segment.path(dir, number);
        let file = disk::open(&path)?;
        let mut head = MAGIC.to_vec();
        head.push(tier.number());
        head.extend_from_slice(&reference.to_le_bytes());
        head.extend_from_slice(&crc32fast::hash(&head).to_le_bytes());
        disk::write(&file, &head, 0)
            .map_err(|source| Error::Write { path: path.clone(), source })
            .and_then(|()| disk::sync_dir(dir))
            .inspect_err(|_| {
                // Half a head would be found damaged at the next start; the number is used again.
                let _ = std::fs::remove_file(&path);
            })?;
        let length = HEAD_BYTES as u64;
        let state = SegmentState { segment: number, tier, length, start: i64::MAX, end: i64::MIN };
        Ok(Self { file, path, state })
    }

    /// Opens one to write on where `state` ends.
    pub(super) fn open(dir: &Path, state: SegmentState) -> Result<Self, Error> {
        let path = Kind::Segment.path(dir, state.segment);
        Ok(Self { file: disk::open(&path)?, path, state })
    }

    /// Begins to append what belongs together.
    pub(super) fn batch(&mut self, journal: u32) -> Batch<'_> {
        let at = self.state.length;
        let mut batch = Batch {
            segment: self,
            buffer: Vec::new(),
            at,
            ticks: None,
            written: Written::default(),
        };
        frame::put(&mut batch.buffer, Frame::Begin, |out| put(out, journal.into()));
        batch
    }
}

/// What was appended to a segment and the index is to be told.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) state: Option<SegmentState>,
    pub(super) names: Vec<(u32, Arc<str>)>,
    pub(super) blocks: Vec<BlockAt>,
}

impl Written {
    /// Tells the index.
    pub(super) fn commit(&self, index: &dyn Index) -> Result<(), IndexError> {
        let Some(segment) = self.state else { return Ok(()) };
        let names: Vec<_> = self.names.iter().map(|(number, key)| (*number, &**key)).collect();
        index.commit(&Commit { segment, names: &names, blocks: &self.blocks })
    }
}

/// What belongs together, on its way to the disk.
#[derive(Debug)]
pub(super) struct Batch<'a> {
    segment: &'a mut Segment,
    buffer: Vec<u8>,
    /// Where the buffer begins in the file.
    at: u64,
    ticks: Option<(u64, u64)>,
    written: Written,
}

impl Batch<'_> {
    /// Names the series of the blocks that follow.
    pub(super) fn names(&mut self, names: Vec<(u32, Arc<str>)>) -> Result<(), Error> {
        for part in names.chunks(NAMES_A_FRAME) {
            self.frame(Frame::Names, |out, _| {
                let mut before = "";
                for (number, key) in part {
                    // Neighbours share most of their text.
                    let shared =
                        before.bytes().zip(key.bytes()).take_while(|(a, b)| a == b).count();
                    put(out, u64::from(*number));
                    put(out, shared as u64);
                    put(out, (key.len() - shared) as u64);
                    out.extend_from_slice(&key.as_bytes()[shared..]);
                    before = key;
                }
            })?;
        }
        self.written.names = names;
        Ok(())
    }

    /// Stores the times that the blocks after it share.
    pub(super) fn ticks(&mut self, ticks: &[i64]) -> Result<(), Error> {
        let (at, length) = self.frame(Frame::Ticks, |out, _| block::encode_ticks(ticks, out))?;
        self.ticks = Some((at, length));
        Ok(())
    }

    /// Appends a block. `fill` is told the times it may refer to.
    pub(super) fn block(
        &mut self,
        series: u32,
        (start, end): (i64, i64),
        fill: impl FnOnce(&mut Vec<u8>, Option<Times>),
    ) -> Result<(), Error> {
        let kind = match self.segment.state.tier {
            Tier::Raw => Frame::Samples,
            Tier::Minute | Tier::Quarter => Frame::Rows,
        };
        let ticks = self.ticks;
        let (offset, length) = self.frame(kind, |out, offset| {
            let times = |(at, length)| Times::Ticks { distance: offset - at, length };
            fill(out, ticks.map(times));
        })?;
        let SegmentState { segment, tier, .. } = self.segment.state;
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        self.written.blocks.push(BlockAt { series, tier, start, end, segment, offset, length });
        Ok(())
    }

    /// Ends it and makes it last. When that fails the segment is as it was before.
    pub(super) fn finish(mut self) -> Result<Written, Error> {
        self.frame(Frame::End, |_, _| {})?;
        self.flush()?;
        self.segment.file.sync_data().map_err(|source| self.failed(source))?;
        let state = &mut self.segment.state;
        state.length = self.at;
        for block in &self.written.blocks {
            state.start = state.start.min(block.start);
            state.end = state.end.max(block.end);
        }
        self.written.state = Some(*state);
        Ok(std::mem::take(&mut self.written))
    }

    fn frame(
        &mut self,
        kind: Frame,
        fill: impl FnOnce(&mut Vec<u8>, u64),
    ) -> Result<(u64, u64), Error> {
        if self.buffer.len() >= BUFFER_BYTES {
            self.flush()?;
        }
        let start = self.buffer.len();
        let offset = self.at + start as u64;
        frame::put(&mut self.buffer, kind, |out| fill(out, offset));
        Ok((offset, (self.buffer.len() - start) as u64))
    }

    fn flush(&mut self) -> Result<(), Error> {
        disk::write(&self.segment.file, &self.buffer, self.at)
            .map_err(|source| self.failed(source))?;
        self.at += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Takes back what was written of it, so that a full disk has the room again.
    fn failed(&self, source: std::io::Error) -> Error {
        let _ = self.segment.file.set_len(self.segment.state.length);
        Error::Write { path: self.segment.path.clone(), source }
    }
}

/// What is found in a segment.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) written: Written,
    pub(super) reference: i64,
    /// The journals whose samples it holds, as far as they exist.
    pub(super) journals: HashSet<u32>,
    /// What is wrong with it, and what was done.
    pub(super) damage: Option<String>,
}

/// Reads a segment from `from` on, which is 0 or the end of what belongs together, and cuts off what is not whole.
pub(super) fn recover(
    dir: &Path,
    number: u32,
    known: Option<SegmentState>,
    journals: &[u32],
) -> Result<Option<Found>, Error> {
    let path = Kind::Segment.path(dir, number);
    let failed = |source| Error::Read { path: path.clone(), source };
    let file = disk::open(&path)?;
    let length = file.metadata().map_err(failed)?.len();
    let mut head = [0; HEAD_BYTES];
    if length < HEAD_BYTES as u64 || file.read_exact_at(&mut head, 0).is_err() {
        return Ok(None);
    }
    let Some((tier, reference)) = parse_head(&head) else { return Ok(None) };
    let mut scan = Scan {
        file: &file,
        length,
        at: HEAD_BYTES as u64,
        state: SegmentState { segment: number, tier, length, start: i64::MAX, end: i64::MIN },
        found: Found {
            written: Written::default(),
            reference,
            journals: HashSet::new(),
            damage: None,
        },
        began: None,
        ticks: (0, Vec::new()),
    };
    if let Some(known) = known.filter(|known| known.tier == tier && known.length <= length) {
        (scan.at, scan.state) = (known.length, known);
    }
    let from = scan.at;
    while scan.at < length && scan.next() {}
    let mut good = scan.at;
    let write_failed = |source| Error::Write { path: path.clone(), source };
    if let Some((start, journal, names, blocks)) = scan.began
        && journals.contains(&journal)
    {
        // The journal still has all of it.
        good = start;
        scan.found.written.names.truncate(names);
        scan.found.written.blocks.truncate(blocks);
    }
    if good < length || scan.began.is_some() {
        file.set_len(good).map_err(write_failed)?;
        let path = path.display();
        scan.found.damage.get_or_insert_with(|| {
            format!("{path} ends before its last blocks do: cut {} bytes", length - good)
        });
    }
    if let Some((_, journal, ..)) = scan.began.filter(|(start, ..)| *start < good) {
        // What is whole is kept and ended. The journal's number is not given again.
        let mut end = Vec::new();
        frame::put(&mut end, Frame::End, |_| {});
        disk::write(&file, &end, good).and_then(|()| file.sync_data()).map_err(write_failed)?;
        good += end.len() as u64;
        scan.found.journals.insert(journal);
    }
    scan.state.length = good;
    for block in &scan.found.written.blocks {
        scan.state.start = scan.state.start.min(block.start);
        scan.state.end = scan.state.end.max(block.end);
    }
    if good > from || known.is_none_or(|known| known.length != good) {
        scan.found.written.state = Some(scan.state);
    }
    Ok(Some(scan.found))
}

fn parse_head(head: &[u8; HEAD_BYTES]) -> Option<(Tier, i64)> {
    let (content, sum) = head.split_last_chunk::<4>()?;
    let rest = content.strip_prefix(MAGIC)?;
    let (&tier, reference) = rest.split_first()?;
    (crc32fast::hash(content) == u32::from_le_bytes(*sum)).then_some(())?;
    Some((Tier::from_number(tier)?, i64::from_le_bytes(reference.try_into().ok()?)))
}

struct Scan<'a> {
    file: &'a File,
    length: u64,
    at: u64,
    state: SegmentState,
    found: Found,
    /// Where what belongs together began, of which journal, and how many names and blocks there were before.
    began: Option<(u64, u32, usize, usize)>,
    ticks: (u64, Vec<i64>),
}

impl Scan<'_> {
    /// Takes the next frame in; false when there is no whole one.
    fn next(&mut self) -> bool {
        let Some(bytes) = read_frame_at(self.file, self.at, self.length) else { return false };
        let length = bytes.len() as u64;
        let whole =
            frame::split(&bytes).and_then(|(kind, payload, _)| self.take(kind, payload, length));
        if whole.is_none() {
            // One that is damaged in the middle is passed over if another follows where it says that it ends.
            let follows = read_frame_at(self.file, self.at + length, self.length);
            if follows.is_none_or(|bytes| frame::split(&bytes).is_none()) {
                return false;
            }
            let (segment, at) = (self.state.segment, self.at);
            self.found.damage = Some(format!(
                "{segment:08}.segment is damaged at byte {at}: passed over a block of {length} bytes"
            ));
        }
        self.at += length;
        true
    }

    fn take(&mut self, kind: Frame, payload: &[u8], length: u64) -> Option<()> {
        match kind {
            Frame::Begin => {
                let journal = u32::try_from(Bytes(payload).number()?).ok()?;
                let Written { names, blocks, .. } = &self.found.written;
                self.began = Some((self.at, journal, names.len(), blocks.len()));
            }
            Frame::End => {
                let began = self.began.take();
                self.found.journals.extend(began.map(|(_, journal, ..)| journal));
            }
            Frame::Names => parse_names(payload, &mut self.found.written.names)?,
            Frame::Ticks => self.ticks = (self.at, block::decode_ticks(payload)?),
            Frame::Samples | Frame::Rows => {
                let block = Block::parse(payload)?;
                if let Times::Ticks { distance, .. } = block.times
                    && self.at.checked_sub(distance) != Some(self.ticks.0)
                {
                    return None;
                }
                let mut times = block.times(&self.ticks.1);
                let start = times.next()??;
                let end = times.last().unwrap_or(Some(start))?;
                let SegmentState { segment, tier, .. } = self.state;
                let (series, offset) = (block.series, self.at);
                let length = u32::try_from(length).ok()?;
                let at = BlockAt { series, tier, start, end, segment, offset, length };
                self.found.written.blocks.push(at);
            }
            Frame::Tick | Frame::Window => return None,
        }
        Some(())
    }
}

fn parse_names(payload: &[u8], names: &mut Vec<(u32, Arc<str>)>) -> Option<()> {
    let mut bytes = Bytes(payload);
    let mut key = Vec::new();
    while !bytes.0.is_empty() {
        let number = u32::try_from(bytes.number()?).ok()?;
        let shared = bytes.count(key.len())?;
        let more = bytes.count(bytes.0.len())?;
        key.truncate(shared);
        key.extend_from_slice(bytes.take(more)?);
        names.push((number, std::str::from_utf8(&key).ok()?.into()));
    }
    Some(())
}

/// Reads the bytes of the frame that begins at `at`, whole by its length; `None` when the file ends before it does.
fn read_frame_at(file: &File, at: u64, end: u64) -> Option<Vec<u8>> {
    let mut head = [0; HEAD];
    let left = end.checked_sub(at)?.checked_sub(HEAD as u64)?;
    file.read_exact_at(&mut head, at).ok()?;
    let length = u64::from(u32::from_le_bytes(*head.first_chunk::<4>()?));
    if length > left || length > LONGEST_FRAME {
        return None;
    }
    let mut bytes = vec![0; HEAD + usize::try_from(length).ok()?];
    file.read_exact_at(&mut bytes, at).ok()?;
    Some(bytes)
}

const MAGIC: &[u8; 8] = b"wkhist1\n";
/// Magic, tier, reference and checksum.
const HEAD_BYTES: usize = 8 + 1 + 8 + 4;
/// What is held back before it goes to the disk.
const BUFFER_BYTES: usize = 1 << 20;
const NAMES_A_FRAME: usize = 4096;
/// A bound on what a damaged length may allocate.
const LONGEST_FRAME: u64 = 64 << 20;
