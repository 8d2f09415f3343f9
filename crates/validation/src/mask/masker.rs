//! Masks texts.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use zeroize::Zeroize;

use super::pseudonym::{Key, MASK, is_mask};
use super::recogniser::Sensitive;
use super::{Found, Masked, MaskedLines, Recognisers};

/// Masks secrets and personal data in texts. Cloning is cheap.
///
/// ```
/// use wardkit_validation::Masker;
///
/// let masker = Masker::default();
/// assert_eq!(masker.mask("password=hunter2 user=bob"), "password=*** user=bob");
/// ```
///
/// With a key, what is masked gets a pseudonym: the same secret the same eight digits, so that lines which speak of the
/// same card or user can be told, without anybody learning which.
///
/// ```
/// use wardkit_validation::Masker;
///
/// let masker = Masker::builder().key(b"32 bytes of a random source would be better").build();
/// let (first, second) = (masker.mask("token for a@b.org"), masker.mask("mail to a@b.org"));
/// assert_eq!(first.strip_prefix("token for "), second.strip_prefix("mail to "));
/// assert_eq!(first.len(), "token for ***".len() + 8);
/// ```
#[derive(Clone)]
pub struct Masker(Arc<Inner>);

struct Inner {
    recognisers: Recognisers,
    key: Option<Key>,
    allowed: HashSet<Box<[u8]>>,
    last_digits: bool,
}

impl Default for Masker {
    /// Masks everything but addresses of hosts, without pseudonyms.
    fn default() -> Self {
        Self::builder().build()
    }
}

impl Masker {
    /// Begins a masker that differs from the default.
    pub fn builder() -> MaskerBuilder {
        MaskerBuilder {
            kinds: Sensitive::DEFAULT.to_vec(),
            names: Vec::new(),
            allowed: HashSet::new(),
            key: None,
            last_digits: false,
        }
    }

    /// Returns the text with what is recognised masked; the text itself where there is nothing. Its lines stay lines.
    #[must_use]
    pub fn mask<'t>(&self, text: &'t str) -> Cow<'t, str> {
        as_text(text, self.mask_bytes(text.as_bytes()))
    }

    /// Returns the same of a text that need not be UTF-8.
    #[must_use]
    pub fn mask_bytes<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        self.settled(text, &self.find(text))
    }

    /// Returns the value of a field masked: all of it where the field's name makes it secret, else what is recognised.
    ///
    /// ```
    /// use wardkit_validation::Masker;
    ///
    /// let masker = Masker::default();
    /// assert_eq!(masker.mask_beside("DB_PASSWORD", "hunter2"), "***");
    /// assert_eq!(masker.mask_beside("note", "hunter2"), "hunter2");
    /// ```
    #[must_use]
    pub fn mask_beside<'t>(&self, name: &str, value: &'t str) -> Cow<'t, str> {
        let found = self.not_allowed(value.as_bytes(), self.0.recognisers.find_beside(name, value));
        as_text(value, self.settled(value.as_bytes(), &found))
    }

    /// Returns what is recognised and not allowed.
    #[must_use]
    pub fn find(&self, text: &[u8]) -> Vec<Found> {
        self.not_allowed(text, self.0.recognisers.find_bytes(text))
    }

    fn not_allowed(&self, text: &[u8], mut found: Vec<Found>) -> Vec<Found> {
        if !found.is_empty() {
            found.retain(|found| {
                let value = &text[found.range.clone()];
                // A private key that begins in the next line has only the line's end in this one.
                let is_nothing = |line: &[u8]| line.is_empty() || is_mask(line);
                let mut lines = value.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
                !lines.all(is_nothing) && !self.0.allowed.contains(value)
            });
        }
        found
    }

    /// Begins a text that comes in lines: what a private key is, only the lines together tell.
    #[must_use]
    pub fn lines(&self) -> MaskedLines {
        MaskedLines::new(self.clone())
    }

    /// Hides a value, under its pseudonym if the masker has a key.
    #[must_use]
    pub fn hide<T: AsRef<[u8]> + Zeroize>(&self, value: T) -> Masked<T> {
        let pseudonym = self.0.key.as_ref().map(|key| key.pseudonym(value.as_ref()));
        Masked::with_pseudonym(value, pseudonym)
    }

    /// Masks what was found, and then what only masking has brought about, such as a name that is now beside a mask:
    /// so that masking what was masked changes nothing.
    pub(super) fn settled<'t>(&self, text: &'t [u8], found: &[Found]) -> Cow<'t, [u8]> {
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut masked = self.masked(text, found);
        for round in 1..=MOST_ROUNDS {
            let mut again = self.find(&masked);
            let Some(first) = again.first_mut() else { break };
            if round == MOST_ROUNDS {
                first.range = 0..masked.len();
                again.truncate(1);
            } else if round > SINGLE_ROUNDS {
                to_whole_lines(&mut again, &masked);
            }
            masked = self.masked(&masked, &again);
        }
        // Of a private key there may be nothing left but masks.
        if masked == text { Cow::Borrowed(text) } else { Cow::Owned(masked) }
    }

    fn masked(&self, text: &[u8], found: &[Found]) -> Vec<u8> {
        let mut masked = Vec::with_capacity(text.len() + 16 * found.len());
        let mut at = 0;
        for found in found {
            masked.extend_from_slice(&text[at..found.range.start]);
            self.write_lines(&mut masked, &text[found.range.clone()], found.recogniser.kind);
            at = found.range.end;
        }
        masked.extend_from_slice(&text[at..]);
        masked
    }

    /// Masks each line of a value by itself, so that there are as many as before.
    pub(super) fn write_lines(&self, out: &mut Vec<u8>, value: &[u8], kind: Sensitive) {
        for line in value.split_inclusive(|byte| *byte == b'\n') {
            let content = line.strip_suffix(b"\n").unwrap_or(line);
            let content = content.strip_suffix(b"\r").unwrap_or(content);
            if is_mask(content) {
                out.extend_from_slice(content);
            } else if !content.is_empty() {
                self.write(out, content, kind);
            }
            out.extend_from_slice(&line[content.len()..]);
        }
    }

    fn write(&self, out: &mut Vec<u8>, value: &[u8], kind: Sensitive) {
        out.extend_from_slice(MASK.as_bytes());
        if self.0.last_digits && kind == Sensitive::Card {
            out.extend_from_slice(&value[value.len().saturating_sub(LAST_DIGITS)..]);
        } else if let Some(key) = &self.0.key {
            out.extend_from_slice(&key.pseudonym(value));
        }
    }
}

