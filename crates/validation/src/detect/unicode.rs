//! Characters that deceive whoever reads them.

mod bidi;
mod hidden;
mod rules;
mod script;

use super::hits::{Hits, View};
use super::traits::Traits;
pub(super) use rules::RULES;

/// Nothing of this is ASCII.
pub(super) const GATE: &[&str] = &[];

/// Looks at the text as it stands and as escapes make it; where it is folded, all of this is gone.
pub(super) fn detect(view: &View<'_>, hits: &mut Hits<'_>) {
    let traits = view.traits;
    if traits.has(Traits::BIDI) {
        bidi::detect(view.text, hits);
    }
    if traits.has(Traits::HIDDEN.with(Traits::MARKS)) {
        hidden::detect(view.text, hits);
    }
    if traits.has(Traits::STYLED.with(Traits::MIXED)) {
        script::detect(view.text, hits);
    }
}

/// Returns the kinds of a character that matter here.
pub(super) fn kind(character: char) -> Traits {
    let mut kind = Traits::default();
    for (is_kind, name) in [
        (bidi::is_control(character), Traits::BIDI),
        (hidden::has_no_ink(character), Traits::HIDDEN),
        (script::is_for_show(character), Traits::STYLED),
    ] {
        if is_kind {
            kind = kind.with(name);
        }
    }
    kind
}
