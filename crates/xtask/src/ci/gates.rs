//! The benches that guard performance: each crate's group `gate`, judged by ratios within one run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::built::{self, Built};
use crate::exec::run as run_program;
use crate::workspace::Workspace;
use crate::{Error, Result};

/// The contents of `benches/gate.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limits {
    ratio: Vec<Ratio>,
}

/// The median of bench `of` may be at most `max` times that of bench `over`, and [`ROOM`] as much.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ratio {
    name: String,
    of: String,
    over: String,
    max: f64,
}

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let args = ["bench", "--workspace", "--all-features", "--bench", "gate"];
    let gates = built::build(workspace, "bench", args)?;
    if gates.is_empty() {
        return Err(Error::found("no crate has a bench `gate`"));
    }
    gates.iter().try_for_each(|gate| {
        let package = &gate.package;
        println!("--> {}", package.name);
        let limits = read_limits(&package.dir().join("benches/gate.toml"))?;
        let mut fastest = Medians::new();
        for round in 1..=ROUNDS {
            if round > 1 {
                println!("once more, a shared machine may have been busy");
            }
            measure(gate, &limits, &mut fastest)?;
            if judge(&limits, &fastest).is_empty() {
                return Ok(());
            }
        }
        let above = judge(&limits, &fastest).join(", ");
        Err(Error::found(format!("{}: above the limit in {ROUNDS} rounds: {above}", package.name)))
    })
}

/// The lowest median of each bench over the rounds.
///
/// A neighbour on a shared machine makes one bench twice as slow as the next of the same round, but none faster than it is:
/// what is lowest over some rounds is the bench itself, and code that became slower stays slower in all of them.
type Medians = BTreeMap<String, f64>;

/// How much more another processor may take. The limits are those of one machine; on others of the same provider the same
/// program had ratios up to twice as large, and the same in every round: what fits one cache does not fit another. What is
/// left to be found is code that became several times slower, and work that grows faster than what it is done on.
const ROOM: f64 = 3.0;

/// Rounds in which a machine that is busy half of the time shows each bench alone all but surely.
const ROUNDS: usize = 6;

fn read_limits(path: &Path) -> Result<Limits> {
    let text = fs::read_to_string(path).map_err(Error::file(path))?;
    let limits: Limits =
        toml::from_str(&text).map_err(|source| Error::Toml { path: path.to_owned(), source })?;
    if limits.ratio.is_empty() {
        return Err(Error::found(format!("{} has no ratio", path.display())));
    }
    Ok(limits)
}

/// Runs the bench and takes its medians into `fastest`.
fn measure(gate: &Built<'_>, limits: &Limits, fastest: &mut Medians) -> Result<()> {
    // A fresh folder for criterion, so that no result of an earlier run or another crate is read.
    let home = tempfile::tempdir().map_err(Error::file("a temporary folder"))?;
    let options = ["--bench", "--quick", "--noplot"];
    run_program(gate.command().args(options).env("CRITERION_HOME", home.path()))?;
    take(limits, home.path(), fastest)
}

fn take(limits: &Limits, home: &Path, fastest: &mut Medians) -> Result<()> {
    let benches: BTreeSet<&String> =
        limits.ratio.iter().flat_map(|ratio| [&ratio.of, &ratio.over]).collect();
    for bench in benches {
        let value = median(home, bench)?;
        let lowest = fastest.entry(bench.clone()).or_insert(value);
        *lowest = lowest.min(value);
    }
    Ok(())
}

/// Prints every ratio and returns the names of those above their limits.
fn judge<'a>(limits: &'a Limits, fastest: &Medians) -> Vec<&'a str> {
    let mut above = Vec::new();
    for ratio in &limits.ratio {
        let value = fastest[&ratio.of] / fastest[&ratio.over];
        let max = ratio.max * ROOM;
        println!("{value:>10.3}  max {max:<8.3} {}", ratio.name);
        if value.is_nan() || value > max {
            above.push(ratio.name.as_str());
        }
    }
    above
}

