//! Masks a text that comes line by line.

use std::borrow::Cow;

use memchr::memmem;

use super::Masker;
use super::recogniser::Sensitive;
use super::structured::{LONGEST_LABEL, PEM_END, pem_key};

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

    /// Masks what stands outside a private key, and notes whether one begins in it that goes on in the next line: as
    /// whoever masks the result again reads it, too.
    fn outside<'l>(&mut self, text: &'l [u8]) -> Cow<'l, [u8]> {
        let mut masked = self.once(text);
        for _ in 0..MOST_ROUNDS {
            // Most lines have nothing to mask, and are looked at once.
            if matches!(masked, Cow::Borrowed(_)) {
                break;
            }
            // What is masked may have been a footer, or another header.
            let Cow::Owned(again) = self.once(&masked) else { break };
            masked = Cow::Owned(again);
        }
        self.key_lines = Header::of_open_key(&masked).map(|_| 0);
        masked
    }

    fn once<'l>(&self, text: &'l [u8]) -> Cow<'l, [u8]> {
        let Some(Header { start, end }) = Header::of_open_key(text) else {
            return self.masker.mask_bytes(text);
        };
        // The header stays, also as the value of a name: what follows is told by it.
        let mut masked = self.masker.mask_bytes(&text[..start]).into_owned();
        masked.extend_from_slice(&text[start..end]);
        self.masker.write_lines(&mut masked, &text[end..], Sensitive::Secret);
        if masked == text { Cow::Borrowed(text) } else { Cow::Owned(masked) }
    }
}

/// Where a header stands.
struct Header {
    start: usize,
    end: usize,
}

impl Header {
    /// Finds the header of the private key that begins in a text and does not end in it: the first, since whatever is
    /// behind it is the key.
    fn of_open_key(text: &[u8]) -> Option<Self> {
        // A header's last dashes may be those of what looks like a footer.
        let from = memmem::rfind(text, PEM_END).map_or(0, |at| at.saturating_sub(LONGEST_LABEL));
        memmem::find_iter(&text[from..], b"-----BEGIN ").find_map(|at| {
            let body = pem_key(text, from + at + b"-----".len())?;
            (body.end == text.len()).then_some(Self { start: from + at, end: body.start })
        })
    }
}

/// One or two settle what anybody writes.
const MOST_ROUNDS: usize = 16;

/// A key of RSA with 16384 bits has some 200 lines.
const LONGEST_KEY: usize = 400;
