//! Whether samples follow from those just before them.

use super::average::Average;

/// Predicts a sample from the eight before it, by normalised least mean squares, and remembers how well it did.
#[derive(Clone, Debug)]
pub(super) struct Predictor {
    mean: Average,
    variance: Average,
    weights: [f64; LAGS + 1],
    errors: [f64; ERRORS],
    next: usize,
}

impl Predictor {
    pub(super) fn new() -> Self {
        let mut weights = [0.0; LAGS + 1];
        weights[0] = 0.5;
        Self {
            mean: Average::new(HALF_LIFE),
            variance: Average::new(HALF_LIFE),
            weights,
            errors: [0.0; ERRORS],
            next: 0,
        }
    }

    /// Returns how badly the last ten samples were predicted on average, this one included, in standard deviations.
    /// `before` are the samples before this one, newest first.
    pub(super) fn measure(&mut self, before: impl Iterator<Item = f64>, value: f64) -> Option<f64> {
        let (mean, deviation) = (self.mean.mean(), self.variance.mean().sqrt());
        let standard = |value: f64| if deviation > 0.0 { (value - mean) / deviation } else { 0.0 };
        let mut inputs = [1.0; LAGS + 1];
        let mut lags = 0;
        for (input, value) in inputs.iter_mut().zip(before.take(LAGS)) {
            *input = standard(value).clamp(-MOST_INPUT, MOST_INPUT);
            lags += 1;
        }
        let mut error = 0.0;
        if lags == LAGS {
            let predicted: f64 =
                inputs.iter().zip(&self.weights).map(|(input, weight)| input * weight).sum();
            error = standard(value) - predicted;
            let power = 1.0 + inputs.iter().map(|input| input * input).sum::<f64>();
            let step = RATE * error.clamp(-MOST_STEP, MOST_STEP) / power;
            for (weight, input) in self.weights.iter_mut().zip(&inputs) {
                *weight += step * input;
            }
        }
        let off = value - mean;
        self.mean.add(value);
        self.variance.add(off * off);
        self.errors[self.next] = error.abs().min(MOST_ERROR);
        self.next = (self.next + 1) % ERRORS;
        (lags == LAGS).then(|| self.errors.iter().sum::<f64>() / ERRORS_MEAN)
    }
}

const LAGS: usize = 8;
/// Errors are averaged over as many samples.
const ERRORS: usize = 10;
const ERRORS_MEAN: f64 = 10.0;
/// Of the mean and the variance that samples are measured by.
const HALF_LIFE: f64 = 350.0;
const RATE: f64 = 0.05;
/// Outliers neither drive the weights nor the average: in standard deviations.
const MOST_INPUT: f64 = 6.0;
const MOST_STEP: f64 = 3.0;
const MOST_ERROR: f64 = 8.0;
