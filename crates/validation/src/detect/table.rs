//! The detectors, and which of them look at what.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::hits::{Hits, View};
use super::{Rule, Sink};

/// What finds the attacks of a class.
pub(super) struct Detector {
    /// All that it can find.
    rules: &'static [Rule],
    /// Literals in lower case, one of which every attack has that it finds in a message. Without any, the detector
    /// looks at every message that is not ASCII alone.
    gate: &'static [&'static str],
    /// Looks at one reading of the text.
    pub(super) detect: fn(&View<'_>, &mut Hits<'_>),
}

/// Makes the table of the modules that it is given.
macro_rules! detectors {
    ($($name:ident,)*) => {
        &[$(Detector {
            rules: super::$name::RULES,
            gate: super::$name::GATE,
            detect: super::$name::detect,
        },)*]
    };
}

/// One line for each. A detector looks at the sinks that its rules speak for.
static DETECTORS: &[Detector] = detectors! {
    code,
    filename,
    header,
    html,
    ldap,
    nosql,
    path,
    prompt,
    redirect,
    shell,
    sql,
    template,
    terminal,
    unicode,
    url,
    xml,
};

/// A set of detectors, a bit for each.
pub(super) type Set = u32;

/// What is made of the table once.
struct Plan {
    by_sink: Vec<Set>,
    gate: Option<AhoCorasick>,
    by_literal: Vec<Set>,
    on_unicode: Set,
}

static PLAN: LazyLock<Plan> = LazyLock::new(|| {
    let by_sink = Sink::ALL
        .iter()
        .map(|sink| set(|detector| detector.rules.iter().any(|rule| rule.speaks_for(*sink))))
        .collect();
    let mut literals: Vec<&str> =
        DETECTORS.iter().flat_map(|detector| detector.gate.iter().copied()).collect();
    literals.sort_unstable();
    literals.dedup();
    let by_literal =
        literals.iter().map(|literal| set(|detector| detector.gate.contains(literal))).collect();
    // Without the automaton every detector looks at every message: slower, and right.
    let gate = AhoCorasick::builder()
        .kind(Some(AhoCorasickKind::DFA))
        .match_kind(MatchKind::Standard)
        .ascii_case_insensitive(true)
        .build(&literals)
        .ok();
    Plan { by_sink, gate, by_literal, on_unicode: set(|detector| detector.gate.is_empty()) }
});

/// Returns every rule there is.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    super::pipeline::RULES.iter().chain(DETECTORS.iter().flat_map(|detector| detector.rules))
}

/// Returns the rule of that name.
#[must_use]
pub fn rule(id: &str) -> Option<&'static Rule> {
    rules().find(|rule| rule.id == id)
}

/// Returns the detectors that look at texts for a sink.
pub(super) fn for_sink(sink: Sink) -> Set {
    PLAN.by_sink[sink as usize]
}

/// Returns the detectors that have a reason to look at a message.
pub(super) fn for_message(text: &str) -> Set {
    let Some(gate) = &PLAN.gate else {
        return set(|_| true);
    };
    let always = if text.is_ascii() { 0 } else { PLAN.on_unicode };
    gate.find_overlapping_iter(text)
        .fold(always, |found, literal| found | PLAN.by_literal[literal.pattern().as_usize()])
}

/// Returns the detectors of a set.
pub(super) fn members(set: Set) -> impl Iterator<Item = &'static Detector> {
    DETECTORS
        .iter()
        .enumerate()
        .filter(move |(bit, _)| set & (1 << bit) != 0)
        .map(|(_, detector)| detector)
}

fn set(belongs: impl Fn(&Detector) -> bool) -> Set {
    DETECTORS
        .iter()
        .enumerate()
        .filter(|(_, detector)| belongs(detector))
        .fold(0, |set, (bit, _)| set | 1 << bit)
}
