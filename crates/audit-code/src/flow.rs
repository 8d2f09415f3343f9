//! Where data flows within a file, and what a bot's handlers do with it.

use wardkit_audit::{Check, SourceFile};

use crate::found::Found;
use crate::source::{Language, Parsed};

/// Returns what is looked for.
pub(crate) fn checks() -> Vec<Check> {
    Vec::new()
}

/// Returns words of which a source has one, if there is anything for the flow to find in it.
pub(crate) fn words(_language: Language) -> &'static [&'static str] {
    &[]
}

/// Judges a source.
pub(crate) fn judge(parsed: &Parsed, _file: &SourceFile<'_>, _found: &mut Found<'_>) {
    debug_assert!(words(parsed.language()).is_empty() || !parsed.text().is_empty());
}
