//! How many retries a target can bear.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Error, Violation};

/// What a retry budget allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case", default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BudgetConfig {
    /// How many retries a hundred successful calls pay for.
    pub percent: u32,
    /// How many retries there are to begin with.
    pub minimum: u32,
    /// The most retries that can be saved up.
    pub capacity: u32,
}

impl BudgetConfig {
    /// Returns everything that is impossible or senseless; empty when it is fit for use.
    #[must_use]
    pub fn validate(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        if self.percent > MOST_PERCENT {
            found.push(Violation::new("percent", format!("must be at most {MOST_PERCENT}")));
        }
        if self.capacity == 0 || self.capacity < self.minimum {
            found.push(Violation::new("capacity", "must not be zero or below minimum"));
        }
        found
    }
}

impl Default for BudgetConfig {
    fn default() -> Self {
        Self { percent: 10, minimum: 10, capacity: 100 }
    }
}

/// The retries that all callers of one target share: every success deposits a fraction of one, every retry
/// withdraws a whole one *before* it waits, so that retries asleep count too.
///
/// While a target is down nothing is deposited: the retries of all callers together end after what was saved up,
/// however many callers there are. Share it as an [`Arc`].
#[derive(Debug)]
pub struct Budget {
    /// Thousandths of a retry.
    balance: AtomicU64,
    deposit: u64,
    capacity: u64,
    granted: AtomicU64,
    refused: AtomicU64,
}

impl Budget {
    /// Creates a budget that holds its minimum.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Invalid`] with everything that [`BudgetConfig::validate`] complains of.
    pub fn new(config: BudgetConfig) -> Result<Self, Error> {
        Error::unless_sound("budget", config.validate())?;
        Ok(Self {
            balance: AtomicU64::new(u64::from(config.minimum) * RETRY),
            deposit: u64::from(config.percent) * RETRY / 100,
            capacity: u64::from(config.capacity) * RETRY,
            granted: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        })
    }

    /// Deposits the share of one successful call.
    pub fn deposit(&self) {
        let mut balance = self.balance.load(Ordering::Relaxed);
        // A healthy target's budget is full: one load and no store.
        while balance < self.capacity {
            let more = (balance + self.deposit).min(self.capacity);
            match self.balance.compare_exchange_weak(
                balance,
                more,
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return,
                Err(present) => balance = present,
            }
        }
    }

    /// Withdraws one retry; returns whether there was one.
    #[must_use = "a retry that was not granted must not be made"]
    pub fn try_withdraw(&self) -> bool {
        let taken = self.balance.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |balance| {
            balance.checked_sub(RETRY)
        });
        let count = if taken.is_ok() { &self.granted } else { &self.refused };
        count.fetch_add(1, Ordering::Relaxed);
        taken.is_ok()
    }

    /// Returns the whole retries that are left.
    #[must_use]
    pub fn tokens(&self) -> u64 {
        self.balance.load(Ordering::Relaxed) / RETRY
    }

    /// Returns how many retries have been granted.
    #[must_use]
    pub fn granted(&self) -> u64 {
        self.granted.load(Ordering::Relaxed)
    }

    /// Returns how many retries have been refused.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}

/// Retry budgets by name, for policies that name theirs.
#[derive(Clone, Debug, Default)]
pub struct Budgets(BTreeMap<String, Arc<Budget>>);

impl Budgets {
    /// Creates an empty set.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Adds a budget and returns the one that it replaces.
    pub fn insert(&mut self, name: impl Into<String>, budget: Arc<Budget>) -> Option<Arc<Budget>> {
        self.0.insert(name.into(), budget)
    }

    /// Returns the budget of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Arc<Budget>> {
        self.0.get(name)
    }

    /// Returns all budgets, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Arc<Budget>)> {
        self.0.iter().map(|(name, budget)| (name.as_str(), budget))
    }
}

/// One retry in thousandths, so that a percentage of one is a whole number.
const RETRY: u64 = 1_000;
/// Ten retries for every success is beyond any use.
const MOST_PERCENT: u32 = 1_000;
