//! The rules that a policy must keep.

use std::time::Duration;

use crate::{Classes, Jitter, RetryPolicy, Schedule, Violation};

pub(crate) fn violations(policy: &RetryPolicy) -> Vec<Violation> {
    // `Vec::new` does not allocate: a sound policy costs its comparisons.
    let mut found = Vec::new();
    attempts(policy, &mut found);
    schedule(policy, &mut found);
    limits(policy, &mut found);
    if let Some(name) = &policy.budget
        && (name.trim().is_empty() || name == "none")
    {
        found.push(Violation::new("budget", "must be a name, or none for no budget"));
    }
    found
}

fn attempts(policy: &RetryPolicy, found: &mut Vec<Violation>) {
    match policy.max_attempts {
        0 => found.push(Violation::new("max-attempts", "must be at least 1, the first call")),
        1 => {}
        n if n > MAX_ATTEMPTS => {
            found.push(Violation::new("max-attempts", format!("must be at most {MAX_ATTEMPTS}")));
        }
        _ if policy.on == Classes::NONE => found.push(Violation::new(
            "on",
            "must name a class of failure; for no retry set max-attempts to 1",
        )),
        _ => {}
    }
}

fn schedule(policy: &RetryPolicy, found: &mut Vec<Violation>) {
    let retries = policy.max_attempts > 1;
    match &policy.schedule {
        Schedule::Fixed { delay } => {
            wait("schedule.delay", *delay, retries, found);
        }
        Schedule::Linear { base, step, cap } => {
            wait("schedule.base", *base, retries && step.is_zero(), found);
            wait("schedule.step", *step, false, found);
            cap_over(*base, *cap, found);
        }
        Schedule::Exponential { base, factor, cap } => {
            wait("schedule.base", *base, retries, found);
            factor_of(*factor, found);
            cap_over(*base, *cap, found);
        }
        Schedule::Decorrelated { base, cap } => {
            wait("schedule.base", *base, retries, found);
            cap_over(*base, *cap, found);
        }
        Schedule::List { delays } if delays.is_empty() => {
            found.push(Violation::new("schedule.delays", "must have at least one wait"));
        }
        Schedule::List { delays } => {
            for (index, delay) in delays.iter().enumerate() {
                if *delay > LONGEST {
                    found.push(too_long(&format!("schedule.delays[{index}]")));
                }
            }
            repeated(delays, policy.max_attempts, found);
        }
    }
    // The others have a base of which the same is said above.
    let may_begin_at_zero = match &policy.schedule {
        Schedule::Linear { step, .. } => !step.is_zero(),
        Schedule::List { delays } => !delays.is_empty(),
        _ => false,
    };
    let is_zero = may_begin_at_zero && policy.schedule.bounds().0.is_zero();
    if retries && is_zero && policy.jitter == Jitter::Decorrelated {
        found.push(Violation::new(
            "jitter",
            "decorrelated needs a shortest wait above zero: three times nothing is nothing",
        ));
    }
}

/// A list may begin with attempts that follow at once; what it repeats may not.
fn repeated(delays: &[Duration], max_attempts: u32, found: &mut Vec<Violation>) {
    let listed = u32::try_from(delays.len()).unwrap_or(u32::MAX);
    if delays.last().is_some_and(Duration::is_zero) && max_attempts.saturating_sub(1) > listed {
        let path = format!("schedule.delays[{}]", delays.len() - 1);
        found.push(Violation::new(&path, "must not be zero where it repeats: a hot loop"));
    }
}

fn wait(path: &str, wait: Duration, must_be_positive: bool, found: &mut Vec<Violation>) {
    if must_be_positive && wait.is_zero() {
        found.push(Violation::new(path, "must not be zero: it would retry in a hot loop"));
    }
    if wait > LONGEST {
        found.push(too_long(path));
    }
}

fn factor_of(factor: f64, found: &mut Vec<Violation>) {
    let reason = match factor {
        f if !f.is_finite() => "must be a finite number",
        f if f < 1.0 => "must be at least 1: waits do not shrink",
        f if f > LARGEST_FACTOR => "must be at most 1000",
        _ => return,
    };
    found.push(Violation::new("schedule.factor", reason));
}

fn cap_over(base: Duration, cap: Duration, found: &mut Vec<Violation>) {
    if cap < base {
        found.push(Violation::new("schedule.cap", "must not be below schedule.base"));
    }
    if cap > LONGEST {
        found.push(too_long("schedule.cap"));
    }
}

fn limits(policy: &RetryPolicy, found: &mut Vec<Violation>) {
    positive("attempt-timeout", policy.attempt_timeout, found);
    positive("total-deadline", policy.total_deadline, found);
    if policy.retry_after.max.is_some_and(|max| max > LONGEST) {
        found.push(too_long("retry-after.max"));
    }
    let Some(deadline) = policy.total_deadline else {
        return;
    };
    if policy.attempt_timeout.is_some_and(|timeout| timeout > deadline) {
        found.push(Violation::new("attempt-timeout", "must not be above total-deadline"));
    }
    // A deadline of zero has its own line.
    if policy.max_attempts > 1 && !deadline.is_zero() && deadline <= policy.schedule.first() {
        found.push(Violation::new(
            "total-deadline",
            "must be above the first wait of the schedule, or no retry would ever be made",
        ));
    }
}

fn positive(path: &str, limit: Option<Duration>, found: &mut Vec<Violation>) {
    match limit {
        Some(limit) if limit.is_zero() => {
            found.push(Violation::new(path, "must not be zero; for no limit write none"));
        }
        Some(limit) if limit > LONGEST => found.push(too_long(path)),
        _ => {}
    }
}

fn too_long(path: &str) -> Violation {
    Violation::new(path, "must be at most 365d")
}

/// More calls than this for one answer is a mistake in the unit or in the number.
const MAX_ATTEMPTS: u32 = 10_000;
/// Keeps every sum of waits far from overflow.
const LONGEST: Duration = Duration::from_hours(365 * 24);
const LARGEST_FACTOR: f64 = 1_000.0;
