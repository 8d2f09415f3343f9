//! `/proc/stat`: processors, boot, forks, context switches.

use super::file::KeptFile;
use super::parse::{lines, number, sample, words};
use super::{Part, Scope};
use crate::host::{HostPaths, HostSnapshot};
use crate::{Error, Family, Kind, Samples};

/// User, nice, system, idle, iowait, irq, softirq, steal, guest, guest nice; in ticks.
type Ticks = [u64; 10];

#[derive(Debug)]
pub(super) struct Cpu {
    stat: KeptFile,
    ticks_per_second: u64,
    processors: Vec<Processor>,
    total: Option<Ticks>,
}

#[derive(Debug)]
struct Processor {
    id: String,
    ticks: Ticks,
    is_there: bool,
}

impl Cpu {
    pub(super) fn new(paths: &HostPaths) -> Self {
        Self {
            stat: KeptFile::new(paths.proc.join("stat")),
            ticks_per_second: rustix::param::clock_ticks_per_second().max(1),
            processors: Vec::new(),
            total: None,
        }
    }

    /// Takes a processor's line, the `at`th of its kind.
    fn take(&mut self, at: usize, id: &[u8], mut ticks: Ticks) {
        let is_it = |known: &Processor| known.id.as_bytes() == id;
        let known = match self.processors.get_mut(at) {
            Some(known) if is_it(known) => Some(at),
            _ => self.processors.iter().position(is_it),
        };
        if let Some(known) = known.and_then(|at| self.processors.get_mut(at)) {
            let slack = self.ticks_per_second.saturating_mul(SLACK_SECONDS);
            for (tick, before) in ticks.iter_mut().zip(known.ticks) {
                // The kernel's figures for idle time go back now and then. A longer step back is a processor that
                // was taken out and put in again.
                if *tick < before && before - *tick < slack {
                    *tick = before;
                }
            }
            known.ticks = ticks;
            known.is_there = true;
        } else if self.processors.len() < MOST_CPUS && number(id).is_some() {
            let id = String::from_utf8_lossy(id).into_owned();
            self.processors.push(Processor { id, ticks, is_there: true });
        }
    }

    fn push_times(&self, out: &mut Samples) {
        let seconds = sample(self.ticks_per_second);
        out.family(CPU);
        for cpu in &self.processors {
            for (mode, ticks) in MODES.iter().zip(cpu.ticks) {
                out.push(&[("cpu", &cpu.id), ("mode", mode)], sample(ticks) / seconds);
            }
        }
        out.family(GUEST);
        for cpu in &self.processors {
            for (mode, ticks) in ["user", "nice"].iter().zip(&cpu.ticks[MODES.len()..]) {
                out.push(&[("cpu", &cpu.id), ("mode", mode)], sample(*ticks) / seconds);
            }
        }
    }

    fn judge(&mut self, total: Ticks, facts: &mut HostSnapshot) {
        facts.cpus = u32::try_from(self.processors.len()).unwrap_or(u32::MAX);
        let Some(before) = self.total.replace(total) else { return };
        let spent = |of: usize| total[of].saturating_sub(before[of]);
        let all = (0..MODES.len()).map(spent).fold(0, u64::saturating_add);
        if all > 0 {
            let idle = spent(IDLE).saturating_add(spent(IOWAIT));
            facts.cpu_busy = Some(sample(all.saturating_sub(idle)) / sample(all));
            facts.cpu_stolen = Some(sample(spent(STEAL)) / sample(all));
        }
    }
}

impl Part for Cpu {
    fn collect(&mut self, scope: Scope<'_>) -> Result<(), Error> {
        let Scope { scratch, facts, out, .. } = scope;
        let mut total = None;
        let mut singles = [None; SINGLES.len()];
        for cpu in &mut self.processors {
            cpu.is_there = false;
        }
        let mut at = 0;
        for line in lines(self.stat.read(scratch)?) {
            let mut words = words(line);
            let Some(key) = words.next() else { continue };
            match key.strip_prefix(b"cpu") {
                Some(b"") => total = Some(ticks(words)),
                Some(id) => {
                    self.take(at, id, ticks(words));
                    at += 1;
                }
                None => {
                    if let Some(at) = SINGLES.iter().position(|(name, _)| name.as_bytes() == key) {
                        singles[at] = words.next().and_then(number);
                    }
                }
            }
        }
        let total = total.ok_or_else(|| self.stat.lacks("line `cpu`"))?;
        self.processors.retain(|cpu| cpu.is_there);
        self.push_times(out);
        self.judge(total, facts);
        for ((name, family), value) in SINGLES.into_iter().zip(singles) {
            let Some(value) = value else { continue };
            out.single(family, sample(value));
            match name {
                "btime" => facts.boot_time = Some(value),
                "procs_running" => facts.runnable = Some(value),
                "procs_blocked" => facts.blocked = Some(value),
                _ => {}
            }
        }
        Ok(())
    }
}

fn ticks<'t>(words: impl Iterator<Item = &'t [u8]>) -> Ticks {
    let mut ticks = Ticks::default();
    for (tick, word) in ticks.iter_mut().zip(words) {
        *tick = number(word).unwrap_or_default();
    }
    ticks
}

const IDLE: usize = 3;
const IOWAIT: usize = 4;
const STEAL: usize = 7;
const MODES: [&str; 8] = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"];

/// More than Linux can be built for.
const MOST_CPUS: usize = 8192;
/// How far back a figure may go and still be the same processor's; `node_exporter` draws the line here too.
const SLACK_SECONDS: u64 = 3;

const CPU: Family<'static> = Family {
    name: "node_cpu_seconds_total",
    help: "Seconds that the processors spent in each mode.",
    kind: Kind::Counter,
};
const GUEST: Family<'static> = Family {
    name: "node_cpu_guest_seconds_total",
    help: "Seconds that the processors spent in guests, for each mode.",
    kind: Kind::Counter,
};
const SINGLES: [(&str, Family<'static>); 6] = [
    (
        "intr",
        Family {
            name: "node_intr_total",
            help: "Interrupts serviced since boot.",
            kind: Kind::Counter,
        },
    ),
    (
        "ctxt",
        Family {
            name: "node_context_switches_total",
            help: "Context switches since boot.",
            kind: Kind::Counter,
        },
    ),
    (
        "processes",
        Family { name: "node_forks_total", help: "Forks since boot.", kind: Kind::Counter },
    ),
    (
        "btime",
        Family {
            name: "node_boot_time_seconds",
            help: "When the host booted, in Unix time.",
            kind: Kind::Gauge,
        },
    ),
    (
        "procs_running",
        Family {
            name: "node_procs_running",
            help: "Tasks that run or are ready to.",
            kind: Kind::Gauge,
        },
    ),
    (
        "procs_blocked",
        Family {
            name: "node_procs_blocked",
            help: "Tasks that wait for disks.",
            kind: Kind::Gauge,
        },
    ),
];
