//! How a text is made harmless rather than refused.

use std::borrow::Cow;
use std::ops::Range;

/// Makes texts harmless for one sink.
///
/// What comes out is left as it is by the same sanitizer, and a text that was harmless before is borrowed. Callers
/// run it on their own thread for each text; it never fails.
pub trait Sanitizer {
    /// Returns the harmless text, and tells `edits` what was changed, in the order of the text.
    fn sanitize_with<'a>(&self, text: &'a str, edits: &mut dyn FnMut(Edit)) -> Cow<'a, str>;

    /// Returns the harmless text.
    #[must_use]
    fn sanitize<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.sanitize_with(text, &mut |_| ())
    }
}

/// What a [`Sanitizer`] changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Edit {
    /// Where, in bytes of the text as it was given; empty where something was put in.
    pub span: Range<usize>,
    /// Why; nothing of the text.
    pub reason: &'static str,
}

impl Edit {
    pub(super) const fn new(span: Range<usize>, reason: &'static str) -> Self {
        Self { span, reason }
    }
}

/// What stands for a character that may not stay.
pub(super) enum Instead {
    /// Nothing.
    Nothing(&'static str),
    /// Another character.
    Char(char, &'static str),
    /// Its number, as Rust writes it, or `\n`, `\r` and `\t`.
    Escape(&'static str),
}

/// Returns the text with other characters for some; borrowed when there are none.
pub(super) fn replace<'a>(
    text: &'a str,
    edits: &mut dyn FnMut(Edit),
    instead: impl Fn(char) -> Option<Instead>,
) -> Cow<'a, str> {
    let mut changed: Option<String> = None;
    for (at, c) in text.char_indices() {
        let Some(instead) = instead(c) else {
            if let Some(changed) = &mut changed {
                changed.push(c);
            }
            continue;
        };
        let changed = changed.get_or_insert_with(|| text[..at].to_owned());
        let reason = match instead {
            Instead::Nothing(reason) => reason,
            Instead::Char(other, reason) => {
                changed.push(other);
                reason
            }
            Instead::Escape(reason) => {
                changed.extend(c.escape_default());
                reason
            }
        };
        edits(Edit::new(at..at + c.len_utf8(), reason));
    }
    changed.map_or(Cow::Borrowed(text), Cow::Owned)
}
