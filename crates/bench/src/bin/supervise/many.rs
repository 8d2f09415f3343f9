//! A thousand services, and a service that is a storm of a thousand processes.

use std::path::Path;
use std::time::Duration;

use crate::peer::Peer;
use crate::usage::Usage;
use crate::{Result, SERVICES, pause, until};
use wardkit_core::{Clock as _, SystemClock};

const MANY: usize = 1000;

const IDLE: Duration = Duration::from_secs(20);

/// After this what a start needed has been given back.
const SETTLE: Duration = Duration::from_secs(20);

/// What a thousand services cost.
pub(crate) struct Many {
    pub(crate) started: Duration,
    pub(crate) cpu_percent: f64,
    pub(crate) each_kb: f64,
}

pub(crate) fn print(agentd: &Path) -> Result<Many> {
    let mut few = Peer::agentd(agentd, &[])?;
    few.start(SERVICES)?;
    pause(SETTLE);
    let base = Usage::of(&few.processes()?)?;
    drop(few);
    let mut many = Peer::agentd(agentd, &[])?;
    let started = many.start(MANY)?;
    pause(SETTLE);
    let pids = many.processes()?;
    let before = Usage::of(&pids)?;
    pause(IDLE);
    let after = Usage::of(&pids)?;
    let cpu_percent = (after.cpu_nanos - before.cpu_nanos) as f64 / 1e7 / IDLE.as_secs_f64();
    let more = after.private.saturating_sub(base.private);
    let each_kb = more as f64 / (MANY - SERVICES) as f64 / 1e3;
    println!("\n| {MANY} services | agentd |\n|---|---|");
    println!("| all started after, s | {:.2} |", started.as_secs_f64());
    println!("| idle CPU, % | {cpu_percent:.3} |");
    println!("| private memory, MB | {:.2} |", after.private as f64 / 1e6);
    println!("| private memory for each, kB | {each_kb:.2} |");
    let restarted = many.kill("s0500")?;
    println!("| kill -9 of one to running, ms | {restarted:.2} |");
    let begin = SystemClock.uptime();
    drop(many);
    println!(
        "| all stopped after, s | {:.2} |",
        (SystemClock.uptime().saturating_sub(begin)).as_secs_f64()
    );
    Ok(Many { started, cpu_percent, each_kb })
}

/// Each forks two, seven times, and all stay; in sessions of their own from the middle on.
const STORM: &str = r#"f() { if [ "$1" -gt 0 ]; then f $(($1-1)) & f $(($1-1)) & fi; while :; do sleep 1; done; }; f 9"#;

/// Returns how long it took to stop it, and by what.
pub(crate) fn storm(agentd: &Path) -> Result<(Duration, bool)> {
    let mut peer = Peer::agentd(agentd, &["sh", "-c", STORM])?;
    peer.start(1)?;
    until("the storm", || Ok(peer.storm()?.len() >= MANY))?;
    let count = peer.storm()?.len();
    let time = peer.stop("storm")?;
    let left = peer.storm()?.len();
    println!("\n| storm of {count} processes | agentd |\n|---|---|");
    println!("| stopped whole after, ms | {:.1} |\n| left | {left} |", time.as_secs_f64() * 1e3);
    println!("| by | {} |", if peer.has_cgroups() { "cgroup.kill" } else { "walking the tree" });
    Ok((time, peer.has_cgroups()))
}
