//! A thousand callers at one time.
#![expect(clippy::print_stdout, reason = "the page goes to standard output")]

use std::fs;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use wardkit_core::{Clock as _, SystemClock};
use wardkit_sandbox::{Prepared, Sandbox as _};
use wardkit_sandbox_wasm::Wasm;

use super::figures::percentile;
use super::{Result, nothing, policy};

/// Lets a thousand threads call four plugins at once, and tells how long they waited, by plugin.
pub(crate) fn show(name: &str, sandbox: &Wasm, module: &[u8]) -> Result<()> {
    let prepare = |_| Ok(Arc::from(sandbox.prepare(module, &policy())?));
    let plugins: Vec<Arc<dyn Prepared>> = (0..PLUGINS).map(prepare).collect::<Result<_>>()?;
    let together = Arc::new(Barrier::new(CALLERS));
    let before = resident()?;
    let callers: Vec<_> = (0..CALLERS)
        .map(|n| {
            let (plugin, together) = (Arc::clone(&plugins[n % PLUGINS]), Arc::clone(&together));
            let small = thread::Builder::new().stack_size(256 * 1024);
            small.spawn(move || {
                together.wait();
                let begun = SystemClock.uptime();
                let ended = plugin.call(b"12345678", &nothing()).map(|outcome| outcome.ended);
                (SystemClock.uptime().saturating_sub(begun), ended.is_ok())
            })
        })
        .collect::<std::io::Result<_>>()?;
    let mut times = vec![Vec::new(); PLUGINS];
    let mut failed = 0;
    for (n, caller) in callers.into_iter().enumerate() {
        let (took, is_done) = caller.join().map_err(|_| "a caller panicked")?;
        failed += usize::from(!is_done);
        times[n % PLUGINS].push(took);
    }
    let grown = resident()?.saturating_sub(before) / 1024;
    let mut all: Vec<Duration> = times.concat();
    let p99 = percentile(&mut all, 99).as_secs_f64() * 1e3;
    let each: Vec<String> = times
        .iter_mut()
        .map(|times| format!("{:.1}", percentile(times, 99).as_secs_f64() * 1e3))
        .collect();
    println!(
        "{name}: {CALLERS} callers, {failed} failed, p99 {p99:.1} ms (by plugin {}), {grown} MiB more at the end",
        each.join(", ")
    );
    Ok(())
}

fn resident() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

const CALLERS: usize = 1000;
const PLUGINS: usize = 4;
