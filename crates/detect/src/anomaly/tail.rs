//! How seldom a number was this large before: a histogram that forgets, and grows with what it sees.

/// The past of one positive number, in buckets whose bounds grow by the same ratio each.
#[derive(Clone, Debug)]
pub(super) struct Tail {
    /// Weights, the newest sample's being `newest`. Scaling up what comes is cheaper than scaling down what is there.
    buckets: Box<[f32]>,
    /// The bound of the first bucket, or `None` as long as every number was zero.
    base: Option<i32>,
    per_octave: f64,
    newest: f32,
    total: f32,
}

/// How a number stands in its past.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rank {
    /// Minus the logarithm of the chance to see this or more.
    pub surprise: f32,
    /// The share of the past that was less.
    pub share: f32,
}

impl Tail {
    /// Creates an empty one. It spans sixteen octaves, however many buckets share them.
    pub(super) fn new(buckets: u16) -> Self {
        Self {
            buckets: vec![0.0; usize::from(buckets)].into_boxed_slice(),
            base: None,
            per_octave: f64::from(buckets) / OCTAVES,
            newest: 1.0,
            total: 0.0,
        }
    }

    /// Ranks a number in its past.
    pub(super) fn rank(&self, number: f64) -> Rank {
        let seen = self.total / self.newest;
        if number <= 0.0 || seen <= 0.0 {
            return Rank::default();
        }
        let above = match self.base.map(|base| self.index(number) - base) {
            None => 0.0,
            Some(..=0) => return Rank::default(),
            Some(place) => self.above(place, number) / self.newest,
        };
        let mut surprise = -((above + UNSEEN) / (seen + 1.0)).ln();
        if above < UNSEEN && self.base.is_some() {
            surprise += self.excess(number) * (1.0 - above / UNSEEN);
        }
        Rank { surprise, share: 1.0 - (above / seen).min(1.0) }
    }

    /// Adds a number to the past.
    pub(super) fn add(&mut self, number: f64) {
        self.newest /= KEPT;
        if self.newest > RESCALE {
            let by = self.newest;
            self.buckets.iter_mut().for_each(|bucket| *bucket /= by);
            self.total /= by;
            self.newest = 1.0;
        }
        self.total += self.newest;
        if number <= 0.0 {
            return;
        }
        let last = self.last();
        let base = *self.base.get_or_insert(self.index(number).saturating_sub(last * 3 / 4));
        let mut place = self.index(number) - base;
        if place > last {
            place = place.min(self.highest() + self.rounded(LEAP)).max(last);
            self.raise(place - last);
            place = last;
        }
        let place = usize::try_from(place).unwrap_or(0);
        self.buckets[place] += self.newest;
    }

    /// Returns the bytes on the heap.
    pub(super) fn heap(&self) -> usize {
        size_of_val(&*self.buckets)
    }

    fn index(&self, number: f64) -> i32 {
        // The logarithm of a finite positive number is within -1075..1025; there are few buckets to the octave.
        self.rounded(number.log2())
    }

    #[expect(clippy::cast_possible_truncation, reason = "octaves are few, and the cast saturates")]
    fn rounded(&self, octaves: f64) -> i32 {
        (octaves * self.per_octave).floor() as i32
    }

    fn bound(&self, index: i32) -> f64 {
        (f64::from(index) / self.per_octave).exp2()
    }

    fn last(&self) -> i32 {
        i32::try_from(self.buckets.len()).unwrap_or(i32::MAX) - 1
    }

    fn highest(&self) -> i32 {
        let highest = self.buckets.iter().rposition(|bucket| *bucket > 0.0);
        highest.and_then(|place| i32::try_from(place).ok()).unwrap_or(0)
    }

    /// Returns the weight above a number: that of the buckets above, and its part of its own.
    #[expect(clippy::cast_possible_truncation, reason = "a part of one")]
    fn above(&self, place: i32, number: f64) -> f32 {
        let index = place + self.base.unwrap_or(0);
        let Some((own, above)) =
            usize::try_from(place).ok().and_then(|place| self.buckets.get(place..)?.split_first())
        else {
            return 0.0;
        };
        let (low, high) = (self.bound(index), self.bound(index + 1));
        let part = ((high - number) / (high - low)).clamp(0.0, 1.0) as f32;
        above.iter().sum::<f32>() + own * part
    }

    /// Returns how far a number is beyond all others, in units of how far the largest few lie apart: an exponential
    /// tail.
    #[expect(clippy::cast_possible_truncation, reason = "capped")]
    fn excess(&self, number: f64) -> f32 {
        let wanted = (TOP_SHARE * self.total).max(TOP_LEAST * self.newest);
        let (mut largest, mut least, mut weight, mut sum) = (None, 0.0, 0.0_f32, 0.0);
        for (place, bucket) in (0..=self.last()).rev().zip(self.buckets.iter().rev()) {
            if *bucket > 0.0 {
                let middle = self.bound(place + self.base.unwrap_or(0)) * self.bound(1).sqrt();
                largest = largest.or(Some(middle));
                least = middle;
                weight += bucket;
                sum += f64::from(*bucket) * middle;
            }
            if weight >= wanted {
                break;
            }
        }
        let Some(largest) = largest.filter(|largest| number > *largest) else { return 0.0 };
        let apart = (sum / f64::from(weight) - least).max(LEAST_APART * largest);
        ((number - largest) / apart).min(MOST_EXCESS) as f32
    }

    /// Moves all buckets down; the lowest ones become one.
    fn raise(&mut self, by: i32) {
        let by = usize::try_from(by).unwrap_or(0).min(self.buckets.len());
        let merged: f32 = self.buckets[..by].iter().sum();
        self.buckets.copy_within(by.., 0);
        let kept = self.buckets.len() - by;
        self.buckets[kept..].fill(0.0);
        self.buckets[0] += merged;
        let by = i32::try_from(by).unwrap_or(i32::MAX);
        self.base = self.base.map(|base| base.saturating_add(by));
    }
}

/// What a bucket array spans: numbers 65 536 times smaller than the largest are one bucket.
const OCTAVES: f64 = 16.0;
/// How far a single number moves the top, in octaves, so that one absurd sample does not merge all there is.
const LEAP: f64 = 4.0;
/// A sample is halved after 3466 others: twelve days of one in five minutes.
const KEPT: f32 = 0.9998;
/// Far from the largest `f32`, and so far from one that scaling is rare.
const RESCALE: f32 = 1e20;
/// The weight given to what was never seen: the median of the rank of a maximum.
const UNSEEN: f32 = 0.7;
/// The largest few: 3 % of all, at least five.
const TOP_SHARE: f32 = 0.03;
const TOP_LEAST: f32 = 5.0;
/// When the largest few are all one number, their distance is 2 % of it.
const LEAST_APART: f64 = 0.02;
/// Nothing is more surprising than one in `e^10` beyond the largest.
const MOST_EXCESS: f64 = 10.0;
