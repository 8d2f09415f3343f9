//! The decision after a failure: no clock, no sleep, no random source of its own.

use std::time::Duration;

use wardkit_core::Timestamp;

use crate::schedule::DelayState;
use crate::{Class, Deadline, Idempotency, RetryPolicy, Scope};

/// The state of one call and its repetitions, as a pure state machine: the drivers feed it, and so can you.
///
/// ```
/// # use std::time::Duration;
/// use wardkit_retry::{Class, Decision, Idempotency, Reason, RetryPolicy, Scope, Sent, Session};
///
/// let policy = RetryPolicy::never();
/// let mut session = Session::new(&policy, &Idempotency::Safe, Scope::ROOT, 42);
/// let decision = session.on_failure(Duration::ZERO, Class::Transient, Sent::Maybe);
/// assert_eq!(decision, Decision::GiveUp(Reason::AttemptsExhausted));
/// ```
#[derive(Clone, Debug)]
pub struct Session<'p> {
    policy: &'p RetryPolicy,
    may_repeat: bool,
    deadline: Option<Deadline>,
    max_attempts: u32,
    attempts: u32,
    delays: DelayState,
}

impl<'p> Session<'p> {
    /// Starts with the first attempt, in a scope that holds the earliest deadline, the policy's own included.
    ///
    /// Within a repetition nothing is repeated again, or layers of retries would multiply.
    #[must_use]
    pub fn new(
        policy: &'p RetryPolicy,
        idempotency: &Idempotency,
        scope: Scope,
        seed: u64,
    ) -> Self {
        Self {
            policy,
            may_repeat: idempotency.may_repeat(),
            deadline: scope.deadline(),
            max_attempts: if scope.attempt() > 1 { 1 } else { policy.max_attempts },
            attempts: 0,
            delays: DelayState::new(&policy.schedule, policy.jitter, seed),
        }
    }

    /// Takes note of a failed attempt at the uptime `now` and returns what comes next.
    pub fn on_failure(&mut self, now: Duration, class: Class, sent: Sent) -> Decision {
        self.attempts = self.attempts.saturating_add(1);
        match self.refusal(class, sent) {
            Some(reason) => Decision::GiveUp(reason),
            None => self.wait(now, class),
        }
    }

    /// Returns the number of attempts that have failed.
    #[must_use]
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }

    fn refusal(&self, class: Class, sent: Sent) -> Option<Reason> {
        let Some(retryable) = class.retryable() else {
            return Some(match class {
                Class::QuotaExhausted { until } => Reason::QuotaExhausted { until },
                _ => Reason::Permanent,
            });
        };
        if !self.may_repeat && sent == Sent::Maybe {
            Some(Reason::Unsafe)
        } else if !self.policy.on.contains(retryable) {
            Some(Reason::NotRetried)
        } else if self.attempts >= self.max_attempts {
            Some(Reason::AttemptsExhausted)
        } else {
            None
        }
    }

    fn wait(&mut self, now: Duration, class: Class) -> Decision {
        let RetryPolicy { retry_after, schedule, .. } = self.policy;
        let asked = class.after().filter(|_| retry_after.honour).unwrap_or_default();
        if retry_after.max.is_some_and(|max| asked > max) {
            return Decision::GiveUp(Reason::RetryAfterTooLong { after: asked });
        }
        let wait = self.delays.next(schedule).max(asked);
        // Those who were asked to wait equally long must not come back together.
        let spread = self.delays.spread(asked / 10);
        let Some(deadline) = self.deadline else {
            return Decision::Retry { wait: wait.saturating_add(spread) };
        };
        match deadline.uptime().checked_sub(now) {
            Some(left) if wait.saturating_add(spread) < left => {
                Decision::Retry { wait: wait + spread }
            }
            Some(left) if wait < left => Decision::Retry { wait },
            _ => Decision::GiveUp(Reason::DeadlineExceeded),
        }
    }
}

/// Whether a failed request may have reached its target. Exhaustive on purpose: there is no third answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sent {
    /// It may have arrived, as far as anybody knows.
    Maybe,
    /// It provably never left, or was never accepted.
    Never,
}

/// What comes after a failure. Exhaustive on purpose: a driver must do the one or the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub enum Decision {
    /// Try again after this wait.
    Retry {
        /// The wait.
        wait: Duration,
    },
    /// Do not try again.
    GiveUp(Reason),
}

/// Why a call is not tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The failure is permanent.
    Permanent,
    /// The quota is used up.
    QuotaExhausted {
        /// When there is quota again.
        until: Option<Timestamp>,
    },
    /// The policy does not retry this class of failure.
    NotRetried,
    /// The call must not happen twice, and may have arrived.
    Unsafe,
    /// Every attempt that the policy allows has been made.
    AttemptsExhausted,
    /// The deadline has passed, or would pass during the next wait.
    DeadlineExceeded,
    /// The target asks for a longer wait than the policy allows.
    RetryAfterTooLong {
        /// The wait that it asks for.
        after: Duration,
    },
    /// The shared budget has no retry left.
    BudgetExhausted,
    /// The circuit breaker is open.
    CircuitOpen {
        /// When the breaker will let a call through again.
        retry_after: Option<Duration>,
    },
    /// The bulkhead's queue is full.
    QueueFull,
    /// The bulkhead's queue did not move in time.
    QueueTimeout,
}

impl Reason {
    /// Returns a word for logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Permanent => "permanent",
            Self::QuotaExhausted { .. } => "quota-exhausted",
            Self::NotRetried => "not-retried",
            Self::Unsafe => "unsafe",
            Self::AttemptsExhausted => "attempts-exhausted",
            Self::DeadlineExceeded => "deadline-exceeded",
            Self::RetryAfterTooLong { .. } => "retry-after-too-long",
            Self::BudgetExhausted => "budget-exhausted",
            Self::CircuitOpen { .. } => "circuit-open",
            Self::QueueFull => "queue-full",
            Self::QueueTimeout => "queue-timeout",
        }
    }

    /// Returns the sentence that an error prints.
    pub(crate) const fn message(self) -> &'static str {
        match self {
            Self::Permanent => "the failure is permanent",
            Self::QuotaExhausted { .. } => "the quota is exhausted",
            Self::NotRetried => "the policy does not retry this failure",
            Self::Unsafe => "the call must not happen twice",
            Self::AttemptsExhausted => "all attempts failed",
            Self::DeadlineExceeded => "the deadline leaves no time",
            Self::RetryAfterTooLong { .. } => "the target asks for too long a wait",
            Self::BudgetExhausted => "the retry budget is exhausted",
            Self::CircuitOpen { .. } => "the circuit breaker is open",
            Self::QueueFull => "the queue is full",
            Self::QueueTimeout => "the queue did not move in time",
        }
    }
}
