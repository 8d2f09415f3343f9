//! What several areas need.

use std::cell::RefCell;
use std::sync::Mutex;
use std::time::Duration;

use wardkit_core::Transient;
use wardkit_retry::{
    Attempted, BreakerChange, Class, Classify, GivenUp, Idempotency, Jitter, Observer, Retry,
    RetryPolicy, Schedule, TestClock, Waiting,
};

/// An error that carries its class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault(pub(crate) Class);

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "fault: {}", self.0)
    }
}

impl std::error::Error for Fault {}

impl Transient for Fault {
    fn is_transient(&self) -> bool {
        self.0 == Class::Transient
    }
}

pub(crate) const TRANSIENT: Fault = Fault(Class::Transient);
pub(crate) const PERMANENT: Fault = Fault(Class::Permanent);

/// Says what the fault says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ByFault;

impl<T> Classify<T, Fault> for ByFault {
    fn classify(&self, result: &Result<T, Fault>) -> Class {
        result.as_ref().map_or_else(|fault| fault.0, |_| Class::Success)
    }

    fn never_sent(&self, result: &Result<T, Fault>) -> bool {
        matches!(result, Err(fault) if *fault == TRANSIENT)
    }
}

pub(crate) type TestRetry<O = ()> = Retry<ByFault, TestClock, O>;

/// A retry on simulated time, with waits of 1 s, 2 s, 4 s, … and no jitter.
pub(crate) fn retry(clock: &TestClock, change: impl FnOnce(&mut RetryPolicy)) -> TestRetry {
    let mut policy = RetryPolicy::default();
    policy.jitter = Jitter::None;
    policy.schedule = Schedule::Exponential { base: secs(1), factor: 2.0, cap: secs(64) };
    change(&mut policy);
    Retry::new(policy, Idempotency::Safe)
        .unwrap()
        .with_clock(clock.clone())
        .with_classifier(ByFault)
}

/// Answers one result after another, and counts the calls.
pub(crate) struct Script<T> {
    results: RefCell<std::vec::IntoIter<Result<T, Fault>>>,
    pub(crate) calls: std::cell::Cell<u32>,
}

impl<T> Script<T> {
    pub(crate) fn new(results: impl Into<Vec<Result<T, Fault>>>) -> Self {
        Self { results: RefCell::new(results.into().into_iter()), calls: std::cell::Cell::new(0) }
    }

    pub(crate) fn next(&self) -> Result<T, Fault> {
        self.calls.set(self.calls.get() + 1);
        self.results.borrow_mut().next().expect("no further call was expected")
    }
}

pub(crate) const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

pub(crate) const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Writes down what it is told.
#[derive(Debug, Default)]
pub(crate) struct Diary(pub(crate) Mutex<Vec<String>>);

impl Diary {
    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    fn note(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }
}

impl Observer for Diary {
    fn attempt(&self, attempt: &Attempted<'_>) {
        self.note(format!("{} #{} {}", attempt.policy, attempt.number, attempt.class));
    }

    fn wait(&self, wait: &Waiting<'_>) {
        self.note(format!("{} #{} waits {:?}", wait.policy, wait.number, wait.wait));
    }

    fn give_up(&self, given_up: &GivenUp<'_>) {
        self.note(format!(
            "{} gives up after {}: {}",
            given_up.policy,
            given_up.attempts,
            given_up.reason.as_str()
        ));
    }

    fn breaker(&self, change: &BreakerChange<'_>) {
        self.note(format!("{} {} -> {}", change.breaker, change.from.as_str(), change.to.as_str()));
    }
}
