//! Clean-ups and resizes: what happened once is no part of how a series behaves.

use crate::stats::{median, number};

/// A sudden change between two hours with values.
#[derive(Clone, Copy, Debug)]
struct Jump {
    /// The last hour before, and the first after.
    before: usize,
    after: usize,
    size: f64,
}

/// Takes out the jumps that happened once: what came before is moved to where it would have been.
///
/// `zero` is where nothing is used; a disk that is enlarged is at another share of it and fills more slowly, so what
/// came before is shrunk instead of moved when its pace says so.
pub(super) fn remove(hours: &mut [Option<f64>], zero: f64) {
    let jumps = find(hours);
    for jump in jumps.iter().filter(|jump| once(jump, &jumps)) {
        let (Some(low), Some(high)) = (hours[jump.before], hours[jump.after]) else { continue };
        if !lasts(hours, jump) {
            continue;
        }
        let (old, new) = (low - zero, high - zero);
        let factor = if old > 0.0 && new > 0.0 { new / old } else { 1.0 };
        let resized = paces(hours, jump).is_some_and(|(before, after)| {
            (after - before * factor).abs() < 0.5 * (after - before).abs()
        });
        // Its own hour was partly before and partly after.
        hours[jump.before + 1..jump.after].fill(None);
        for value in hours[..=jump.before].iter_mut().flatten() {
            *value = if resized { zero + (*value - zero) * factor } else { *value + jump.size };
        }
    }
}

/// Tells whether a jump is one that is not expected again: growth that comes in jumps does so from the second on, and
/// who cleaned up twice need not do it a third time, unless it frees about as much each time.
fn once(jump: &Jump, all: &[Jump]) -> bool {
    let alike = all.iter().filter(|other| other.size.signum() == jump.size.signum());
    if jump.size > 0.0 {
        return alike.count() < 2;
    }
    let ratio = |other: &&Jump| (0.5..=2.0).contains(&(other.size / jump.size));
    alike.filter(ratio).count() < 3
}

/// Tells whether the level stays where it jumped to; the edge of a season that was taken out does not.
fn lasts(hours: &[Option<f64>], jump: &Jump) -> bool {
    let before: Vec<f64> = hours[..=jump.before].iter().rev().flatten().copied().take(12).collect();
    let after: Vec<f64> = hours[jump.after..].iter().flatten().copied().take(12).collect();
    (median(&after) - median(&before)) / jump.size > 0.5
}

fn find(hours: &[Option<f64>]) -> Vec<Jump> {
    let known: Vec<(usize, f64)> =
        hours.iter().enumerate().filter_map(|(hour, value)| Some((hour, (*value)?))).collect();
    // The hour in which it happens has a value between: over two steps the whole of it shows.
    let steps: Vec<(usize, f64)> =
        known.windows(3).map(|three| (three[1].0, three[2].1 - three[0].1)).collect();
    let usual = usual(&steps);
    let from_usual: Vec<f64> = steps.iter().map(|(hour, step)| step - usual[hour % 24]).collect();
    let spread = median(&from_usual.iter().map(|step| step.abs()).collect::<Vec<_>>());
    let large = (OUTSTANDING * spread).max(LEAST * range(&known));
    let mut jumps: Vec<Jump> = Vec::new();
    for (three, step) in known.windows(3).zip(&from_usual) {
        let size = *step;
        // Across a gap it may have grown all the while.
        let width = number(three[2].0 - three[0].0);
        if size.abs() <= large * (width / 2.0).max(1.0) {
            continue;
        }
        let jump = Jump { before: three[0].0, after: three[2].0, size };
        match jumps.last_mut() {
            Some(last) if last.after > jump.before && last.size.signum() == size.signum() => {
                if size.abs() > last.size.abs() {
                    *last = jump;
                }
            }
            _ => jumps.push(jump),
        }
    }
    jumps
}

/// Returns the usual step at each time of day: what logs do every midnight does not hide what somebody did once.
fn usual(steps: &[(usize, f64)]) -> [f64; 24] {
    let mut daily = [const { Vec::new() }; 24];
    for (hour, step) in steps {
        daily[hour % 24].push(*step);
    }
    let all = median(&steps.iter().map(|(_, step)| *step).collect::<Vec<_>>());
    daily.map(|steps: Vec<f64>| if steps.len() < 3 { all } else { median(&steps) })
}

/// Returns the paces before and after a jump, when both were watched for long enough.
fn paces(hours: &[Option<f64>], jump: &Jump) -> Option<(f64, f64)> {
    let pace = |part: &[Option<f64>]| {
        let daily: Vec<f64> =
            (24..part.len()).filter_map(|hour| Some(part[hour]? - part[hour - 24]?)).collect();
        (daily.len() >= 24).then(|| median(&daily))
    };
    Some((pace(&hours[..=jump.before])?, pace(&hours[jump.after..])?))
}

fn range(known: &[(usize, f64)]) -> f64 {
    let values = || known.iter().map(|(_, value)| *value);
    values().fold(f64::NEG_INFINITY, f64::max) - values().fold(f64::INFINITY, f64::min)
}

/// How far from usual a jump is, in median deviations: twelve standard deviations of what wanders normally.
const OUTSTANDING: f64 = 8.0;

/// The least share of all that was seen which is a jump, for series that otherwise hardly move.
const LEAST: f64 = 0.02;
