//! What a run of a program costs.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use wardkit_core::{Clock as _, SystemClock};

use crate::Result;
use crate::tool::Tool;

/// What a run of a program cost, or how large something is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    pub cpu: f64,
    pub wall: f64,
    /// The most memory that it had at once, in megabytes.
    pub memory: f64,
    /// In megabytes.
    pub size: f64,
}

/// What all runs cost, by step and tool, in the order of the steps.
#[derive(Default)]
pub(crate) struct Table {
    steps: Vec<&'static str>,
    costs: BTreeMap<(&'static str, &'static str), Vec<Cost>>,
}

impl Cost {
    pub(crate) fn size(bytes: u64) -> Self {
        Self { size: bytes as f64 / 1e6, ..Self::default() }
    }
}

impl Table {
    pub(crate) fn add(&mut self, step: &'static str, tool: &Tool, cost: Cost) {
        if !self.steps.contains(&step) {
            self.steps.push(step);
        }
        self.costs.entry((step, tool.name)).or_default().push(cost);
    }

    /// The median of one figure of a step.
    pub(crate) fn median(
        &self,
        step: &'static str,
        tool: &'static str,
        of: impl Fn(&Cost) -> f64,
    ) -> Option<f64> {
        let mut all: Vec<f64> = self.costs.get(&(step, tool))?.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied()
    }

    pub(crate) fn print(&self, tools: &[Tool]) {
        let names = tools.iter().map(|tool| tool.name);
        println!("| CPU s / wall s / MB of memory | {} |", names.collect::<Vec<_>>().join(" | "));
        println!("|---{}|", "|--:".repeat(tools.len()));
        for step in &self.steps {
            let cell = |tool: &Tool| {
                let of = |of: fn(&Cost) -> f64| self.median(step, tool.name, of);
                match (of(|cost| cost.cpu), of(|cost| cost.size)) {
                    (Some(_), Some(size)) if size > 0.0 => format!("{size:.0}"),
                    (Some(cpu), _) => {
                        let wall = of(|cost| cost.wall).unwrap_or_default();
                        let memory = of(|cost| cost.memory).unwrap_or_default();
                        format!("{cpu:.1} / {wall:.1} / {memory:.0}")
                    }
                    _ => "-".to_owned(),
                }
            };
            let cells: Vec<String> = tools.iter().map(cell).collect();
            println!("| {step} | {} |", cells.join(" | "));
        }
        println!();
    }
}

/// Runs a program to its end and tells what that cost. One that does not end with 0 is an error.
pub(crate) fn run(command: &mut Command) -> Result<Cost> {
    let (cpu, begin) = (children()?, SystemClock.uptime());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let mut memory = 0.0;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        memory = peak(child.id()).unwrap_or(memory);
        std::thread::park_timeout(Duration::from_millis(10));
    };
    let wall = SystemClock.uptime().saturating_sub(begin).as_secs_f64();
    if !status.success() {
        let mut said = String::new();
        if let Some(mut errors) = child.stderr.take() {
            std::io::Read::read_to_string(&mut errors, &mut said)?;
        }
        return Err(format!("{command:?}: {status}: {said}").into());
    }
    Ok(Cost { cpu: children()? - cpu, wall, memory, size: 0.0 })
}

/// The processor time of all children that ended, in seconds.
fn children() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The name may hold spaces, and ends with the last bracket.
    let fields: Vec<&str> = stat
        .rsplit_once(')')
        .map(|(_, rest)| rest.split_whitespace().collect())
        .unwrap_or_default();
    let ticks: u64 = fields.get(13).ok_or("no times")?.parse::<u64>()?
        + fields.get(14).ok_or("no times")?.parse::<u64>()?;
    Ok(ticks as f64 / 100.0)
}

fn peak(pid: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024.0 / 1e6)
}
