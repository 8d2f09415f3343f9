//! What the program's own code counts with: a counter, a gauge, a histogram, one for each set of label values.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::Samples;
use crate::registry::Table;

/// The instruments of one name, one for each set of values of its `N` labels.
///
/// Cloning is cheap and gives the same instruments.
pub struct Labelled<I: Instrument, const N: usize> {
    table: Arc<Table<I>>,
}

impl<I: Instrument, const N: usize> Labelled<I, N> {
    pub(crate) const fn new(table: Arc<Table<I>>) -> Self {
        Self { table }
    }

    /// Returns the instrument with these label values, made at the first call with them.
    ///
    /// What the [`Limits`](crate::Limits) leave no room for goes to one instrument with the label `overflow="true"`.
    /// Takes no lock for values that were seen before. A clone of the instrument saves the search as well.
    #[must_use]
    #[inline]
    pub fn with(&self, values: [&str; N]) -> &I {
        self.table.find(&values)
    }
}

impl<I: Instrument, const N: usize> Clone for Labelled<I, N> {
    fn clone(&self) -> Self {
        Self { table: Arc::clone(&self.table) }
    }
}

impl<I: Instrument, const N: usize> fmt::Debug for Labelled<I, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Labelled").field("table", &self.table).finish()
    }
}

/// Something that only grows: messages, errors, seconds spent.
#[derive(Clone, Debug)]
pub struct Counter(Arc<CounterCell>);

/// Whole steps and parts are kept apart: most counters count one by one, and that is one instruction.
#[derive(Debug, Default)]
struct CounterCell {
    whole: AtomicU64,
    parts: AtomicF64,
}

impl Counter {
    /// Adds `amount`.
    #[inline]
    pub fn add(&self, amount: u64) {
        self.0.whole.fetch_add(amount, Ordering::Relaxed);
    }

    /// Adds an amount that is not whole. What would not make it grow, and what is no finite number, is ignored.
    #[inline]
    pub fn add_f64(&self, amount: f64) {
        if amount > 0.0 && amount.is_finite() {
            self.0.parts.add(amount);
        }
    }

    /// Returns the value.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "the formats know no other numbers")]
    pub fn value(&self) -> f64 {
        self.0.whole.load(Ordering::Relaxed) as f64 + self.0.parts.load()
    }
}

/// Something that goes up and down: connections, bytes in use.
#[derive(Clone, Debug)]
pub struct Gauge(Arc<AtomicF64>);

impl Gauge {
    /// Sets the value.
    #[inline]
    pub fn set(&self, value: f64) {
        self.0.0.store(value.to_bits(), Ordering::Relaxed);
    }

    /// Adds to the value; a negative amount takes away.
    #[inline]
    pub fn add(&self, amount: f64) {
        self.0.add(amount);
    }

    /// Returns the value.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.0.load()
    }
}

/// How often something was how large: the seconds of a request, the bytes of a message.
#[derive(Clone, Debug)]
pub struct Histogram(Arc<HistogramCell>);

#[derive(Debug)]
struct HistogramCell {
    bounds: Arc<Bounds>,
    /// One more than bounds: the last is for what is above all of them.
    counts: Box<[AtomicU64]>,
    sum: AtomicF64,
}

impl Histogram {
    /// The bounds for the seconds that an answer takes, from 5 ms to 10 s.
    pub const SECONDS: &'static [f64] =
        &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

    /// Counts a value into its bucket and adds it to the sum. NaN is ignored: it would make a NaN of the sum for
    /// good.
    #[inline]
    pub fn observe(&self, value: f64) {
        if value.is_nan() {
            return;
        }
        let cell = &*self.0;
        let bucket = cell.bounds.values.partition_point(|bound| *bound < value);
        cell.counts[bucket].fetch_add(1, Ordering::Relaxed);
        cell.sum.add(value);
    }

    /// Counts a duration, in seconds.
    #[inline]
    pub fn observe_duration(&self, took: Duration) {
        self.observe(took.as_secs_f64());
    }

    /// Returns how many values were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.counts.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }

    /// Returns the sum of the values.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.0.sum.load()
    }
}

