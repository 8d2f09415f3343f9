//! A value that shows itself masked.

use std::fmt;

use zeroize::Zeroize;

use super::pseudonym::{DIGITS, MASK};

/// A value that prints and serialises as `***`, or as that and its pseudonym, and is wiped when dropped.
///
/// ```
/// use wardkit_validation::Masked;
///
/// let card = Masked::new("4111 1111 1111 1111".to_owned());
/// assert_eq!(format!("{card} {card:?}"), "*** ***");
/// assert_eq!(card.expose(), "4111 1111 1111 1111");
/// ```
///
/// [`Masker::hide`](crate::Masker::hide) gives one that has a pseudonym.
#[derive(Clone, PartialEq, Eq)]
pub struct Masked<T: Zeroize> {
    value: T,
    pseudonym: Option<[u8; DIGITS]>,
}

impl<T: Zeroize> Masked<T> {
    /// Hides a value.
    #[must_use]
    pub const fn new(value: T) -> Self {
        Self { value, pseudonym: None }
    }

    pub(super) const fn with_pseudonym(value: T, pseudonym: Option<[u8; DIGITS]>) -> Self {
        Self { value, pseudonym }
    }

    /// Returns the value, for the place that needs it.
    #[must_use]
    pub const fn expose(&self) -> &T {
        &self.value
    }
}

impl<T: Zeroize> Drop for Masked<T> {
    fn drop(&mut self) {
        self.value.zeroize();
    }
}

impl<T: Zeroize> From<T> for Masked<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: Zeroize> fmt::Display for Masked<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)?;
        let pseudonym = self.pseudonym.as_ref().map_or(&[][..], |digits| &digits[..]);
        pseudonym.iter().try_for_each(|digit| fmt::Write::write_char(f, char::from(*digit)))
    }
}

impl<T: Zeroize> fmt::Debug for Masked<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(feature = "serde")]
impl<T: Zeroize> serde::Serialize for Masked<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
