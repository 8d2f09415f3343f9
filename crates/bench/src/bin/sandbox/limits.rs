//! How exactly our own limits are kept: a share of a processor, and the deadline.

use std::sync::Arc;
use std::time::Duration;

use wardkit_core::{Clock as _, SystemClock};
use wardkit_sandbox::{
    Capabilities, Ended, Guarantee, Layer, Native, Policy, Prepared, Sandbox as _, Strength,
};

use crate::cost::percentile;
use crate::{Result, tiny};

/// Who keeps the limits.
const KEEPERS: [(&str, &[Layer]); 2] =
    [("cgroups", &[]), ("process limits, without cgroups", &[Layer::Cgroups])];

/// Runs a program that computes for ever under a tenth of a processor; returns the shares that it got, in per cent, by who
/// kept them.
pub(crate) fn shares() -> Result<Vec<(&'static str, Vec<f64>)>> {
    println!(
        "| 10 % of a processor, kept by | runs of {} s | min | median | max |",
        SPAN.as_secs()
    );
    println!("|---|---|---|---|---|");
    let mut all = Vec::new();
    for (keeper, without) in KEEPERS {
        let prepared = endless(without, SPAN)?;
        let mut shares = Vec::new();
        for _ in 0..SPANS {
            let outcome = call(&*prepared)?;
            let usage = outcome.1;
            shares.push(100.0 * usage.cpu.as_secs_f64() / usage.wall.as_secs_f64());
        }
        let [min, median, max] = [0, 50, 100].map(|percent| percentile(&shares, percent));
        println!("| {keeper} | {SPANS} | {min:.2} % | {median:.2} % | {max:.2} % |");
        all.push((keeper, shares));
    }
    println!();
    Ok(all)
}

/// Runs a program that computes for ever to its deadline; returns how long after it everything was gone, in milliseconds,
/// by who kept the limits. The time of the start counts too.
pub(crate) fn kills() -> Result<Vec<(&'static str, Vec<f64>)>> {
    println!("| gone after the deadline, limits kept by | runs | median | p90 | p99 | max |");
    println!("|---|---|---|---|---|---|");
    let mut all = Vec::new();
    for (keeper, without) in KEEPERS {
        let prepared = endless(without, DEADLINE)?;
        let mut late = Vec::new();
        for _ in 0..KILLS {
            let wall = call(&*prepared)?.0;
            late.push(wall.saturating_sub(DEADLINE).as_secs_f64() * 1e3);
        }
        let [median, p90, p99, max] = [50, 90, 99, 100].map(|percent| percentile(&late, percent));
        println!(
            "| {keeper} | {KILLS} | {median:.2} ms | {p90:.2} ms | {p99:.2} ms | {max:.2} ms |"
        );
        all.push((keeper, late));
    }
    println!();
    Ok(all)
}

fn endless(without: &[Layer], timeout: Duration) -> Result<Box<dyn Prepared>> {
    let mut policy = Policy::default();
    policy.limits.timeout = timeout;
    policy.at_least = Guarantee::ALL.map(|one| (one, Strength::Approximate)).into();
    Ok(Native::danger_without(without).prepare(&tiny::forever(), &policy)?)
}

fn call(prepared: &dyn Prepared) -> Result<(Duration, wardkit_sandbox::Usage)> {
    let nobody: Arc<dyn Capabilities> = Arc::new(());
    let begun = SystemClock.uptime();
    let outcome = prepared.call(b"", &nobody)?;
    let wall = SystemClock.uptime().saturating_sub(begun);
    if outcome.ended != Ended::Timeout {
        return Err(format!("{:?} instead of the deadline", outcome.ended).into());
    }
    Ok((wall, outcome.usage))
}

/// Long enough that one period of a cgroup more or less is a hundredth of it.
const SPAN: Duration = Duration::from_secs(10);
const SPANS: usize = 5;

const DEADLINE: Duration = Duration::from_millis(50);
const KILLS: usize = 500;
