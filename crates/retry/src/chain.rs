//! Fallbacks: when one target cannot answer, ask the next.

mod answer;
mod limits;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use wardkit_core::{Clock, SystemClock};

pub use answer::{Answer, ChainFailed, Passed, Why};
pub use limits::{Limit, Limits, Usage};
use limits::{Limiter, Reserved};

use crate::{
    Breaker, BreakerConfig, BreakerPermit, ByTransient, Class, Classes, Classify, Error,
    Idempotency, Retryable, Violation,
};

/// When a chain moves on, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case", default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChainConfig {
    /// The failures after which the next target is asked; a used-up quota is always one.
    pub on: Classes,
    /// How long a target is passed over, unless it says so itself.
    #[cfg_attr(feature = "serde", serde(with = "crate::duration"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub cool_down: Duration,
    /// The circuit breaker of each target.
    pub breaker: BreakerConfig,
}

impl ChainConfig {
    /// Returns everything that is impossible or senseless; empty when it is fit for use.
    #[must_use]
    pub fn validate(&self) -> Vec<Violation> {
        let mut found: Vec<_> = self
            .breaker
            .validate()
            .into_iter()
            .map(|inner| Violation::new(&format!("breaker.{}", inner.path), inner.reason))
            .collect();
        if self.cool_down.is_zero() {
            found.push(Violation::new("cool-down", "must not be zero"));
        }
        if self.cool_down > self.breaker.longest_pause {
            found.push(Violation::new("cool-down", "must not be above breaker.longest-pause"));
        }
        found
    }
}

impl Default for ChainConfig {
    fn default() -> Self {
        Self {
            on: Classes::of(&[Retryable::Overloaded]),
            cool_down: Duration::from_secs(30),
            breaker: BreakerConfig::default(),
        }
    }
}

/// Targets that can stand in for one another, in the order of preference: models, mirrors, regions.
///
/// A target is passed over while its circuit breaker is open, while it cools down after a failure that made the
/// chain move on, and while its own [`Limits`] are used up. So the chain sticks to a stand-in, and goes back by
/// itself.
///
/// It sets no time limit of its own. Wrap the call in a [`Retry`](crate::Retry) that has one, and let
/// [`GaveUp::class`](crate::GaveUp::class) tell the chain what a failure of that means:
///
/// ```
/// use std::io;
/// use std::time::Duration;
/// use wardkit_retry::{
///     Chain, ChainConfig, Class, Classes, GaveUp, Idempotency, Limits, Retry, RetryPolicy, SleepAsync, TestClock, Usage,
/// };
///
/// # let clock = TestClock::new(1);
/// # let sleep = clock.clone();
/// # let ask = |model: &'static str| {
/// #     let slow = sleep.sleep_async(Duration::from_secs(if model == "large" { 3_600 } else { 1 }));
/// #     async move { slow.await; Ok::<_, io::Error>(format!("{model} says hello")) }
/// # };
/// let mut policy = RetryPolicy::never();
/// policy.attempt_timeout = Some(Duration::from_secs(60));
/// let limited = Retry::new(policy, Idempotency::Safe)?;
/// # let limited = limited.with_clock(clock.clone());
///
/// let mut config = ChainConfig::default();
/// config.on = Classes::ALL;
/// let targets = [("large", "large", Limits::NONE), ("small", "small", Limits::NONE)];
/// let chain = Chain::new(config, &Idempotency::Safe, targets)?.with_classifier(
///     |result: &Result<String, GaveUp<io::Error>>| result.as_ref().map_or_else(GaveUp::class, |_| Class::Success),
/// );
/// # let chain = chain.with_clock(clock.clone());
///
/// let answer = chain.run(Usage::default(), |model| limited.run(|| ask(model)));
/// # let answer = clock.block_on(answer)?;
/// assert_eq!(answer.value, "small says hello");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Chain<T, C = ByTransient, K = SystemClock> {
    config: ChainConfig,
    is_safe: bool,
    targets: Vec<Target<T>>,
    classifier: C,
    clock: K,
}

