//! A mean that forgets.

/// The mean of all samples at first, then one in which each is halved after so many others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Average {
    mean: f64,
    samples: f64,
    rate: f64,
}

impl Average {
    pub(super) fn new(half_life: f64) -> Self {
        Self { mean: 0.0, samples: 0.0, rate: 1.0 - (-1.0 / half_life).exp2() }
    }

    pub(super) const fn mean(&self) -> f64 {
        self.mean
    }

    pub(super) fn add(&mut self, value: f64) {
        self.samples += 1.0;
        self.mean += self.rate.max(1.0 / self.samples) * (value - self.mean);
    }
}
