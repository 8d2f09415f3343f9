//! What a supervisor takes when nothing happens.

use std::fs;
use std::time::Duration;

use crate::peer::Peer;
use crate::{Result, pause};

#[derive(Clone, Copy, Default)]
pub(crate) struct Usage {
    pub(crate) cpu_nanos: u64,
    pub(crate) wakes: u64,
    pub(crate) private: u64,
    pub(crate) proportional: u64,
}

impl Usage {
    /// Of all these processes together; memory in bytes.
    pub(crate) fn of(pids: &[u32]) -> Result<Self> {
        let mut sum = Self::default();
        for pid in pids {
            for task in fs::read_dir(format!("/proc/{pid}/task"))? {
                let task = task?.path();
                let schedule = fs::read_to_string(task.join("schedstat"))?;
                sum.cpu_nanos += schedule.split(' ').next().unwrap_or_default().parse::<u64>()?;
                let status = fs::read_to_string(task.join("status"))?;
                sum.wakes += number(&status, "\nvoluntary_ctxt_switches:")?;
            }
            let memory = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
            for name in ["\nPrivate_Clean:", "\nPrivate_Dirty:"] {
                sum.private += number(&memory, name)? * 1024;
            }
            sum.proportional += number(&memory, "\nPss:")? * 1024;
        }
        Ok(sum)
    }
}

fn number(text: &str, name: &str) -> Result<u64> {
    let rest = text.split_once(name).ok_or_else(|| format!("no{name}"))?.1;
    Ok(rest.split_whitespace().next().unwrap_or_default().parse()?)
}

/// What one takes in a second in which nothing happens, and what it holds.
#[derive(Clone, Copy)]
pub(crate) struct Idle {
    pub(crate) cpu_percent: f64,
    pub(crate) wakes: f64,
    pub(crate) private_mb: f64,
}

/// Prints rows of what the peers take while nothing happens, and returns it.
pub(crate) fn print(peers: &[Peer; 3], time: Duration) -> Result<[Idle; 3]> {
    let pids = [peers[0].processes()?, peers[1].processes()?, peers[2].processes()?];
    let all = || -> Result<[Usage; 3]> {
        Ok([Usage::of(&pids[0])?, Usage::of(&pids[1])?, Usage::of(&pids[2])?])
    };
    let before = all()?;
    pause(time);
    let after = all()?;
    let seconds = time.as_secs_f64();
    let idle = [0, 1, 2].map(|which| Idle {
        cpu_percent: (after[which].cpu_nanos - before[which].cpu_nanos) as f64 / 1e7 / seconds,
        wakes: (after[which].wakes - before[which].wakes) as f64 / seconds,
        private_mb: after[which].private as f64 / 1e6,
    });
    let row = |what: &str, cells: [String; 3]| println!("| {what} | {} |", cells.join(" | "));
    row("idle CPU, %", idle.map(|idle| format!("{:.4}", idle.cpu_percent)));
    row("wake-ups a second", idle.map(|idle| format!("{:.2}", idle.wakes)));
    row("private memory, MB", idle.map(|idle| format!("{:.2}", idle.private_mb)));
    row(
        "proportional memory, MB",
        after.map(|usage| format!("{:.2}", usage.proportional as f64 / 1e6)),
    );
    let mut each = Vec::new();
    for pid in &pids[2] {
        each.push(format!("{:.2}", Usage::of(&[*pid])?.private as f64 / 1e6));
    }
    row("of these, each process", [String::new(), String::new(), each.join(" + ")]);
    Ok(idle)
}
