//! Series as they are found: with gaps, resets, endings, and numbers that are none.

use std::collections::BTreeMap;

use wardkit_promql::{Labels, MemorySource, Sample};

use crate::chance::Chance;

/// Where the series begin.
const BEGIN_MS: i64 = 1_700_000_000_000;

/// How long they go on.
const LENGTH_MS: i64 = 45 * 60_000;

pub(crate) struct World {
    source: MemorySource,
    /// Sorted, so that sums are added up in one order.
    pub(crate) series: BTreeMap<Labels, Vec<Sample>>,
}

#[derive(Clone, Copy)]
enum Shape {
    /// 0 or 1.
    Switch,
    /// Grows and now and then starts again.
    Counter,
    /// Any number.
    Gauge,
    /// Always 1.
    One,
}

impl World {
    pub(crate) fn random(chance: &mut Chance) -> Self {
        let mut world = Self { source: MemorySource::new(), series: BTreeMap::new() };
        for job in ["api", "db", "web"] {
            for instance in ["a:1", "b:2", "c:3"] {
                let target = [("job", job), ("instance", instance)];
                world.add(chance, "up", &target, Shape::Switch);
                world.add(chance, "queue", &target, Shape::Gauge);
                world.add(chance, "depth", &target, Shape::Gauge);
                for code in ["200", "404", "500"] {
                    let labels = [target[0], target[1], ("code", code)];
                    world.add(chance, "requests_total", &labels, Shape::Counter);
                }
                let version = chance.one(&["1.0", "1.1"]);
                world.add(
                    chance,
                    "info",
                    &[target[0], target[1], ("version", version)],
                    Shape::One,
                );
            }
            world.add(chance, "temperature", &[("job", job)], Shape::Gauge);
            world.histogram(chance, job);
        }
        world
    }

    pub(crate) fn source(&self) -> &MemorySource {
        &self.source
    }

    pub(crate) fn random_time(chance: &mut Chance) -> i64 {
        let after = i64::try_from(chance.below(52 * 60_000)).unwrap();
        // Quarters of a minute hit the ends of ranges and of the look-back.
        BEGIN_MS + if chance.one_in(2) { after } else { after / 15_000 * 15_000 }
    }

    fn add(&mut self, chance: &mut Chance, name: &str, labels: &[(&str, &str)], shape: Shape) {
        let all = labels.iter().copied().chain([("__name__", name)]);
        let mut value = 0.0;
        let mut samples = Vec::new();
        let mut at_ms = BEGIN_MS + i64::try_from(chance.below(15_000)).unwrap();
        let is_exact = chance.one_in(3);
        while at_ms < BEGIN_MS + LENGTH_MS {
            value = shape.next(chance, value);
            let mut stored = value;
            if chance.one_in(60) {
                stored = Sample::STALE;
            }
            samples.push(Sample::new(at_ms, stored));
            let jitter = if is_exact { 0 } else { chance.below(400) };
            let gap = if chance.one_in(80) { chance.below(500_000) } else { 0 };
            at_ms += 15_000 + i64::try_from(jitter + gap).unwrap();
        }
        self.insert(all.collect(), samples);
    }

    /// Adds buckets that mostly grow together; the last is missing where chance wants it.
    fn histogram(&mut self, chance: &mut Chance, job: &str) {
        let bounds = ["0.1", "0.5", "1", "2.5", "+Inf"];
        let mut counts = [0_u32; 5];
        let mut buckets = vec![Vec::new(); 5];
        for step in 0..LENGTH_MS / 15_000 {
            let from = chance.below(5);
            let more = u32::try_from(chance.below(4)).unwrap();
            counts[from..].iter_mut().for_each(|count| *count += more);
            for (bucket, count) in buckets.iter_mut().zip(counts) {
                bucket.push(Sample::new(BEGIN_MS + step * 15_000, f64::from(count)));
            }
        }
        let is_whole = !chance.one_in(4);
        for (bound, samples) in bounds.into_iter().zip(buckets).take(if is_whole { 5 } else { 4 }) {
            let labels = [("__name__", "latency_bucket"), ("job", job), ("le", bound)];
            self.insert(labels.into_iter().collect(), samples);
        }
    }

    fn insert(&mut self, labels: Labels, samples: Vec<Sample>) {
        for sample in &samples {
            self.source.append(&labels, *sample);
        }
        self.series.insert(labels, samples);
    }
}

impl Shape {
    /// Numbers are eighths: their sums are exact in any order.
    fn next(self, chance: &mut Chance, before: f64) -> f64 {
        let eighths = |chance: &mut Chance, bound| {
            f64::from(u32::try_from(chance.below(bound)).unwrap()) / 8.0
        };
        match self {
            Self::Switch => f64::from(u8::from(!chance.one_in(4))),
            Self::Counter if chance.one_in(40) => 0.0,
            Self::Counter => before + eighths(chance, 200),
            Self::Gauge if chance.one_in(150) => {
                [f64::NAN, f64::INFINITY, -f64::INFINITY][chance.below(3)]
            }
            Self::Gauge => eighths(chance, 8000) - 500.0,
            Self::One => 1.0,
        }
    }
}
