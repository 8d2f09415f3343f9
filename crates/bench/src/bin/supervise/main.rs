//! agentd beside supervisord and monit: how soon a killed service runs again, and what watching fifty costs.
//!
//! `cargo run --release --manifest-path crates/bench/Cargo.toml --bin supervise -- target/release/agentd` prints the tables
//! of `docs/benchmarks/supervise.md`; auditctl lies beside agentd. The peers are the Debian packages `supervisor` and
//! `monit`. All three keep the same fifty programs up at the same time, and their services are killed in turns.
#![expect(clippy::print_stdout, reason = "the tables are what it makes")]
#![expect(clippy::cast_precision_loss, reason = "milliseconds and megabytes are not that precise")]

mod crash;
mod goals;
mod kills;
mod many;
mod peer;
mod service;
mod usage;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use peer::Peer;
use wardkit_bench::report::Host;
use wardkit_core::{Clock as _, SystemClock};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// As many as the goals say.
const SERVICES: usize = 50;

/// How long idling is watched.
const IDLE: Duration = Duration::from_mins(1);

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--service", name, socket] => service::run(name, socket),
        ["--daemon", name, socket, pid_file] => service::daemon(name, socket, pid_file),
        [agentd] => compare(&PathBuf::from(agentd).canonicalize()?),
        _ => Err("usage: supervise PATH-OF-AGENTD".into()),
    }
}

fn compare(agentd: &Path) -> Result<()> {
    let host = Host::here();
    println!("# Supervision, side by side\n");
    println!(
        "Measured on: {}, {} processors, {}, load average {} at the start, supervisor {} and monit {} (Debian).\n",
        host.processor,
        host.processors,
        host.compiler,
        host.load,
        peer::version("supervisord", "--version")?,
        peer::version("monit", "--version")?
    );
    println!("```console\ncargo build --release --bin agentd --bin auditctl");
    println!(
        "cargo run --release --manifest-path crates/bench/Cargo.toml --bin supervise -- target/release/agentd\n```\n"
    );
    println!("{METHOD}");
    let mut peers = [Peer::supervisord()?, Peer::monit()?, Peer::agentd(agentd, &[])?];
    for peer in &mut peers {
        peer.start(SERVICES)?;
    }
    println!("| {SERVICES} services | supervisord | monit | agentd |\n|---|---|---|---|");
    // What a start leaves to be done is done before anything is measured.
    pause(Duration::from_secs(20));
    let idle = usage::print(&peers, IDLE)?;
    let quiet = kills::print(&mut peers, "quiet", 14)?;
    let load = service::Busy::start(12)?;
    let loaded = kills::print(&mut peers, "12 busy loops", 12)?;
    drop(load);
    println!(
        "\n| after `kill -9` of | services | processes | started twice | all known again after |"
    );
    println!("|---|---|---|---|---|");
    let mut known = Duration::ZERO;
    for peer in &mut peers {
        known = crash::print(peer)?;
    }
    drop(peers);
    let many = many::print(agentd)?;
    let storm = many::storm(agentd)?;
    goals::print(&goals::Measured { idle, quiet, loaded, known, many, storm });
    Ok(())
}

const METHOD: &str = "\
All three keep the same programs up at the same time, with their defaults but for monit, which looks every second. Services are
killed in turns; a service tells the harness itself when it runs, so that the time is from the signal to its first statement.
Memory is the sum of `Private_Clean` and `Private_Dirty` of `smaps_rollup` over all processes of the supervisor, without its
services; agentd's are the guardian and the main process, in `profile = \"supervise\"`. Wake-ups are voluntary switches.\n";

/// Nobody unparks this thread.
fn pause(time: Duration) {
    let end = SystemClock.uptime() + time;
    while let Some(rest) = end.checked_sub(SystemClock.uptime()).filter(|rest| !rest.is_zero()) {
        std::thread::park_timeout(rest);
    }
}

/// Asks until something holds, every few milliseconds.
fn until(what: &str, mut holds: impl FnMut() -> Result<bool>) -> Result<Duration> {
    let begin = SystemClock.uptime();
    while !holds()? {
        if SystemClock.uptime().saturating_sub(begin) > Duration::from_mins(2) {
            return Err(format!("{what}: not within two minutes").into());
        }
        pause(Duration::from_millis(5));
    }
    Ok(SystemClock.uptime().saturating_sub(begin))
}
