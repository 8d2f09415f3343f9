//! Runs that the system killed because memory ran out: who is, who is spared, and how one sees that it was so.

mod kernel_log;

use std::fs;
use std::path::Path;

use wardkit_process::{Cgroup, Exit, Identity, Usage};
use wardkit_supervise::Ending;

pub(crate) use self::kernel_log::KernelLog;
use crate::cgroups::{Groups, OomScores};

impl OomScores {
    /// Makes this process, and what it starts from now on, less likely to be killed than services, as far as it may.
    pub(crate) fn claim() -> Self {
        let may = fs::read_to_string("/proc/self/status").is_ok_and(|status| may_raise(&status));
        Self::claim_in(Path::new("/proc/self/oom_score_adj"), may)
    }

    fn claim_in(file: &Path, may: bool) -> Self {
        let read = || fs::read_to_string(file).ok()?.trim().parse::<i16>().ok();
        let before = read().unwrap_or(0);
        if before > SPARED && fs::write(file, SPARED.to_string()).is_ok() && read() == Some(SPARED)
        {
            return Self { ours: SPARED, services: before.max(0), is_privileged: true };
        }
        // Started again by a guardian, we have what we asked for before.
        let is_privileged = before == SPARED && may;
        let services = if before < 0 { 0 } else { before.saturating_add(AHEAD).min(1000) };
        Self { ours: before, services, is_privileged }
    }
}

/// Tells whether a process may take more than it was given, by the lines of its status.
fn may_raise(status: &str) -> bool {
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let capabilities = line.and_then(|line| u64::from_str_radix(line.trim(), 16).ok());
    capabilities.is_some_and(|capabilities| capabilities >> CAP_SYS_RESOURCE & 1 == 1)
}

/// What the guardian says of an end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Death<'a> {
    pub(crate) identity: &'a Identity,
    pub(crate) exit: Exit,
    pub(crate) usage: Option<Usage>,
    pub(crate) oom_kills: Option<u64>,
}

/// Adds to an ending what is known of its memory.
pub(crate) fn complete(
    ending: &mut Ending,
    death: Death<'_>,
    groups: &Groups,
    log: &mut KernelLog,
) {
    let Death { identity, exit, usage, oom_kills } = death;
    ending.memory_limit = groups.memory_limit();
    ending.memory_peak = groups.memory_peak().or(usage.map(|usage| usage.peak_resident));
    let kills = oom_kills.or_else(|| groups.oom_kills());
    ending.out_of_memory = is_of_kill(exit)
        && match kills {
            Some(kills) => kills > 0,
            None => was_named(exit, identity, log),
        };
}

/// Tells whether it ended as one does that the system kills, or as a shell does whose program was killed.
fn is_of_kill(exit: Exit) -> bool {
    matches!(exit, Exit::Signal { number: KILL, .. } | Exit::Code(KILLED_BELOW) | Exit::Unknown)
}

/// Tells whether the kernel's log names it.
fn was_named(exit: Exit, identity: &Identity, log: &mut KernelLog) -> bool {
    // Of a shell's program the log tells, but not whose it was.
    exit != Exit::Code(KILLED_BELOW) && log.has_killed(identity)
}

impl Groups {
    /// Returns the memory that the run may use; `None` without a limit.
    fn memory_limit(&self) -> Option<u64> {
        let unified = self.unified.iter().filter_map(|group| number(group, "memory.max"));
        let legacy =
            self.memory_v1.iter().filter_map(|group| number(group, "memory.limit_in_bytes"));
        unified.chain(legacy).find(|limit| *limit < NO_LIMIT)
    }

    fn memory_peak(&self) -> Option<u64> {
        let unified = self.unified.as_ref().and_then(Cgroup::memory_peak);
        unified.or_else(|| number(self.memory_v1.as_ref()?, "memory.max_usage_in_bytes"))
    }

    fn oom_kills(&self) -> Option<u64> {
        let unified = self.unified.as_ref().and_then(Cgroup::oom_kills);
        unified.or_else(|| {
            let path = self.memory_v1.as_ref()?.path().join("memory.oom_control");
            let text = fs::read_to_string(path).ok()?;
            text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
        })
    }
}

