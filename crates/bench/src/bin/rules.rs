//! What evaluating rules costs agentd and Prometheus: two hundred rules, each over ten thousand series.
//!
//! `cargo run --release --manifest-path crates/bench/Cargo.toml --bin rules -- target/release/agentd [rounds]` prints the
//! table of `docs/benchmarks/alerting.md`. Both programs get the same series every ten seconds and the same rule file; the
//! cost is the difference in CPU time to the same program without rules. Prometheus is the Debian package `prometheus`.
#![expect(clippy::print_stdout, reason = "the table is what it makes")]

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{interval, sleep, timeout};
use wardkit_bench::report::Host;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let agentd = PathBuf::from(arguments.next().ok_or("usage: rules PATH-OF-AGENTD [ROUNDS]")?);
    let rounds: usize = arguments.next().map_or(Ok(3), |text| text.to_string_lossy().parse())?;
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?
        .block_on(compare(&agentd, rounds))
}

async fn compare(agentd: &Path, rounds: usize) -> Result<()> {
    let host = Host::here();
    println!("{}, {} processors, load average {}.\n", host.processor, host.processors, host.load);
    println!("{RULES} rules over {SERIES} series, every {} s:\n", EVERY.as_secs());
    println!(
        "| | without rules, CPU s | with rules, CPU s | rules, CPU s an evaluation | resident, MB |"
    );
    println!("|---|---|---|---|---|");
    let mut costs = [Vec::new(), Vec::new()];
    for round in 0..rounds {
        // Whoever goes second finds a warmer machine: they take turns.
        for which in if round % 2 == 0 { [0, 1] } else { [1, 0] } {
            let program = if which == 0 { None } else { Some(agentd) };
            let (without, _) = run(program, false).await?;
            let (with, resident) = run(program, true).await?;
            let cost = (with - without) * EVERY.as_secs_f64() / MEASURED.as_secs_f64();
            let name = if which == 0 { "Prometheus" } else { "agentd" };
            println!("| {name} | {without:.2} | {with:.2} | {cost:.3} | {resident:.0} |");
            costs[which].push(cost);
        }
    }
    let [theirs, ours] = costs.map(median);
    println!("\nMedians: {theirs:.3} and {ours:.3} s an evaluation, ratio {:.2}.", ours / theirs);
    Ok(())
}

