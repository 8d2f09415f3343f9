//! `/proc/pressure`: time lost for want of something.

use std::time::Duration;

use super::file::KeptFile;
use super::parse::{decimal, lines, number, words};
use super::{Part, Scope};
use crate::host::{HostPaths, HostSnapshot, Pressure};
use crate::{Error, Family, Kind};

#[derive(Debug)]
pub(super) struct Pressures {
    resources: [KeptFile; 3],
}

impl Pressures {
    pub(super) fn new(paths: &HostPaths) -> Self {
        let file = |name| KeptFile::new(paths.proc.join("pressure").join(name));
        Self { resources: [file("cpu"), file("memory"), file("io")] }
    }
}

impl Part for Pressures {
    fn collect(&mut self, scope: Scope<'_>) -> Result<(), Error> {
        let Scope { scratch, facts, out, .. } = scope;
        for (file, resource) in self.resources.iter_mut().zip(RESOURCES) {
            let pressure = parse(file.read(scratch)?).ok_or_else(|| file.lacks("line `some`"))?;
            out.single(resource.waiting, pressure.some_total.as_secs_f64());
            // For processors of the whole host the kernel tells zero, which says nothing.
            if let Some(stalled) = resource.stalled {
                out.single(stalled, pressure.full_total.as_secs_f64());
            }
            *(resource.fact)(facts) = Some(pressure);
        }
        Ok(())
    }
}

/// Reads `some avg10=0.00 avg60=0.00 avg300=0.00 total=0` and the same with `full`.
pub(super) fn parse(text: &[u8]) -> Option<Pressure> {
    let mut pressure = Pressure::default();
    let mut has_some = false;
    for line in lines(text) {
        let mut words = words(line);
        let kind = words.next();
        let (avg10, avg60, total) = match kind {
            Some(b"some") => {
                has_some = true;
                (&mut pressure.some_avg10, &mut pressure.some_avg60, &mut pressure.some_total)
            }
            Some(b"full") => {
                (&mut pressure.full_avg10, &mut pressure.full_avg60, &mut pressure.full_total)
            }
            _ => continue,
        };
        let share = |text| decimal(text).map(|percent| (percent / 100.0).clamp(0.0, 1.0));
        for word in words {
            if let Some(text) = word.strip_prefix(b"avg10=") {
                *avg10 = share(text)?;
            } else if let Some(text) = word.strip_prefix(b"avg60=") {
                *avg60 = share(text)?;
            } else if let Some(text) = word.strip_prefix(b"total=") {
                *total = Duration::from_micros(number(text)?);
            }
        }
    }
    has_some.then_some(pressure)
}

struct Resource {
    waiting: Family<'static>,
    stalled: Option<Family<'static>>,
    fact: fn(&mut HostSnapshot) -> &mut Option<Pressure>,
}

const fn counter(name: &'static str, help: &'static str) -> Family<'static> {
    Family { name, help, kind: Kind::Counter }
}

const RESOURCES: [Resource; 3] = [
    Resource {
        waiting: counter(
            "node_pressure_cpu_waiting_seconds_total",
            "Seconds in which some task waited for a processor.",
        ),
        stalled: None,
        fact: |facts| &mut facts.cpu_pressure,
    },
    Resource {
        waiting: counter(
            "node_pressure_memory_waiting_seconds_total",
            "Seconds in which some task waited for memory.",
        ),
        stalled: Some(counter(
            "node_pressure_memory_stalled_seconds_total",
            "Seconds in which all tasks waited for memory.",
        )),
        fact: |facts| &mut facts.memory_pressure,
    },
    Resource {
        waiting: counter(
            "node_pressure_io_waiting_seconds_total",
            "Seconds in which some task waited for disks.",
        ),
        stalled: Some(counter(
            "node_pressure_io_stalled_seconds_total",
            "Seconds in which all tasks waited for disks.",
        )),
        fact: |facts| &mut facts.io_pressure,
    },
];
