//! One followed path: the file that it names, those that it named before, and what became of them.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::file::{FileId, Open, OpenError, Standing};
use crate::{Checkpoint, NoticeKind, Start, Statistics};

/// A path and the files that it named.
#[derive(Debug)]
pub(crate) struct Followed {
    pub(crate) path: PathBuf,
    pub(crate) statistics: Statistics,
    current: Option<Open>,
    /// Files that the path named before, oldest first; whoever wrote to them may not have noticed yet.
    old: VecDeque<Old>,
    /// How far files were read that are closed, so that one that comes back is not read twice.
    known: VecDeque<Checkpoint>,
    look: FirstLook,
    /// What is wrong and was told, and whether it was so at this look.
    trouble: Option<NoticeKind>,
    is_troubled: bool,
    missing_since: Option<Duration>,
}

#[derive(Debug)]
struct Old {
    open: Open,
    quiet_since: Duration,
}

/// What finding the file means: there is nothing to go on from, a restart left checkpoints, or it is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FirstLook {
    Fresh,
    Resumed { newest: Option<Checkpoint> },
    Done,
}

/// What reading needs that all followed paths share.
pub(crate) struct Reading<'a> {
    pub(crate) now: Duration,
    pub(crate) start: Start,
    pub(crate) max_line: usize,
    pub(crate) budget: usize,
    pub(crate) buffer: &'a mut [u8],
    pub(crate) each: &'a mut dyn FnMut(&Path, Cow<'_, str>, bool),
    pub(crate) tell: &'a mut dyn FnMut(&Path, NoticeKind),
}

impl Followed {
    /// Follows a path; `known` is how far its files were read, if it was followed before.
    pub(crate) fn new(path: PathBuf, known: Option<&[Checkpoint]>) -> Self {
        let look = known
            .map_or(FirstLook::Fresh, |known| FirstLook::Resumed { newest: known.last().copied() });
        let known = known.unwrap_or_default();
        Self {
            path,
            statistics: Statistics::default(),
            current: None,
            old: VecDeque::new(),
            known: known.iter().rev().take(MOST_OLD + 1).rev().copied().collect(),
            look,
            trouble: None,
            is_troubled: false,
            missing_since: None,
        }
    }

    /// Looks what the path names, and reads what is new: the files of before to their ends first.
    pub(crate) fn poll(&mut self, reading: &mut Reading<'_>) {
        self.is_troubled = false;
        self.look(reading);
        let mut is_at_end = true;
        for index in 0..self.old.len() {
            if is_at_end {
                is_at_end = self.read_old(index, reading);
            }
        }
        if is_at_end && let Some(open) = &mut self.current {
            match read(open, &self.path, &mut self.statistics, reading) {
                Ok(_) => {}
                Err(error) => self.complain(NoticeKind::Unreadable(error.kind()), reading),
            }
        }
        self.close_quiet(is_at_end, reading);
        if !self.is_troubled && self.current.is_some() && self.trouble.take().is_some() {
            (reading.tell)(&self.path, NoticeKind::Back);
        }
        let opens = self.old.iter().map(|old| &old.open).chain(&self.current);
        self.statistics.behind = opens.map(Open::behind).sum();
    }

    /// Returns how far the files were read that are open; nothing while it was not looked for them.
    pub(crate) fn checkpoints(&self) -> Option<Vec<Checkpoint>> {
        let opens = self.old.iter().map(|old| &old.open).chain(&self.current);
        match self.look {
            FirstLook::Fresh => None,
            FirstLook::Resumed { .. } => Some(self.known.iter().copied().collect()),
            FirstLook::Done => Some(opens.map(Open::checkpoint).collect()),
        }
    }

