//! agentd's alerting beside Alertmanager: what it takes to accept ten thousand alerts, to tell of them, and what is lost
//! when the program is killed meanwhile.
//!
//! `cargo run --release --manifest-path crates/bench/Cargo.toml --bin alerting -- target/release/agentd [rounds]` prints
//! the tables of `docs/benchmarks/alerting.md`. Alertmanager is the Debian package `prometheus-alertmanager`.
#![expect(clippy::print_stdout, reason = "the tables are what it makes")]

mod crash;
mod load;
mod peer;
mod sink;

use std::error::Error;
use std::path::PathBuf;

use load::{Grouping, Run};
use peer::Peer;
use sink::Sink;
use wardkit_bench::report::Host;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let agentd = PathBuf::from(arguments.next().ok_or("usage: alerting PATH-OF-AGENTD [ROUNDS]")?);
    let rounds: usize = arguments.next().map_or(Ok(5), |text| text.to_string_lossy().parse())?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let peers = [Peer::Alertmanager, Peer::Agentd(agentd)];
    let host = Host::here();
    println!(
        "{}, {} processors, {}, load average {}, {}.\n",
        host.processor,
        host.processors,
        host.compiler,
        host.load,
        peer::alertmanager_version()?
    );
    for grouping in [Grouping::Each, Grouping::Hundred] {
        let mut runs: [Vec<Run>; 2] = Default::default();
        for round in 0..rounds {
            // Whoever goes second finds a warmer machine: they take turns.
            let order = if round % 2 == 0 { [0, 1] } else { [1, 0] };
            for which in order {
                runs[which].push(runtime.block_on(load::run(&peers[which], grouping))?);
            }
        }
        print_table(grouping, &peers, &runs);
    }
    println!(
        "\n| slowest hundredth of posts while 10000 alerts are told, ms | Alertmanager | agentd | ratio |"
    );
    println!("|---|---|---|---|");
    for _ in 0..rounds {
        let [theirs, ours] =
            [runtime.block_on(load::busy(&peers[0]))?, runtime.block_on(load::busy(&peers[1]))?];
        println!("| | {theirs:.1} | {ours:.1} | {:.2} |", ours / theirs);
    }
    println!(
        "\n| killed after 2000 were told | accepted | told before | lost | told twice | with another key |"
    );
    println!("|---|---|---|---|---|---|");
    for peer in &peers {
        for _ in 0..rounds.min(3) {
            println!("{}", runtime.block_on(crash::run(peer))?);
        }
    }
    Ok(())
}

fn print_table(grouping: Grouping, peers: &[Peer; 2], runs: &[Vec<Run>; 2]) {
    println!("\n{} alerts, {} (medians of {}):\n", load::ALERTS, grouping.says(), runs[0].len());
    println!("| | {} | {} | ratio |\n|---|---|---|---|", peers[0].name(), peers[1].name());
    let rows: [(&str, Of); 9] = [
        ("accepted after, s", |run| run.accepted_s),
        ("slowest hundredth of posts, ms", |run| run.slowest_post_ms),
        ("CPU until accepted, s", |run| run.accept_cpu_s),
        ("all told after, s", |run| run.told_s),
        ("CPU in all, s", |run| run.cpu_s),
        ("requests to the receiver", |run| run.requests),
        ("resident before, MB", |run| run.before_mb),
        ("resident at most, MB", |run| run.peak_mb),
        ("all alerts listed in, s", |run| run.list_s),
    ];
    for (what, of) in rows {
        let (theirs, ours) = (median(&runs[0], of), median(&runs[1], of));
        println!("| {what} | {theirs:.3} | {ours:.3} | {:.2} |", ours / theirs);
    }
}

type Of = fn(&Run) -> f64;

fn median(runs: &[Run], of: Of) -> f64 {
    let mut values: Vec<f64> = runs.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
