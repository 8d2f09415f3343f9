//! Plugins beside extism, in alternating rounds of one run; on wasmtime too with the feature `wasmtime`.
//!
//! ```sh
//! pip install extism==1.1.1 extism-sys==1.41.0
//! cargo run --release --config profile.release.lto=false --config profile.release.codegen-units=16 \
//!     --manifest-path crates/bench/Cargo.toml --features wasmtime --bin wasm -- 40
//! ```
//!
//! The argument is the number of rounds. It prints the tables of `docs/benchmarks/sandbox.md`. Started as
//! `wasm worker` it is the process of a call.
#![expect(clippy::print_stdout, reason = "the page goes to standard output")]

use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use wardkit_bench::report::Host;
use wardkit_core::{Clock as _, SystemClock};
use wardkit_sandbox::{Capabilities, Policy, Prepared, Sandbox as _};
use wardkit_sandbox_wasm::{Config, Isolation, Wasm, Worker};

#[cfg(feature = "wasmtime")]
mod compiled;
mod crowd;
mod figures;
mod peer;
mod share;

use figures::Figures;
use peer::Peer;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let argument = std::env::args().nth(1).unwrap_or_default();
    if argument == "worker" {
        return Ok(wardkit_sandbox_wasm::worker(std::io::stdin(), std::io::stdout())?);
    }
    let rounds: usize = argument.parse().map_err(|_| "usage: wasm ROUNDS")?;
    let folder = std::env::temp_dir().join(format!("wasm-bench-{}", std::process::id()));
    fs::create_dir(&folder)?;
    let done = compare(rounds, &folder);
    fs::remove_dir_all(&folder)?;
    done
}

fn compare(rounds: usize, folder: &Path) -> Result<()> {
    let small = wat::parse_str(include_str!("plugin.wat"))?;
    let large = wat::parse_str(large())?;
    let theirs = folder.join("extism.wasm");
    fs::write(&theirs, wat::parse_str(include_str!("extism.wat"))?)?;
    let mut peer = Peer::start(&theirs)?;
    let host = Host::here();
    println!(
        "{}, {} processors, {}, load average {}; extism {}, wasmi 2, wasmtime 48.\n",
        host.processor, host.processors, host.compiler, host.load, peer.version
    );

    let apart = apart()?;
    #[cfg(feature = "wasmtime")]
    let sandboxes =
        [("wasmi", Wasm::new()?), ("wasmtime", compiled::filled(folder, &[&small, &large])?)];
    #[cfg(not(feature = "wasmtime"))]
    let sandboxes = [("wasmi", Wasm::new()?)];

    let mut figures = Figures::default();
    for _ in 0..rounds {
        for (name, sandbox) in &sandboxes {
            loads(&mut figures, name, sandbox, &small, &large)?;
        }
        figures.add("load and run, wasmi in a process", once(10, || run(&apart, &small))?);
        figures.add("load and run, extism", peer.measure("load", 10)?);
        figures.add("reused call with 4 KiB taken, extism", peer.measure("take", 200)?);
        figures.add("reused call with 4 KiB summed, extism", peer.measure("sum", 200)?);
        figures.add("what ctypes takes of that", peer.measure("floor", 200)?);
    }
    #[cfg(feature = "wasmtime")]
    compiled::compiling(&mut figures, rounds.div_ceil(8), &large)?;
    println!("{figures}");
    println!("The large module has {} bytes.\n", large.len());
    for (name, sandbox) in &sandboxes {
        share::show(name, sandbox)?;
        crowd::show(name, sandbox, &small)?;
    }
    Ok(())
}

fn loads(
    figures: &mut Figures,
    name: &str,
    sandbox: &Wasm,
    small: &[u8],
    large: &[u8],
) -> Result<()> {
    figures.add(&format!("load and run, {name}"), once(10, || run(sandbox, small))?);
    figures.add(
        &format!("load 100 KB, {name}"),
        once(5, || Ok(sandbox.prepare(large, &policy()).map(drop)?))?,
    );
    let plugin = sandbox.prepare(small, &policy())?;
    let (nothing, input) = (nothing(), [1; 4096]);
    figures.add(
        &format!("fresh call with 4 KiB summed, {name}"),
        once(200, || Ok(plugin.call(&input, &nothing)?))?,
    );
    Ok(())
}

fn run(sandbox: &Wasm, module: &[u8]) -> Result<Vec<u8>> {
    let plugin: Box<dyn Prepared> = sandbox.prepare(module, &policy())?;
    Ok(plugin.call(&[1; 4096], &nothing())?.output)
}

/// Measures each of so many times.
fn once<T>(times: usize, mut work: impl FnMut() -> Result<T>) -> Result<Vec<Duration>> {
    let mut took = Vec::with_capacity(times);
    for _ in 0..times {
        let begun = SystemClock.uptime();
        std::hint::black_box(work()?);
        took.push(SystemClock.uptime().saturating_sub(begun));
    }
    Ok(took)
}

fn apart() -> Result<Wasm> {
    let mut config = Config::default();
    config.isolation = Isolation::Process(worker()?);
    Ok(Wasm::with(&config)?)
}

fn worker() -> Result<Worker> {
    Ok(Worker::new(std::env::current_exe()?, &["worker"]))
}

fn nothing() -> Arc<dyn Capabilities> {
    Arc::new(())
}

/// All of a processor: what a call costs, and not how long it stands still.
fn policy() -> Policy {
    let mut policy = Policy::default();
    if let Ok(share) = "1000%".parse() {
        policy.limits.cpu = share;
    }
    policy
}

/// Some 100 KB of functions that compute, none of which is run.
fn large() -> String {
    let work = "(i64.rotl (i64.mul (i64.xor (local.get 0) (i64.const 7046029254386353131)) (local.get 1)) (i64.const 31))
        (local.set 0) (i64.store offset=64 (i32.wrap_i64 (i64.and (local.get 0) (i64.const 4095))) (local.get 1))"
        .repeat(12);
    let functions = format!("(func (param i64 i64) (result i64) {work} (local.get 0))").repeat(220);
    let small = include_str!("plugin.wat");
    let end = small.rfind(')').unwrap_or(small.len());
    format!("{}{functions})", &small[..end])
}
