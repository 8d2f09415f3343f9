//! What was found in one file.

use std::ops::Range;

use wardkit_audit::{Finding, Location, Status};

use crate::catalogue;

/// A file under judgement, and what was found in it so far.
#[derive(Debug)]
pub(crate) struct Judged<'t> {
    pub(crate) path: &'t str,
    pub(crate) text: &'t str,
    starts: Vec<usize>,
    pub(crate) findings: Vec<Finding>,
}

impl<'t> Judged<'t> {
    pub(crate) fn new(path: &'t str, text: &'t str) -> Self {
        let ends = memchr::memchr_iter(b'\n', text.as_bytes());
        let starts = std::iter::once(0).chain(ends.map(|end| end + 1)).collect();
        Self { path, text, starts, findings: Vec::new() }
    }

    /// Reports that a check failed. `about` is what the finding stays the same by; it holds no secret.
    pub(crate) fn fail(
        &mut self,
        id: &str,
        place: impl Into<Place>,
        about: impl Into<String>,
        current: impl Into<String>,
    ) {
        self.tell(id, Status::Fail, place, about, current);
    }

    pub(crate) fn tell(
        &mut self,
        id: &str,
        status: Status,
        place: impl Into<Place>,
        about: impl Into<String>,
        current: impl Into<String>,
    ) {
        let Some(check) = catalogue::check(id) else { return };
        let about = about.into();
        let location = match place.into().0 {
            Some(place) => self.location(&place),
            None => Location::file(self.path),
        };
        let finding = Finding::new(&check, status, current).about(about.as_str(), "");
        self.findings.push(finding.with_evidence(about).at(location));
    }

    fn location(&self, place: &Range<usize>) -> Location {
        let (line, start) = self.line(place.start);
        let (last, _) = self.line(place.end.max(place.start));
        let column =
            1 + self.text[start..self.text.floor_char_boundary(place.start)].chars().count();
        Location::line(self.path, line).spanning(number(column), last)
    }

    fn line(&self, offset: usize) -> (u32, usize) {
        let offset = self.text.floor_char_boundary(offset);
        let line = self.starts.partition_point(|start| *start <= offset);
        (number(line), self.starts.get(line.saturating_sub(1)).copied().unwrap_or_default())
    }
}

/// Where in a file: a range of bytes, one byte, or the file as a whole.
pub(crate) struct Place(Option<Range<usize>>);

impl Place {
    pub(crate) const FILE: Self = Self(None);
}

impl From<usize> for Place {
    fn from(at: usize) -> Self {
        Self(Some(at..at))
    }
}

impl From<Range<usize>> for Place {
    fn from(range: Range<usize>) -> Self {
        Self(Some(range))
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
