//! What detection says.

use std::ops::Range;

use super::{Class, Sink};

/// One thing that detection knows to look for. All of them are data that `explain` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// Its stable name: the class, a dot, and words with hyphens, as in `sql.stacked-query`.
    pub id: &'static str,
    /// The kind of attack.
    pub class: Class,
    /// The sinks that it speaks for, besides the one of its class.
    pub sinks: &'static [Sink],
    /// The strictness from which on it counts for its sinks, 1 to 4: 1 all but never hits a harmless text, 4 often.
    pub strictness: u8,
    /// The same for a text whose sink is unknown, such as a chat message; 0 for never.
    pub message: u8,
    /// How sure a hit is, in per cent.
    pub confidence: u8,
    /// What is wrong, for the log; nothing of the text.
    pub reason: &'static str,
    /// What it is, why it matters and what to do instead, for whoever asks.
    pub about: &'static str,
    /// A text that it finds.
    pub example: &'static str,
}

impl Rule {
    /// Tells whether the rule has a say about texts for a sink.
    #[must_use]
    pub fn speaks_for(&self, sink: Sink) -> bool {
        self.class.sink() == Some(sink) || self.sinks.contains(&sink)
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing was found. This is no proof of harmlessness: only the typed sinks give that.
    Clean,
    /// Something was found that a harmless text may have.
    Suspicious,
    /// Something was found that a harmless text does not have.
    Reject,
}

/// How the text was read when the rule hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Layer {
    /// As it stands.
    Raw,
    /// With compatibility characters as their plain ones, and invisible ones left out.
    Folded,
    /// With percent escapes decoded, once or more.
    UrlDecoded,
    /// With character references decoded.
    HtmlDecoded,
    /// With backslash escapes decoded.
    Unescaped,
    /// With Base64 decoded.
    Base64,
}

/// A hit of one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// Where, in bytes of the text as it was given.
    pub span: Range<usize>,
    /// How the text was read.
    pub layer: Layer,
}

/// What detection says of a text. Its `Display` and `Debug` never show the text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Verdict {
    level: Level,
    findings: Vec<Finding>,
}

impl Verdict {
    /// Returns a verdict of findings, the worst of which comes first.
    pub const fn new(level: Level, findings: Vec<Finding>) -> Self {
        Self { level, findings }
    }

    /// Returns how bad it is.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.level
    }

    /// Returns what was found, the worst first.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}
