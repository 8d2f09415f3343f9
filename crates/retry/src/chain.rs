//! Fallbacks: when one target cannot answer, ask the next.

mod answer;
mod limits;

use std::sync::Arc;
use std::time::Duration;

use wardkit_core::{Clock, SystemClock};

pub use answer::{Answer, ChainFailed, Passed, Why};
use limits::Limiter;
pub use limits::{Limit, Limits, Usage};

use crate::{
    Breaker, BreakerConfig, BreakerPermit, ByTransient, Class, Classes, Classify, Error, Retryable,
    Violation,
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
#[derive(Debug)]
pub struct Chain<T, C = ByTransient, K = SystemClock> {
    config: ChainConfig,
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
    /// # Errors
    ///
    /// Returns [`Error::EmptyChain`] without targets, and [`Error::Invalid`] with everything that
    /// [`ChainConfig::validate`] and [`Limits::validate`] complain of.
    pub fn new<N: Into<Arc<str>>>(
        config: ChainConfig,
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
        Ok(Self { config, targets, classifier: ByTransient, clock: SystemClock })
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
        let Self { config, targets, clock, .. } = self;
        Chain { config, targets, classifier, clock }
    }

    /// Takes the time from another clock.
    #[must_use]
    pub fn with_clock<L>(self, clock: L) -> Chain<T, C, L> {
        let Self { config, targets, classifier, .. } = self;
        Chain { config, targets, classifier, clock }
    }

    /// Asks one target after another until one answers.
    ///
    /// `estimate` is set aside from the target's limits before the call; correct it with
    /// [`settle`](Self::settle) once the true figures are known. Waits for nothing itself; cancel-safe: a dropped
    /// future gives back its probe of a breaker, while the estimate stays spent, since the call may have been made.
    ///
    /// # Errors
    ///
    /// Returns [`ChainFailed`] with what became of each target when none is left, or when one fails in a way that
    /// the next would too. An `Ok` that the classifier calls a failure is returned as it is.
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
            let permit = match self.admit(target, estimate) {
                Ok(permit) => permit,
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
            let result = result.map(|value| (Arc::clone(name), value));
            if !self.moves_on(class, target) {
                return ended(Some(result), Some(class), passed, estimate);
            }
            passed.push(Passed { target: Arc::clone(name), why: Why::Failed { class } });
            last = Some(result);
        }
        ended(last, None, passed, estimate)
    }

    /// Corrects what was set aside for an answer by what it really took.
    pub fn settle<R>(&self, answer: &Answer<R>, actual: Usage) {
        if let Some(target) = self.targets.iter().find(|target| target.name == answer.target) {
            let (now, wall) = (self.clock.uptime(), self.clock.now());
            target.limiter.correct(answer.estimate, actual, now, wall);
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
    ) -> Result<BreakerPermit<'c>, Why> {
        let permit = target
            .breaker
            .admit(&self.clock)
            .map_err(|open| Why::CircuitOpen { retry_after: open.retry_after() })?;
        if target.limiter.is_limited() {
            let (now, wall) = (self.clock.uptime(), self.clock.now());
            target.limiter.take(estimate, now, wall)?;
        }
        Ok(permit)
    }

    /// Returns whether the next target is asked; if so, this one cools down.
    fn moves_on(&self, class: Class, target: &Target<T>) -> bool {
        let moves = match class {
            Class::QuotaExhausted { .. } => true,
            _ => class.retryable().is_some_and(|class| self.config.on.contains(class)),
        };
        // With a wait of its own the breaker is paused already.
        let has_wait =
            matches!(class, Class::QuotaExhausted { until: Some(_) }) || class.after().is_some();
        if moves && !has_wait {
            target.breaker.pause(&self.clock, self.config.cool_down);
        }
        moves
    }
}

fn ended<R, E>(
    last: Option<Result<(Arc<str>, R), E>>,
    ended_by: Option<Class>,
    passed: Vec<Passed>,
    estimate: Usage,
) -> Result<Answer<R>, ChainFailed<E>> {
    match last.transpose() {
        Ok(Some((target, value))) => Ok(Answer { value, target, passed, estimate }),
        Ok(None) => Err(ChainFailed { last: None, ended_by, passed }),
        Err(error) => Err(ChainFailed { last: Some(error), ended_by, passed }),
    }
}
