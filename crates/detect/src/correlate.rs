//! Which other series moved with one: the first hint at a cause.
//!
//! ```
//! use wardkit_detect::correlate::companions;
//!
//! // Errors follow the queue by two steps; the disk only grows, as everything does.
//! let wave = |at: u32| (f64::from(at * at % 97) * 0.7).sin();
//! let queue: Vec<f64> = (0..100).map(wave).collect();
//! let errors: Vec<f64> = (0..100_u32).map(|at| wave(at.saturating_sub(2)) + 3.0).collect();
//! let disk: Vec<f64> = (0..100).map(f64::from).collect();
//! let found = companions(&errors, [("queue", &queue[..]), ("disk", &disk[..])], 10);
//! assert_eq!(found.len(), 1);
//! assert_eq!(found[0].to_string(), "queue moved with it, 2 steps before (correlation 1.00)");
//! ```

use std::fmt;

use crate::stats::number;

/// A series that moved with another.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub struct Companion {
    /// Its name.
    pub name: String,
    /// Steps by which it came first; negative when it followed.
    pub leads_by: isize,
    /// How closely the changes of both agree in rank, `-1..=1`; negative when one rose as the other fell.
    pub correlation: f64,
}

/// Returns the series whose changes agree with those of `series`, the closest first, at most ten.
///
/// All series are sampled at the same equidistant moments and end together; `NaN` stands for what is missing. Changes
/// are compared, not values: whatever grows agrees with whatever else grows. Ranks are compared, so that one leap
/// counts once. An agreement must be one that chance would not give in a hundred such searches, counting every series
/// and every shift that was tried, and counting neighbours that resemble each other as fewer.
///
/// The last 4096 samples are looked at, and shifts of up to `steps`, at most a quarter of them.
pub fn companions<'a>(
    series: &[f64],
    others: impl IntoIterator<Item = (&'a str, &'a [f64])>,
    steps: usize,
) -> Vec<Companion> {
    let changes = Changes::of(series);
    let steps = steps.min(changes.ranks.len() / 4);
    let others: Vec<_> = others.into_iter().collect();
    let tried = number(others.len()) * (2.0 * number(steps) + 1.0);
    let least = (2.0 * (2.0 * tried / CHANCE).ln()).sqrt();
    let mut found: Vec<Companion> = others
        .iter()
        .filter_map(|(name, other)| companion(&changes, name, &Changes::of(other), steps, least))
        .collect();
    found.sort_by(|a, b| b.correlation.abs().total_cmp(&a.correlation.abs()));
    found.truncate(MOST);
    found
}

impl fmt::Display for Companion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = if self.correlation < 0.0 { "moved against it" } else { "moved with it" };
        write!(f, "{} {way}, ", self.name.escape_debug())?;
        match self.leads_by {
            0 => f.write_str("at the same time")?,
            lead => {
                let (count, side) =
                    (lead.unsigned_abs(), if lead > 0 { "before" } else { "after" });
                write!(f, "{count} {} {side}", if count == 1 { "step" } else { "steps" })?;
            }
        }
        write!(f, " (correlation {:.2})", self.correlation)
    }
}

/// The ranks of a series' changes, the latest first, around zero; `None` where a change is not known.
struct Changes {
    ranks: Vec<Option<f64>>,
    /// How much a change resembles the one before.
    inertia: f64,
}

impl Changes {
    fn of(series: &[f64]) -> Self {
        let latest = &series[series.len().saturating_sub(LONGEST)..];
        let changes: Vec<f64> = latest.windows(2).rev().map(|pair| pair[1] - pair[0]).collect();
        let mut order: Vec<usize> =
            (0..changes.len()).filter(|at| changes[*at].is_finite()).collect();
        order.sort_by(|a, b| changes[*a].total_cmp(&changes[*b]));
        let mut ranks = vec![None; changes.len()];
        let middle = (number(order.len()) - 1.0) / 2.0;
        let mut start = 0;
        // Equal changes share the mean of their ranks.
        #[expect(clippy::float_cmp, reason = "ties are equal to the last bit")]
        for tied in order.chunk_by(|a, b| changes[*a] == changes[*b]) {
            let rank = number(start) + (number(tied.len()) - 1.0) / 2.0 - middle;
            for at in tied {
                ranks[*at] = Some(rank);
            }
            start += tied.len();
        }
        let inertia =
            agreement(&ranks, &ranks[1.min(ranks.len())..]).map_or(0.0, |(inertia, _)| inertia);
        Self { ranks, inertia }
    }
}

fn companion(
    series: &Changes,
    name: &str,
    other: &Changes,
    steps: usize,
    least: f64,
) -> Option<Companion> {
    let alike = (series.inertia * other.inertia).clamp(-0.9, 0.9);
    let mut best: Option<Companion> = None;
    let reach = isize::try_from(steps).unwrap_or(0);
    for leads_by in -reach..=reach {
        let skip = leads_by.unsigned_abs();
        // The latest comes first: who leads is compared with its own past.
        let (ours, theirs) = if leads_by >= 0 { (0, skip) } else { (skip, 0) };
        let (Some(ours), Some(theirs)) = (series.ranks.get(ours..), other.ranks.get(theirs..))
        else {
            continue;
        };
        let Some((correlation, count)) = agreement(ours, theirs) else { continue };
        // Fisher's transformation, with as many samples as are worth of their own.
        let worth = count * (1.0 - alike) / (1.0 + alike);
        let certain = worth > 3.0
            && correlation.clamp(-0.999_999, 0.999_999).atanh().abs() * (worth - 3.0).sqrt()
                > least;
        let closer = best.as_ref().is_none_or(|best| correlation.abs() > best.correlation.abs());
        if certain && closer && correlation.abs() >= WEAKEST {
            best = Some(Companion { name: name.to_owned(), leads_by, correlation });
        }
    }
    best
}

/// Returns the correlation of two series from their beginnings, and of how many pairs.
fn agreement(ours: &[Option<f64>], theirs: &[Option<f64>]) -> Option<(f64, f64)> {
    let (mut both, mut first, mut second, mut count) = (0.0, 0.0, 0.0, 0.0);
    for (a, b) in ours.iter().zip(theirs) {
        let (Some(a), Some(b)) = (a, b) else { continue };
        both += a * b;
        first += a * a;
        second += b * b;
        count += 1.0;
    }
    let norm = (first * second).sqrt();
    (count >= FEWEST && norm > 0.0).then(|| (both / norm, count))
}

/// How seldom chance may be taken for a companion, per search.
const CHANCE: f64 = 0.01;

/// Agreement below this explains less than a tenth of the movement, however certain it is.
const WEAKEST: f64 = 0.3;

/// Pairs below which nothing is compared.
const FEWEST: f64 = 20.0;

/// Samples that are looked at.
const LONGEST: usize = 4096;

/// Companions that are told.
const MOST: usize = 10;
