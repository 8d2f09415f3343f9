//! Finds out what there is when a history is opened, and what was not finished.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::disk::{self, Kind};
use super::journal::Journal;
use super::segment::{self, Found};
use super::window::Window;
use super::{Error, Index, SegmentState};

/// What was found when a history was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovery {
    /// What was damaged or cut short, a sentence each, with its file and what was lost: an event is due.
    pub damage: Vec<String>,
    /// How many segments the index had to be told of again.
    pub reindexed_segments: usize,
    /// How many moments were taken from the journal of the window that was not written yet.
    pub journal_moments: usize,
}

/// What a history begins with.
#[derive(Debug)]
pub(super) struct Recovered {
    pub(super) report: Recovery,
    pub(super) segments: HashMap<u32, SegmentState>,
    pub(super) reference: Option<i64>,
    pub(super) journal: Journal,
    pub(super) window: Window,
}

/// Makes index, segments and journal agree.
pub(super) fn recover(dir: &Path, index: &dyn Index) -> Result<Recovered, Error> {
    disk::make_dir(dir)?;
    let mut journals = Kind::Journal.list(dir)?;
    let numbers = Kind::Segment.list(dir)?;
    let known: HashMap<u32, SegmentState> =
        index.segments()?.into_iter().map(|state| (state.segment, state)).collect();
    for gone in known.keys().filter(|number| numbers.binary_search(number).is_err()) {
        index.forget(*gone)?;
    }
    let mut report = Recovery::default();
    let (mut segments, mut reference, mut sealed) = (HashMap::new(), None, HashSet::new());
    for number in numbers {
        let known = known.get(&number).copied();
        let Some(found) = segment::recover(dir, number, known, &journals)? else {
            set_aside(dir, number, &mut report)?;
            index.forget(number)?;
            continue;
        };
        let Found { written, reference: stored, journals, damage } = found;
        report.damage.extend(damage);
        reference = Some(stored);
        sealed.extend(journals);
        if written.state.is_some() {
            report.reindexed_segments += 1;
            if known.is_some_and(|known| written.state.is_some_and(|now| now.length < known.length))
            {
                index.forget(number)?;
            }
            written.commit(index)?;
        }
        segments.extend(written.state.or(known).map(|state| (number, state)));
    }
    journals.retain(|number| !sealed.contains(number));
    let next = sealed.iter().copied().chain(journals.iter().copied()).max().unwrap_or(0);
    let (journal, window) = if let Some(&number) = journals.last() {
        let (journal, window, damage) = Journal::open(dir, number)?;
        report.damage.extend(damage);
        report.journal_moments = window.ticks.len();
        (journal, window)
    } else {
        let window = Window::default();
        (Journal::create(dir, next.saturating_add(1), &window)?, window)
    };
    remove_journals(dir, journal.number.saturating_sub(1))?;
    Ok(Recovered { report, segments, reference, journal, window })
}

/// Removes the journals up to a number, and what was left of one that was never finished.
pub(super) fn remove_journals(dir: &Path, last: u32) -> Result<(), Error> {
    for number in Kind::Journal.list(dir)?.into_iter().filter(|number| *number <= last) {
        disk::remove(&Kind::Journal.path(dir, number))?;
    }
    Ok(())
}

/// Keeps a file that is no segment for whoever wants to look at it, under another name.
fn set_aside(dir: &Path, number: u32, report: &mut Recovery) -> Result<(), Error> {
    let path = Kind::Segment.path(dir, number);
    let aside = path.with_extension("damaged");
    std::fs::rename(&path, &aside).map_err(|source| Error::Write { path: path.clone(), source })?;
    report.damage.push(format!(
        "{} does not begin as a segment: kept as {}",
        path.display(),
        aside.display()
    ));
    Ok(())
}
