//! The rule: what must all be true before memory that grows is called a leak.

use super::{Leak, Verdict};
use crate::stats::{mann_kendall, median, number};

/// Judges the floors of consecutive hours.
///
/// Growth alone says little: a trend test on raw samples calls two of three healthy processes leaking. Each further
/// condition is failed by one kind of healthy process.
pub(super) fn judge(floors: &[Option<f64>]) -> Verdict {
    let known: Vec<f64> = floors.iter().copied().flatten().collect();
    let daily = differences(floors, DAY);
    if 4 * known.len() < 3 * floors.len() || 4 * daily.len() < 3 * (floors.len() - DAY) {
        return Verdict::Learning { hours: 1 };
    }
    let per_hour = median(&daily) / number(DAY);
    let grown = per_hour * number(floors.len());
    let enough = LEAST_BYTES.max(LEAST_SHARE * median(&known));
    let leaks = grown > enough
        && mann_kendall(&known) > TREND
        && share_above(&daily, 0.0) > RISING
        && keeps_pace(&daily, LATE * enough / number(floors.len()))
        && median(&differences(floors, 1)) > LEAST_HOURLY * per_hour
        && floor_rises(floors, grown);
    if leaks {
        Verdict::Leaking(Leak { per_hour, hours: floors.len(), grown })
    } else {
        Verdict::Clean
    }
}

/// Returns how much more the floors are than those some hours before.
fn differences(floors: &[Option<f64>], hours: usize) -> Vec<f64> {
    let pairs = floors.iter().skip(hours).zip(floors);
    pairs.filter_map(|(later, earlier)| Some((*later)? - (*earlier)?)).collect()
}

/// Tells whether it still grew at the end, by `least` bytes an hour and not much slower than in the middle: caches that
/// fill get slower. The beginning does not count, for a cache that fills may leak too.
fn keeps_pace(daily: &[f64], least: f64) -> bool {
    let third = daily.len() / 3;
    let late = median(&daily[2 * third..]);
    late > SLOWEST * median(&daily[third..2 * third]) && late > least * number(DAY)
}

/// Tells whether the floor that is never gone below again rises by what the growth promises, and in many steps: a heap
/// that is collected once a day comes back to where it was, and files that are mapped lift it a few times.
fn floor_rises(floors: &[Option<f64>], grown: f64) -> bool {
    let mut lowest = f64::INFINITY;
    let mut kept: Vec<f64> = floors
        .iter()
        .rev()
        .map(|floor| {
            lowest = floor.map_or(lowest, |floor| lowest.min(floor));
            lowest
        })
        .collect();
    kept.reverse();
    // What has not been looked back at for a whole day may still be undercut.
    let kept = &kept[..=floors.len() - DAY];
    let steps = kept.windows(2).filter(|pair| pair[1] > pair[0]).count();
    let rise = kept[kept.len() - 1] - kept[0];
    let apart = number(kept.len()) / number(floors.len());
    steps >= STEPS && rise > 0.5 * apart * grown
}

fn share_above(values: &[f64], limit: f64) -> f64 {
    let above = values.iter().filter(|value| **value > limit).count();
    number(above) / number(values.len())
}

/// Hours of the season that every process has.
const DAY: usize = 24;

/// What a healthy process may grow by: less costs nobody anything within a week.
const LEAST_BYTES: f64 = 15e6;

/// The same as a share of what it holds.
const LEAST_SHARE: f64 = 0.05;

/// One in a thousand, were the floors independent; they are not, hence the other conditions.
const TREND: f64 = 3.09;

/// The share of floors that lie above those of the day before.
const RISING: f64 = 0.66;

/// The share of its pace in the middle that a leak keeps at the end.
const SLOWEST: f64 = 0.3;

/// The share of the least growth to which the pace at the end must come.
const LATE: f64 = 0.8;

/// The share of the growth that shows in the median hour: what grows in a few leaps shows nothing in most hours.
const LEAST_HOURLY: f64 = 0.1;

/// How often the floor must rise.
const STEPS: usize = 6;
