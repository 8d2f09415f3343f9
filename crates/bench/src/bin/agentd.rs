//! What agentd costs when it has nothing to do, and how soon it is ready.
//!
//! `cargo run --release --manifest-path crates/bench/Cargo.toml --bin agentd -- target/release/agentd`
//! prints the page `docs/benchmarks/agentd.md`; it takes two minutes, most of them waiting.
#![expect(clippy::print_stdout, reason = "the page goes to standard output")]
#![expect(clippy::cast_precision_loss, reason = "a tenth of a megabyte is precise enough")]

use std::error::Error;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use wardkit_bench::report::Host;
use wardkit_core::{Clock as _, SystemClock};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let program = PathBuf::from(std::env::args_os().nth(1).ok_or("usage: agentd PATH-OF-AGENTD")?);
    let host = Host::here();
    let starts = starts(&program)?;
    let idle = idle(&program)?;
    let size = fs::metadata(&program)?.len();
    let at = |share: usize| starts[(starts.len() - 1) * share / 100].as_secs_f64() * 1e3;
    println!("# agentd: start and idle\n");
    println!(
        "{}, {} processors, {}, load average {}.\n",
        host.processor, host.processors, host.compiler, host.load
    );
    println!("```sh\ncargo build --release --bin agentd");
    println!(
        "cargo run --release --manifest-path crates/bench/Cargo.toml --bin agentd -- target/release/agentd\n```\n"
    );
    println!("| what | measured | goal |\n|---|---|---|");
    println!(
        "| start to ready, {STARTS} starts, median / 95th / worst | {:.1} / {:.1} / {:.1} ms | <= 100 ms |",
        at(50),
        at(95),
        at(100)
    );
    println!("| resident memory, idle | {:.1} MB | <= 15 MB |", idle.resident_kib as f64 / 1024.0);
    println!(
        "| CPU time, idle for {} s | {:.4} % | <= 0.1 % |",
        IDLE.as_secs(),
        idle.cpu_share * 100.0
    );
    println!("| context switches, idle for {} s | {} | - |", IDLE.as_secs(), idle.switches);
    println!("| release binary | {:.1} MB | <= 15 MB |", size as f64 / 1e6);
    println!("\nReady is when the address is printed: every part is up and the listener answers.");
    Ok(())
}

/// Starts the daemon again and again, each time with a data directory of its own, and returns the times, sorted.
fn starts(program: &Path) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let before = SystemClock.uptime();
        let daemon = Daemon::start(program)?;
        times.push(SystemClock.uptime().saturating_sub(before));
        drop(daemon);
    }
    times.sort();
    Ok(times)
}

struct Idle {
    resident_kib: u64,
    cpu_share: f64,
    switches: u64,
}

fn idle(program: &Path) -> Result<Idle> {
    let daemon = Daemon::start(program)?;
    let pid = daemon.child.id();
    let (cpu, switches) = (cpu_nanos(pid)?, switches(pid)?);
    // Nobody unparks this thread.
    std::thread::park_timeout(IDLE);
    let cpu = Duration::from_nanos(cpu_nanos(pid)? - cpu);
    let resident_kib = number_after(&fs::read_to_string(format!("/proc/{pid}/status"))?, "VmRSS:")?;
    let cpu_share = cpu.as_secs_f64() / IDLE.as_secs_f64();
    Ok(Idle { resident_kib, cpu_share, switches: self::switches(pid)? - switches })
}

/// The time on a processor of all threads, as the scheduler counts it: finer than clock ticks.
fn cpu_nanos(pid: u32) -> Result<u64> {
    let mut sum = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        let text = fs::read_to_string(task?.path().join("schedstat"))?;
        sum += text.split(' ').next().unwrap_or_default().parse::<u64>()?;
    }
    Ok(sum)
}

fn switches(pid: u32) -> Result<u64> {
    let mut sum = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        let text = fs::read_to_string(task?.path().join("status"))?;
        sum += number_after(&text, "\nvoluntary_ctxt_switches:")?;
    }
    Ok(sum)
}

fn number_after(text: &str, name: &str) -> Result<u64> {
    let rest = text.split_once(name).ok_or_else(|| format!("no {name}"))?.1;
    Ok(rest.split_whitespace().next().unwrap_or_default().parse()?)
}

/// A running daemon with a data directory of its own; both are gone when it is dropped.
struct Daemon {
    child: Child,
    data_dir: PathBuf,
}

impl Daemon {
    fn start(program: &Path) -> Result<Self> {
        let data_dir = std::env::temp_dir().join(format!("agentd-bench-{}", std::process::id()));
        let mut child = Command::new(program)
            .arg("--data-dir")
            .arg(&data_dir)
            .args(["--listen", "127.0.0.1:0", "--format", "json"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let out = child.stdout.take().ok_or("no output")?;
        let mut line = String::new();
        let read = BufReader::new(out).read_line(&mut line);
        let daemon = Self { child, data_dir };
        if read? == 0 {
            return Err("the daemon did not start; run it by hand to see why".into());
        }
        Ok(daemon)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.data_dir);
    }
}

const STARTS: usize = 50;
const IDLE: Duration = Duration::from_mins(1);
