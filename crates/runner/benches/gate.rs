//! What it costs to have a service run again. `gate.toml` holds the limits, as ratios to measurements of the same run.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use wardkit_core::SystemClock;
use wardkit_process::{Process, Signal};
use wardkit_runner::{MemoryStore, NoOutlet, Options, Services, Then};
use wardkit_supervise::{Config, ServiceSpec};

/// They are killed in turn, so that each has run for a while when its turn comes.
const SERVICES: usize = 50;

fn restarts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gate");
    group.bench_function("command", |b| {
        b.iter(|| {
            let mut sleep = Command::new("/bin/sleep");
            let sleep = sleep.arg("1000").stdin(Stdio::null()).stdout(Stdio::null());
            let mut child = sleep.spawn().expect("it is there");
            child.kill().expect("it is a child");
            child.wait().expect("it is a child")
        });
    });
    let folder = tempfile::tempdir().expect("there is room");
    let services = start(folder.path());
    let mut pids: Vec<u32> = (0..SERVICES).map(|at| running(&services, at, 0)).collect();
    let mut turns = (0..SERVICES).cycle();
    group.bench_function("kill_to_running", |b| {
        b.iter(|| {
            let at = turns.next().expect("it has no end");
            let process = Process::with_pid(pids[at]).expect("it runs");
            process.signal(Signal::KILL).expect("it is ours");
            pids[at] = running(&services, at, pids[at]);
        });
    });
    group.finish();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("there is room");
    runtime.block_on(services.shutdown(Then::Stop));
}

fn start(folder: &std::path::Path) -> Services {
    let service = |number| {
        let mut service = ServiceSpec::new(format!("bot-{number}"), ["/bin/sleep", "1000"]);
        service.intensity.max_restarts = 0;
        // Each restart is a first one.
        service.backoff.stable_after = Some(Duration::from_millis(1));
        service
    };
    let services: Vec<ServiceSpec> = (0..SERVICES).map(service).collect();
    let guardian = env!("CARGO_BIN_EXE_wardkit-runner-guardian");
    Services::start(
        Config::new(services),
        Options::new(folder.join("services"), "bench", [guardian]),
        Box::new(MemoryStore::new()),
        Arc::new(NoOutlet),
        Arc::new(SystemClock),
    )
    .expect("it starts")
}

/// Waits until a service runs as another process than this one.
fn running(services: &Services, at: usize, last: u32) -> u32 {
    loop {
        let pid = services.list()[at].pid;
        match pid.filter(|pid| *pid != last) {
            Some(pid) => return pid,
            None => std::thread::yield_now(),
        }
    }
}

criterion_group!(gate, restarts);
criterion_main!(gate);
