//! A policy joined to what it needs to run.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use wardkit_core::SystemClock;

use crate::{
    Breaker, Budget, Budgets, Bulkhead, ByTransient, Error, Idempotency, RetryPolicy, Scope,
};

/// Makes a call, and makes it again when it fails in a way that passes.
///
/// Build it once for a kind of call and run every such call through it. It is `Clone`, and `Sync` when its parts are:
/// share it by reference or in an [`Arc`].
///
/// The parameters are the [classifier](crate::Classify), the [clock](crate::Sleep) and the
/// [observer](crate::Observer).
#[derive(Clone)]
pub struct Retry<C = ByTransient, K = SystemClock, O = ()> {
    pub(crate) policy: RetryPolicy,
    pub(crate) idempotency: Idempotency,
    pub(crate) name: Cow<'static, str>,
    pub(crate) scope: Scope,
    pub(crate) classifier: C,
    pub(crate) clock: K,
    pub(crate) observer: O,
    pub(crate) budget: Option<Arc<Budget>>,
    pub(crate) breaker: Option<Arc<Breaker>>,
    pub(crate) bulkhead: Option<Arc<Bulkhead>>,
}

impl Retry {
    /// Joins a policy to the statement whether the call may happen twice.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Invalid`] with everything that [`RetryPolicy::validate`] complains of, and
    /// [`Error::UnknownBudget`] for a policy that names a budget: that needs [`Retry::with_budgets`].
    pub fn new(policy: RetryPolicy, idempotency: Idempotency) -> Result<Self, Error> {
        Self::with_budgets(policy, idempotency, &Budgets::new())
    }

    /// Joins a policy to the budget that it names, if any.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Invalid`] with everything that [`RetryPolicy::validate`] complains of, and
    /// [`Error::UnknownBudget`] when there is no budget of that name.
    pub fn with_budgets(
        policy: RetryPolicy,
        idempotency: Idempotency,
        budgets: &Budgets,
    ) -> Result<Self, Error> {
        Error::unless_sound("policy", policy.validate())?;
        let budget = match &policy.budget {
            None => None,
            Some(name) => match budgets.find(name) {
                Some(budget) => Some(Arc::clone(budget)),
                None => return Err(Error::UnknownBudget { name: name.clone() }),
            },
        };
        Ok(Self {
            policy,
            idempotency,
            name: Cow::Borrowed("default"),
            scope: Scope::ROOT,
            classifier: ByTransient,
            clock: SystemClock,
            observer: (),
            budget,
            breaker: None,
            bulkhead: None,
        })
    }
}

impl<C, K, O> Retry<C, K, O> {
    /// Decides with another classifier what a result means. A closure has to spell its argument out:
    /// `|result: &Result<Page, FetchError>| …`.
    #[must_use]
    pub fn with_classifier<D>(self, classifier: D) -> Retry<D, K, O> {
        self.rebuilt(|_, clock, observer| (classifier, clock, observer))
    }

    /// Takes the time from another clock, and waits on it.
    #[must_use]
    pub fn with_clock<L>(self, clock: L) -> Retry<C, L, O> {
        self.rebuilt(|classifier, _, observer| (classifier, clock, observer))
    }

    /// Tells an observer what happens.
    #[must_use]
    pub fn with_observer<P>(self, observer: P) -> Retry<C, K, P> {
        self.rebuilt(|classifier, clock, _| (classifier, clock, observer))
    }

    /// Names it for logs and metrics; without a name it is `default`.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = name.into();
        self
    }

    /// Replaces the statement whether the call may happen twice: for a key that differs from call to call.
    #[must_use]
    pub fn with_idempotency(mut self, idempotency: Idempotency) -> Self {
        self.idempotency = idempotency;
        self
    }

    /// Pays for retries from this budget.
    #[must_use]
    pub fn with_budget(mut self, budget: Arc<Budget>) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Asks this breaker before every attempt, and tells it how the attempt went.
    #[must_use]
    pub fn with_breaker(mut self, breaker: Arc<Breaker>) -> Self {
        self.breaker = Some(breaker);
        self
    }

    /// Takes a place in this bulkhead for every attempt.
    #[must_use]
    pub fn with_bulkhead(mut self, bulkhead: Arc<Bulkhead>) -> Self {
        self.bulkhead = Some(bulkhead);
        self
    }

    /// Keeps to what was inherited from the call that this one is made for.
    #[must_use]
    pub const fn with_scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Returns the policy.
    #[must_use]
    pub const fn policy(&self) -> &RetryPolicy {
        &self.policy
    }

    fn rebuilt<D, L, P>(self, parts: impl FnOnce(C, K, O) -> (D, L, P)) -> Retry<D, L, P> {
        let (classifier, clock, observer) = parts(self.classifier, self.clock, self.observer);
        Retry {
            policy: self.policy,
            idempotency: self.idempotency,
            name: self.name,
            scope: self.scope,
            classifier,
            clock,
            observer,
            budget: self.budget,
            breaker: self.breaker,
            bulkhead: self.bulkhead,
        }
    }
}

/// Written by hand, so that a closure may be a part of it.
impl<C, K, O> fmt::Debug for Retry<C, K, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry")
            .field("name", &self.name)
            .field("policy", &self.policy)
            .field("idempotency", &self.idempotency)
            .field("scope", &self.scope)
            .field("budget", &self.budget)
            .field("breaker", &self.breaker)
            .field("bulkhead", &self.bulkhead)
            .finish_non_exhaustive()
    }
}

/// What a call may know about the attempt that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt<'r> {
    pub(crate) scope: Scope,
    pub(crate) timeout: Option<Duration>,
    pub(crate) number: u32,
    pub(crate) key: Option<&'r str>,
}

impl<'r> Attempt<'r> {
    /// Returns its number, from 1.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// Returns how long it may take: the asynchronous driver ends it then, and a blocking call sets it on its socket.
    #[must_use]
    pub const fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// Returns the key by which the target recognises a repetition.
    #[must_use]
    pub const fn idempotency_key(&self) -> Option<&'r str> {
        self.key
    }

    /// Returns what the calls that are made for this one inherit.
    #[must_use]
    pub const fn scope(&self) -> Scope {
        self.scope
    }
}
