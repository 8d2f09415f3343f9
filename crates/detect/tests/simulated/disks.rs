//! Disks that fill, in GB, up to the hour in which they are full.

use super::random::Random;

/// How a disk fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// Steadily, with logs that are rotated every 24 hours.
    Daily,
    /// Steadily, with a season that is not of 24 hours.
    OddSeason,
    /// On working days, hardly at the weekend.
    Weekly,
    /// By uploads, when they come.
    Bursts,
    /// Daily, and somebody cleaned up once or twice.
    CleanUps,
    /// Wandering, seen through gaps and a clock that jitters, with values that are none.
    Gaps,
    /// At a pace that drifts over days.
    Drift,
    /// In percent of a disk that was enlarged on the way.
    Resized,
    /// Daily, and every few days a backup is written and deleted.
    Backups,
}

pub(crate) const FAMILIES: [Family; 9] = [
    Family::Daily,
    Family::OddSeason,
    Family::Weekly,
    Family::Bursts,
    Family::CleanUps,
    Family::Gaps,
    Family::Drift,
    Family::Resized,
    Family::Backups,
];

/// A disk: what was seen of it, and when it is full.
#[derive(Clone, Debug)]
pub(crate) struct Disk {
    /// Hours and values, up to now.
    pub(crate) history: Vec<(f64, f64)>,
    /// Full at this value.
    pub(crate) limit: f64,
    /// Hours from now until it is.
    pub(crate) full_in: f64,
}

/// Samples an hour.
const HOURLY: usize = 6;

/// Makes a disk.
pub(crate) fn disk(family: Family, seed: u64) -> Disk {
    let mut random = Random::new(seed);
    // What never gets full, or was fuller already, is made again.
    loop {
        if let Some(disk) = attempt(family, &mut random) {
            return disk;
        }
    }
}

fn attempt(family: Family, random: &mut Random) -> Option<Disk> {
    let days = match family {
        Family::Weekly => 14.0 + random.between(0.0, 21.0).floor(),
        _ => 7.0 + random.between(0.0, 15.0).floor(),
    };
    let now = count(days) * 24 * HOURLY;
    let pace = random.between(0.05, 0.3);
    let (path, pace) = path(family, random, pace, now);
    let (pace, scale, resized) = match family {
        Family::Resized => {
            let (before, after) = (path[now] * 1.3, path[now] * random.between(1.5, 2.5));
            (
                pace,
                100.0 / after,
                Some((count(number(now) * random.between(0.3, 0.8)), after / before)),
            )
        }
        _ => (pace, 1.0, None),
    };
    let horizon = random.between(0.1, 1.0) * days * 24.0;
    let limit = path[now] + pace * horizon;
    let seen = &path[..=now];
    let most = seen.iter().copied().fold(0.0, f64::max);
    let full = path.iter().skip(now).position(|value| *value >= limit)?;
    if resized.is_none() && most >= limit || full < 3 * HOURLY {
        return None;
    }
    let mut history: Vec<(f64, f64)> = seen
        .iter()
        .enumerate()
        .map(|(index, value)| {
            let before = resized.is_some_and(|(at, _)| index < at);
            let factor = resized.filter(|_| before).map_or(1.0, |(_, factor)| factor);
            (hours(index), value * scale * factor)
        })
        .collect();
    if family == Family::Gaps {
        spoil(random, &mut history);
    }
    Some(Disk { history, limit: limit * scale, full_in: hours(full) })
}

/// Returns the values from the first sample to long after `now`, and the pace in GB an hour.
fn path(family: Family, random: &mut Random, pace: f64, now: usize) -> (Vec<f64>, f64) {
    let mut value = random.between(20.0, 200.0);
    let (phase, mut drift, mut wander) = (random.unit(), 0.0, 0.0);
    let period = match family {
        Family::OddSeason => random.between(9.0, 40.0),
        _ => 24.0,
    };
    let saw = pace * period * random.between(0.2, 1.5);
    let (uploads, quiet) = (random.between(0.5, 4.0), random.between(0.0, 0.4));
    let weekend = random.between(0.0, 0.3);
    let backup =
        (random.between(30.0, 100.0), random.between(2.0, 10.0), saw * random.between(0.5, 2.0));
    let cleaned: Vec<usize> = match family {
        Family::CleanUps => (0..=usize::from(random.chance(0.4)))
            .map(|_| count(number(now) * random.between(0.15, 0.85)))
            .collect(),
        _ => Vec::new(),
    };
    let noise = pace * random.between(0.05, 0.6);
    let mut expected = pace;
    let values = (0..now * 5)
        .map(|index| {
            let hour = hours(index);
            let step = 1.0 / number(HOURLY);
            let fills = match family {
                Family::Weekly => {
                    let weekday = (hour / 24.0 + phase * 7.0) % 7.0;
                    expected = pace * (5.0 + 2.0 * weekend) / 7.0;
                    pace * if weekday >= 5.0 { weekend } else { 1.0 }
                }
                Family::Bursts => {
                    let size = pace * 24.0 / uploads * (1.0 - quiet);
                    let came = random.chance(uploads / 24.0 * step);
                    pace * quiet + if came { size * random.exponential() / step } else { 0.0 }
                }
                Family::Drift => {
                    drift = 0.9985 * drift + 0.02 * random.normal();
                    pace * drift.clamp(-1.5, 1.5).exp()
                }
                Family::Gaps => pace + noise * 3.0 * random.normal(),
                _ => pace,
            };
            value += fills * step;
            if cleaned.contains(&index) {
                value *= random.between(0.7, 0.95);
            }
            wander = 0.9 * wander + noise * 0.4 * random.normal();
            let tooth = saw * (hour / period + phase).fract();
            let written = match family {
                Family::Backups if (hour + phase * backup.0) % backup.0 < backup.1 => backup.2,
                _ => 0.0,
            };
            value + tooth + written + wander
        })
        .collect();
    (values, expected)
}

/// Loses samples, some of them for hours, moves the rest in time, and breaks a few.
fn spoil(random: &mut Random, history: &mut Vec<(f64, f64)>) {
    let mut gap_until = 0.0;
    let end = history.last().map_or(0.0, |last| last.0);
    let mut kept = Vec::new();
    for &(hour, value) in history.iter() {
        if random.chance(0.0015) {
            gap_until = hour + random.between(1.0, 30.0);
        }
        let lost = hour < gap_until && hour < end - 6.0 || random.chance(0.05);
        if lost {
            continue;
        }
        let value = if random.chance(0.002) { f64::NAN } else { value };
        kept.push((hour + random.between(-0.08, 0.08), value));
    }
    *history = kept;
}

fn hours(index: usize) -> f64 {
    number(index) / number(HOURLY)
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).expect("a few weeks of samples"))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and positive")]
fn count(number: f64) -> usize {
    number as usize
}
