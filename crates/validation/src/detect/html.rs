//! Markup and code that a page must not take from a text.
//!
//! Nobody knows within what the text will stand, so it is read as element content, as the value of an attribute whose
//! quotes it may end, and as part of a script.

mod css;
mod elements;
mod fragments;
mod markup;
mod rules;
mod script;
mod template;
mod tokens;
mod urls;

use std::ops::Range;

use super::Rule;
use super::hits::{Hits, View};

pub(crate) use rules::RULES;

/// Literals one of which stands in every message that counts.
pub(crate) const GATE: &[&str] = &[
    "<",
    "script",
    "data:",
    "onload",
    "onerror",
    "onclick",
    "onmouse",
    "onfocus",
    "onblur",
    "onkey",
    "ontoggle",
    "onpointer",
    "onanimation",
    "onbefore",
    "alert",
    "confirm(",
    "prompt(",
    "eval",
    "settimeout",
    "setinterval",
    "document.",
    "window",
    "fromcharcode",
    "constructor",
    "function(",
    "location",
    "innerhtml",
    "![]",
    "+[]",
    "[][",
    "\"](",
    "'](",
    "__proto__",
    "{{",
    "import",
];

/// Looks for markup and code in the view.
pub(crate) fn detect(view: &View<'_>, hits: &mut Hits<'_>) {
    if !hits.spend(PASSES * view.text.len()) {
        return;
    }
    let text = view.text.as_bytes();
    let mut report =
        |rule: &'static Rule, span: Range<usize>| hits.hit(rule, whole_chars(view.text, span));
    let short =
        text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).nth(PROSE).is_none();
    markup::find(text, short, &mut report);
    urls::find(text, &mut report);
    script::find(text, short, &mut report);
    fragments::find(text, &mut report);
    template::find(text, &mut report);
}

/// Widens a span to whole characters.
fn whole_chars(text: &str, span: Range<usize>) -> Range<usize> {
    text.floor_char_boundary(span.start)..text.ceil_char_boundary(span.end)
}

/// The looks at a text beyond the first that visit each byte.
const PASSES: usize = 3;

/// From here on it is prose, or a program, that names things of the browser.
const PROSE: usize = 12;
