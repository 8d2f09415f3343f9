//! What starts cost: each one's time by the clock, and the processor time of all of a batch.

use std::time::Duration;

use wardkit_bench::rounds::median;

use crate::subject::Subject;

/// What one batch of starts cost.
pub(crate) struct Batch {
    pub(crate) walls: Vec<Duration>,
    pub(crate) cpu: Duration,
}

/// The starts of each subject.
pub(crate) struct Table {
    names: Vec<&'static str>,
    walls: Vec<Vec<f64>>,
    cpus: Vec<Vec<f64>>,
}

impl Table {
    pub(crate) fn new(subjects: &[Subject]) -> Self {
        let none = || vec![Vec::new(); subjects.len()];
        Self { names: subjects.iter().map(|one| one.name).collect(), walls: none(), cpus: none() }
    }

    pub(crate) fn add(&mut self, which: usize, batch: Batch) {
        let starts = batch.walls.len();
        self.walls[which].extend(batch.walls.into_iter().map(micros));
        self.cpus[which].push(micros(batch.cpu) / starts as f64);
    }

    pub(crate) fn print(&self) {
        println!(
            "| start to exit of a static program | starts | min | p10 | median | processor time |"
        );
        println!("|---|---|---|---|---|---|");
        for (at, name) in self.names.iter().enumerate() {
            let [min, p10, median] = self.walls(at);
            let (starts, cpu) = (self.walls[at].len(), self.cpu(at));
            println!("| {name} | {starts} | {min:.0} | {p10:.0} | {median:.0} | {cpu:.0} |");
        }
        println!(
            "\nMicroseconds; the processor time is the median over the batches, of the tool and all its children.\n"
        );
    }

    /// Returns the first subject's figures over those of the one with this name: by the clock, min, p10 and median, and of
    /// processor time. `None` when it was not there.
    pub(crate) fn ratios(&self, ours: &str, peer: &str) -> Option<[f64; 4]> {
        let at = |name: &str| self.names.iter().position(|one| *one == name);
        let (ours, peer) = (at(ours)?, at(peer)?);
        let (own, others) = (self.walls(ours), self.walls(peer));
        let walls = [0, 1, 2].map(|which| own[which] / others[which]);
        Some([walls[0], walls[1], walls[2], self.cpu(ours) / self.cpu(peer)])
    }

    fn walls(&self, at: usize) -> [f64; 3] {
        [0, 10, 50].map(|percent| percentile(&self.walls[at], percent))
    }

    fn cpu(&self, at: usize) -> f64 {
        median(self.cpus[at].clone())
    }
}

/// Returns the value below which so many of a hundred lie.
pub(crate) fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len().saturating_sub(1) * percent / 100).copied().unwrap_or(f64::NAN)
}

pub(crate) fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
