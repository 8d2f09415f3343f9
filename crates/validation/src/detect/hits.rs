//! What a detector is given, and what it gives.

use std::ops::Range;

use super::traits::Traits;
use super::{Finding, Layer, Level, Rule, Sink};

/// One way to read the text, as a detector sees it.
#[derive(Clone, Copy)]
pub(crate) struct View<'t> {
    /// The text, read this way.
    pub(crate) text: &'t str,
    /// How it was read.
    pub(crate) layer: Layer,
    /// Where it is to go; none for a message, of which nobody knows.
    pub(crate) sink: Option<Sink>,
    /// The kinds of characters that it has.
    pub(crate) traits: Traits,
}

/// Collects what detectors find, and counts their work.
pub(crate) struct Hits<'p> {
    sink: Option<Sink>,
    strictness: u8,
    excepted: &'p dyn Fn(&Rule) -> bool,
    layer: Layer,
    budget: usize,
    once_sure: usize,
    exhausted: bool,
    findings: Vec<Finding>,
}

impl<'p> Hits<'p> {
    /// Starts with nothing found. Rules that `excepted` is true of do not count. The budget of work, in bytes, falls
    /// to `once_sure` when something is found that no harmless text has.
    pub(super) fn new(
        sink: Option<Sink>,
        strictness: u8,
        excepted: &'p dyn Fn(&Rule) -> bool,
        (budget, once_sure): (usize, usize),
    ) -> Self {
        let (layer, exhausted, findings) = (Layer::Raw, false, Vec::new());
        Self { sink, strictness, excepted, layer, budget, once_sure, exhausted, findings }
    }

    /// Records that the rule found something at a place of the view's text. What does not count under the policy is
    /// ignored, so a detector need not ask.
    pub(crate) fn hit(&mut self, rule: &'static Rule, span: Range<usize>) {
        if !self.wants(rule) {
            return;
        }
        let finding = Finding { rule, span, layer: self.layer };
        if finding.level() == Level::Reject {
            self.budget = self.budget.min(self.once_sure);
        }
        self.findings.push(finding);
    }

    /// Takes bytes that are about to be visited off the budget. At `false` a detector stops: the budget is used up, and
    /// the verdict will say so. A detector's first pass over its view is paid for already.
    pub(crate) const fn spend(&mut self, bytes: usize) -> bool {
        if bytes > self.budget {
            self.budget = 0;
            self.exhausted = true;
        } else {
            self.budget -= bytes;
        }
        !self.exhausted
    }

    /// Tells whether the rule counts here, and has not been hit often enough.
    pub(crate) fn wants(&self, rule: &Rule) -> bool {
        self.counts(rule) && !self.is_full_of(rule)
    }

    fn is_full_of(&self, rule: &Rule) -> bool {
        self.findings.len() >= MOST_PER_RULE
            && (self.findings.len() >= MOST_FINDINGS
                || self.findings.iter().filter(|finding| finding.rule.id == rule.id).count()
                    >= MOST_PER_RULE)
    }

    fn counts(&self, rule: &Rule) -> bool {
        let needed = match self.sink {
            None => rule.message,
            Some(sink) if rule.speaks_for(sink) => rule.strictness,
            Some(_) => 0,
        };
        needed != 0 && needed <= self.strictness && !(self.excepted)(rule)
    }

    /// Tells whether the budget ran out.
    pub(super) const fn is_exhausted(&self) -> bool {
        self.exhausted
    }

    /// Runs detectors over one layer, and maps what they find back to the text as it was given.
    pub(super) fn on_layer(
        &mut self,
        layer: Layer,
        origin: impl Fn(Range<usize>) -> Range<usize>,
        detect: impl FnOnce(&mut Self),
    ) {
        self.layer = layer;
        let before = self.findings.len();
        detect(self);
        for finding in &mut self.findings[before..] {
            finding.span = origin(finding.span.clone());
        }
        self.layer = Layer::Raw;
    }

    /// Runs a detector over the part of the layer that begins at a place.
    pub(super) fn at(&mut self, start: usize, detect: impl FnOnce(&mut Self)) {
        let before = self.findings.len();
        detect(self);
        for finding in &mut self.findings[before..] {
            finding.span = finding.span.start + start..finding.span.end + start;
        }
    }

    /// Returns what was found, the worst first, each place once for a rule.
    pub(super) fn finish(mut self) -> Vec<Finding> {
        if self.findings.is_empty() {
            return self.findings;
        }
        self.findings.sort_by_key(|finding| {
            let rule = finding.rule;
            (u8::MAX - rule.confidence, rule.strictness, finding.layer, finding.span.start)
        });
        let mut kept: Vec<Finding> = Vec::with_capacity(self.findings.len());
        for finding in self.findings {
            let known = |other: &Finding| {
                other.rule.id == finding.rule.id
                    && other.span.start < finding.span.end.max(finding.span.start + 1)
                    && finding.span.start < other.span.end.max(other.span.start + 1)
            };
            if !kept.iter().any(known) {
                kept.push(finding);
            }
        }
        kept
    }
}

/// Widens a span to whole characters: a detector that counts bytes may end within one.
pub(crate) fn whole_chars(text: &str, span: Range<usize>) -> Range<usize> {
    let end = text.len();
    text.floor_char_boundary(span.start.min(end))..text.ceil_char_boundary(span.end.min(end))
}

/// Enough to act on; a hostile text has thousands.
const MOST_FINDINGS: usize = 64;

/// Of one rule the first few places tell all.
const MOST_PER_RULE: usize = 8;
