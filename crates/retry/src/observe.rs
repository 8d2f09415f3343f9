//! Who wants to know what happens.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::{BreakerState, Class, Reason};

/// Is told what happens, as it happens.
///
/// Called by the task or thread that makes the call, in the middle of it: an observer must not block. Every method
/// does nothing by default; `()` observes nothing and costs nothing, a pair observes twice.
pub trait Observer {
    /// Called after every attempt, successful ones included.
    fn attempt(&self, attempt: &Attempted<'_>) {
        let _ = attempt;
    }

    /// Called before every wait.
    fn wait(&self, wait: &Waiting<'_>) {
        let _ = wait;
    }

    /// Called when a call is given up.
    fn give_up(&self, given_up: &GivenUp<'_>) {
        let _ = given_up;
    }

    /// Called when a circuit breaker changes its state.
    fn breaker(&self, change: &BreakerChange<'_>) {
        let _ = change;
    }
}

/// An attempt has been made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempted<'a> {
    /// The name of the policy.
    pub policy: &'a str,
    /// The number of the attempt, from 1.
    pub number: u32,
    /// What its result meant.
    pub class: Class,
}

/// An attempt has failed and there will be another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Waiting<'a> {
    /// The name of the policy.
    pub policy: &'a str,
    /// The number of the failed attempt.
    pub number: u32,
    /// What its result meant.
    pub class: Class,
    /// The wait before the next attempt.
    pub wait: Duration,
}

/// A call has been given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GivenUp<'a> {
    /// The name of the policy.
    pub policy: &'a str,
    /// How many attempts were made.
    pub attempts: u32,
    /// Why there is no other.
    pub reason: Reason,
}

/// A circuit breaker has changed its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BreakerChange<'a> {
    /// The name of the breaker.
    pub breaker: &'a str,
    /// The state before.
    pub from: BreakerState,
    /// The state now.
    pub to: BreakerState,
}

impl Observer for () {}

impl<A: Observer, B: Observer> Observer for (A, B) {
    fn attempt(&self, attempt: &Attempted<'_>) {
        self.0.attempt(attempt);
        self.1.attempt(attempt);
    }

    fn wait(&self, wait: &Waiting<'_>) {
        self.0.wait(wait);
        self.1.wait(wait);
    }

    fn give_up(&self, given_up: &GivenUp<'_>) {
        self.0.give_up(given_up);
        self.1.give_up(given_up);
    }

    fn breaker(&self, change: &BreakerChange<'_>) {
        self.0.breaker(change);
        self.1.breaker(change);
    }
}

impl<O: Observer + ?Sized> Observer for Arc<O> {
    fn attempt(&self, attempt: &Attempted<'_>) {
        (**self).attempt(attempt);
    }

    fn wait(&self, wait: &Waiting<'_>) {
        (**self).wait(wait);
    }

    fn give_up(&self, given_up: &GivenUp<'_>) {
        (**self).give_up(given_up);
    }

    fn breaker(&self, change: &BreakerChange<'_>) {
        (**self).breaker(change);
    }
}

/// An observer that a breaker keeps, which is shared by calls of different kinds.
#[derive(Clone)]
pub(crate) struct SharedObserver(pub(crate) Arc<dyn Observer + Send + Sync>);

impl fmt::Debug for SharedObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedObserver")
    }
}
