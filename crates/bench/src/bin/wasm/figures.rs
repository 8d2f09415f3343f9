//! Times of many rounds, as a table.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// What was measured, by name.
#[derive(Debug, Default)]
pub(crate) struct Figures(BTreeMap<String, Vec<Duration>>);

impl Figures {
    pub(crate) fn add(&mut self, name: &str, times: Vec<Duration>) {
        self.0.entry(name.into()).or_default().extend(times);
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| | best, µs | 10 %, µs | half, µs | times |\n|---|--:|--:|--:|--:|")?;
        for (name, times) in &self.0 {
            let mut times = times.clone();
            times.sort();
            let [best, tenth, half] = [0, times.len() / 10, times.len() / 2]
                .map(|at| times.get(at).map_or(0.0, |time| time.as_secs_f64() * 1e6));
            writeln!(f, "| {name} | {best:.1} | {tenth:.1} | {half:.1} | {} |", times.len())?;
        }
        Ok(())
    }
}

/// The time below which so many hundredths lie.
pub(crate) fn percentile(times: &mut [Duration], hundredths: usize) -> Duration {
    times.sort();
    let at = (times.len() * hundredths).div_ceil(100).saturating_sub(1);
    times.get(at).copied().unwrap_or_default()
}