#[derive(Debug)]
struct Target<T> {
    name: Arc<str>,
    value: T,
    breaker: Breaker,
    limiter: Limiter,
}

impl<T> Chain<T> {
    /// Creates a chain of named targets with their limits.
    ///
    /// Unless the call is [`Idempotency::Safe`], it goes on to the next target only when it provably never reached
    /// the one before: a key protects from repetitions at the target that knows it, not at another one.
    ///
    /// # Errors
    ///
    /// Returns [`Error::EmptyChain`] without targets, [`Error::DuplicateTarget`] for a name that is there twice, and
    /// [`Error::Invalid`] with everything that [`ChainConfig::validate`] and [`Limits::validate`] complain of.
    pub fn new<N: Into<Arc<str>>>(
        config: ChainConfig,
        idempotency: &Idempotency,
        targets: impl IntoIterator<Item = (N, T, Limits)>,
    ) -> Result<Self, Error> {
        Error::unless_sound("chain", config.validate())?;
        let targets = targets
            .into_iter()
            .map(|(name, value, limits)| Target::new(name.into(), value, limits, config.breaker))
            .collect::<Result<Vec<_>, _>>()?;
        if targets.is_empty() {
            return Err(Error::EmptyChain);
        }
        let mut names = BTreeSet::new();
        if let Some(twin) = targets.iter().find(|target| !names.insert(&*target.name)) {
            return Err(Error::DuplicateTarget { name: twin.name.to_string() });
        }
        let is_safe = *idempotency == Idempotency::Safe;
        Ok(Self { config, is_safe, targets, classifier: ByTransient, clock: SystemClock })
    }
}

impl<T> Target<T> {
    fn new(
        name: Arc<str>,
        value: T,
        limits: Limits,
        breaker: BreakerConfig,
    ) -> Result<Self, Error> {
        Error::unless_sound("limits", limits.validate())?;
        let breaker = Breaker::new(name.to_string(), breaker)?;
        Ok(Self { name, value, breaker, limiter: Limiter::new(limits) })
    }
}

impl<T, C, K: Clock> Chain<T, C, K> {
    /// Decides with another classifier what a result means.
    #[must_use]
    pub fn with_classifier<D>(self, classifier: D) -> Chain<T, D, K> {
        let Self { config, is_safe, targets, clock, .. } = self;
        Chain { config, is_safe, targets, classifier, clock }
    }

    /// Takes the time from another clock.
    #[must_use]
    pub fn with_clock<L>(self, clock: L) -> Chain<T, C, L> {
        let Self { config, is_safe, targets, classifier, .. } = self;
        Chain { config, is_safe, targets, classifier, clock }
    }

