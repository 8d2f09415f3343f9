//! Which detectors have a reason to look at a message, and where: one pass over all literals that attacks have.

mod context;

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::table::{self, Detector, Set};
use context::Context;

/// Calls `look` with each detector that has a reason, and with the part of the text that it has it for.
pub(super) fn open(text: &str, mut look: impl FnMut(&Detector, Range<usize>)) {
    let gate: &Gate = &GATE;
    if text.len() <= SHORT {
        for detector in table::members(gate.set(text)) {
            look(detector, 0..text.len());
        }
        return;
    }
    for (detector, window) in gate.windows(text) {
        look(detector, window);
    }
}

struct Gate {
    automaton: Option<AhoCorasick>,
    by_literal: Vec<(Set, Option<Context>)>,
    beyond_ascii: Set,
}

static GATE: LazyLock<Gate> = LazyLock::new(|| {
    let mut literals: Vec<&str> =
        table::DETECTORS.iter().flat_map(|detector| detector.gate.iter().copied()).collect();
    literals.sort_unstable();
    literals.dedup();
    let by_literal = literals
        .iter()
        .map(|literal| {
            (table::set(|detector| detector.gate.contains(literal)), context::of(literal))
        })
        .collect();
    // Without the automaton every detector looks at every message: slower, and right.
    let automaton = AhoCorasick::builder()
        .kind(Some(AhoCorasickKind::DFA))
        .match_kind(MatchKind::Standard)
        .ascii_case_insensitive(true)
        .build(&literals)
        .ok();
    let beyond_ascii = table::set(|detector| detector.gate.is_empty());
    Gate { automaton, by_literal, beyond_ascii }
});

impl Gate {
    fn always(&self, text: &str) -> Set {
        match self.automaton {
            None => table::set(|_| true),
            Some(_) if text.is_ascii() => 0,
            Some(_) => self.beyond_ascii,
        }
    }

    /// Calls `see` with the place of every literal that is not mere prose, and whom it concerns.
    fn literals(&self, text: &str, mut see: impl FnMut(usize, Set)) {
        let Some(automaton) = &self.automaton else { return };
        for literal in automaton.find_overlapping_iter(text) {
            let (concerned, context) = self.by_literal[literal.pattern().as_usize()];
            if context.is_none_or(|holds| holds(text.as_bytes(), literal.range())) {
                see(literal.start(), concerned);
            }
        }
    }

    fn set(&self, text: &str) -> Set {
        let mut set = self.always(text);
        self.literals(text, |_, concerned| set |= concerned);
        set
    }

    /// The parts of a long text around the literals of each detector, from its beginning on: a hostile one shows early,
    /// and what is left need not be looked at.
    fn windows(&self, text: &str) -> Vec<(&'static Detector, Range<usize>)> {
        let always = self.always(text);
        let mut open: [Option<Range<usize>>; table::MOST] = [const { None }; table::MOST];
        let mut windows: Vec<_> =
            table::members(always).map(|detector| (detector, 0..text.len())).collect();
        self.literals(text, |at, concerned| {
            for (bit, detector) in table::numbered(concerned & !always) {
                let end = (at + detector.reach).min(text.len());
                let start = at.saturating_sub(detector.reach);
                match &mut open[bit] {
                    Some(window)
                        if start <= window.end
                            && end - window.start <= PIECE.max(8 * detector.reach) =>
                    {
                        window.end = end;
                    }
                    other => {
                        if let Some(done) = other.replace(start..end) {
                            windows.push((detector, done));
                        }
                    }
                }
            }
        });
        for (bit, detector) in table::numbered(Set::MAX) {
            windows.extend(open[bit].take().map(|window| (detector, window)));
        }
        for (_, window) in &mut windows {
            *window = text.floor_char_boundary(window.start)..text.ceil_char_boundary(window.end);
        }
        windows.sort_by_key(|(_, window)| window.start);
        windows
    }
}

/// Up to this length, in bytes, a message is looked at whole.
const SHORT: usize = 1024;

/// The parts of a long message are about so long, in bytes, when literals are everywhere.
const PIECE: usize = 4 * 1024;
