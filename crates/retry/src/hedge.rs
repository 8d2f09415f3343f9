//! Hedging: when an answer is slow to come, ask once more and take the first.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use wardkit_core::SystemClock;

use crate::latencies::Latencies;
use crate::{
    Budget, BudgetConfig, ByTransient, Class, Classify, Error, Idempotency, SleepAsync, Sleeping,
    Violation,
};

/// When a call is hedged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case", default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HedgeConfig {
    /// The most calls beside the first one.
    pub max_extra: u32,
    /// The wait before each of them.
    pub when: HedgeWhen,
}

/// The wait before a call is hedged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(
        tag = "kind",
        rename_all = "kebab-case",
        rename_all_fields = "kebab-case",
        deny_unknown_fields
    )
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum HedgeWhen {
    /// The same wait every time.
    After {
        /// The wait.
        #[cfg_attr(feature = "serde", serde(with = "crate::duration"))]
        #[cfg_attr(feature = "schema", schemars(with = "String"))]
        delay: Duration,
    },
    /// As long as 95 of the last hundred calls took at most.
    P95 {
        /// The wait until enough calls have been seen.
        #[cfg_attr(feature = "serde", serde(with = "crate::duration"))]
        #[cfg_attr(feature = "schema", schemars(with = "String"))]
        initial: Duration,
    },
}

impl HedgeConfig {
    /// Returns everything that is impossible or senseless; empty when it is fit for use.
    #[must_use]
    pub fn validate(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        if !(1..=MOST_EXTRA).contains(&self.max_extra) {
            found.push(Violation::new("max-extra", format!("must be from 1 to {MOST_EXTRA}")));
        }
        let (path, wait) = match self.when {
            HedgeWhen::After { delay } => ("when.delay", delay),
            HedgeWhen::P95 { initial } => ("when.initial", initial),
        };
        if wait.is_zero() {
            found.push(Violation::new(path, "must not be zero: every call would be made twice"));
        }
        found
    }
}

impl Default for HedgeConfig {
    fn default() -> Self {
        Self { max_extra: 1, when: HedgeWhen::P95 { initial: Duration::from_secs(1) } }
    }
}

/// Makes a slow call once more, and takes the first good answer. The others are dropped.
///
/// Only for calls that are safe to repeat, since both may arrive. Every extra call is paid from a budget, so that a
/// target that is slow because it is overloaded is not asked twice as often.
#[derive(Debug)]
pub struct Hedge<C = ByTransient, K = SystemClock> {
    config: HedgeConfig,
    classifier: C,
    clock: K,
    budget: Arc<Budget>,
    latencies: Latencies,
}

impl Hedge {
    /// Creates a hedge with a budget of its own.
    ///
    /// # Errors
    ///
    /// Returns [`Error::HedgeNotSafe`] unless the call is [`Idempotency::Safe`], and [`Error::Invalid`] with
    /// everything that [`HedgeConfig::validate`] complains of.
    pub fn new(config: HedgeConfig, idempotency: &Idempotency) -> Result<Self, Error> {
        if *idempotency != Idempotency::Safe {
            return Err(Error::HedgeNotSafe);
        }
        Error::unless_sound("hedge", config.validate())?;
        Ok(Self {
            config,
            classifier: ByTransient,
            clock: SystemClock,
            budget: Arc::new(Budget::new(BudgetConfig::default())?),
            latencies: Latencies::new(),
        })
    }
}

impl<C, K> Hedge<C, K> {
    /// Decides with another classifier what a good answer is.
    #[must_use]
    pub fn with_classifier<D>(self, classifier: D) -> Hedge<D, K> {
        let Self { config, clock, budget, latencies, .. } = self;
        Hedge { config, classifier, clock, budget, latencies }
    }

    /// Takes the time from another clock, and waits on it.
    #[must_use]
    pub fn with_clock<L>(self, clock: L) -> Hedge<C, L> {
        let Self { config, classifier, budget, latencies, .. } = self;
        Hedge { config, classifier, clock, budget, latencies }
    }