    fn look(&mut self, reading: &mut Reading<'_>) {
        match std::fs::metadata(&self.path) {
            Ok(metadata) => {
                self.missing_since = None;
                let is_current = |open: &Open| open.id == FileId::of(&metadata);
                if self.current.as_ref().is_some_and(is_current) {
                    return;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.miss(reading);
                return;
            }
            Err(error) => {
                self.complain(NoticeKind::Unreadable(error.kind()), reading);
                return;
            }
        }
        let adopted = Open::at(&self.path)
            .and_then(|open| self.adopt(open, reading).map_err(OpenError::from));
        match adopted {
            Ok(()) => {}
            Err(OpenError::NotAFile) => self.complain(NoticeKind::NotAFile, reading),
            // It went between two looks; the next one finds it missing, or its successor.
            Err(OpenError::Io(error)) if error.kind() == io::ErrorKind::NotFound => {}
            Err(OpenError::Io(error)) => {
                self.complain(NoticeKind::Unreadable(error.kind()), reading);
            }
        }
    }

    /// Takes the file that the path names now.
    fn adopt(&mut self, mut open: Open, reading: &mut Reading<'_>) -> io::Result<()> {
        let returned = self.old.iter().position(|old| old.open.id == open.id);
        if let Some(old) = returned.and_then(|index| self.old.remove(index)) {
            open = old.open;
        } else if !self.resume(&mut open)?
            && self.look == FirstLook::Fresh
            && reading.start == Start::End
        {
            open.skip_to_end()?;
        }
        if let Some(before) = self.current.replace(open) {
            self.retire(before, reading);
        }
        self.looked(reading);
        Ok(())
    }

    /// Nothing has the path: what had it may be written to for a while, and may come back.
    fn miss(&mut self, reading: &mut Reading<'_>) {
        let is_first = self.look != FirstLook::Done;
        if let Some(before) = self.current.take() {
            self.retire(before, reading);
        }
        self.looked(reading);
        // Between the two steps of a rotation nothing has the path either.
        let since = *self.missing_since.get_or_insert(reading.now);
        if is_first || reading.now.saturating_sub(since) >= LINGER {
            self.complain(NoticeKind::Missing, reading);
        }
    }

    /// Goes on from what is known of a file, if something is.
    fn resume(&mut self, open: &mut Open) -> io::Result<bool> {
        for index in 0..self.known.len() {
            if open.resume(&self.known[index])? {
                self.known.remove(index);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// After the first look: what a restart left and the path does not name any more was renamed meanwhile.
    fn looked(&mut self, reading: &mut Reading<'_>) {
        let look = std::mem::replace(&mut self.look, FirstLook::Done);
        let FirstLook::Resumed { newest } = look else { return };
        for checkpoint in std::mem::take(&mut self.known) {
            let id = FileId { device: checkpoint.device, inode: checkpoint.inode };
            if self.current.as_ref().is_some_and(|open| open.id == id) {
                self.statistics.truncated += 1;
                (reading.tell)(&self.path, NoticeKind::Truncated);
            } else if let Some(open) = renamed(&self.path, id, &checkpoint) {
                self.retire(open, reading);
            } else if newest == Some(checkpoint) {
                // Those before it were read to their ends, and have long been compressed.
                (reading.tell)(&self.path, NoticeKind::Missed);
            }
        }
    }

    /// Keeps a file that lost its name for as long as it is written to.
    fn retire(&mut self, open: Open, reading: &mut Reading<'_>) {
        self.statistics.rotated += 1;
        self.old.push_back(Old { open, quiet_since: reading.now });
        if self.old.len() > MOST_OLD
            && let Some(oldest) = self.old.pop_front()
            && oldest.open.behind() > 0
        {
            (reading.tell)(&self.path, NoticeKind::Outrun);
        }
    }

    /// Reads one of the files of before; tells whether it came to the end.
    fn read_old(&mut self, index: usize, reading: &mut Reading<'_>) -> bool {
        let Some(old) = self.old.get_mut(index) else { return true };
        let before = self.statistics.bytes;
        let outcome = read(&mut old.open, &self.path, &mut self.statistics, reading);
        if self.statistics.bytes != before {
            old.quiet_since = reading.now;
        }
        outcome.unwrap_or_else(|error| {
            self.complain(NoticeKind::Unreadable(error.kind()), reading);
            true
        })
    }

    fn close_quiet(&mut self, is_at_end: bool, reading: &mut Reading<'_>) {
        let is_quiet =
            |old: &mut Old| reading.now.saturating_sub(old.quiet_since) >= LINGER && is_at_end;
        while let Some(mut old) = self.old.pop_front_if(is_quiet) {
            let path = &self.path;
            let each = &mut |text: Cow<'_, str>, is_cut: bool| (reading.each)(path, text, is_cut);
            old.open.read_rest(reading.buffer, reading.max_line, each, &mut self.statistics);
            self.known.push_back(old.open.checkpoint());
            if self.known.len() > MOST_OLD {
                self.known.pop_front();
            }
        }
    }

    /// Tells what is wrong, once for as long as it lasts.
    fn complain(&mut self, trouble: NoticeKind, reading: &mut Reading<'_>) {
        self.is_troubled = true;
        if self.trouble.replace(trouble) != Some(trouble) {
            (reading.tell)(&self.path, trouble);
        }
    }
}

/// Reads what is new in a file; tells whether it came to the end.
fn read(
    open: &mut Open,
    path: &Path,
    statistics: &mut Statistics,
    reading: &mut Reading<'_>,
) -> io::Result<bool> {
    match open.look()? {
        Standing::Quiet => return Ok(true),
        Standing::Grown => {}
        Standing::Truncated => {
            statistics.truncated += 1;
            (reading.tell)(path, NoticeKind::Truncated);
        }
    }
    let each = &mut |text: Cow<'_, str>, is_cut: bool| (reading.each)(path, text, is_cut);
    open.read(reading.buffer, reading.max_line, &mut reading.budget, each, statistics)
}

/// Opens a file that was renamed, beside the path that it had: `bot.log.1`, `bot-20260101.log`.
fn renamed(path: &Path, id: FileId, from: &Checkpoint) -> Option<Open> {
    let stem = path.file_stem()?.as_encoded_bytes();
    let entries = std::fs::read_dir(path.parent()?).ok()?;
    let found = entries
        .take(MOST_ENTRIES)
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().as_encoded_bytes().starts_with(stem))
        .find(|entry| entry.metadata().is_ok_and(|metadata| FileId::of(&metadata) == id))?;
    let mut open = Open::at(&found.path()).ok()?;
    open.resume(from).ok()?.then_some(open)
}

/// For how long a renamed file may be written to by who has not noticed, and how long nothing may have the path.
const LINGER: Duration = Duration::from_mins(1);

/// Renamed files that are kept open.
const MOST_OLD: usize = 8;

/// Entries of a directory that are looked at for a renamed file.
const MOST_ENTRIES: usize = 10_000;
