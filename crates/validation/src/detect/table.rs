//! The detectors, and which of them look at what.

use std::sync::LazyLock;

use super::hits::{Hits, View};
use super::{Rule, Sink};

/// What finds the attacks of a class.
pub(super) struct Detector {
    /// All that it can find.
    rules: &'static [Rule],
    /// Literals in lower case, one of which every attack has that it finds in a message. Without any, the detector
    /// looks at every message that is not ASCII alone.
    pub(super) gate: &'static [&'static str],
    /// How far around such a literal, in bytes, it looks in a long message.
    pub(super) reach: usize,
    /// Looks at one reading of the text.
    pub(super) detect: fn(&View<'_>, &mut Hits<'_>),
}

/// Makes the table of the modules that it is given.
macro_rules! detectors {
    ($($name:ident $(within $reach:literal)?,)*) => {
        &[$(Detector {
            rules: super::$name::RULES,
            gate: super::$name::GATE,
            reach: [$($reach,)? REACH][0],
            detect: super::$name::detect,
        },)*]
    };
}

/// One line for each. A detector looks at the sinks that its rules speak for.
pub(super) static DETECTORS: &[Detector] = detectors! {
    code,
    filename,
    header,
    html,
    ldap,
    nosql,
    path,
    prompt within 2048,
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

/// A set has room for so many.
pub(super) const MOST: usize = Set::BITS as usize;

/// An attack and what leads up to it are rarely longer.
const REACH: usize = 256;

static BY_SINK: LazyLock<Vec<Set>> = LazyLock::new(|| {
    let speaks =
        |sink| set(|detector| detector.rules.iter().any(|rule: &Rule| rule.speaks_for(sink)));
    Sink::ALL.iter().copied().map(speaks).collect()
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
    BY_SINK[sink as usize]
}

/// Returns the detectors of a set.
pub(super) fn members(set: Set) -> impl Iterator<Item = &'static Detector> {
    numbered(set).map(|(_, detector)| detector)
}

/// Returns the detectors of a set, and the bit of each.
pub(super) fn numbered(set: Set) -> impl Iterator<Item = (usize, &'static Detector)> {
    DETECTORS.iter().enumerate().filter(move |(bit, _)| set & (1 << bit) != 0)
}

pub(super) fn set(belongs: impl Fn(&Detector) -> bool) -> Set {
    DETECTORS
        .iter()
        .enumerate()
        .filter(|(_, detector)| belongs(detector))
        .fold(0, |set, (bit, _)| set | 1 << bit)
}
