//! The benches that guard performance: each crate's group `gate`, judged by ratios within one run.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::exec::{cargo, run as run_program};
use crate::workspace::{Package, Workspace};
use crate::{Error, Result};

/// The contents of `benches/gate.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limits {
    ratio: Vec<Ratio>,
}

/// The median of bench `of` may be at most `max` times that of bench `over`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ratio {
    name: String,
    of: String,
    over: String,
    max: f64,
}

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let has_gate =
        |package: &&Package| package.targets_of("bench").any(|bench| bench.name == "gate");
    let mut gates = workspace.packages.iter().filter(has_gate).peekable();
    if gates.peek().is_none() {
        return Err(Error::found("no crate has a bench `gate`"));
    }
    gates.try_for_each(|package| {
        let limits = read_limits(&package.dir().join("benches/gate.toml"))?;
        let mut above = measure(workspace, package, &limits)?;
        if !above.is_empty() {
            println!("once more, a shared machine may have been busy");
            let again = measure(workspace, package, &limits)?;
            above.retain(|name| again.contains(name));
        }
        if above.is_empty() {
            return Ok(());
        }
        Err(Error::found(format!("{}: above the limit twice: {}", package.name, above.join(", "))))
    })
}

fn read_limits(path: &Path) -> Result<Limits> {
    let text = fs::read_to_string(path).map_err(Error::file(path))?;
    let limits: Limits =
        toml::from_str(&text).map_err(|source| Error::Toml { path: path.to_owned(), source })?;
    if limits.ratio.is_empty() {
        return Err(Error::found(format!("{} has no ratio", path.display())));
    }
    Ok(limits)
}

/// Runs the bench and returns the names of the ratios above their limits.
fn measure<'a>(
    workspace: &Workspace,
    package: &Package,
    limits: &'a Limits,
) -> Result<Vec<&'a str>> {
    // A fresh folder for criterion, so that no result of an earlier run or another crate is read.
    let home = tempfile::tempdir().map_err(Error::file("a temporary folder"))?;
    let args = [
        "bench",
        "--package",
        &package.name,
        "--all-features",
        "--bench",
        "gate",
        "--",
        "--quick",
        "--noplot",
    ];
    run_program(cargo(&workspace.root, args).env("CRITERION_HOME", home.path()))?;
    judge(limits, home.path())
}

fn judge<'a>(limits: &'a Limits, home: &Path) -> Result<Vec<&'a str>> {
    let mut above = Vec::new();
    for ratio in &limits.ratio {
        let value = median(home, &ratio.of)? / median(home, &ratio.over)?;
        println!("{value:>10.3}  max {:<8} {}", ratio.max, ratio.name);
        if value.is_nan() || value > ratio.max {
            above.push(ratio.name.as_str());
        }
    }
    Ok(above)
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
        let of = format!("gate/{of}");
        Limits {
            ratio: vec![Ratio { name: "cost".to_owned(), of, over: "gate/plain".to_owned(), max }],
        }
    }

    #[test]
    fn a_ratio_passes_up_to_its_limit_and_fails_above() {
        let home = made(&[("gate/ours", 30.0), ("gate/plain", 20.0), ("gate/zero", 0.0)]);
        assert_eq!(judge(&limits("ours", 1.5), home.path()).unwrap(), Vec::<&str>::new());
        assert_eq!(judge(&limits("ours", 1.49), home.path()).unwrap(), ["cost"]);
        let none_over_none = Limits {
            ratio: vec![Ratio {
                over: "gate/zero".to_owned(),
                ..limits("zero", 1.0).ratio.remove(0)
            }],
        };
        assert_eq!(judge(&none_over_none, home.path()).unwrap(), ["cost"]);
    }

    #[test]
    fn a_ratio_of_an_unknown_bench_is_an_error() {
        let home = made(&[("gate/plain", 20.0)]);
        let error = judge(&limits("uors", 2.0), home.path()).unwrap_err();
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
