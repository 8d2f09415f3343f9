//! What a result means: decided by the one who knows the errors.

use std::io::{self, ErrorKind};

use wardkit_core::Transient;

use crate::Class;

/// Tells what the result of an attempt means.
///
/// Called once after every attempt, by the task that made it; it must not block. A closure
/// `Fn(&Result<T, E>) -> Class` is one. An `Ok` may be a failure too, such as a response with status 503.
pub trait Classify<T, E> {
    /// Returns the class of a result. What is not understood is [`Class::Permanent`].
    fn classify(&self, result: &Result<T, E>) -> Class;

    /// Returns whether the request behind a failure provably never reached the target, so that even a call that
    /// must not happen twice can be made again. Asked only about such calls; "maybe" is `false`.
    fn never_sent(&self, result: &Result<T, E>) -> bool {
        let _ = result;
        false
    }
}

impl<T, E, F: Fn(&Result<T, E>) -> Class> Classify<T, E> for F {
    fn classify(&self, result: &Result<T, E>) -> Class {
        self(result)
    }
}

/// Asks the error itself: [`Transient`] ones are tried again, all others are permanent. The default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ByTransient;

impl<T, E: Transient> Classify<T, E> for ByTransient {
    #[inline]
    fn classify(&self, result: &Result<T, E>) -> Class {
        match result {
            Ok(_) => Class::Success,
            Err(error) if error.is_transient() => Class::Transient,
            Err(_) => Class::Permanent,
        }
    }
}

/// Goes by the kind of an [`io::Error`]; a refused connection counts as never sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ByIo;

impl ByIo {
    /// Returns the class of an error of this kind.
    #[must_use]
    pub fn class(error: &io::Error) -> Class {
        match error.kind() {
            ErrorKind::TimedOut => Class::Timeout,
            _ if error.is_transient() => Class::Transient,
            _ => Class::Permanent,
        }
    }
}

impl<T> Classify<T, io::Error> for ByIo {
    #[inline]
    fn classify(&self, result: &Result<T, io::Error>) -> Class {
        match result {
            Ok(_) => Class::Success,
            Err(error) => Self::class(error),
        }
    }

    fn never_sent(&self, result: &Result<T, io::Error>) -> bool {
        // Only a refused connection says for sure that nobody has read a byte: an unreachable network may be
        // reported on a connection that was established long ago.
        matches!(result, Err(error) if error.kind() == ErrorKind::ConnectionRefused)
    }
}
