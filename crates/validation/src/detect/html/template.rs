//! Expressions of templates that run in the browser.

use std::ops::Range;

use super::rules;
use crate::detect::Rule;

/// Reports expressions between double braces that reach out of their sandbox.
pub(super) fn find(text: &[u8], report: &mut impl FnMut(&'static Rule, Range<usize>)) {
    let mut at = 0;
    while let Some(open) = memchr::memmem::find(&text[at..], b"{{").map(|found| at + found) {
        let inner = &text[open + 2..text.len().min(open + 2 + LONGEST)];
        let end = memchr::memmem::find(inner, b"}}");
        let inner = &inner[..end.unwrap_or(inner.len())];
        at = open + 2 + inner.len();
        if REACH.iter().any(|word| memchr::memmem::find(inner, word.as_bytes()).is_some()) {
            report(&rules::TEMPLATE, open..open + 2);
        } else if end.is_some_and(|end| end < SHORT)
            && inner.iter().any(|byte| matches!(byte, b'(' | b'[' | b'*' | b'+' | b'='))
        {
            report(&rules::EXPRESSION, open..open + 2);
        }
    }
}

const REACH: &[&str] = &[
    "constructor",
    "$eval",
    "$on.",
    "$parse",
    "toString(",
    ".sub.",
    ".call(",
    ".apply(",
    "alert(",
    "_openBlock",
    "__proto__",
    "charAt",
    ".bind(",
    "valueOf",
    "$root",
    "$emit",
    "fromCharCode",
    "orderBy:",
    "|filter:",
];

/// A longer expression is none.
const LONGEST: usize = 1024;

/// Longer ones are braces of program text.
const SHORT: usize = 100;
