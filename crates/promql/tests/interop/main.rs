//! Random expressions over random series: here and in a real Prometheus they come to the same.
//!
//! `PROMQL_CASES` says how many (the full run is 25000), `PROPTEST_RNG_SEED` which.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

mod answer;
mod chance;
mod cost;
mod expression;
mod prometheus;
mod world;

use std::env;
use std::time::Duration;

use wardkit_promql::{Evaluator, Expr};

use answer::Answer;
use chance::Chance;
use prometheus::Prometheus;
use world::World;

#[test]
fn random_expressions_come_to_what_prometheus_says() {
    let number = |name: &str| env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let cases = number("PROMQL_CASES").unwrap_or(3000);
    let seed = number("PROPTEST_RNG_SEED").unwrap_or(42);
    let mut chance = Chance::new(seed);
    let world = World::random(&mut chance);
    let dir = tempfile::tempdir().unwrap();
    let mut prometheus = Prometheus::start(dir.path());
    prometheus.write(&world.series);
    let (mut errors, mut empty, mut differing) = (0, 0, Vec::new());
    for case in 0..cases {
        let mut text = expression::random(&mut chance);
        // Of `@` and `offset` together, timestamp() takes one for the data and the other for its age.
        while ["timestamp(", "@", "offset"].iter().all(|part| text.contains(part)) {
            text = expression::random(&mut chance);
        }
        let at_ms = World::random_time(&mut chance);
        // With `@` and what changes beside it, Prometheus has values at the first steps only.
        let beside = ["predict_linear", "quantile_over_time", "holt_winters"];
        let mut is_odd = text.contains('@') && beside.iter().any(|name| text.contains(name));
        // And it refuses to negate two series that become one, though they have no time in common.
        is_odd |= text.contains("-(");
        let (ours, theirs) = if case % 10 == 0 && !is_odd {
            let steps = (at_ms, at_ms + 600_000, 47_000);
            (ours_over(&world, &text, steps), prometheus.range(&text, steps))
        } else {
            (ours_at(&world, &text, at_ms), prometheus.instant(&text, at_ms))
        };
        errors += u32::from(theirs.is_error());
        empty += u32::from(theirs.is_empty());
        let chooses = ["topk", "bottomk"].iter().any(|name| text.contains(name));
        let room = room(&text);
        if !(ours.agrees(&theirs, room) || chooses && ours.agrees_in_values(&theirs, room)) {
            differing.push(format!("{text}\n  at {at_ms}\n  ours   {ours}\n  theirs {theirs}"));
        }
    }
    let all = differing.len();
    differing.truncate(20);
    assert!(all == 0, "{all} of {cases} differ with seed {seed}:\n{}", differing.join("\n"));
    assert!(u64::from(errors + empty) < cases * 2 / 3, "{errors} errors and {empty} empty answers");
    println_counts(cases, errors, empty);
}

/// How far apart values may be. A sum depends on the order of the series in its last digits, which nobody promises, and what
/// takes the others away makes them the first.
fn room(text: &str) -> f64 {
    let has = |names: &[&str]| names.iter().any(|name| text.contains(name));
    let is_odd = has(&["sum", "avg", "stddev", "stdvar"])
        && has(&["%", "-", "^", "exp", "sin", "cos", "tan"]);
    if is_odd { 1e-6 } else { 1e-12 }
}

#[expect(clippy::print_stdout, reason = "the count is what a full run is for")]
fn println_counts(cases: u64, errors: u32, empty: u32) {
    println!("{cases} expressions agree; {errors} are errors in both, {empty} come to nothing");
}

fn ours_at(world: &World, text: &str, at_ms: i64) -> Answer {
    let expr = match Expr::parse(text) {
        Ok(expr) => expr,
        Err(error) => return Answer::Refused(error.to_string()),
    };
    match Evaluator::new(world.source()).instant(&expr, at_ms) {
        Ok(value) => Answer::of_value(value, at_ms),
        Err(error) => Answer::Failed(error.to_string()),
    }
}

fn ours_over(world: &World, text: &str, (from_ms, to_ms, step_ms): (i64, i64, u64)) -> Answer {
    let expr = match Expr::parse(text) {
        Ok(expr) => expr,
        Err(error) => return Answer::Refused(error.to_string()),
    };
    let step = Duration::from_millis(step_ms);
    match Evaluator::new(world.source()).range(&expr, from_ms, to_ms, step) {
        Ok(series) => Answer::of_series(series),
        // Prometheus finds out before it evaluates.
        Err(error) if error.to_string().contains("has no values over time") => {
            Answer::Refused(error.to_string())
        }
        Err(error) => Answer::Failed(error.to_string()),
    }
}
