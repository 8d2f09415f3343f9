//! Expressions of template engines.

mod content;
mod delimiter;
mod rules;

pub(super) use rules::{GATE, RULES};

use super::hits::{Hits, View, whole_chars};
use delimiter::Delimiters;

/// Looks for what a template engine would evaluate.
pub(super) fn detect(view: &View<'_>, hits: &mut Hits<'_>) {
    let bytes = view.text.as_bytes();
    for found in Delimiters::of(bytes) {
        if !hits.spend(COST) {
            return;
        }
        if let Some(rule) = content::judge(&found) {
            hits.hit(rule, whole_chars(view.text, found.span));
        }
    }
    content::walks(view.text, hits);
    if let Some(span) = delimiter::polyglot(bytes) {
        hits.hit(&rules::POLYGLOT, whole_chars(view.text, span));
    }
}

/// How many bytes the look at an expression costs, for the budget of work.
const COST: usize = 96;
