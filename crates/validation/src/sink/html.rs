//! Texts that become part of a page.

#[cfg(feature = "html")]
mod sanitized;

use std::borrow::Cow;
use std::fmt;

#[cfg(feature = "html")]
pub use sanitized::{HtmlRules, SanitizedHtml};

use super::{Accept, Untrusted};
use crate::Error;

/// A text escaped for a page: between tags, or as the value of an attribute within quotes.
///
/// It is not for scripts, styles, names of tags and attributes, or attributes without quotes; nor for those that
/// hold a link, where `javascript:` needs no markup: a link goes through `SafeUrl` first.
///
/// ```
/// use wardkit_validation::{HtmlEscaped, Untrusted};
///
/// let name = Untrusted::new("<img src=x onerror=alert(1)>".to_owned());
/// let page = format!("<p title=\"{0}\">{0}</p>", HtmlEscaped::from(&name));
/// assert!(!page.contains("<img"));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
#[must_use]
pub struct HtmlEscaped<'a>(Cow<'a, str>);

impl<'a> HtmlEscaped<'a> {
    /// Escapes a text, which is borrowed when nothing in it needs to be.
    pub fn new(text: &'a str) -> Self {
        let Some(first) = text.find(|c| reference(c).is_some()) else {
            return Self(Cow::Borrowed(text));
        };
        let mut escaped = String::with_capacity(text.len() + text.len() / 8 + 8);
        let (clean, rest) = text.split_at(first);
        escaped.push_str(clean);
        for c in rest.chars() {
            match reference(c) {
                Some(reference) => escaped.push_str(reference),
                None => escaped.push(c),
            }
        }
        Self(Cow::Owned(escaped))
    }

    /// Returns the escaped text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the escaped text as one that borrows nothing.
    pub fn into_owned(self) -> HtmlEscaped<'static> {
        HtmlEscaped(Cow::Owned(self.0.into_owned()))
    }
}

impl<'a, T: AsRef<str>> From<&'a Untrusted<T>> for HtmlEscaped<'a> {
    fn from(text: &'a Untrusted<T>) -> Self {
        Self::new(text.inside().as_ref())
    }
}

/// Hides the text: what is safe in a page is not meant for a log.
impl fmt::Debug for HtmlEscaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HtmlEscaped(..)")
    }
}

impl fmt::Display for HtmlEscaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Takes every text, escaped, as [`HtmlEscaped`] does. It is no sanitizer: a text that is escaped twice shows its
/// escapes, as it should.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HtmlEscape;

impl Accept<str> for HtmlEscape {
    type Safe = HtmlEscaped<'static>;

    fn accept(&self, text: &str) -> Result<HtmlEscaped<'static>, Error> {
        Ok(HtmlEscaped::new(text).into_owned())
    }
}

const fn reference(c: char) -> Option<&'static str> {
    Some(match c {
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '"' => "&quot;",
        '\'' => "&#39;",
        // Once a quote to some browser.
        '`' => "&#96;",
        // Parsers drop it or replace it, each in its own way.
        '\0' => "\u{fffd}",
        _ => return None,
    })
}
