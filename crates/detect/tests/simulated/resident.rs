//! Resident memory of processes that do not leak, in MB once a minute, and what a leak adds to it.

use super::random::Random;

/// What kind of process it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// A collector frees in teeth: small ones often, large ones seldom; the live set follows the load.
    Teeth,
    /// An allocator keeps what the largest burst took, in whole arenas, and trims now and then.
    Arenas,
    /// A cache fills, steeply or slowly, and then evicts as much as it takes.
    Cache,
    /// Sessions by day, few at night, fewer at the weekend.
    Sessions,
    /// Deployed again now and then; each start warms up.
    Restarts,
    /// Jobs load a lot for a while, and free most of it.
    Batch,
    /// Files are mapped and unmapped as segments are written and merged.
    Segments,
}

pub(crate) const FAMILIES: [Family; 7] = [
    Family::Teeth,
    Family::Arenas,
    Family::Cache,
    Family::Sessions,
    Family::Restarts,
    Family::Batch,
    Family::Segments,
];

/// How large it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    /// A bot of about a hundred MB: what it loses in three days can be seen beside its own swings.
    Bot,
    /// A server of several hundred MB, whose own swings are often wider than what a small leak loses in three days.
    Server,
}

impl Size {
    /// Returns MB that such a process holds at rest.
    fn base(self, random: &mut Random) -> f64 {
        match self {
            Self::Bot => random.between(30.0, 120.0),
            Self::Server => random.between(120.0, 500.0),
        }
    }

    /// Returns how wide it swings, next to a server.
    fn swing(self) -> f64 {
        match self {
            Self::Bot => 0.3,
            Self::Server => 1.0,
        }
    }
}

/// How a leak loses memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loss {
    Steadily,
    WithLoad,
    InLumps,
}

/// Returns the resident memory of a process, in MB once a minute, which loses `leak` MB an hour.
pub(crate) fn series(family: Family, size: Size, seed: u64, leak: f64, hours: usize) -> Vec<f64> {
    let mut random = Random::new(seed);
    let random = &mut random;
    let mut process = match family {
        Family::Teeth => teeth(random, size, hours),
        Family::Arenas => arenas(random, size, hours),
        Family::Cache => cache(random, size, hours),
        Family::Sessions => sessions(random, size, hours),
        Family::Restarts => return restarts(random, size, leak, hours),
        Family::Batch => batch(random, size, hours),
        Family::Segments => segments(random, size, hours),
    };
    add_leak(random, &mut process, leak);
    process
}

/// Returns the load at a minute: low at night, high by day.
fn load(minute: usize, phase: f64) -> f64 {
    let day = std::f64::consts::TAU * (number(minute) / 1440.0 + phase);
    0.55 - 0.45 * day.cos()
}

fn teeth(random: &mut Random, size: Size, hours: usize) -> Vec<f64> {
    let live = size.base(random);
    let swing = live * size.swing() * random.between(0.0, 0.25);
    let phase = random.unit();
    let heap = live * size.swing();
    let (young, old) = (heap * random.between(0.05, 0.3), heap * random.between(0.05, 0.5));
    let rate = young / random.between(0.5, 20.0);
    let promoted = random.between(0.01, 0.1);
    let (mut nursery, mut tenured, mut wander) = (0.0, 0.0, 0.0);
    let warm = random.between(30.0, 400.0);
    (0..hours * 60)
        .map(|minute| {
            let now = load(minute, phase);
            nursery += rate * now * random.between(0.5, 1.5);
            if nursery > young {
                tenured += nursery * promoted;
                nursery = 0.0;
            }
            if tenured > old {
                tenured *= random.between(0.0, 0.1);
            }
            wander = 0.995 * wander + heap * 0.002 * random.normal();
            let start = 1.0 - 0.6 * (-number(minute) / warm).exp();
            live * start + swing * now + nursery + tenured + wander
        })
        .collect()
}

fn arenas(random: &mut Random, size: Size, hours: usize) -> Vec<f64> {
    let base = size.base(random);
    let arena = random.between(1.0, 16.0);
    let (phase, trim) = (random.unit(), random.between(0.0, 0.004));
    let most = base * size.swing() * random.between(0.2, 1.0);
    let mut kept = 0.0_f64;
    (0..hours * 60)
        .map(|minute| {
            let wanted = most * load(minute, phase) * random.unit().powf(3.0);
            kept = kept.max((wanted / arena).ceil() * arena);
            if random.chance(trim) {
                kept = (wanted / arena).ceil() * arena;
            }
            base + kept + 0.2 * random.normal()
        })
        .collect()
}

fn cache(random: &mut Random, size: Size, hours: usize) -> Vec<f64> {
    let base = size.base(random);
    let holds = base * random.between(0.3, 4.0);
    let linear = random.chance(0.5);
    let fills = if linear { random.between(120.0, 1800.0) } else { random.between(60.0, 700.0) };
    let (sweep, swept) = (random.between(60.0, 2000.0), size.swing() * random.between(0.0, 0.15));
    let phase = random.unit();
    let (mut work, mut wander) = (0.0, 0.0);
    (0..hours * 60)
        .map(|minute| {
            work += load(minute, phase) / 0.55;
            let full = if linear { (work / fills).min(1.0) } else { 1.0 - (-work / fills).exp() };
            let since = (number(minute) / sweep).fract();
            wander = 0.99 * wander + 0.1 * random.normal();
            base + holds * full * (1.0 - swept * (1.0 - since)) + wander
        })
        .collect()
}