/// Runs Prometheus, or agentd, and returns its CPU time in [`MEASURED`], and its memory.
async fn run(agentd: Option<&Path>, with_rules: bool) -> Result<(f64, f64)> {
    let dir = TempDir::new()?;
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let moment = Arc::new(AtomicU64::new(0));
    let target = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let scraped = target.local_addr()?;
    let app = Router::new().route("/metrics", get(page_of)).with_state(Arc::clone(&moment));
    let serving = tokio::spawn(async move {
        // It ends with the run.
        let _ = axum::serve(target, app).await;
    });
    fs::write(
        dir.path().join("rules.yml"),
        if with_rules { rules() } else { String::from("groups: []\n") },
    )?;
    let mut command = match agentd {
        None => prometheus(dir.path(), address, scraped)?,
        Some(program) => ours(program, dir.path(), address)?,
    };
    let log = fs::File::create(dir.path().join("log"))?;
    let running = Running(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()?);
    let listens = async {
        while TcpStream::connect(address).await.is_err() {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(30), listens).await.map_err(|_| {
        format!("no answer: {}", fs::read_to_string(dir.path().join("log")).unwrap_or_default())
    })?;
    let pushing = agentd.map(|_| tokio::spawn(push(address, moment)));
    sleep(WARM_UP).await;
    let before = running.cpu_s()?;
    sleep(MEASURED).await;
    let spent = running.cpu_s()? - before;
    let resident = running.resident_mb()?;
    serving.abort();
    if let Some(pushing) = pushing {
        pushing.abort();
    }
    Ok((spent, resident))
}

fn prometheus(dir: &Path, address: SocketAddr, scraped: SocketAddr) -> Result<Command> {
    let config = format!(
        "global:\n  scrape_interval: 10s\n  evaluation_interval: {}s\nrule_files: [rules.yml]\nscrape_configs:\n\
         - job_name: bot\n  static_configs:\n  - targets: ['{scraped}']\n",
        EVERY.as_secs()
    );
    fs::write(dir.join("prometheus.yml"), config)?;
    let mut command = Command::new("prometheus");
    command
        .arg(format!("--config.file={}", dir.join("prometheus.yml").display()))
        .arg(format!("--storage.tsdb.path={}", dir.join("data").display()))
        .arg(format!("--web.listen-address={address}"));
    Ok(command)
}

fn ours(program: &Path, dir: &Path, address: SocketAddr) -> Result<Command> {
    let config = format!(
        "[listen]\naddress = \"{address}\"\ndanger-open-writes = true\n[detect]\nenabled = false\n\
         [alerting]\nrules = [\"rules.yml\"]\n"
    );
    fs::write(dir.join("agentd.toml"), config)?;
    let mut command = Command::new(program);
    command.arg("run").arg("--config").arg(dir.join("agentd.toml"));
    command.arg("--data-dir").arg(dir.join("data"));
    Ok(command)
}

/// Brings agentd the page that Prometheus fetches.
async fn push(address: SocketAddr, moment: Arc<AtomicU64>) {
    let mut ticks = interval(Duration::from_secs(10));
    loop {
        ticks.tick().await;
        let body = page(moment.fetch_add(1, Ordering::Relaxed));
        let Ok(mut stream) = TcpStream::connect(address).await else { continue };
        let head = format!(
            "POST /api/v1/ingest HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let mut answer = String::new();
        let sent = async {
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(body.as_bytes()).await?;
            stream.read_to_string(&mut answer).await
        };
        assert!(
            sent.await.is_ok() && answer.starts_with("HTTP/1.1 2"),
            "a push was refused: {answer}"
        );
    }
}

async fn page_of(State(moment): State<Arc<AtomicU64>>) -> String {
    page(moment.fetch_add(1, Ordering::Relaxed))
}

/// The series at one moment: gauges that move, counters that grow.
fn page(moment: u64) -> String {
    let mut page = String::from("# TYPE bot_depth gauge\n");
    for series in 0..SERIES / 2 {
        let _ = writeln!(
            page,
            "bot_depth{{shard=\"{}\",worker=\"w{series}\"}} {}",
            series % 50,
            (series + moment) % 97
        );
    }
    page.push_str("# TYPE bot_done_total counter\n");
    for series in 0..SERIES / 2 {
        let _ = writeln!(
            page,
            "bot_done_total{{shard=\"{}\",worker=\"w{series}\"}} {}",
            series % 50,
            moment * (series % 13 + 1)
        );
    }
    page
}

/// Rules of the kinds that people write, none of which fires.
fn rules() -> String {
    let mut text = String::from("groups:\n- name: bench\n  rules:\n");
    for rule in 0..RULES {
        let limit = 1_000_000 + rule;
        let expr = match rule % 5 {
            0 => format!("{{__name__=~\"bot_.*\"}} > {limit}"),
            1 => format!("rate(bot_done_total[1m]) > {limit} or bot_depth > {limit}"),
            2 => format!(
                "sum by (shard) (bot_depth) > {limit} or sum by (shard) (bot_done_total) > 1e9"
            ),
            3 => format!(
                "avg_over_time(bot_depth[1m]) > {limit} or increase(bot_done_total[1m]) > {limit}"
            ),
            _ => format!("bot_depth / on (shard, worker) bot_done_total > {limit}"),
        };
        let _ = writeln!(text, "  - alert: Rule{rule}\n    expr: '{expr}'\n    for: 1m");
    }
    text
}

/// A running program; it is killed when it is dropped.
struct Running(Child);

impl Running {
    fn cpu_s(&self) -> Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0.id()))?;
        let (_, fields) = stat.rsplit_once(')').ok_or("no name")?;
        let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u32>);
        Ok(f64::from(ticks.sum::<std::result::Result<u32, _>>()?) / 100.0)
    }

    fn resident_mb(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS")).ok_or("no such line")?;
        let kib: u32 = line.split_whitespace().nth(1).ok_or("no value")?.parse()?;
        Ok(f64::from(kib) * 1024.0 / 1e6)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that ended by itself is gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

const RULES: u64 = 200;
const SERIES: u64 = 10_000;
const EVERY: Duration = Duration::from_secs(15);
/// Six samples, so that the windows are full.
const WARM_UP: Duration = Duration::from_secs(75);
const MEASURED: Duration = Duration::from_mins(1);