/// Returns a text masked as bytes as a text.
fn as_text<'t>(text: &'t str, masked: Cow<'t, [u8]>) -> Cow<'t, str> {
    match masked {
        Cow::Borrowed(_) => Cow::Borrowed(text),
        Cow::Owned(masked) => Cow::Owned(
            String::from_utf8(masked)
                .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
        ),
    }
}

impl fmt::Debug for Masker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Masker")
            .field("recognisers", &self.0.recognisers)
            .field("key", &self.0.key)
            .finish_non_exhaustive()
    }
}

/// A masker in the making.
#[must_use]
pub struct MaskerBuilder {
    kinds: Vec<Sensitive>,
    names: Vec<String>,
    allowed: HashSet<Box<[u8]>>,
    key: Option<Key>,
    last_digits: bool,
}

impl MaskerBuilder {
    /// Masks these kinds, in place of [`Sensitive::DEFAULT`].
    pub fn kinds(mut self, kinds: impl IntoIterator<Item = Sensitive>) -> Self {
        self.kinds = kinds.into_iter().collect();
        self
    }

    /// Masks whatever stands beside this name, too, as it does beside `password`.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.names.push(name.into());
        self
    }

    /// Lets exactly this value stand, such as the key of an example.
    pub fn allow(mut self, value: impl AsRef<[u8]>) -> Self {
        self.allowed.insert(value.as_ref().into());
        self
    }

    /// Sets the key of the pseudonyms: at least 16 bytes of a random source, the same wherever they are to agree.
    pub fn key(mut self, key: &[u8]) -> Self {
        self.key = Some(Key::new(key));
        self
    }

    /// Leaves the last four digits of cards readable, as receipts do, in place of a pseudonym.
    pub fn last_digits_of_cards(mut self) -> Self {
        self.last_digits = true;
        self
    }

    /// Returns the masker.
    #[must_use]
    pub fn build(self) -> Masker {
        let names = self.names.iter().map(String::as_str);
        let recognisers = Recognisers::with_names(&self.kinds, names);
        Masker(Arc::new(Inner {
            recognisers,
            key: self.key,
            allowed: self.allowed,
            last_digits: self.last_digits,
        }))
    }
}

impl fmt::Debug for MaskerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MaskerBuilder").field("kinds", &self.kinds).finish_non_exhaustive()
    }
}

/// Widens what was found to the lines that it is in: a chain in which each mask makes the next thing one to mask.
fn to_whole_lines(found: &mut Vec<Found>, text: &[u8]) {
    for found in &mut *found {
        let Range { start, end } = found.range;
        found.range.start = memchr::memrchr(b'\n', &text[..start]).map_or(0, |at| at + 1);
        found.range.end = memchr::memchr(b'\n', &text[end..]).map_or(text.len(), |at| end + at);
    }
    found.dedup_by(|next, kept| {
        let joined = next.range.start < kept.range.end || next.range == kept.range;
        if joined {
            kept.range.end = kept.range.end.max(next.range.end);
        }
        joined
    });
}

/// As receipts show them.
const LAST_DIGITS: usize = 4;

/// One round mostly finds nothing, and what it finds is settled by the next.
const SINGLE_ROUNDS: usize = 3;

/// What goes on for longer is made to: nothing is left then but masks.
const MOST_ROUNDS: usize = 8;
