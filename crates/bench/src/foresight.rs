//! How often forecasts and the leak rule are right on simulated hosts, beside what people do without them.

mod peers;

use std::fmt::Write as _;

use wardkit_core::Timestamp;
use wardkit_detect::forecast::{Forecast, Limit, forecast};
use wardkit_detect::leak::{LeakWatch, Verdict};

use simulated::disks::{self, Disk};
use simulated::resident::{self, Family, Size};

/// The hosts that the crate's own tests judge, written apart from its rules.
#[path = "../../detect/tests/simulated/mod.rs"]
mod simulated;

/// Forecasts `count` disks of each family, and returns what came of it as a Markdown table.
#[must_use]
pub fn disks(count: u64) -> String {
    let mut text = "| disks | error: wardkit | 90 % below | 6 h line | 7 d line | Theil-Sen, 7 d | in the 80 % interval | sooner | later |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|\n".to_owned();
    let mut all = Told::default();
    for family in disks::FAMILIES {
        let mut told = Told::default();
        for seed in FIRST..FIRST + count {
            told.add(&disks::disk(family, seed));
        }
        told.row(&format!("{family:?}"), &mut text);
        all.join(told);
    }
    all.row("all", &mut text);
    text
}

/// Judges `count` processes of each family and size, and returns what came of it as a Markdown table.
#[must_use]
pub fn leaks(count: u64) -> String {
    let mut text = "| processes | healthy: wardkit | least squares | Mann-Kendall | 0.25 MB/h: wardkit | 0.5 MB/h: wardkit | least squares | Mann-Kendall | 1 MB/h: wardkit |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|\n".to_owned();
    for size in [Size::Bot, Size::Server] {
        let mut sums = [0; 8];
        for family in resident::FAMILIES {
            let counts = [0.0, 0.25, 0.5, 1.0].map(|leak| flagged(family, size, leak, count));
            let [none, quarter, half, one] = counts;
            let row = [none[0], none[1], none[2], quarter[0], half[0], half[1], half[2], one[0]];
            leak_row(&format!("{size:?}, {family:?}"), &row, [count; 2], &mut text);
            // What is started again every day or two was never watched for three: only as healthy does it count.
            let counted = if family == Family::Restarts { 3 } else { 8 };
            for (sum, found) in sums.iter_mut().zip(row).take(counted) {
                *sum += found;
            }
        }
        let name = format!("**{size:?}, all**; leaks without Restarts");
        leak_row(&name, &sums, [7 * count, 6 * count], &mut text);
    }
    text
}

/// What was told of disks.
#[derive(Default)]
struct Told {
    /// Of wardkit, and of each peer.
    errors: [Vec<f64>; 4],
    inside: u32,
    sooner: u32,
    later: u32,
}

impl Told {
    fn add(&mut self, disk: &Disk) {
        let history: Vec<_> =
            disk.history.iter().map(|(hour, value)| (at(*hour), *value)).collect();
        let ends = match forecast(&history, Limit::Above(disk.limit)) {
            Forecast::Ends(ends) => Some(ends),
            _ => None,
        };
        let hours = |time: std::time::Duration| time.as_secs_f64() / 3600.0;
        let guesses = [
            ends.map(|ends| hours(ends.median)),
            peers::predict_linear(disk, 6.0),
            peers::predict_linear(disk, 168.0),
            peers::theil_sen(disk, 168.0),
        ];
        for (errors, guess) in self.errors.iter_mut().zip(guesses) {
            // Who does not answer is as wrong as who says now.
            errors.push(guess.map_or(1.0, |guess| (guess - disk.full_in).abs() / disk.full_in));
        }
        let Some(ends) = ends else { return };
        let is_sooner = disk.full_in < hours(ends.low80);
        let is_later = ends.high80.is_some_and(|high| disk.full_in > hours(high));
        self.sooner += u32::from(is_sooner);
        self.later += u32::from(is_later);
        self.inside += u32::from(!is_sooner && !is_later);
    }

    fn join(&mut self, other: Self) {
        for (errors, more) in self.errors.iter_mut().zip(other.errors) {
            errors.extend(more);
        }
        self.inside += other.inside;
        self.sooner += other.sooner;
        self.later += other.later;
    }

    fn row(&mut self, name: &str, text: &mut String) {
        for errors in &mut self.errors {
            errors.sort_by(f64::total_cmp);
        }
        let at = |errors: &[f64], part: usize| errors[errors.len() * part / 10];
        let count = self.errors[0].len();
        let percent = |part: u32| 100.0 * f64::from(part) / number(count);
        let [ours, short, long, robust] = &self.errors;
        let _ = writeln!(
            text,
            "| {name} | {:.3} | {:.3} | {:.2} | {:.2} | {:.2} | {:.0} % | {:.0} % | {:.0} % |",
            at(ours, 5),
            at(ours, 9),
            at(short, 5),
            at(long, 5),
            at(robust, 5),
            percent(self.inside),
            percent(self.sooner),
            percent(self.later)
        );
    }
}

/// Returns how many processes are said to leak, by wardkit, by least squares, by Mann and Kendall's test.
fn flagged(family: Family, size: Size, leak: f64, count: u64) -> [u64; 3] {
    let mut flagged = [0; 3];
    for seed in FIRST..FIRST + count {
        let process = resident::series(family, size, seed, leak, 72);
        let mut watch = LeakWatch::new();
        for (minute, value) in (0..).zip(&process) {
            watch.push(Timestamp::from_unix_seconds(minute * 60), value * 1e6);
        }
        let hourly: Vec<f64> =
            process.chunks(60).map(|hour| hour.iter().sum::<f64>() / number(hour.len())).collect();
        let leaks = matches!(watch.verdict(), Verdict::Leaking(_));
        let said = [leaks, peers::slope_rises(&hourly), peers::trend_rises(&hourly)];
        for (flagged, said) in flagged.iter_mut().zip(said) {
            *flagged += u64::from(said);
        }
    }
    flagged
}

/// Writes shares: the first three are of healthy processes, the others of those that leak.
fn leak_row(name: &str, row: &[u64; 8], [healthy, leaking]: [u64; 2], text: &mut String) {
    let _ = write!(text, "| {name} |");
    for (column, found) in row.iter().enumerate() {
        let of = if column < 3 { healthy } else { leaking };
        let _ = write!(text, " {:.1} % |", 100.0 * number(*found) / number(of));
    }
    text.push('\n');
}

fn at(hours: f64) -> Timestamp {
    // Jitter may lie before the beginning.
    Timestamp::from_unix_seconds(1_700_000_000)
        .saturating_add(std::time::Duration::from_secs_f64((hours + 1.0) * 3600.0))
}

fn number(count: impl TryInto<u32>) -> f64 {
    f64::from(count.try_into().unwrap_or(u32::MAX))
}

/// The seeds from here on were looked at only when the rules stood.
const FIRST: u64 = 20_000;
