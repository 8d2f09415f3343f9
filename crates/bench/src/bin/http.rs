//! The listener of `wardkit-api` beside a hello-world axum: closed loop, rounds interleaved, `wrk` as the client.
//!
//! `cargo run --release --bin http -- [seconds a run] [rounds]` prints the tables of `docs/benchmarks/http.md`.
#![expect(clippy::print_stdout, reason = "the tables are what it makes")]

use std::collections::HashMap;
use std::env;
use std::error::Error;
use std::fs;
use std::future::pending;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::routing::get;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpListener;
use wardkit_api::{BoxFuture, Daemon, HttpConfig, HttpServer, ReloadRefused, Reloaded, Status};
use wardkit_core::{Health, Timestamp};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    // A thousand connections need more descriptors than a shell commonly allows, here and in wrk.
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })?;
    match arguments.first().map(String::as_str) {
        Some("serve-axum") => serve(hello_axum()),
        Some("serve-wardkit") => serve(wardkit()),
        _ => {
            let number =
                |index: usize, usual| arguments.get(index).map_or(Ok(usual), |it| it.parse());
            compare(number(0, 5)?, number(1, 7)?)
        }
    }
}

/// Runs a server in this process, on a runtime such as a daemon has.
fn serve(server: impl Future<Output = Result<(), Box<dyn Error>>>) -> Result<(), Box<dyn Error>> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(server)
}

async fn hello_axum() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    // As long as the listener's own metrics, but not made anew for each request.
    let metrics_like = Bytes::from("# forty bytes, of which it takes fifty.\n".repeat(50));
    let app = Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/metrics", get(async move || metrics_like.clone()));
    Ok(axum::serve(listener, app).await?)
}

async fn wardkit() -> Result<(), Box<dyn Error>> {
    let mut config = HttpConfig::default();
    config.listen.set_port(0);
    let server = HttpServer::bind(config).await?;
    println!("{}", server.local_addr());
    server.serve(Arc::new(Quiet), pending()).await;
    Ok(())
}

struct Quiet;

impl Daemon for Quiet {
    fn health(&self) -> Vec<(String, Health)> {
        vec![("http".to_owned(), Health::Up)]
    }

    fn status(&self) -> Status {
        Status {
            version: String::new(),
            pid: 0,
            started_at: Timestamp::UNIX_EPOCH,
            uptime_seconds: 0,
            data_dir: String::new(),
            trail: None,
            config_file: None,
            listen: None,
            health: Health::Up,
            parts: Vec::new(),
            services: Vec::new(),
            plugins: Vec::new(),
            incidents: Vec::new(),
            events: Vec::new(),
        }
    }

    fn write_metrics(&self, _: &mut String) {}

    fn reload(&self) -> BoxFuture<'_, Result<Reloaded, ReloadRefused>> {
        Box::pin(async { Ok(Reloaded::default()) })
    }
}

fn compare(seconds: u32, rounds: u32) -> Result<(), Box<dyn Error>> {
    let (axum, ours) = (Server::start("serve-axum")?, Server::start("serve-wardkit")?);
    println!("load average before: {}", fs::read_to_string("/proc/loadavg")?.trim());
    println!("| path, connections | server | requests/s | CPU us/request | p50 ms | p99 ms |");
    println!("|---|---|---|---|---|---|");
    for path in ["/healthz", "/metrics"] {
        for connections in [64, 1000] {
            let (mut of_axum, mut of_ours) = (Vec::new(), Vec::new());
            for round in 0..rounds {
                // Whoever goes second finds a warmer machine: they take turns.
                let runs = [(&axum, &mut of_axum), (&ours, &mut of_ours)];
                let mut order: Vec<_> = runs.into_iter().collect();
                if round % 2 == 1 {
                    order.reverse();
                }
                for (server, results) in order {
                    results.push(server.measure(path, connections, seconds)?);
                }
            }
            let name = format!("{path}, {connections}");
            print_row(&name, "hello axum", &of_axum);
            print_row(&name, "wardkit-api", &of_ours);
            let ratio = |of: fn(&Run) -> f64| {
                median(of_ours.iter().zip(&of_axum).map(|(ours, axum)| of(ours) / of(axum)))
            };
            println!(
                "| {name} | **ratio** | **{:.2}** | **{:.2}** | {:.2} | {:.2} |",
                ratio(|run| run.per_second),
                ratio(|run| run.cpu_micros),
                ratio(|run| run.p50_millis),
                ratio(|run| run.p99_millis),
            );
        }
    }
    println!("load average after: {}", fs::read_to_string("/proc/loadavg")?.trim());
    Ok(())
}

