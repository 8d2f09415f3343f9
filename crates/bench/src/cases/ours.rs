//! What several topics need of wardkit-retry.

use std::sync::Arc;

use wardkit_retry::{
    Breaker, BreakerConfig, Budget, BudgetConfig, Idempotency, Retry, RetryPolicy,
};

/// A policy without a time limit, as its default is.
pub(super) fn unlimited() -> Retry {
    joined(RetryPolicy::default())
}

/// The preset for web services, which has an attempt timeout and a total deadline.
pub(super) fn limited() -> Retry {
    joined(RetryPolicy::http())
}

pub(super) fn breaker(config: BreakerConfig) -> Arc<Breaker> {
    Arc::new(Breaker::new("bench", config).expect("only the time it stays open was changed"))
}

pub(super) fn budget() -> Arc<Budget> {
    Arc::new(Budget::new(BudgetConfig::default()).expect("the default is a valid budget"))
}

fn joined(policy: RetryPolicy) -> Retry {
    Retry::new(policy, Idempotency::Safe).expect("the presets are valid policies")
}
