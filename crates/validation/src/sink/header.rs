//! Headers of requests, answers and mails.

use std::borrow::Cow;
use std::fmt;

use super::sanitizer::{Edit, Instead, Sanitizer, replace};
use super::{Accept, Untrusted};
use crate::Error;

/// The value of one header, which cannot begin another.
///
/// It is visible ASCII with spaces and tabs inside: no line break, no folded line, no NUL or other control character.
/// `%0d%0a` are six ordinary characters; whoever decodes them later does so for a value of its own.
///
/// ```
/// use wardkit_validation::{HeaderRules, HeaderSafe, Untrusted};
///
/// let title = Untrusted::new("hello\r\nSet-Cookie: admin=1");
/// assert!(title.validate_for(&HeaderRules::default()).is_err());
/// assert_eq!(HeaderSafe::new("text/plain; charset=utf-8")?.as_str(), "text/plain; charset=utf-8");
/// # Ok::<(), wardkit_validation::Error>(())
/// ```
///
/// A text is no such value:
///
/// ```compile_fail,E0308
/// fn header(text: String) -> wardkit_validation::HeaderSafe {
///     text
/// }
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[must_use]
pub struct HeaderSafe(String);

impl HeaderSafe {
    /// Takes a value by the default rules.
    ///
    /// # Errors
    ///
    /// What [`HeaderError`] says.
    pub fn new(value: &str) -> Result<Self, Error> {
        HeaderRules::default().accept(value)
    }

    /// Returns the value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Hides the value, which may be a credential.
impl fmt::Debug for HeaderSafe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HeaderSafe(..)")
    }
}

impl fmt::Display for HeaderSafe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the value of a header may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeaderRules {
    /// What becomes of characters beyond ASCII; refused by default.
    pub beyond_ascii: BeyondAscii,
    /// How many bytes a value may have; 4096 by default, half of what servers take for one line.
    pub max_bytes: usize,
}

/// What becomes of characters beyond ASCII in a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BeyondAscii {
    /// They are refused: software reads them as Latin-1, as UTF-8, or not at all.
    Refused,
    /// They pass as bytes of UTF-8, for a reader that is known to expect them. The controls U+0080 to U+009F do not.
    Utf8,
}

impl Default for HeaderRules {
    fn default() -> Self {
        Self { beyond_ascii: BeyondAscii::Refused, max_bytes: 4096 }
    }
}

impl HeaderRules {
    /// Returns a value with a space or `?` in place of what no value has.
    ///
    /// # Errors
    ///
    /// The value is too long.
    pub fn sanitized<T: AsRef<str>>(&self, value: &Untrusted<T>) -> Result<HeaderSafe, Error> {
        self.accept(&self.sanitize(value.inside().as_ref()))
    }

    fn allows(self, c: char) -> bool {
        match c {
            ' '..='~' | '\t' => true,
            '\u{a0}'.. => {
                self.beyond_ascii == BeyondAscii::Utf8 && !matches!(c, '\u{2028}' | '\u{2029}')
            }
            _ => false,
        }
    }
}

impl Accept<str> for HeaderRules {
    type Safe = HeaderSafe;

    fn accept(&self, value: &str) -> Result<HeaderSafe, Error> {
        if value.len() > self.max_bytes {
            return Err(HeaderError::TooLong.into());
        }
        if value.contains(['\r', '\n']) {
            return Err(HeaderError::Line.into());
        }
        if !value.chars().all(|c| self.allows(c)) {
            return Err(HeaderError::Character.into());
        }
        if value.starts_with(BLANKS) || value.ends_with(BLANKS) {
            return Err(HeaderError::Blank.into());
        }
        Ok(HeaderSafe(value.to_owned()))
    }
}

impl Sanitizer for HeaderRules {
    fn sanitize_with<'a>(&self, value: &'a str, edits: &mut dyn FnMut(Edit)) -> Cow<'a, str> {
        // What is trimmed now would be trimmed from the result of a second run, were it replaced first.
        let blank = |c: char| {
            BLANKS.contains(&c)
                || c <= ' '
                || matches!(c, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}')
        };
        let trimmed = value.trim_matches(blank);
        let start = value.len() - value.trim_start_matches(blank).len();
        if start > 0 {
            edits(Edit::new(0..start.min(value.len()), "a blank before the value"));
        }
        let clean = replace(trimmed, &mut |edit| edits(shift(edit, start)), |c| match c {
            c if self.allows(c) => None,
            '\0'..='\u{9f}' | '\u{2028}' | '\u{2029}' => {
                Some(Instead::Char(' ', "a control character or a line break"))
            }
            _ => Some(Instead::Char('?', "a character beyond ASCII")),
        });
        let end = start + trimmed.len();
        if end < value.len() {
            edits(Edit::new(end..value.len(), "a blank after the value"));
        }
        clean
    }
}

fn shift(mut edit: Edit, by: usize) -> Edit {
    edit.span = edit.span.start + by..edit.span.end + by;
    edit
}

/// The name of a header, that somebody else may choose.
///
/// Names that frame a message or steer its way (`Host`, `Content-Length`, `Transfer-Encoding`, `Connection` and
/// their like) are refused: a proxy and a server that read them differently see different messages.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[must_use]
pub struct HeaderName(String);

impl HeaderName {
    /// Takes a name, in lower case.
    ///
    /// # Errors
    ///
    /// It is empty, longer than 128 bytes, has a character that no name has, or frames the message.
    pub fn new(name: &str) -> Result<Self, Error> {
        if name.len() > MAX_NAME {
            return Err(HeaderError::TooLong.into());
        }
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(HeaderError::Name.into());
        }
        let name = name.to_ascii_lowercase();
        // CGI and its heirs write `-` and `_` as one sign, so that either stands for the other.
        let read = name.replace('_', "-");
        let steers = FRAMING_STARTS.iter().any(|start| read.starts_with(start));
        if steers || FRAMING.contains(&read.as_str()) {
            return Err(HeaderError::Framing.into());
        }
        Ok(Self(name))
    }

    /// Returns the name, in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<&str> for HeaderName {
    type Error = Error;

    fn try_from(name: &str) -> Result<Self, Error> {
        Self::new(name)
    }
}

impl<T: AsRef<str>> TryFrom<&Untrusted<T>> for HeaderName {
    type Error = Error;

    fn try_from(name: &Untrusted<T>) -> Result<Self, Error> {
        Self::new(name.inside().as_ref())
    }
}

/// Why a header was refused. None shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// It is too long.
    #[error("the header is too long")]
    TooLong,
    /// It has a line break.
    #[error("the value of the header has a line break")]
    Line,
    /// It has a character that a value must not have.
    #[error("the value of the header has a control character, or one beyond ASCII")]
    Character,
    /// It begins or ends with a blank.
    #[error("the value of the header begins or ends with a blank")]
    Blank,
    /// Its name is none.
    #[error("the name of the header is empty or has a character that no name has")]
    Name,
    /// Its name frames the message.
    #[error("a header of that name frames the message or steers its way")]
    Framing,
}

/// What RFC 9110 allows in a name (section 5.6.2).
const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

const BLANKS: [char; 2] = [' ', '\t'];

const MAX_NAME: usize = 128;

const FRAMING: &[&str] = &[
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "http2-settings",
    "forwarded",
    "via",
    "max-forwards",
    "client-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "fastly-client-ip",
    "x-real-ip",
    "x-host",
    "x-original-host",
    "x-original-url",
    "x-rewrite-url",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
];

/// `Proxy` alone names the proxy of whatever a CGI program fetches.
const FRAMING_STARTS: &[&str] = &["proxy", "x-forwarded", "x-proxy"];