fn number(group: &Cgroup, file: &str) -> Option<u64> {
    fs::read_to_string(group.path().join(file)).ok()?.trim().parse().ok()
}

/// What this process and the guardian get: spared while any service is there, but not for ever.
const SPARED: i16 = -500;

/// By how much services come first where we may not be spared: a fifth of all memory.
const AHEAD: i16 = 200;

/// The number of the capability in capabilities(7).
const CAP_SYS_RESOURCE: u32 = 24;

const KILL: i32 = 9;

/// What a shell exits with whose program was killed.
const KILLED_BELOW: i32 = 128 + KILL;

/// Version 1 has a number for no limit: the greatest that is a multiple of a page.
const NO_LIMIT: u64 = 1 << 62;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn we_are_spared_where_we_may_and_services_come_first_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("oom_score_adj");
        let claim = |before: &str| {
            fs::write(&file, before).unwrap();
            let scores = OomScores::claim_in(&file, true);
            (scores, fs::read_to_string(&file).unwrap())
        };
        let scores = |ours, services, is_privileged| OomScores { ours, services, is_privileged };
        assert_eq!(claim("0\n"), (scores(-500, 0, true), "-500".to_owned()));
        assert_eq!(claim("300\n").0, scores(-500, 300, true));
        // The guardian has started us again; somebody has spared us more.
        assert_eq!(claim("-500\n").0, scores(-500, 0, true));
        assert_eq!(claim("-900\n"), (scores(-900, 0, false), "-900\n".to_owned()));
        let refused = |before: &str| {
            // A folder takes no text.
            fs::write(&file, before).unwrap();
            OomScores::claim_in(&folder.path().join("missing/oom_score_adj"), true)
        };
        assert_eq!(refused("0"), scores(0, 200, false));
        // systemd has spared us, and we may nothing.
        fs::write(&file, "-500").unwrap();
        assert_eq!(OomScores::claim_in(&file, false), scores(-500, 0, false));
        assert!(may_raise("Name:\tx\nCapEff:\t000001ffffffffff\n"));
        assert!(!may_raise("CapEff:\t000001fffeffffff\n") && !may_raise("CapEff:\tx\n"));
    }

    #[test]
    fn a_run_was_out_of_memory_when_its_group_counts_a_kill() {
        let folder = tempfile::tempdir().unwrap();
        let group = folder.path();
        let write = |name: &str, text: &str| fs::write(group.join(name), text).unwrap();
        let identity = Identity::new("boot", 42, 10_000);
        let check = |exit, groups: &Groups, oom_kills, expected| {
            let death = Death { identity: &identity, exit, usage: None, oom_kills };
            let mut log = KernelLog::at(folder.path().join("none"));
            let mut ending = Ending::new(wardkit_supervise::Exit::Unknown);
            complete(&mut ending, death, groups, &mut log);
            assert_eq!(
                (ending.out_of_memory, ending.memory_limit, ending.memory_peak),
                expected,
                "{exit}"
            );
        };
        let killed = Exit::Signal { number: 9, core: false };
        let groups = Groups { unified: Some(Cgroup::at(group)), memory_v1: None };
        check(killed, &groups, None, (false, None, None));
        check(killed, &groups, Some(1), (true, None, None));
        write("memory.max", "67108864\n");
        write("memory.peak", "67100000\n");
        write("memory.events", "low 0\noom 2\noom_kill 1\n");
        let of_64 = (true, Some(67_108_864), Some(67_100_000));
        check(killed, &groups, None, of_64);
        check(Exit::Code(137), &groups, Some(1), of_64);
        // A worker was killed long ago, and the service went on.
        check(Exit::Code(1), &groups, Some(1), (false, of_64.1, of_64.2));
        check(killed, &groups, Some(0), (false, of_64.1, of_64.2));

        let groups = Groups { unified: None, memory_v1: Some(Cgroup::at(group)) };
        write("memory.limit_in_bytes", "9223372036854771712\n");
        write("memory.max_usage_in_bytes", "5000\n");
        write("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n");
        check(killed, &groups, None, (true, None, Some(5000)));
        write("memory.limit_in_bytes", "4096\n");
        check(killed, &groups, None, (true, Some(4096), Some(5000)));
    }
}
