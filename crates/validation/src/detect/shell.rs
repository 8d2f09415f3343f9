//! Shell commands.

mod argument;
mod commands;
mod marks;
mod place;
mod rules;
mod scan;
mod windows;
mod word;

pub(super) use argument::is_prose;
pub(super) use rules::{GATE, RULES};

use super::hits::{Hits, View};

/// Looks for commands that a shell would run.
pub(super) fn detect(view: &View<'_>, hits: &mut Hits<'_>) {
    scan::scan(view.text, hits);
    marks::scan(view.text, hits);
}