fn median(home: &Path, bench: &str) -> Result<f64> {
    let path: PathBuf = home.join(bench).join("new/estimates.json");
    let text = fs::read_to_string(&path).map_err(|source| Error::File {
        path: format!("the result of bench `{bench}`").into(),
        source,
    })?;
    let estimates: serde_json::Value = serde_json::from_str(&text)
        .map_err(|source| Error::Json { what: path.display().to_string(), source })?;
    estimates["median"]["point_estimate"]
        .as_f64()
        .ok_or_else(|| Error::found(format!("{} has no median", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(medians: &[(&str, f64)]) -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        for (bench, nanos) in medians {
            let dir = home.path().join(bench).join("new");
            fs::create_dir_all(&dir).unwrap();
            let estimates = serde_json::json!({ "median": { "point_estimate": nanos } });
            fs::write(dir.join("estimates.json"), estimates.to_string()).unwrap();
        }
        home
    }

    fn limits(of: &str, max: f64) -> Limits {
        let (of, max) = (format!("gate/{of}"), max / ROOM);
        Limits {
            ratio: vec![Ratio { name: "cost".to_owned(), of, over: "gate/plain".to_owned(), max }],
        }
    }

    fn judged(limits: &Limits, rounds: &[&[(&str, f64)]]) -> Vec<String> {
        let mut fastest = Medians::new();
        for round in rounds {
            take(limits, made(round).path(), &mut fastest).unwrap();
        }
        judge(limits, &fastest).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn a_ratio_passes_up_to_its_limit_and_fails_above() {
        let round: &[_] = &[("gate/ours", 30.0), ("gate/plain", 20.0)];
        assert_eq!(judged(&limits("ours", 1.51), &[round]), Vec::<String>::new());
        assert_eq!(judged(&limits("ours", 1.49), &[round]), ["cost"]);
        let zeros: &[_] = &[("gate/ours", 0.0), ("gate/plain", 0.0)];
        assert_eq!(judged(&limits("ours", 1.5), &[zeros]), ["cost"]);
    }

    #[test]
    fn each_bench_is_taken_from_the_round_that_showed_it_fastest() {
        let ours_disturbed: &[_] = &[("gate/ours", 60.0), ("gate/plain", 20.0)];
        let plain_disturbed: &[_] = &[("gate/ours", 30.0), ("gate/plain", 40.0)];
        assert_eq!(judged(&limits("ours", 1.5), &[ours_disturbed]), ["cost"]);
        assert_eq!(judged(&limits("ours", 1.51), &[ours_disturbed, plain_disturbed]), [""; 0]);
        // A slow round of the measure does not excuse what is slow itself.
        let slower: &[_] = &[("gate/ours", 40.0), ("gate/plain", 40.0)];
        assert_eq!(judged(&limits("ours", 1.5), &[ours_disturbed, slower]), ["cost"]);
    }

    #[test]
    fn a_ratio_of_an_unknown_bench_is_an_error() {
        let home = made(&[("gate/plain", 20.0)]);
        let error = take(&limits("uors", 2.0), home.path(), &mut Medians::new()).unwrap_err();
        assert_eq!(error.to_string(), "cannot use the result of bench `gate/uors`");
    }

    #[test]
    fn limits_without_a_ratio_or_with_a_stray_key_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("gate.toml");
        for (text, accepted) in [
            ("ratio = []", false),
            ("[[ratio]]\nname = 'a'\nof = 'gate/b'\nover = 'gate/c'\nmax = 2.0\nmin = 1.0", false),
            ("[[ratio]]\nname = 'a'\nof = 'gate/b'\nover = 'gate/c'\nmax = 2.0", true),
        ] {
            fs::write(&path, text).unwrap();
            assert_eq!(read_limits(&path).is_ok(), accepted, "{text}");
        }
    }
}
