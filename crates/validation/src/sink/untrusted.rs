//! Values from outside, and the doors through which they come in.

use std::borrow::Borrow;
use std::fmt;
use std::ops::RangeInclusive;

use crate::Error;

/// A value from outside that nobody has looked at yet.
///
/// It has no `Display`, no `Deref` and no `AsRef`: a text inside cannot slip into `format!`, a command or a path.
/// It leaves through [`validate_for`](Self::validate_for), as the type of the sink that took it, or through
/// [`into_inner_unchecked`](Self::into_inner_unchecked), which a reviewer finds by its name.
///
/// ```
/// use wardkit_validation::Untrusted;
///
/// let message = Untrusted::new("42".to_owned());
/// assert_eq!(message.validate_for(&(1..=100_u32))?, 42);
/// assert!(message.validate_for(&["start", "stop"]).is_err());
/// assert_eq!(format!("{message:?}"), "Untrusted(..)");
/// # Ok::<(), wardkit_validation::Error>(())
/// ```
///
/// It cannot be printed:
///
/// ```compile_fail,E0277
/// let name = wardkit_validation::Untrusted::new("x".to_owned());
/// let greeting = format!("hello {name}");
/// ```
///
/// Nor given to a command, a file or anything else that takes a text:
///
/// ```compile_fail,E0277
/// let name = wardkit_validation::Untrusted::new("x".to_owned());
/// std::process::Command::new("ls").arg(name);
/// ```
///
/// ```compile_fail,E0277
/// let name = wardkit_validation::Untrusted::new("x".to_owned());
/// let file = std::fs::File::open(name);
/// ```
///
/// Nor does a reference turn into one:
///
/// ```compile_fail,E0308
/// let name = wardkit_validation::Untrusted::new("x".to_owned());
/// let text: &str = &name;
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Untrusted<T>(T);

impl<T> Untrusted<T> {
    /// Marks a value as one from outside.
    #[must_use]
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// Returns what a sink makes of the value.
    ///
    /// # Errors
    ///
    /// What the sink has against it.
    pub fn validate_for<V: ?Sized, S: Accept<V> + ?Sized>(&self, sink: &S) -> Result<S::Safe, Error>
    where
        T: Borrow<V>,
    {
        sink.accept(self.0.borrow())
    }

    /// Returns the value as it came. `reason` is for whoever reviews the line: why nothing can go wrong there.
    #[must_use]
    pub fn into_inner_unchecked(self, reason: &'static str) -> T {
        let _ = reason;
        self.0
    }

    /// Returns the same for a borrowed value.
    #[must_use]
    pub const fn borrowed(&self) -> Untrusted<&T> {
        Untrusted(&self.0)
    }

    /// Returns the value to the sinks of this crate, which keep it in its slot.
    pub(crate) const fn inside(&self) -> &T {
        &self.0
    }
}

impl<T> From<T> for Untrusted<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

/// Hides the value: a log is a sink too.
impl<T> fmt::Debug for Untrusted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Untrusted(..)")
    }
}

#[cfg(feature = "serde")]
impl<'de, T: serde::Deserialize<'de>> serde::Deserialize<'de> for Untrusted<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self)
    }
}

/// A sink that takes values from outside and gives back a type that is safe there, or says no.
///
/// [`Untrusted::validate_for`] calls it, on the caller's thread, once for each value. An error means that nothing
/// may be done with the value; its text names the reason and shows nothing of the value.
pub trait Accept<T: ?Sized> {
    /// What the sink makes of a value.
    type Safe;

    /// Returns what the sink makes of `value`.
    ///
    /// # Errors
    ///
    /// What the sink has against it.
    fn accept(&self, value: &T) -> Result<Self::Safe, Error>;
}

/// A list of all that is allowed; what comes back is the list's own text.
impl Accept<str> for [&'static str] {
    type Safe = &'static str;

    fn accept(&self, value: &str) -> Result<&'static str, Error> {
        self.iter().copied().find(|allowed| *allowed == value).ok_or(Error::NotListed)
    }
}

/// A list of all that is allowed; what comes back is the list's own text.
impl<const N: usize> Accept<str> for [&'static str; N] {
    type Safe = &'static str;

    fn accept(&self, value: &str) -> Result<&'static str, Error> {
        self.as_slice().accept(value)
    }
}

/// A range of numbers.
macro_rules! ranges {
    ($($number:ty)*) => {
        $(impl Accept<str> for RangeInclusive<$number> {
            type Safe = $number;

            fn accept(&self, value: &str) -> Result<$number, Error> {
                let number = value.parse().map_err(|_| Error::NotInRange)?;
                if self.contains(&number) { Ok(number) } else { Err(Error::NotInRange) }
            }
        })*
    };
}

ranges!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64);
