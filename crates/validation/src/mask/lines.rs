//! Masks a text that comes line by line.

use std::borrow::Cow;

use memchr::memmem;

use super::recogniser::Sensitive;
use super::structured::{PEM_END, PRIVATE_KEY};
use super::table::special;
use super::{Found, Masker};

/// Masks lines in their order: one line for each, and a private key over many lines whole.
///
/// ```
/// use wardkit_validation::Masker;
///
/// let mut lines = Masker::default().lines();
/// assert_eq!(&*lines.mask(b"-----BEGIN PRIVATE KEY-----\n"), b"-----BEGIN PRIVATE KEY-----\n");
/// assert_eq!(&*lines.mask(b"MIIEvQIBADANBgkqhkiG9w0BAQEF\n"), b"***\n");
/// assert_eq!(&*lines.mask(b"-----END PRIVATE KEY-----\n"), b"-----END PRIVATE KEY-----\n");
/// ```
#[derive(Clone, Debug)]
pub struct MaskedLines {
    masker: Masker,
    /// How many lines a private key has had so far, while one is open.
    key_lines: Option<usize>,
}

impl MaskedLines {
    pub(super) const fn new(masker: Masker) -> Self {
        Self { masker, key_lines: None }
    }

    /// Returns the next line masked; the line itself where there is nothing to mask. It may end in a line feed, with or
    /// without a carriage return.
    #[must_use]
    pub fn mask<'l>(&mut self, line: &'l [u8]) -> Cow<'l, [u8]> {
        let Some(lines) = self.key_lines else { return self.outside(line) };
        let end = memmem::find(line, PEM_END);
        let mut masked = Vec::with_capacity(line.len());
        self.masker.write_lines(&mut masked, &line[..end.unwrap_or(line.len())], Sensitive::Secret);
        if let Some(end) = end {
            masked.extend_from_slice(&self.outside(&line[end..]));
        } else {
            // Logs put a time before each line of a key, so no line can be told not to be of one; but no key is so long.
            self.key_lines = (lines < LONGEST_KEY).then_some(lines + 1);
        }
        if masked == line { Cow::Borrowed(line) } else { Cow::Owned(masked) }
    }

    /// Masks what stands outside a private key, and notes whether one begins in it that goes on in the next line.
    fn outside<'l>(&mut self, text: &'l [u8]) -> Cow<'l, [u8]> {
        let masked = self.masker.mask_bytes(text);
        // What is masked may have been a footer: the text is read as whoever masks it again reads it, too.
        self.key_lines = (self.opens(text) || self.opens(&masked)).then_some(0);
        masked
    }

    /// Tells whether a private key goes on in the next line.
    fn opens(&self, line: &[u8]) -> bool {
        let Some(name) = memmem::rfind(line, PRIVATE_KEY) else { return false };
        // The footer of a certificate may stand before it, and its own name in its own footer.
        let Some(begin) = memmem::rfind(&line[..name], b"-----BEGIN ") else { return false };
        let is_key = |found: &Found| found.recogniser.id == special::PRIVATE_KEY.id;
        let closed = memmem::find(&line[begin..], PEM_END).is_some();
        !closed
            && (line.trim_ascii_end().ends_with(b"-----")
                || self.masker.find(line).iter().any(is_key))
    }
}

/// A key of RSA with 16384 bits has some 200 lines.
const LONGEST_KEY: usize = 400;