fn sessions(random: &mut Random, size: Size, hours: usize) -> Vec<f64> {
    let base = size.base(random);
    let each = base * size.swing() * random.between(0.1, 1.5);
    let (phase, first) = (random.unit(), random.unit() * 7.0);
    let sluggish = random.between(0.9, 0.999);
    let (mut held, mut wander) = (0.0, 0.0);
    let warm = random.between(10.0, 300.0);
    (0..hours * 60)
        .map(|minute| {
            let weekday = (first + number(minute) / 1440.0) % 7.0;
            let busy = if weekday >= 5.0 { 0.5 } else { 1.0 };
            wander = 0.998 * wander + 0.02 * random.normal();
            let wanted = each * busy * load(minute, phase) * (1.0 + wander).max(0.2);
            held = sluggish * held + (1.0 - sluggish) * wanted;
            base * (1.0 - 0.3 * (-number(minute) / warm).exp()) + held + 0.3 * random.normal()
        })
        .collect()
}

fn restarts(random: &mut Random, size: Size, leak: f64, hours: usize) -> Vec<f64> {
    let mut process = Vec::with_capacity(hours * 60);
    let families = [Family::Teeth, Family::Cache, Family::Sessions, Family::Batch];
    let pick = usize::try_from(random.next() % 4).expect("it is below four");
    let seed = random.next();
    while process.len() < hours * 60 {
        let run = usize::try_from(8 + random.next() % 48).expect("it is small");
        // The same program each time, so the same seed; a leak begins anew.
        let mut part = series(families[pick], size, seed, leak, run);
        let offset = random.between(-3.0, 3.0);
        for value in &mut part {
            *value += offset;
        }
        process.extend(part);
    }
    process.truncate(hours * 60);
    process
}

fn batch(random: &mut Random, size: Size, hours: usize) -> Vec<f64> {
    let base = size.base(random);
    let load = base * random.between(0.2, 2.0);
    let every =
        [60.0, 240.0, 720.0, 1440.0][usize::try_from(random.next() % 4).expect("below four")];
    let takes = every * random.between(0.05, 0.5);
    let offset = random.between(0.0, every);
    // What a run leaves behind is used by the next.
    let (most, leaves) = (base * random.between(0.0, 0.1), random.between(0.2, 0.9));
    let (mut left, mut wander, mut before) = (0.0, 0.0, false);
    (0..hours * 60)
        .map(|minute| {
            let within = (number(minute) + offset) % every;
            let runs = within < takes;
            if before && !runs {
                left += (most - left) * leaves * random.unit();
            }
            before = runs;
            wander = 0.99 * wander + 0.1 * random.normal();
            let loaded = if runs { load * (within / takes).sqrt() } else { 0.0 };
            base + left + loaded + wander
        })
        .collect()
}

fn segments(random: &mut Random, size: Size, hours: usize) -> Vec<f64> {
    let base = size.base(random);
    let segment = base * size.swing() * random.between(0.01, 0.08);
    let merge = 3 + random.next() % 8;
    let rate = random.between(0.002, 0.05);
    let mut levels = [0_u64; 3];
    let most = random.between(3.0, 12.0);
    let mut large = 0.0;
    (0..hours * 60)
        .map(|_| {
            if random.chance(rate) {
                levels[0] += 1;
            }
            if levels[0] >= merge {
                levels[0] = 0;
                levels[1] += 1;
            }
            if levels[1] >= merge {
                levels[1] = 0;
                // Old data ends when new data comes.
                large = if large > most { large * random.between(0.3, 0.7) } else { large + 1.0 };
            }
            let small = number(usize::try_from(levels[0]).expect("it is small"));
            let middle = number(usize::try_from(levels[1]).expect("it is small"));
            base + segment * (small + 2.0 * middle + 3.0 * large) + 0.3 * random.normal()
        })
        .collect()
}

fn add_leak(random: &mut Random, process: &mut [f64], leak: f64) {
    let loss = [Loss::Steadily, Loss::WithLoad, Loss::InLumps]
        [usize::try_from(random.next() % 3).expect("below three")];
    let phase = random.unit();
    let mut gone = 0.0;
    for (minute, value) in process.iter_mut().enumerate() {
        gone += match loss {
            Loss::Steadily => leak / 60.0,
            Loss::WithLoad => leak / 60.0 * load(minute, phase) / 0.55,
            // Half an hour's worth at a time.
            Loss::InLumps if random.chance(1.0 / 30.0) => leak / 2.0,
            Loss::InLumps => 0.0,
        };
        *value += gone;
    }
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).expect("a few days of minutes"))
}
