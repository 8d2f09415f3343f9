//! `auditctl plugin bench`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;
use wardkit_cli::{Format, Report};
use wardkit_core::{Clock as _, SystemClock};
use wardkit_plugin::{Grant, Package, PreparedPlugin, Trust, Validator};
use wardkit_sandbox::Ended;

use super::{build, here, opened};
use crate::commands::{could_not_run, print};

/// Loads a plugin, calls it many times with its first example, and tells how long that takes and how much memory.
pub(super) fn bench(format: Format, folder: &Path, calls: u32) -> Result<ExitCode, Report> {
    build::build(folder)?;
    let package = opened(folder)?;
    let sandbox = here::sandbox(folder, &package)?;
    let asked = Grant::asked_by(package.manifest());
    let verified =
        Validator::default().verify(package.clone(), Trust::Unsigned).map_err(could_not_run)?;
    let begun = SystemClock.uptime();
    let plugin =
        verified.prepare(&*sandbox, &asked, &asked, &BTreeMap::new()).map_err(could_not_run)?;
    let load = SystemClock.uptime().saturating_sub(begun);
    let measured = Measured { load, ..called(&plugin, &package, calls)? };
    print(&match format {
        Format::Text => measured.text(&asked),
        Format::Json => format!("{}\n", measured.object()),
    })?;
    Ok(ExitCode::SUCCESS)
}

struct Measured {
    /// From the bytes of the package to the first call.
    load: Duration,
    walls: Vec<Duration>,
    processors: Vec<Duration>,
    throttled: Duration,
    peak_memory: u64,
}

fn called(plugin: &PreparedPlugin, package: &Package, calls: u32) -> Result<Measured, Report> {
    let manifest = package.manifest();
    let health = manifest.health.as_ref().map(|test| &test.input);
    let input = manifest.docs.examples.first().map(|example| &example.input).or(health);
    let input = input
        .ok_or_else(|| could_not_run("there is no example and no self-test to call it with"))?
        .to_string();
    let answers = here::answers(package);
    let mut measured = Measured {
        load: Duration::ZERO,
        walls: Vec::new(),
        processors: Vec::new(),
        throttled: Duration::ZERO,
        peak_memory: 0,
    };
    for _ in 0..calls.max(1) {
        let outcome = plugin.call(input.as_bytes(), &answers).map_err(could_not_run)?.outcome;
        if outcome.ended != Ended::Exited(0) {
            let reason = format!("a call ended with {:?}: plugin test says more", outcome.ended);
            return Err(could_not_run(reason));
        }
        let used = outcome.usage;
        measured.walls.push(used.wall);
        measured.processors.push(used.cpu);
        measured.throttled += used.throttled;
        measured.peak_memory = measured.peak_memory.max(used.peak_memory);
    }
    measured.walls.sort_unstable();
    measured.processors.sort_unstable();
    Ok(measured)
}

impl Measured {
    fn text(&self, asked: &Grant) -> String {
        let limits = &asked.limits;
        let (half, most) = (micros(at(&self.walls, 50)), micros(at(&self.walls, 99)));
        let (half_of, most_of) =
            (micros(at(&self.processors, 50)), micros(at(&self.processors, 99)));
        let mut text = format!(
            "load       {} us, of at most {}\n{} calls\n  time       p50 {half} us, p99 {most} us\n  \
             processor  p50 {half_of} us, p99 {most_of} us\n  memory     {} bytes at most, of {}\n",
            micros(self.load),
            limits.load,
            self.walls.len(),
            self.peak_memory,
            limits.memory
        );
        if !self.throttled.is_zero() {
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "they stood still for {} us in all: one after the other, without a pause, they used up their {} of a \
                 processor",
                micros(self.throttled),
                limits.cpu
            );
        }
        text
    }

    fn object(&self) -> serde_json::Value {
        json!({
            "load_us": micros(self.load),
            "calls": self.walls.len(),
            "p50_us": micros(at(&self.walls, 50)),
            "p99_us": micros(at(&self.walls, 99)),
            "processor_p50_us": micros(at(&self.processors, 50)),
            "processor_p99_us": micros(at(&self.processors, 99)),
            "throttled_us": micros(self.throttled),
            "peak_memory_bytes": self.peak_memory,
        })
    }
}

/// Returns the value that so many of a hundred do not exceed.
fn at(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() - 1) * percent / 100]
}

fn micros(time: Duration) -> u128 {
    time.as_micros()
}
