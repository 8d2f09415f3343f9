//! Masks for what must not be kept.

use std::ops::Range;

/// Finds secrets in texts, before they are kept for a later diff.
///
/// Called by [`TextStore`](super::TextStore) on the caller's thread, once for each text. It must not block, and has no
/// way to fail: what it cannot judge, it takes for a secret.
pub trait Redact: Send + Sync {
    /// Returns where the secrets stand, as ranges of bytes, in any order.
    fn secrets(&self, text: &str) -> Vec<Range<usize>>;
}

/// Replaces ranges by masks. A mask ends in a few digits that depend on the secret and on the key, so that a change of
/// the secret shows; without the key they tell nothing.
pub(super) fn masked(text: &str, mut secrets: Vec<Range<usize>>, key: &[u8; 32]) -> String {
    secrets.retain(|range| range.start < range.end && range.start < text.len());
    secrets.sort_by_key(|range| range.start);
    let mut masked = String::with_capacity(text.len());
    let mut at = 0;
    let mut secrets = secrets.into_iter().peekable();
    while let Some(first) = secrets.next() {
        // Overlapping ranges are one secret, and half a character is a whole one.
        let mut end = first.end;
        while let Some(next) = secrets.next_if(|next| next.start < end) {
            end = end.max(next.end);
        }
        let start = text.floor_char_boundary(first.start).max(at);
        let end = text.ceil_char_boundary(end.min(text.len()));
        if start < end {
            masked.push_str(&text[at..start]);
            let digest = blake3::keyed_hash(key, &text.as_bytes()[start..end]);
            masked.push_str("***");
            masked.push_str(&digest.to_hex()[..DIGITS]);
            // A line that is masked whole stays a line.
            if text[start..end].ends_with('\n') {
                masked.push('\n');
            }
            at = end;
        }
    }
    masked.push_str(&text[at..]);
    masked
}

/// Enough to tell a change, too few to tell a secret even to whoever has the key.
const DIGITS: usize = 6;
