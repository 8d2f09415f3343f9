//! Measures cases in turn, round after round, so that what disturbs the machine disturbs all of them alike.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// One subject doing one thing: what a row of a table is made of.
pub struct Case {
    /// Who does it: the name of a crate, or [`PLAIN`].
    pub subject: &'static str,
    /// What exactly is done, where subjects differ.
    pub note: &'static str,
    run: Box<dyn FnMut(u64)>,
}

impl Case {
    /// Creates a case. `run` does the thing as often as its argument says, in a loop of its own.
    pub fn new(subject: &'static str, note: &'static str, run: impl FnMut(u64) + 'static) -> Self {
        Self { subject, note, run: Box::new(run) }
    }

    /// Returns the subject and the note as one name.
    #[must_use]
    pub fn name(&self) -> String {
        match self.note {
            "" => self.subject.to_owned(),
            note => format!("{}, {note}", self.subject),
        }
    }

    /// Does the thing `times` times and returns the CPU time it took.
    pub fn time(&mut self, times: u64) -> Duration {
        let start = cpu_time();
        (self.run)(times);
        cpu_time().saturating_sub(start)
    }
}

/// The subject that the others are compared with: the same call without any crate around it.
pub const PLAIN: &str = "plain call";

/// What the rounds of one case showed, in nanoseconds for one time.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Who did it.
    pub subject: &'static str,
    /// What exactly was done.
    pub note: &'static str,
    /// The median of the rounds.
    pub median: f64,
    /// The best round.
    pub min: f64,
    /// The median of the differences to the plain call of the same round, where the topic has one.
    pub over_plain: Option<f64>,
}

/// How long and how often each case is measured.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// The rounds; each runs every case once.
    pub rounds: usize,
    /// The CPU time that one case takes in one round.
    pub slice: Duration,
}

/// Measures the cases of one topic. Each round starts with another one.
#[must_use]
pub fn measure(cases: &mut [Case], effort: Effort) -> Vec<Outcome> {
    let times: Vec<u64> = cases.iter_mut().map(|case| calibrate(case, effort.slice)).collect();
    let mut nanos = vec![Vec::with_capacity(effort.rounds); cases.len()];
    for round in 0..effort.rounds {
        for offset in 0..cases.len() {
            let at = (round + offset) % cases.len();
            nanos[at].push(per_time(cases[at].time(times[at]), times[at]));
        }
    }
    let plain = cases.iter().position(|case| case.subject == PLAIN);
    cases
        .iter()
        .zip(&nanos)
        .map(|(case, own)| outcome(case, own, plain.map(|at| &nanos[at])))
        .collect()
}

fn outcome(case: &Case, own: &[f64], plain: Option<&Vec<f64>>) -> Outcome {
    let differences =
        |plain: &Vec<f64>| own.iter().zip(plain).map(|(own, plain)| own - plain).collect();
    Outcome {
        subject: case.subject,
        note: case.note,
        median: median(own.to_vec()),
        min: own.iter().copied().fold(f64::INFINITY, f64::min),
        over_plain: plain.filter(|_| case.subject != PLAIN).map(|plain| median(differences(plain))),
    }
}

/// Returns how often the case fits into `slice`.
fn calibrate(case: &mut Case, slice: Duration) -> u64 {
    let mut times = 1;
    loop {
        let took = case.time(times);
        if took >= slice / 2 {
            return times;
        }
        // Close to the goal the estimate is good; far from it, a tenfold step is safe.
        let wanted = slice.as_nanos() * u128::from(times) / took.as_nanos().max(1);
        times = u64::try_from(wanted).unwrap_or(u64::MAX).clamp(times * 2, times * 10);
    }
}

/// Returns the middle value; the mean of the two middle ones for an even number of values.
#[must_use]
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a slice is far below 104 days")]
fn per_time(took: Duration, times: u64) -> f64 {
    took.as_nanos() as f64 / times as f64
}

/// The CPU time of this thread: time that other processes take does not count.
fn cpu_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_value() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]).to_bits(), 2.0_f64.to_bits());
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]).to_bits(), 2.5_f64.to_bits());
        assert!(median(vec![]).is_nan());
    }

    #[test]
    fn twice_the_work_takes_longer_and_the_difference_to_the_plain_call_is_reported() {
        let work = |turns: u64| {
            move |times: u64| (0..times * turns).for_each(|turn| _ = std::hint::black_box(turn))
        };
        let mut cases = [Case::new(PLAIN, "", work(100)), Case::new("double", "twice", work(200))];
        let outcomes = measure(&mut cases, Effort { rounds: 5, slice: Duration::from_millis(1) });
        assert_eq!((outcomes[0].subject, outcomes[1].note), (PLAIN, "twice"));
        assert_eq!(outcomes[0].over_plain, None);
        assert!(outcomes[1].over_plain.is_some_and(|nanos| nanos > 0.0), "{outcomes:?}");
        assert!(
            outcomes[1].min > outcomes[0].min && outcomes[1].median >= outcomes[1].min,
            "{outcomes:?}"
        );
    }
}
