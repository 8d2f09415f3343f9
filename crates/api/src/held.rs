//! How many bytes of answers wait for those who asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;

/// Counts the bytes of large answers from when they are written until the socket has taken them.
///
/// A client that does not read keeps its answer here. Without a bound, so many of them would take all memory.
#[derive(Debug, Default)]
pub(crate) struct Held(Arc<AtomicUsize>);

impl Held {
    /// Tells whether an answer of about this length may be written.
    pub(crate) fn has_room_for(&self, length: usize) -> bool {
        length < SMALL || self.0.load(Ordering::Relaxed).saturating_add(length) <= MOST
    }

    /// Takes an answer in, which counts until its last byte is handed over.
    pub(crate) fn hold(&self, text: String) -> Bytes {
        if text.len() < SMALL {
            return text.into();
        }
        self.0.fetch_add(text.len(), Ordering::Relaxed);
        Bytes::from_owner(Answer { text, held: Arc::clone(&self.0) })
    }
}

struct Answer {
    text: String,
    held: Arc<AtomicUsize>,
}

impl AsRef<[u8]> for Answer {
    fn as_ref(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.held.fetch_sub(self.text.len(), Ordering::Relaxed);
    }
}

/// Of answers that are shorter the connections themselves cost as much.
const SMALL: usize = 64 * 1024;
/// Four times the answer of a daemon with a hundred thousand series.
const MOST: usize = 48 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_answers_count_until_nobody_has_them() {
        let held = Held::default();
        let small = held.hold("x".repeat(SMALL - 1));
        let answers: Vec<_> = (0..4).map(|_| held.hold("x".repeat(MOST / 4))).collect();
        assert!(!held.has_room_for(SMALL));
        assert!(held.has_room_for(SMALL - 1));
        let part = answers[0].slice(..1);
        drop(answers);
        assert!(!held.has_room_for(MOST), "a part is still held");
        drop(part);
        assert!(held.has_room_for(MOST));
        assert_eq!(small.len(), SMALL - 1);
    }
}
