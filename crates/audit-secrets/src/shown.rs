//! What may be told of a secret.

/// Tells secrets apart without being of use to find them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Mark(u128);

impl Mark {
    pub(crate) fn of(value: &[u8]) -> Self {
        let mut mark = [0; 16];
        let mut hasher = blake3::Hasher::new_derive_key("wardkit audit secret v1");
        hasher.update(value);
        hasher.finalize_xof().fill(&mut mark);
        Self(u128::from_be_bytes(mark))
    }

    /// Returns all of it, of which fingerprints are made.
    pub(crate) fn hex(self) -> String {
        format!("{:032x}", self.0)
    }
}

/// Returns how a secret is shown: how it begins, how long it is, and a few digits of its mark.
pub(crate) fn shown(value: &str) -> String {
    let length = value.chars().count();
    // Of a short one even four characters are too many.
    let begin: String = value.chars().take(SHOWN.min(length / 6)).collect();
    let begin: String = begin.chars().filter(char::is_ascii_graphic).collect();
    format!("{begin}…, {length} characters, mark {}", &Mark::of(value.as_bytes()).hex()[..6])
}

/// More of its beginning is never told.
const SHOWN: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_of_a_secret_is_shown() {
        assert!(shown("hunter2").starts_with("h…, 7 characters, mark "));
        assert!(shown("a23456789012345678901234567890").starts_with("a234…, 30 characters, mark "));
        assert!(shown("x2").starts_with("…, 2 characters"));
        assert_eq!(shown("hunter2"), shown("hunter2"));
        assert_ne!(shown("hunter2"), shown("hunter3"));
    }
}
