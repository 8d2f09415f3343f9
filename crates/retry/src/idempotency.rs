//! Whether a call may happen twice.

/// Whether a call may happen twice. Whoever builds a retry must say so: no default is right for a payment and a
/// search alike.
///
/// Exhaustive on purpose: there is no fourth answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Idempotency {
    /// Happening twice is the same as happening once: reading, or writing a whole value.
    Safe,
    /// The call carries this key, by which the target recognises a repetition.
    Key(String),
    /// Happening twice does harm: tried again only when the request provably never reached the target.
    Unsafe,
}

impl Idempotency {
    /// Returns whether a call that may have arrived can be made again.
    #[must_use]
    pub const fn may_repeat(&self) -> bool {
        matches!(self, Self::Safe | Self::Key(_))
    }

    /// Returns the key that the target recognises a repetition by.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Key(key) => Some(key),
            Self::Safe | Self::Unsafe => None,
        }
    }
}
