//! One call and its repetitions: what both drivers share.

use std::time::Duration;

use crate::gave_up::Trail;
use crate::{
    Attempt, Attempted, BreakerPermit, BulkheadPermit, Class, Classify, Deadline, Decision,
    FailedAttempt, GaveUp, GivenUp, Observer, Reason, Retry, Scope, Sent, Session, Sleep, Waiting,
};

/// The first half of every attempt, and all that a successful call goes through.
impl<C, K: Sleep, O: Observer> Retry<C, K, O> {
    /// Returns whether nothing has to be asked or read before the first attempt.
    #[inline]
    pub(crate) const fn is_bare(&self) -> bool {
        self.breaker.is_none()
            && self.bulkhead.is_none()
            && self.policy.total_deadline.is_none()
            && self.scope.deadline().is_none()
    }

    /// Returns the first attempt of a call that [is bare](Self::is_bare).
    #[inline]
    pub(crate) fn bare_attempt(&self) -> Attempt<'_> {
        Attempt {
            scope: self.scope,
            timeout: self.policy.attempt_timeout,
            number: 1,
            key: self.idempotency.key(),
        }
    }

    /// Returns what the attempts inherit, and the present time if a deadline made it read the clock.
    #[inline]
    pub(crate) fn start(&self, inherited: Scope) -> (Scope, Option<Duration>) {
        let scope = self.scope.and(inherited);
        match self.policy.total_deadline {
            None => (scope, None),
            Some(total) => {
                let now = self.clock.uptime();
                (scope.by(Deadline::at(now.saturating_add(total))), Some(now))
            }
        }
    }

    /// Prepares an attempt: asks the breaker and sets the time limit. `now` saves reading the clock again.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "as a call of its own it costs the success path 3 ns")]
    pub(crate) fn prepare<'r>(
        &'r self,
        place: Option<BulkheadPermit<'r>>,
        scope: Scope,
        number: u32,
        now: Option<Duration>,
    ) -> Result<(Permits<'r>, Attempt<'r>), Reason> {
        let breaker = match &self.breaker {
            None => None,
            Some(breaker) => match breaker.admit(&self.clock) {
                Ok(permit) => Some(permit),
                Err(open) => return Err(Reason::CircuitOpen { retry_after: open.retry_after() }),
            },
        };
        let mut timeout = self.policy.attempt_timeout;
        if let Some(deadline) = scope.deadline() {
            let now = now.unwrap_or_else(|| self.clock.uptime());
            let left = deadline.left_at(now).ok_or(Reason::DeadlineExceeded)?;
            timeout = Some(timeout.map_or(left, |timeout| timeout.min(left)));
        }
        let scope = Scope::new(scope.attempt().max(number), scope.deadline());
        let attempt = Attempt { scope, timeout, number, key: self.idempotency.key() };
        Ok((Permits { breaker, _place: place }, attempt))
    }

    /// Takes note of a result, which is `None` when it took too long.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "as a call of its own it costs the success path 3 ns")]
    pub(crate) fn judge<'r, T, E>(
        &self,
        number: u32,
        permits: Permits<'r>,
        result: Option<Result<T, E>>,
    ) -> Result<T, Failed<'r, T, E>>
    where
        C: Classify<T, E>,
    {
        let class =
            result.as_ref().map_or(Class::Timeout, |result| self.classifier.classify(result));
        self.observer.attempt(&Attempted { policy: &self.name, number, class });
        match result {
            Some(Ok(value)) if class == Class::Success => {
                if let Some(permit) = permits.breaker {
                    permit.succeeded();
                }
                if let Some(budget) = &self.budget {
                    budget.deposit();
                }
                Ok(value)
            }
            result => Err(Failed { number, permits, class, result }),
        }
    }
}

/// What an attempt holds while it runs.
pub(crate) struct Permits<'r> {
    breaker: Option<BreakerPermit<'r>>,
    _place: Option<BulkheadPermit<'r>>,
}

impl Permits<'_> {
    pub(crate) const NONE: Self = Self { breaker: None, _place: None };
}

/// An attempt that failed.
pub(crate) struct Failed<'r, T, E> {
    number: u32,
    permits: Permits<'r>,
    class: Class,
    /// `None` when it took too long.
    result: Option<Result<T, E>>,
}

