//! Code of interpreters: PHP, Java, Node, Python and others.

mod base64;
mod calls;
mod functions;
mod literals;
mod rules;
mod statements;

pub(super) use rules::{GATE, RULES};

use super::Sink;
use super::hits::{Hits, View};

/// Tells whether an interpreter has a function of that name.
pub(super) fn is_function(name: &[u8]) -> bool {
    functions::danger(name).is_some()
}

/// Looks for what an interpreter would run, or load.
pub(super) fn detect(view: &View<'_>, hits: &mut Hits<'_>) {
    literals::scan(view.text, hits);
    calls::scan(view.text, hits);
    if view.sink == Some(Sink::Code) {
        base64::scan(view.text, hits);
        statements::scan(view.text, hits);
    }
}
