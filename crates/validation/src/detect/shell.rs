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

/// Tells whether a command has that name, in either case.
pub(super) fn is_command(name: &[u8]) -> bool {
    let mut lower = [0; LONGEST_NAME];
    let Some(lower) = lower.get_mut(..name.len()) else {
        return false;
    };
    lower.copy_from_slice(name);
    lower.make_ascii_lowercase();
    std::str::from_utf8(lower).is_ok_and(|name| commands::named(name).is_some())
}

/// Longer words are no commands.
const LONGEST_NAME: usize = 40;
