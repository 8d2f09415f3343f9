//! Measures a process and what it started, and says when its memory is not what it was.
//!
//! ```text
//! cargo run -p wardkit-examples --example watch-a-process                      # itself, which takes 64 MiB after a while
//! cargo run -p wardkit-examples --example watch-a-process -- /run/bot.pid     # yours, until Ctrl-C
//! ```
#![expect(clippy::print_stdout, reason = "an example speaks to whoever runs it")]

use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use wardkit_core::{Clock as _, SystemClock};
use wardkit_detect::anomaly::{Detector, Profile};
use wardkit_metrics::host::{Host, HostConfig, HostPaths, ProcessGroup};
use wardkit_metrics::{Collector as _, Exposition, Registry, Samples};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let scratch = tempfile::tempdir()?;
    let given = std::env::args_os().nth(1).map(PathBuf::from);
    let pid_file = match &given {
        Some(file) => file.canonicalize()?,
        None => scratch.path().join("self.pid"),
    };
    if given.is_none() {
        std::fs::write(&pid_file, std::process::id().to_string())?;
    }

    let mut config = HostConfig::default();
    config.processes = vec![ProcessGroup::by_pid_file("bot", &pid_file)];
    let mut host = Host::new(HostPaths::default(), config)?;
    let mut detector = Detector::new(Profile::Small);
    let mut samples = Samples::new();
    let mut taken = Vec::new();
    for round in 0_u32.. {
        samples.clear();
        host.collect(&mut samples)?;
        if round == 0 {
            show(&samples)?;
        }
        let memory = find(&samples, MEMORY).ok_or("the process is gone")?;
        let score = detector.push(Some(SystemClock.now()), memory);
        if score.value > 0.5 {
            println!("round {round}: {:.1} MiB, {}", memory / MIB, score.reason);
            if given.is_none() {
                return Ok(());
            }
        }
        if given.is_none() && round == QUIET_ROUNDS {
            taken = vec![1_u8; 64 << 20];
        }
        pause(if given.is_some() { Duration::from_secs(10) } else { Duration::from_millis(5) });
    }
    drop(taken);
    Ok(())
}

/// Prints what Prometheus would scrape of the process.
fn show(samples: &Samples) -> Result<(), Box<dyn std::error::Error>> {
    let mut page = String::new();
    Registry::new("example")?.write(Exposition::OpenMetrics, &[samples], &mut page);
    page.lines().filter(|line| line.contains("group=\"bot\"")).for_each(|line| println!("{line}"));
    Ok(())
}

fn find(samples: &Samples, series: &str) -> Option<f64> {
    let mut all = samples.families().flat_map(|family| family.samples());
    all.find(|sample| sample.series == series).map(|sample| sample.value)
}

fn pause(time: Duration) {
    let (_sender, receiver) = mpsc::channel::<()>();
    // Nobody sends: it is the time that ends it.
    assert_eq!(receiver.recv_timeout(time), Err(RecvTimeoutError::Timeout));
}

const MEMORY: &str = "process_group_resident_memory_bytes{group=\"bot\"}";
const MIB: f64 = 1_048_576.0;
const QUIET_ROUNDS: u32 = 400;
