//! Lines that probes wait for.

use std::sync::Arc;
use std::time::Duration;

use regex::bytes::{Regex, RegexBuilder};
use wardkit_supervise::{Input, ProbePhase, ServiceSpec};

use crate::part::Inputs;

/// What the probes of one run look for in its lines.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    probes: Vec<Probe>,
}

#[derive(Debug)]
struct Probe {
    phase: ProbePhase,
    pattern: Regex,
    /// How long one match says enough; for ever where the first one says all.
    lasts: Option<Duration>,
    /// No line is looked at before that.
    quiet_until: Duration,
    /// A match has not been told yet: there was no room.
    is_owed: bool,
}

impl Wanted {
    pub(super) fn of(spec: &ServiceSpec) -> Self {
        let probe = |phase| {
            let probe = spec.probes.of(phase)?;
            // What is no pattern is refused with the configuration.
            let pattern = RegexBuilder::new(probe.log.as_deref()?)
                .size_limit(COMPILED)
                .dfa_size_limit(CACHE)
                .build()
                .ok()?;
            // A fraction of the time within which one must come is as good as each.
            let lasts = (phase == ProbePhase::Liveness).then(|| probe.period / 8);
            Some(Probe { phase, pattern, lasts, quiet_until: Duration::ZERO, is_owed: false })
        };
        Self { probes: ProbePhase::ALL.into_iter().filter_map(probe).collect() }
    }

    /// Looks through whole lines, and tells what it finds.
    pub(super) fn look(
        &mut self,
        lines: &[u8],
        now: Duration,
        run: (&Arc<str>, u64),
        inputs: &Inputs,
    ) {
        for probe in self.probes.iter_mut().filter(|probe| now >= probe.quiet_until) {
            let has_match = lines
                .split(|byte| *byte == b'\n')
                .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
                .any(|line| !line.is_empty() && probe.pattern.is_match(line));
            if has_match {
                probe.quiet_until = probe.lasts.map_or(Duration::MAX, |lasts| now + lasts);
                probe.is_owed = true;
            }
        }
        self.tell(run, inputs);
    }

    /// Tells what has not been told.
    pub(super) fn tell(&mut self, (service, generation): (&Arc<str>, u64), inputs: &Inputs) {
        for probe in self.probes.iter_mut().filter(|probe| probe.is_owed) {
            let service = Arc::clone(service);
            let matched = Input::LogMatched { service, generation, phase: probe.phase };
            probe.is_owed = !inputs.try_send(matched);
        }
    }

    /// Tells whether something has not been told.
    pub(super) fn is_owed(&self) -> bool {
        self.probes.iter().any(|probe| probe.is_owed)
    }
}

/// What one pattern may compile to: far more than any that a person writes.
const COMPILED: usize = 1 << 20;
/// Memory of a pattern that matching fills as it goes.
const CACHE: usize = 256 << 10;
