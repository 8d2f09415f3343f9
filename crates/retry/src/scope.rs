//! What a call inherits from the call that it is made for.

use std::fmt;
use std::num::NonZeroU64;
use std::time::Duration;

use wardkit_core::Clock;

/// The point in time at which the whole answer is late, on the uptime of the clock it was made with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Deadline(
    /// Nanoseconds of uptime plus one: an optional deadline is one word in every future.
    NonZeroU64,
);

impl Deadline {
    /// Creates a deadline this long from now.
    pub fn after(clock: &impl Clock, duration: Duration) -> Self {
        Self::at(clock.uptime().saturating_add(duration))
    }

    /// Creates a deadline at this uptime.
    #[inline]
    #[must_use]
    pub fn at(uptime: Duration) -> Self {
        let nanos = u64::try_from(uptime.as_nanos()).unwrap_or(u64::MAX);
        Self(NonZeroU64::MIN.saturating_add(nanos))
    }

    /// Returns the uptime of the deadline.
    #[inline]
    #[must_use]
    pub const fn uptime(self) -> Duration {
        Duration::from_nanos(self.0.get() - 1)
    }

    /// Returns the time that is left, or `None` when it has passed.
    pub fn remaining(self, clock: &impl Clock) -> Option<Duration> {
        self.left_at(clock.uptime())
    }

    #[inline]
    pub(crate) fn left_at(self, now: Duration) -> Option<Duration> {
        self.uptime().checked_sub(now).filter(|left| !left.is_zero())
    }
}

impl fmt::Debug for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Deadline").field(&self.uptime()).finish()
    }
}

/// What a call inherits from the attempt that it is made in: a deadline, and the number of that attempt.
///
/// A retry within a retry multiplies attempts: three layers of three make 27. So a call that is made in a
/// *repeated* attempt is not repeated on its own: layers add up instead. And no layer waits beyond the
/// deadline of the one above.
///
/// With the feature `tokio`, `Retry::run` finds the scope of the task by itself; elsewhere, and for a request
/// that arrived from another process, hand it over with [`Retry::with_scope`](crate::Retry::with_scope).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    attempt: u32,
    deadline: Option<Deadline>,
}

impl Scope {
    /// The scope of a call that is made for nobody else: a first attempt without a deadline.
    pub const ROOT: Self = Self { attempt: 1, deadline: None };

    /// Creates the scope of attempt number `attempt`, counted from 1, that must answer by `deadline`.
    #[inline]
    #[must_use]
    pub const fn new(attempt: u32, deadline: Option<Deadline>) -> Self {
        Self { attempt: if attempt == 0 { 1 } else { attempt }, deadline }
    }

    /// Returns the number of the attempt, to be passed on in a header of a request.
    #[inline]
    #[must_use]
    pub const fn attempt(self) -> u32 {
        self.attempt
    }

    /// Returns the deadline.
    #[inline]
    #[must_use]
    pub const fn deadline(self) -> Option<Deadline> {
        self.deadline
    }

    /// Returns the stricter of both: the higher number, the earlier deadline.
    #[inline]
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let scope = Self { attempt: self.attempt.max(other.attempt), deadline: self.deadline };
        other.deadline.map_or(scope, |deadline| scope.by(deadline))
    }

    /// Returns the same scope with this deadline, unless its own is earlier.
    #[inline]
    #[must_use]
    pub fn by(self, deadline: Deadline) -> Self {
        let deadline = self.deadline.map_or(deadline, |own| own.min(deadline));
        Self { deadline: Some(deadline), ..self }
    }

    #[inline]
    pub(crate) const fn is_root(self) -> bool {
        self.attempt == 1 && self.deadline.is_none()
    }

    /// Returns the scope of the present task, or [`Scope::ROOT`] outside of any.
    #[cfg(feature = "tokio")]
    #[inline]
    #[must_use]
    pub fn current() -> Self {
        CURRENT.try_with(|scope| *scope).unwrap_or(Self::ROOT)
    }

    /// Runs a future in this scope, for example in a task spawned on behalf of a call.
    ///
    /// Cancel-safe as far as the future is.
    #[cfg(feature = "tokio")]
    pub async fn run<F: Future>(self, future: F) -> F::Output {
        CURRENT.scope(self, future).await
    }

    #[cfg(not(feature = "tokio"))]
    pub(crate) const fn current() -> Self {
        Self::ROOT
    }
}

impl Default for Scope {
    fn default() -> Self {
        Self::ROOT
    }
}

/// Calls a function in a scope that the calls within find.
#[cfg(feature = "tokio")]
#[inline]
pub(crate) fn enter<R>(scope: Scope, call: impl FnOnce() -> R) -> R {
    CURRENT.sync_scope(scope, call)
}

/// Without the feature `tokio` nobody finds a scope.
#[cfg(not(feature = "tokio"))]
pub(crate) fn enter<R>(_: Scope, call: impl FnOnce() -> R) -> R {
    call()
}

#[cfg(feature = "tokio")]
tokio::task_local! {
    static CURRENT: Scope;
}