/// What comes after a failure.
pub(crate) enum Step<T, E> {
    Done(Result<T, GaveUp<E>>),
    Wait(Duration),
}

/// The state of a call that has failed at least once. Successful calls never make one.
pub(crate) struct Run<'r, E, C, K, O> {
    retry: &'r Retry<C, K, O>,
    pub(crate) scope: Scope,
    session: Session<'r>,
    trail: Trail,
    last: Option<E>,
}

impl<'r, E, C, K: Sleep, O: Observer> Run<'r, E, C, K, O> {
    #[cold]
    pub(crate) fn new(retry: &'r Retry<C, K, O>, scope: Scope) -> Self {
        let Retry { policy, idempotency, clock, .. } = retry;
        let session = Session::new(policy, idempotency, scope, clock.seed());
        Self { retry, scope, session, trail: Trail::default(), last: None }
    }

    /// Returns the number of the next attempt.
    pub(crate) const fn next_number(&self) -> u32 {
        self.session.attempts().saturating_add(1)
    }

    /// Decides what comes after a failure.
    #[cold]
    pub(crate) fn failed<T>(&mut self, failed: Failed<'r, T, E>) -> Step<T, E>
    where
        C: Classify<T, E>,
    {
        let Failed { number, permits, class, result } = failed;
        let retry = self.retry;
        if let Some(permit) = permits.breaker {
            let honoured = retry.policy.retry_after.honour;
            permit.failed(if honoured { class } else { class.without_wait() }, &retry.clock);
        }
        let sent = self.sent(result.as_ref());
        let decision = self.session.on_failure(retry.clock.uptime(), class, sent);
        let decision = self.affordable(decision);
        let wait = match decision {
            Decision::Retry { wait } => Some(wait),
            Decision::GiveUp(_) => None,
        };
        self.trail.push(FailedAttempt { number, class, at: retry.clock.now(), wait });
        match decision {
            Decision::Retry { wait } => {
                self.last = result.and_then(Result::err).or(self.last.take());
                retry.observer.wait(&Waiting { policy: &retry.name, number, class, wait });
                Step::Wait(wait)
            }
            Decision::GiveUp(reason) => Step::Done(match result {
                Some(Ok(value)) => {
                    retry.report(number, reason);
                    Ok(value)
                }
                result => {
                    self.last = result.and_then(Result::err).or(self.last.take());
                    self.refused(reason)
                }
            }),
        }
    }

    /// Ends the run without a further attempt.
    #[cold]
    pub(crate) fn refused<T>(&mut self, reason: Reason) -> Result<T, GaveUp<E>> {
        self.retry.report(self.session.attempts(), reason);
        Err(GaveUp { reason, last: self.last.take(), trail: std::mem::take(&mut self.trail) })
    }

    /// Withdraws a retry from the budget, unless the breaker would refuse it after the wait anyway.
    fn affordable(&self, decision: Decision) -> Decision {
        let Decision::Retry { wait } = decision else {
            return decision;
        };
        let refused = self.retry.breaker.as_ref().and_then(|b| b.refuses_for(&self.retry.clock));
        if let Some(left) = refused
            && left > wait
        {
            let retry_after = (left != Duration::MAX).then_some(left);
            return Decision::GiveUp(Reason::CircuitOpen { retry_after });
        }
        match &self.retry.budget {
            Some(budget) if !budget.try_withdraw() => Decision::GiveUp(Reason::BudgetExhausted),
            _ => decision,
        }
    }

    fn sent<T>(&self, result: Option<&Result<T, E>>) -> Sent
    where
        C: Classify<T, E>,
    {
        match result {
            Some(result)
                if !self.retry.idempotency.may_repeat()
                    && self.retry.classifier.never_sent(result) =>
            {
                Sent::Never
            }
            _ => Sent::Maybe,
        }
    }
}

impl<C, K, O: Observer> Retry<C, K, O> {
    /// Refuses a call before its first attempt.
    #[cold]
    pub(crate) fn refused<T, E>(&self, reason: Reason) -> Result<T, GaveUp<E>> {
        self.report(0, reason);
        Err(GaveUp { reason, last: None, trail: Trail::default() })
    }

    fn report(&self, attempts: u32, reason: Reason) {
        self.observer.give_up(&GivenUp { policy: &self.name, attempts, reason });
    }
}
