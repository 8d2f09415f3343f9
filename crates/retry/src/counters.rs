//! Counts for metrics, as plain numbers.

use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::{Attempted, Breaker, Budget, Class, Observer, Waiting};

/// Counts the attempts and waits of the calls that it observes: one atomic addition for a successful call.
///
/// Give it to [`Retry::with_observer`](crate::Retry::with_observer) as an [`Arc`](std::sync::Arc) and keep a copy.
#[derive(Debug, Default)]
pub struct Counters {
    attempts: [AtomicU64; Class::NAMES.len()],
    waits: AtomicU64,
    wait_nanos: AtomicU64,
}

impl Counters {
    /// Creates counters at zero.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the number of attempts by the name of their class.
    pub fn attempts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self.attempts.iter().map(|count| count.load(Ordering::Relaxed));
        Class::NAMES.into_iter().zip(counts)
    }

    /// Returns the number of waits.
    #[must_use]
    pub fn waits(&self) -> u64 {
        self.waits.load(Ordering::Relaxed)
    }

    /// Returns the sum of all waits.
    #[must_use]
    pub fn waited(&self) -> Duration {
        Duration::from_nanos(self.wait_nanos.load(Ordering::Relaxed))
    }
}

impl Observer for Counters {
    #[inline]
    fn attempt(&self, attempt: &Attempted<'_>) {
        self.attempts[attempt.class.index()].fetch_add(1, Ordering::Relaxed);
    }

    fn wait(&self, wait: &Waiting<'_>) {
        let nanos = u64::try_from(wait.wait.as_nanos()).unwrap_or(u64::MAX);
        self.waits.fetch_add(1, Ordering::Relaxed);
        self.wait_nanos.fetch_add(nanos, Ordering::Relaxed);
    }
}

/// Prints counters, breakers and budgets in the text format of Prometheus.
///
/// ```
/// use wardkit_retry::{Counters, PrometheusText};
///
/// let counters = Counters::new();
/// let text = PrometheusText::new("bot_").counters("search", &counters).to_string();
/// assert!(text.contains("bot_retry_attempts_total{policy=\"search\",class=\"success\"} 0\n"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct PrometheusText<'a> {
    prefix: &'a str,
    counters: Vec<(Cow<'a, str>, &'a Counters)>,
    breakers: Vec<&'a Breaker>,
    budgets: Vec<(Cow<'a, str>, &'a Budget)>,
}

impl<'a> PrometheusText<'a> {
    /// Starts a text whose names all begin with `prefix`.
    #[must_use]
    pub const fn new(prefix: &'a str) -> Self {
        Self { prefix, counters: Vec::new(), breakers: Vec::new(), budgets: Vec::new() }
    }

    /// Adds the counters of a policy.
    #[must_use]
    pub fn counters(mut self, policy: impl Into<Cow<'a, str>>, counters: &'a Counters) -> Self {
        self.counters.push((policy.into(), counters));
        self
    }

    /// Adds the state of a breaker.
    #[must_use]
    pub fn breaker(mut self, breaker: &'a Breaker) -> Self {
        self.breakers.push(breaker);
        self
    }

    /// Adds the balance of a budget.
    #[must_use]
    pub fn budget(mut self, name: impl Into<Cow<'a, str>>, budget: &'a Budget) -> Self {
        self.budgets.push((name.into(), budget));
        self
    }

    fn family(
        &self,
        f: &mut fmt::Formatter<'_>,
        name: &str,
        kind: &str,
        help: &str,
    ) -> fmt::Result {
        let prefix = self.prefix;
        writeln!(f, "# HELP {prefix}{name} {help}\n# TYPE {prefix}{name} {kind}")
    }

    fn write_counters(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = self.prefix;
        self.family(
            f,
            "retry_attempts_total",
            "counter",
            "Attempts by the class of their result.",
        )?;
        for (policy, counters) in &self.counters {
            let policy = Label(policy);
            for (class, count) in counters.attempts() {
                let name = "retry_attempts_total";
                writeln!(f, "{prefix}{name}{{policy=\"{policy}\",class=\"{class}\"}} {count}")?;
            }
        }
        self.family(f, "retry_wait_seconds", "summary", "Waits between attempts.")?;
        for (policy, counters) in &self.counters {
            let (policy, sum) = (Label(policy), counters.waited().as_secs_f64());
            writeln!(f, "{prefix}retry_wait_seconds_sum{{policy=\"{policy}\"}} {sum}")?;
            let count = counters.waits();
            writeln!(f, "{prefix}retry_wait_seconds_count{{policy=\"{policy}\"}} {count}")?;
        }
        Ok(())
    }

    fn write_breakers(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let help = "State: 0 closed, 1 open, 2 half-open, 3 paused, 4 forced open.";
        self.family(f, "breaker_state", "gauge", help)?;
        self.breakers.iter().try_for_each(|breaker| {
            let (name, state) = (Label(breaker.name()), breaker.state() as u8);
            writeln!(f, "{}breaker_state{{breaker=\"{name}\"}} {state}", self.prefix)
        })
    }

    fn write_budgets(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.family(f, "budget_tokens", "gauge", "Retries that the budget has left.")?;
        self.budgets.iter().try_for_each(|(name, budget)| {
            let (name, tokens) = (Label(name), budget.tokens());
            writeln!(f, "{}budget_tokens{{budget=\"{name}\"}} {tokens}", self.prefix)
        })
    }
}

impl fmt::Display for PrometheusText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.counters.is_empty() {
            self.write_counters(f)?;
        }
        if !self.breakers.is_empty() {
            self.write_breakers(f)?;
        }
        if !self.budgets.is_empty() {
            self.write_budgets(f)?;
        }
        Ok(())
    }
}

/// A label's value, escaped as the format wants it.
struct Label<'a>(&'a str);

impl fmt::Display for Label<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '\\' => f.write_str("\\\\"),
            '"' => f.write_str("\\\""),
            '\n' => f.write_str("\\n"),
            c => fmt::Write::write_char(f, c),
        })
    }
}
