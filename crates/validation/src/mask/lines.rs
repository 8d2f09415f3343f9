//! Masks a text that comes line by line.

use std::borrow::Cow;

use memchr::memmem;

use super::Masker;
use super::recogniser::Sensitive;
use super::structured::{PEM_END, pem_key};

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
        // The mark itself stays: where it stands is what a key's lines are told by.
        let (key, mark) = end.map_or((line.len(), line.len()), |end| (end, end + PEM_END.len()));
        let mut masked = Vec::with_capacity(line.len());
        self.masker.write_lines(&mut masked, &line[..key], Sensitive::Secret);
        masked.extend_from_slice(&line[key..mark]);
        if end.is_some() {
            masked.extend_from_slice(&self.outside(&line[mark..]));
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
        self.key_lines = (opens(text) || opens(&masked)).then_some(0);
        masked
    }
}

/// Tells whether a private key begins in a text and does not end in it.
fn opens(text: &[u8]) -> bool {
    memmem::rfind(text, b"-----BEGIN ").is_some_and(|dashes| {
        pem_key(text, dashes + b"-----".len()).is_some_and(|body| body.end == text.len())
    })
}

/// A key of RSA with 16384 bits has some 200 lines.
const LONGEST_KEY: usize = 400;
