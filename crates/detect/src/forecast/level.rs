//! Level and slope with their doubts: several ways in which a series may wander, each weighed by how well it explains
//! what was seen.

use crate::stats::normal_below;

/// The ways, with their weights.
#[derive(Clone, Debug)]
pub(super) struct Mixture(Vec<(f64, State)>);

/// One way at the end of the history: level and slope, their covariance, and how both go on.
#[derive(Clone, Copy, Debug)]
struct State {
    level: f64,
    slope: f64,
    /// Of the level, of both, of the slope.
    covariance: [f64; 3],
    /// What an hour adds to the level's variance, and to the slope's.
    wander: f64,
    drift: f64,
    /// The variance of a value around the level.
    noise: f64,
}

impl Mixture {
    /// Explains the hours in each way.
    pub(super) fn fit(hours: &[Option<f64>]) -> Self {
        let mut fits = Vec::new();
        for wander in WANDERS {
            for drift in DRIFTS {
                fits.push(filter(hours, wander, drift * wander.max(1e-3)));
            }
        }
        let best = fits.iter().map(|fit| fit.0).fold(f64::NEG_INFINITY, f64::max);
        for fit in &mut fits {
            fit.0 = (fit.0 - best).exp();
        }
        let sum: f64 = fits.iter().map(|fit| fit.0).sum();
        fits.retain(|fit| fit.0 >= 1e-3 * sum);
        let sum: f64 = fits.iter().map(|fit| fit.0).sum();
        for fit in &mut fits {
            fit.0 /= sum;
        }
        Self(fits)
    }

    /// Returns the chance that the level lies above `limit` so many hours after the end.
    pub(super) fn chance_above(&self, hours: f64, limit: f64) -> f64 {
        let chance = |state: &State| {
            let mean = state.level + state.slope * hours;
            let [level, both, slope] = state.covariance;
            let variance = level
                + 2.0 * hours * both
                + hours * hours * slope
                + hours * state.wander
                + hours * hours * hours / 3.0 * state.drift
                + state.noise;
            normal_below((mean - limit) / (DEVIATION * variance.max(1e-18).sqrt()))
        };
        self.0.iter().map(|(weight, state)| weight * chance(state)).sum()
    }
}

/// Runs Kalman's filter for a level that wanders and a slope that drifts, both in units of the noise of a value, and
/// returns the logarithm of the likelihood and the state at the end.
fn filter(hours: &[Option<f64>], wander: f64, drift: f64) -> (f64, State) {
    let first = hours.iter().copied().flatten().next().unwrap_or(0.0);
    let (mut level, mut slope) = (first, 0.0);
    let [mut p, mut q, mut r] = [VAGUE, 0.0, VAGUE];
    let (mut squares, mut logs, mut count) = (0.0, 0.0, 0.0);
    let mut skipped = 0;
    for value in hours {
        level += slope;
        p += 2.0 * q + r + wander;
        q += r;
        r += drift;
        let Some(value) = value else { continue };
        let surprise = value - level;
        let variance = p + 1.0;
        let (gain, pull) = (p / variance, q / variance);
        level += gain * surprise;
        slope += pull * surprise;
        r -= pull * q;
        q *= 1.0 - gain;
        p *= 1.0 - gain;
        // The first two values say where it begins, and nothing of how well it is explained.
        if skipped < 2 {
            skipped += 1;
            continue;
        }
        squares += surprise * surprise / variance;
        logs += variance.ln();
        count += 1.0;
    }
    let noise = (squares / f64::max(count, 1.0)).max(1e-18);
    let likelihood = -0.5 * (count * noise.ln() + logs);
    let covariance = [p * noise, q * noise, r * noise];
    (
        likelihood,
        State { level, slope, covariance, wander: wander * noise, drift: drift * noise, noise },
    )
}

/// The variance of what is not known at all, in units of the noise.
const VAGUE: f64 = 1e8;

/// How far the level wanders in an hour: not at all, to as far as there is hardly noise beside.
const WANDERS: [f64; 7] = [0.0, 1e-4, 1e-3, 1e-2, 0.1, 1.0, 100.0];

/// How far the slope drifts in an hour, as a share of that.
const DRIFTS: [f64; 6] = [0.0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2];

/// The share of the deviation that counts. Noise that keeps for hours and comes back is taken for wandering, which
/// never comes back: as computed, the interval held the truth in 90 of 100 simulated disks and not in 80.
const DEVIATION: f64 = 0.75;
