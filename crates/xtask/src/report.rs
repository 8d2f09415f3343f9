//! The steps of a run: their names, their times, the tests they ran.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::{Error, Result};

/// Tests that passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Counts {
    pub(crate) fn total(self) -> u64 {
        self.passed + self.failed
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }

    /// Adds the numbers of a `test result:` line; any other line changes nothing.
    pub(crate) fn add_line(&mut self, line: &str) {
        let Some((_, result)) = line.split_once("test result: ") else { return };
        let number = |label: &str| {
            let before = result.split(label).next()?;
            before.rsplit([' ', '.', ';']).find(|word| !word.is_empty())?.parse::<u64>().ok()
        };
        self.passed += number(" passed").unwrap_or(0);
        self.failed += number(" failed").unwrap_or(0);
    }
}

/// A run of steps.
#[derive(Debug, Default)]
pub(crate) struct Report {
    steps: Vec<(&'static str, Duration)>,
    tests: Counts,
}

impl Report {
    /// Runs one step and notes how long it took.
    ///
    /// # Errors
    ///
    /// What the step returned.
    pub(crate) fn step(
        &mut self,
        name: &'static str,
        work: impl FnOnce(&mut Counts) -> Result<()>,
    ) -> Result<()> {
        println!("\n==> {name}");
        let watch = Stopwatch::start();
        let outcome = work(&mut self.tests);
        let took = watch.elapsed();
        println!("    {name}: {:.1} s", took.as_secs_f64());
        self.steps.push((name, took));
        outcome
    }

    /// Prints the times, why the run ended if it did, and the test counts on a line of their own.
    pub(crate) fn finish(self, outcome: &Result<()>) -> ExitCode {
        println!("\n==> summary");
        for (name, took) in &self.steps {
            println!("{:>9.1} s  {name}", took.as_secs_f64());
        }
        let total: Duration = self.steps.iter().map(|(_, took)| took).sum();
        println!("{:>9.1} s  in all", total.as_secs_f64());
        if let Err(error) = outcome {
            let step = self.steps.last().map_or("start", |(name, _)| name);
            println!("step `{step}` failed");
            print_error(error);
        }
        println!("\n{} passed, {} failed", self.tests.passed, self.tests.failed);
        if outcome.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// Prints an error and its causes, one a line.
pub(crate) fn print_error(error: &Error) {
    eprintln!("error: {error}");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        eprintln!("  cause: {error}");
        cause = error.source();
    }
}

/// Measures how long something takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the clock: how long steps take"
    )]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_result_lines_are_counted() {
        let mut counts = Counts::default();
        for line in [
            "running 3 tests",
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 7 filtered out",
            "5 passed, 0 failed",
        ] {
            counts.add_line(line);
        }
        assert_eq!(counts, Counts { passed: 15, failed: 2 });
    }

    #[test]
    fn a_failed_step_fails_the_run() {
        let mut good = Report::default();
        let outcome = good.step("pass", |_| Ok(()));
        assert_eq!(good.finish(&outcome), ExitCode::SUCCESS);

        let mut bad = Report::default();
        let outcome = bad.step("break", |_| Err(Error::found("broken")));
        assert_eq!(bad.finish(&outcome), ExitCode::FAILURE);
    }
}
