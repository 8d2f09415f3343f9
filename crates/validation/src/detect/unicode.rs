//! Characters that deceive whoever reads them.

mod bidi;
mod hidden;
mod rules;
mod script;

use super::Layer;
use super::hits::{Hits, View};
pub(super) use rules::RULES;

/// Nothing of this is ASCII.
pub(super) const GATE: &[&str] = &[];

/// Looks at the text as it stands and as escapes make it; where it is folded, all of this is gone.
pub(super) fn detect(view: &View<'_>, hits: &mut Hits<'_>) {
    if view.layer == Layer::Folded || view.text.is_ascii() {
        return;
    }
    bidi::detect(view.text, hits);
    hidden::detect(view.text, hits);
    script::detect(view.text, hits);
}
