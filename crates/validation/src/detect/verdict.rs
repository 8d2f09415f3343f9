//! What detection says.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
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

impl Layer {
    /// Returns the name, as reports write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Folded => "folded",
            Self::UrlDecoded => "url-decoded",
            Self::HtmlDecoded => "html-decoded",
            Self::Unescaped => "unescaped",
            Self::Base64 => "base64",
        }
    }
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

impl Finding {
    /// Returns how bad it is.
    #[must_use]
    pub const fn level(&self) -> Level {
        if self.rule.confidence >= SURE { Level::Reject } else { Level::Suspicious }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, span: Range { start, end }, layer } = self;
        write!(f, "{} at {start}..{end} ({}): {}", rule.id, layer.as_str(), rule.reason)
    }
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

    /// Returns the text with every place that was found blotted out, character by character; the text itself when
    /// nothing was. The verdict must be of this text.
    ///
    /// For logs and moderators. What is left is as foreign as before, and no safer for a sink.
    #[must_use]
    pub fn mask<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.findings.is_empty() {
            return Cow::Borrowed(text);
        }
        let is_found = |at: usize| self.findings.iter().any(|finding| finding.span.contains(&at));
        let masked = text.char_indices().map(|(at, c)| if is_found(at) { '\u{2588}' } else { c });
        Cow::Owned(masked.collect())
    }

    /// Returns what was found with all that there is to say of it, for an operator who asks.
    #[must_use]
    pub fn explain(&self) -> String {
        let mut text = format!("{self}\n");
        let mut told: Vec<&str> = Vec::new();
        for Finding { rule, .. } in &self.findings {
            if !told.contains(&rule.id) {
                told.push(rule.id);
                let _ = writeln!(
                    text,
                    "\n{} (class {}, strictness {}, confidence {} %)\n{}",
                    rule.id, rule.class, rule.strictness, rule.confidence, rule.about
                );
            }
        }
        text
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Clean => "clean",
            Self::Suspicious => "suspicious",
            Self::Reject => "reject",
        })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.level)?;
        self.findings.iter().try_for_each(|finding| write!(f, "\n{finding}"))
    }
}

/// From this confidence on a finding alone is reason to reject, in per cent.
const SURE: u8 = 80;