/// What a registry can hand out by label values: [`Counter`], [`Gauge`], [`Histogram`], and nothing else.
pub trait Instrument: sealed::Sealed {}

impl Instrument for Counter {}
impl Instrument for Gauge {}
impl Instrument for Histogram {}

/// The upper bounds of a histogram's buckets, as numbers and as they are printed.
#[derive(Debug, Default, PartialEq)]
pub struct Bounds {
    values: Box<[f64]>,
    texts: Box<[Box<str>]>,
}

impl Bounds {
    /// Checks and keeps bounds.
    pub(crate) fn new(bounds: &[f64]) -> Result<Self, &'static str> {
        if bounds.iter().any(|bound| !bound.is_finite()) {
            return Err("the bounds of its buckets must be finite; the last bucket is made");
        }
        if bounds.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err("the bounds of its buckets must ascend");
        }
        Ok(Self {
            values: bounds.into(),
            // Not `1` but `1.0`: what OpenMetrics asks for, and in both formats so that series stay the same.
            texts: bounds.iter().map(|bound| format!("{bound:?}").into()).collect(),
        })
    }
}

/// Keeps others from adding instruments: what a table needs to know of them is nobody else's business.
pub(crate) mod sealed {
    use super::{Arc, AtomicF64, Bounds, Counter, CounterCell, Gauge, Histogram, HistogramCell};
    use super::{Ordering, Samples};
    use crate::Kind;

    /// The table's side of an instrument.
    pub trait Sealed: Clone + std::fmt::Debug + Send + Sync + 'static {
        /// What it measures.
        const KIND: Kind;
        /// Makes a new one at zero.
        fn make(bounds: &Arc<Bounds>) -> Self;
        /// Appends its samples; the labels are written already, without braces.
        fn sample(&self, labels: &str, out: &mut Samples);
    }

    impl Sealed for Counter {
        const KIND: Kind = Kind::Counter;

        fn make(_: &Arc<Bounds>) -> Self {
            Self(Arc::new(CounterCell::default()))
        }

        fn sample(&self, labels: &str, out: &mut Samples) {
            out.push_written("", labels, None, self.value());
        }
    }

    impl Sealed for Gauge {
        const KIND: Kind = Kind::Gauge;

        fn make(_: &Arc<Bounds>) -> Self {
            Self(Arc::new(AtomicF64::default()))
        }

        fn sample(&self, labels: &str, out: &mut Samples) {
            out.push_written("", labels, None, self.value());
        }
    }

    impl Sealed for Histogram {
        const KIND: Kind = Kind::Histogram;

        fn make(bounds: &Arc<Bounds>) -> Self {
            let counts = (0..=bounds.values.len()).map(|_| 0.into()).collect();
            let sum = AtomicF64::default();
            Self(Arc::new(HistogramCell { bounds: Arc::clone(bounds), counts, sum }))
        }

        #[expect(clippy::cast_precision_loss, reason = "the formats know no other numbers")]
        fn sample(&self, labels: &str, out: &mut Samples) {
            let texts = self.0.bounds.texts.iter().map(|text| &**text).chain(["+Inf"]);
            let mut count = 0;
            for (bound, in_bucket) in texts.zip(&self.0.counts) {
                count += in_bucket.load(Ordering::Relaxed);
                out.push_written("_bucket", labels, Some(("le", bound)), count as f64);
            }
            out.push_written("_sum", labels, None, self.sum());
            out.push_written("_count", labels, None, count as f64);
        }
    }
}

/// A float that threads share.
#[derive(Debug, Default)]
struct AtomicF64(AtomicU64);

impl AtomicF64 {
    fn load(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }

    fn add(&self, amount: f64) {
        let mut seen = self.0.load(Ordering::Relaxed);
        loop {
            let sum = (f64::from_bits(seen) + amount).to_bits();
            let swap =
                self.0.compare_exchange_weak(seen, sum, Ordering::Relaxed, Ordering::Relaxed);
            match swap {
                Ok(_) => return,
                Err(now) => seen = now,
            }
        }
    }
}
