//! Code that stands at two places, token by token.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::hash::{Hash as _, Hasher as _};

use wardkit_audit::{Location, Note, NoteKind, Sink, SourceFile};

use super::scope::is_example;
use super::{Whole, keep, tell};
use crate::source::Parsed;
use crate::testcode;

/// Keeps a hash of the tokens from each line on.
pub(super) fn summarise(parsed: &Parsed, file: &SourceFile<'_>, sink: &mut Sink) {
    let path = file.path();
    let is_generated = path.contains("migrations/") || path.contains("versions/");
    if testcode::is_test(path) || is_example(path) || is_generated {
        return;
    }
    let tokens = tokens(parsed);
    let mut text = String::new();
    let mut line_before = u32::MAX;
    for window in tokens.windows(TOKENS) {
        let (first, last) = (window[0], window[TOKENS - 1]);
        if first.line == line_before {
            continue;
        }
        line_before = first.line;
        // Writing to a String cannot fail.
        let _ = write!(text, "{:x} {} {};", hash_of(window), first.line, last.line);
    }
    if !text.is_empty() {
        keep(FACT, Location::file(path), text, sink);
    }
}

pub(super) fn judge(whole: &Whole<'_>, sink: &mut Sink) {
    if !sink.wants(CHECK) {
        return;
    }
    let mut firsts: HashMap<u64, (usize, u32)> = HashMap::new();
    let facts: Vec<_> = whole.project.facts(FACT).collect();
    for (at, fact) in facts.iter().enumerate() {
        let mut run: Option<Run> = None;
        for (hash, begin, end) in windows(&fact.text) {
            if firsts.len() >= MOST {
                let message = "too much code to look for blocks that stand twice; the rest was not";
                sink.note(Note::new(NoteKind::Skipped, fact.place.path.clone(), message));
                return;
            }
            let (file, line) = *firsts.entry(hash).or_insert((at, begin));
            let is_copy = (file, line) != (at, begin) && (file != at || begin > line);
            match &mut run {
                Some(run) if is_copy && run.file == file && begin <= run.end => run.end = end,
                _ => {
                    if let Some(run) = run.take() {
                        run.tell(&fact.place.path, &facts[run.file].place.path, sink);
                    }
                    run = is_copy.then_some(Run { file, line, begin, end });
                }
            }
        }
        if let Some(run) = run {
            run.tell(&fact.place.path, &facts[run.file].place.path, sink);
        }
    }
}

/// Lines that stand elsewhere before.
struct Run {
    file: usize,
    line: u32,
    begin: u32,
    end: u32,
}

impl Run {
    fn tell(&self, path: &str, before: &str, sink: &mut Sink) {
        let lines = self.end.saturating_sub(self.begin) + 1;
        if lines < FEWEST_LINES {
            return;
        }
        let current = format!("{lines} lines stand at {before}:{}, too.", self.line);
        let place = Location::line(path, self.begin).spanning(1, self.end);
        tell(CHECK, place, before, current, sink);
    }
}

/// A word or sign of a source.
#[derive(Clone, Copy)]
struct Token {
    hash: u64,
    line: u32,
}

/// Returns what a source is made of, but for comments, imports and what functions take.
fn tokens(parsed: &Parsed) -> Vec<Token> {
    let mut tokens = Vec::new();
    let text = parsed.text().as_bytes();
    let root = parsed.root();
    let mut cursor = root.get_inner_node().walk();
    loop {
        let node = cursor.node();
        let kind = node.kind();
        let is_left_out = ["comment", "import", "parameters", "use_declaration"]
            .iter()
            .any(|part| kind.contains(part));
        let is_word = node.child_count() == 0 || kind == "string";
        if is_word && !is_left_out && !node.byte_range().is_empty() {
            let line = u32::try_from(node.start_position().row + 1).unwrap_or(u32::MAX);
            let word = text.get(node.byte_range()).unwrap_or_default();
            tokens.push(Token { hash: hashed(word), line });
        }
        if !is_word && !is_left_out && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return tokens;
            }
        }
    }
}

fn hash_of(window: &[Token]) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    for token in window {
        token.hash.hash(&mut hasher);
    }
    hasher.finish()
}

fn hashed(word: &[u8]) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    word.hash(&mut hasher);
    hasher.finish()
}

/// Reads what was kept: the hash, the first and the last line of each window.
fn windows(text: &str) -> impl Iterator<Item = (u64, u32, u32)> {
    text.split(';').filter_map(|window| {
        let mut parts = window.split(' ');
        let hash = u64::from_str_radix(parts.next()?, 16).ok()?;
        Some((hash, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    })
}

const CHECK: &str = "q-dup-block";

const FACT: &str = "block";

/// Shorter blocks are alike by chance.
const TOKENS: usize = 50;

/// A long list on one line is no block.
const FEWEST_LINES: u32 = 5;

/// Lines of code; some 100 MB.
const MOST: usize = 2_000_000;