fn print_row(name: &str, server: &str, runs: &[Run]) {
    let of = |field: fn(&Run) -> f64| median(runs.iter().map(field));
    println!(
        "| {name} | {server} | {:.0} | {:.2} | {:.2} | {:.2} |",
        of(|run| run.per_second),
        of(|run| run.cpu_micros),
        of(|run| run.p50_millis),
        of(|run| run.p99_millis),
    );
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A server in a process of its own, so that its CPU time is its own.
struct Server {
    process: Child,
    addr: SocketAddr,
}

/// What one run of the client saw.
struct Run {
    per_second: f64,
    cpu_micros: f64,
    p50_millis: f64,
    p99_millis: f64,
}

impl Server {
    fn start(role: &str) -> Result<Self, Box<dyn Error>> {
        let mut process =
            Command::new(env::current_exe()?).arg(role).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        Ok(Self { addr: line.trim().parse()?, process })
    }

    fn measure(&self, path: &str, connections: u32, seconds: u32) -> Result<Run, Box<dyn Error>> {
        let before = self.cpu_micros()?;
        let output = Command::new("wrk")
            .args(["-t1", "--latency", &format!("-c{connections}"), &format!("-d{seconds}s")])
            .arg(format!("http://{}{path}", self.addr))
            .output()
            .map_err(|error| format!("wrk: {error}; it is the Debian package `wrk`"))?;
        let spent = self.cpu_micros()? - before;
        let text = String::from_utf8(output.stdout)?;
        if text.contains("Socket errors") || text.contains("Non-2xx") || !output.status.success() {
            return Err(format!("wrk saw errors:\n{text}").into());
        }
        let mut words = HashMap::new();
        for line in text.lines() {
            let line: Vec<&str> = line.split_whitespace().collect();
            match line[..] {
                [name @ ("50%" | "99%" | "Requests/sec:"), value] => words.insert(name, value),
                [count, "requests", "in", ..] => words.insert("requests", count),
                _ => None,
            };
        }
        let value = |name: &str| words.get(name).copied().ok_or(format!("no {name} in:\n{text}"));
        Ok(Run {
            per_second: value("Requests/sec:")?.parse()?,
            cpu_micros: spent / value("requests")?.parse::<f64>()?,
            p50_millis: millis(value("50%")?)?,
            p99_millis: millis(value("99%")?)?,
        })
    }

    /// Returns the CPU time that the process has used, in user and kernel mode.
    fn cpu_micros(&self) -> Result<f64, Box<dyn Error>> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        // The name before the last parenthesis may hold anything; user and system time are fields 14 and 15.
        let (_, fields) = stat.rsplit_once(')').ok_or("no name")?;
        let ticks: u32 = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .map(str::parse::<u32>)
            .sum::<Result<_, _>>()?;
        Ok(f64::from(ticks) * 1e6 / TICKS_PER_SECOND)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that ended by itself is gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Reads a duration as wrk prints it.
fn millis(text: &str) -> Result<f64, Box<dyn Error>> {
    let unit_at = text.find(|letter: char| letter.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let factor = match unit {
        "us" => 1e-3,
        "ms" => 1.0,
        "s" => 1e3,
        _ => return Err(format!("no duration: {text}").into()),
    };
    Ok(number.parse::<f64>()? * factor)
}

/// What the kernel counts CPU time in for programs, on every architecture of Linux.
const TICKS_PER_SECOND: f64 = 100.0;
