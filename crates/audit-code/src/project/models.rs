//! Whether what the code says of the database is so, and is used.

mod columns;
mod enums;

use wardkit_audit::{Sink, SourceFile};

use super::Whole;
use super::scope::is_example;
use crate::source::{Language, Parsed};
use crate::testcode;

pub(super) fn summarise(parsed: &Parsed, file: &SourceFile<'_>, sink: &mut Sink) {
    let path = file.path();
    if parsed.language() != Language::Python || testcode::is_test(path) || is_example(path) {
        return;
    }
    columns::summarise(parsed, file, sink);
    enums::summarise(parsed, file, sink);
}

pub(super) fn judge(whole: &Whole<'_>, sink: &mut Sink) {
    if sink.wants(columns::CHECK) {
        columns::judge(whole, sink);
    }
    if sink.wants(enums::CHECK) {
        enums::judge(whole, sink);
    }
}
