//! Whether migrations have one order: those of Alembic and Django, and those that are numbered by their names.

mod alembic;
mod django;
mod numbered;

use wardkit_audit::{Sink, SourceFile};

use super::Whole;
use crate::source::{Language, Parsed};
use crate::testcode;

pub(super) fn summarise(parsed: &Parsed, file: &SourceFile<'_>, sink: &mut Sink) {
    if parsed.language() != Language::Python || !sink.wants(CHECK) {
        return;
    }
    if testcode::is_test(file.path()) {
        return;
    }
    if file.text().contains("down_revision") {
        alembic::summarise(parsed, file, sink);
    }
    if file.text().contains("migrations.Migration") {
        django::summarise(parsed, file, sink);
    }
}

pub(super) fn judge(whole: &Whole<'_>, sink: &mut Sink) {
    if sink.wants(CHECK) {
        alembic::judge(whole, sink);
        django::judge(whole, sink);
        numbered::judge(whole, sink);
    }
}

/// Returns names as a sentence has them.
fn listed(names: &[&str]) -> String {
    let (shown, rest) = names.split_at(names.len().min(MOST_NAMED));
    let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
    format!("{}{more}", shown.join(", "))
}

const CHECK: &str = "mig-multi-head";

/// A person reads no more of them.
const MOST_NAMED: usize = 6;
