//! Rules that do nothing.

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Origin, Pattern, Policy, Rule, bytes};
use crate::{EntryKind, Selection, Take};

/// Remembers which rules decided about a path: a scan's [`Selection`] in the policy's place.
///
/// A rule that decided about nothing is a slip of the pen, or no longer needed.
#[derive(Debug)]
pub struct Usage<'p> {
    policy: &'p Policy,
    used: Vec<AtomicBool>,
}

impl<'p> Usage<'p> {
    /// Starts with no rule used.
    #[must_use]
    pub fn new(policy: &'p Policy) -> Self {
        Self { policy, used: policy.rules.iter().map(|_| AtomicBool::new(false)).collect() }
    }

    /// Returns the rules that decided about nothing, those of presets excepted: a preset names what a host may have.
    pub fn unmatched(&self) -> impl Iterator<Item = &'p Rule> {
        let rules = self.policy.rules.iter().zip(&self.used);
        rules
            .filter(|(rule, used)| {
                !used.load(Ordering::Relaxed) && !matches!(rule.origin(), Origin::Preset(_))
            })
            .map(|(rule, _)| rule)
    }
}

impl Selection for Usage<'_> {
    fn take(&self, path: &Path, kind: EntryKind) -> Take {
        let found = self.policy.automaton.find(bytes(path));
        // Read before it is written: threads that only read a cache line do not wait for each other.
        if let Some(used) = found.rule.and_then(|rule| self.used.get(rule))
            && !used.load(Ordering::Relaxed)
        {
            used.store(true, Ordering::Relaxed);
        }
        self.policy.taken(found, kind)
    }
}

/// A pattern that never decides: an earlier rule covers all that it covers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shadowed<'p> {
    /// The pattern.
    pub pattern: &'p Pattern,
    /// Its rule.
    pub rule: &'p Rule,
    /// The rule that covers as much.
    pub by: &'p Rule,
}

impl fmt::Display for Shadowed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (pattern, origin, by) = (self.pattern, self.rule.origin(), self.by.origin());
        let above = self.by.patterns().first().map_or("", Pattern::as_str);
        write!(
            f,
            "{origin}: {pattern} never decides, {above} ({by}) stands above it and covers as much"
        )
    }
}

impl Policy {
    /// Returns the patterns that never decide, because an earlier rule covers all that they cover; those of presets
    /// excepted, which are there to be overridden.
    ///
    /// Each is certain. There may be more: whether several rules together cover another is not worked out.
    #[must_use]
    pub fn shadowed(&self) -> Vec<Shadowed<'_>> {
        let mut shadowed = Vec::new();
        for (number, rule) in self.rules.iter().enumerate() {
            if matches!(rule.origin(), Origin::Preset(_)) {
                continue;
            }
            for pattern in rule.patterns() {
                if let Some(by) = self.automaton.covering(pattern).filter(|&by| by < number) {
                    shadowed.push(Shadowed { pattern, rule, by: &self.rules[by] });
                }
            }
        }
        shadowed
    }
}