    /// Asks one target after another until one answers.
    ///
    /// `estimate` is set aside from the target's limits before the call; correct it with
    /// [`settle`](Self::settle) once the true figures are known. A target that refuses the call as throttled,
    /// overloaded or out of quota has it given back, but for the one request. Waits for nothing itself; cancel-safe:
    /// a dropped future gives back its probe of a breaker, while the estimate stays spent, since the call may have
    /// been made.
    ///
    /// # Errors
    ///
    /// Returns [`ChainFailed`] with what became of each target when none is left, or when one fails in a way that
    /// the next would too, or may not be asked. An `Ok` that the classifier calls a failure is returned as it is.
    pub async fn run<'c, R, E, F, Fut>(
        &'c self,
        estimate: Usage,
        mut call: F,
    ) -> Result<Answer<R>, ChainFailed<E>>
    where
        C: Classify<R, E>,
        F: FnMut(&'c T) -> Fut,
        Fut: Future<Output = Result<R, E>>,
    {
        let mut passed = Vec::new();
        let mut last = None;
        for target in &self.targets {
            let name = &target.name;
            let (permit, reserved) = match self.admit(target, estimate) {
                Ok(admitted) => admitted,
                Err(why) => {
                    passed.push(Passed { target: Arc::clone(name), why });
                    continue;
                }
            };
            let result = call(&target.value).await;
            let class = self.classifier.classify(&result);
            if class == Class::Success {
                permit.succeeded();
            } else {
                permit.failed(class, &self.clock);
            }
            let may_repeat = self.is_safe || self.classifier.never_sent(&result);
            let moves_on = self.moves_on(class);
            if moves_on {
                self.rest(class, target);
            }
            self.unreserve(class, target, reserved);
            let result = result.map(|value| Answer {
                value,
                target: Arc::clone(name),
                passed: Vec::new(),
                reserved,
            });
            if !moves_on || !may_repeat {
                let is_transient = class.retryable().is_some() && may_repeat;
                return ended(Some(result), is_transient, passed);
            }
            passed.push(Passed { target: Arc::clone(name), why: Why::Failed { class } });
            last = Some(result);
        }
        let is_transient = passed.iter().any(Passed::may_answer_later);
        ended(last, is_transient, passed)
    }

    /// Corrects what was set aside for an answer by what it really took.
    pub fn settle<R>(&self, answer: &Answer<R>, actual: Usage) {
        if let Some(target) = self.targets.iter().find(|target| target.name == answer.target) {
            target.limiter.correct(answer.reserved, actual, self.clock.uptime());
        }
    }

    /// Returns the circuit breaker of the target of this name, for metrics and for an operator's switch.
    #[must_use]
    pub fn breaker(&self, target: &str) -> Option<&Breaker> {
        self.targets.iter().find(|known| &*known.name == target).map(|known| &known.breaker)
    }

    fn admit<'c>(
        &'c self,
        target: &'c Target<T>,
        estimate: Usage,
    ) -> Result<(BreakerPermit<'c>, Reserved), Why> {
        let permit = target
            .breaker
            .admit(&self.clock)
            .map_err(|open| Why::CircuitOpen { retry_after: open.retry_after() })?;
        if !target.limiter.is_limited() {
            return Ok((permit, Reserved::default()));
        }
        let (now, wall) = (self.clock.uptime(), self.clock.now());
        Ok((permit, target.limiter.take(estimate, now, wall)?))
    }

    /// Returns whether the next target could do better.
    fn moves_on(&self, class: Class) -> bool {
        match class {
            Class::QuotaExhausted { .. } => true,
            _ => class.retryable().is_some_and(|class| self.config.on.contains(class)),
        }
    }

    /// Lets a target cool down, unless it asked for a wait of its own: then its breaker is paused already.
    fn rest(&self, class: Class, target: &Target<T>) {
        let has_wait =
            matches!(class, Class::QuotaExhausted { until: Some(_) }) || class.after().is_some();
        if !has_wait {
            target.breaker.pause(&self.clock, self.config.cool_down);
        }
    }

    /// Gives back what a target did not use, because it refused the call.
    fn unreserve(&self, class: Class, target: &Target<T>, reserved: Reserved) {
        let is_refusal = matches!(
            class,
            Class::Throttled { .. } | Class::Overloaded { .. } | Class::QuotaExhausted { .. }
        );
        if is_refusal && target.limiter.is_limited() {
            target.limiter.correct(reserved, Usage::default(), self.clock.uptime());
        }
    }
}

fn ended<R, E>(
    last: Option<Result<Answer<R>, E>>,
    is_transient: bool,
    passed: Vec<Passed>,
) -> Result<Answer<R>, ChainFailed<E>> {
    match last.transpose() {
        Ok(Some(answer)) => Ok(Answer { passed, ..answer }),
        Ok(None) => Err(ChainFailed { last: None, is_transient, passed }),
        Err(error) => Err(ChainFailed { last: Some(error), is_transient, passed }),
    }
}