    /// Pays for extra calls from this budget. A hedge deposits its successes, so give it one that no
    /// [`Retry`](crate::Retry) around it deposits into as well.
    #[must_use]
    pub fn with_budget(mut self, budget: Arc<Budget>) -> Self {
        self.budget = budget;
        self
    }

    /// Returns how long a call is waited for before it is made once more.
    #[must_use]
    pub fn delay(&self) -> Duration {
        match self.config.when {
            HedgeWhen::After { delay } => delay,
            HedgeWhen::P95 { initial } => self.latencies.p95().unwrap_or(initial),
        }
    }
}

impl<C, K: SleepAsync> Hedge<C, K> {
    /// Makes the call, and once more if the answer is slow to come.
    ///
    /// Returns the first answer that is a success or a permanent failure; a failure that passes only when no other
    /// call is under way. Cancel-safe: dropping the future drops all calls.
    ///
    /// # Errors
    ///
    /// Returns the error of the call that answered last.
    pub async fn run<T, E, F, Fut>(&self, mut call: F) -> Result<T, E>
    where
        C: Classify<T, E>,
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let started = match self.config.when {
            HedgeWhen::After { .. } => None,
            HedgeWhen::P95 { .. } => Some(self.clock.uptime()),
        };
        let first = pin!(call());
        let race = Race {
            hedge: self,
            call: &mut call,
            first: Some(first),
            extra: Vec::new(),
            left: self.config.max_extra,
            timer: None,
        };
        let (class, result) = race.await;
        if class == Class::Success {
            self.budget.deposit();
            if let Some(started) = started {
                self.latencies.record(self.clock.uptime().saturating_sub(started));
            }
        }
        result
    }
}

/// The calls under way.
struct Race<'a, F, Fut, C, K> {
    hedge: &'a Hedge<C, K>,
    call: &'a mut F,
    first: Option<Pin<&'a mut Fut>>,
    extra: Vec<Pin<Box<Fut>>>,
    /// How many more calls may be made.
    left: u32,
    timer: Option<Sleeping>,
}

impl<F, Fut, C, K> Race<'_, F, Fut, C, K>
where
    F: FnMut() -> Fut,
    Fut: Future,
{
    /// Polls every call once; returns the output of the first that is done, which leaves the race.
    fn poll_calls(&mut self, context: &mut Context<'_>) -> Option<Fut::Output> {
        if let Some(first) = &mut self.first
            && let Poll::Ready(output) = first.as_mut().poll(context)
        {
            self.first = None;
            return Some(output);
        }
        for index in 0..self.extra.len() {
            if let Poll::Ready(output) = self.extra[index].as_mut().poll(context) {
                drop(self.extra.swap_remove(index));
                return Some(output);
            }
        }
        None
    }

    const fn is_over(&self) -> bool {
        self.first.is_none() && self.extra.is_empty()
    }
}

impl<F, Fut, C, K, T, E> Future for Race<'_, F, Fut, C, K>
where
    C: Classify<T, E>,
    K: SleepAsync,
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    type Output = (Class, Result<T, E>);

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let race = self.get_mut();
        let hedge = race.hedge;
        loop {
            while let Some(result) = race.poll_calls(context) {
                let class = hedge.classifier.classify(&result);
                if class.retryable().is_none() || race.is_over() {
                    return Poll::Ready((class, result));
                }
            }
            if race.left == 0 {
                return Poll::Pending;
            }
            let timer = race.timer.get_or_insert_with(|| hedge.clock.sleep_async(hedge.delay()));
            if timer.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            race.timer = None;
            race.left -= 1;
            if hedge.budget.try_withdraw() {
                race.extra.push(Box::pin((race.call)()));
            } else {
                race.left = 0;
            }
        }
    }
}

/// Every further call helps less and costs the same.
const MOST_EXTRA: u32 = 4;
