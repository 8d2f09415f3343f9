//! What is looked for in lines.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use regex::{Captures, Regex, RegexBuilder, RegexSet, RegexSetBuilder};

use crate::{Error, Line};

/// Patterns, each for the lines of one file, compiled once. Matching takes time linear in the line, whatever the pattern.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    by_file: BTreeMap<PathBuf, OfFile>,
}

/// What is looked for in the lines of a file.
///
/// Exhaustive on purpose: this is what a pattern is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern {
    /// The file's path.
    pub file: PathBuf,
    /// A regular expression. What its named groups match is handed out.
    pub regex: String,
}

#[derive(Clone, Debug)]
struct OfFile {
    /// Tells in one pass which patterns match; nearly all lines match none.
    set: RegexSet,
    members: Vec<(usize, Regex)>,
}

/// What a pattern matched in a line.
pub struct Match<'a> {
    index: usize,
    captures: &'a Captures<'a>,
}

impl Patterns {
    /// Compiles patterns.
    ///
    /// # Errors
    ///
    /// Returns the first pattern that is no regular expression, or compiles to too much.
    pub fn compile(patterns: &[Pattern]) -> Result<Self, Error> {
        let mut members: BTreeMap<PathBuf, Vec<(usize, Regex)>> = BTreeMap::new();
        for (index, pattern) in patterns.iter().enumerate() {
            let compiled = RegexBuilder::new(&pattern.regex)
                .size_limit(COMPILED)
                .dfa_size_limit(CACHE)
                .build()
                .map_err(|source| Error::Pattern { index, source: Box::new(source) })?;
            members.entry(pattern.file.clone()).or_default().push((index, compiled));
        }
        let mut by_file = BTreeMap::new();
        for (file, members) in members {
            let first = members.first().map_or(0, |(index, _)| *index);
            let set = RegexSetBuilder::new(members.iter().map(|(_, regex)| regex.as_str()))
                .size_limit(COMPILED.saturating_mul(members.len()))
                .dfa_size_limit(CACHE)
                .build()
                .map_err(|source| Error::Pattern { index: first, source: Box::new(source) })?;
            by_file.insert(file, OfFile { set, members });
        }
        Ok(Self { by_file })
    }

    /// Returns the files in whose lines something is looked for.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.by_file.keys().map(PathBuf::as_path)
    }

    /// Returns the names of a pattern's groups.
    pub fn groups(&self, index: usize) -> impl Iterator<Item = &str> {
        let members = self.by_file.values().flat_map(|of_file| &of_file.members);
        let regex = members.filter(move |(at, _)| *at == index).map(|(_, regex)| regex);
        regex.flat_map(|regex| regex.capture_names().flatten())
    }

    /// Hands out what the patterns for the line's file match in it: each pattern's first match.
    pub fn each_match(&self, line: &Line<'_>, mut each: impl FnMut(Match<'_>)) {
        let Some(of_file) = self.by_file.get(line.path) else { return };
        for at in of_file.set.matches(line.text) {
            let (index, regex) = &of_file.members[at];
            if let Some(captures) = regex.captures(line.text) {
                each(Match { index: *index, captures: &captures });
            }
        }
    }
}

impl<'a> Match<'a> {
    /// Returns which pattern matched, by its place among those that were compiled.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// Returns what the group of this name matched.
    #[must_use]
    pub fn group(&self, name: &str) -> Option<&'a str> {
        self.captures.name(name).map(|found| found.as_str())
    }
}

impl fmt::Debug for Match<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What the line says may be anybody's secret.
        f.debug_struct("Match").field("index", &self.index).finish_non_exhaustive()
    }
}

/// What one pattern may compile to: far more than any that a person writes.
const COMPILED: usize = 1 << 20;

/// Memory of a pattern that matching fills as it goes.
const CACHE: usize = 256 << 10;
