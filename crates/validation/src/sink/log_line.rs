//! One line of a log, whatever the text contains.

use std::borrow::Cow;
use std::fmt;

use super::characters::{deceives, is_control};
use super::sanitizer::{Edit, Instead, Sanitizer, replace};
use super::{Accept, Untrusted};
use crate::Error;

/// A text that stays one line of a log and does nothing to the terminal that shows it.
///
/// Line breaks, escape sequences and all other control characters become visible (`\n`, `\u{1b}`), as do characters
/// that turn the direction or that nobody sees. Letters of all languages stay. A backslash stays one too: this is
/// for reading, and what was a line break is not to be told from `\n` that somebody typed.
///
/// ```
/// use wardkit_validation::{LogLine, Untrusted};
///
/// let name = Untrusted::new("Eve\n2026-11-21 INFO root logged in");
/// assert_eq!(LogLine::from(&name).to_string(), r"Eve\n2026-11-21 INFO root logged in");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub struct LogLine<'a>(Cow<'a, str>);

impl<'a> LogLine<'a> {
    /// Makes one line of a text, which is borrowed when it is one.
    pub fn new(text: &'a str) -> Self {
        Self(LogEscape.sanitize(text))
    }

    /// Makes one line of the beginning of a text: at most `bytes` of it, and how many are left out.
    pub fn beginning(text: &'a str, bytes: usize) -> Self {
        let end = text.floor_char_boundary(bytes);
        let Self(line) = Self::new(&text[..end]);
        let left = text.len() - end;
        Self(if left == 0 { line } else { format!("{line}.. ({left} bytes more)").into() })
    }

    /// Returns the line.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the line as one that borrows nothing.
    pub fn into_owned(self) -> LogLine<'static> {
        LogLine(Cow::Owned(self.0.into_owned()))
    }
}

impl<'a, T: AsRef<str>> From<&'a Untrusted<T>> for LogLine<'a> {
    fn from(text: &'a Untrusted<T>) -> Self {
        Self::new(text.inside().as_ref())
    }
}

impl fmt::Display for LogLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Escapes what is no part of one line, as [`LogLine`] does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogEscape;

impl Sanitizer for LogEscape {
    fn sanitize_with<'a>(&self, text: &'a str, edits: &mut dyn FnMut(Edit)) -> Cow<'a, str> {
        // Most lines are printable ASCII, which a compiler checks many bytes at a time.
        if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return Cow::Borrowed(text);
        }
        replace(text, edits, |c| {
            if is_control(c) {
                Some(Instead::Escape("a control character or a line break"))
            } else if deceives(c) {
                Some(Instead::Escape("a character that nobody sees or that turns the direction"))
            } else {
                None
            }
        })
    }
}

/// Takes every text, escaped.
impl Accept<str> for LogEscape {
    type Safe = LogLine<'static>;

    fn accept(&self, text: &str) -> Result<LogLine<'static>, Error> {
        Ok(LogLine::new(text).into_owned())
    }
}
