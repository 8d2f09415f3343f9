//! That runs leave nothing behind: alone in its process, so that nothing else is in the figures.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use wardkit_sandbox::{Capabilities, Ended, Guarantee, Native, Policy, Sandbox as _, Strength};

use super::tiny;

#[test]
fn ten_thousand_runs_leave_nothing_behind() {
    let nothing: Arc<dyn Capabilities> = Arc::new(());
    let mut policy = Policy::default();
    policy.at_least = Guarantee::ALL.map(|one| (one, Strength::Absent)).into();
    let native = Native::new();
    let prepared = native.prepare(&tiny::nothing(), &policy).expect("it is a program");
    policy.limits.timeout = Duration::from_millis(5);
    let endless = native.prepare(&tiny::forever(), &policy).expect("it is a program");
    let run = |number: u64| {
        let (program, ended) = match number % 50 {
            0 => (&endless, Ended::Timeout),
            _ => (&prepared, Ended::Exited(0)),
        };
        assert_eq!(program.call(b"input", &nothing).expect("it can be run").ended, ended);
    };
    (0..500).for_each(run);
    let (memory, descriptors) = (resident(), open_descriptors());
    (0..RUNS).for_each(run);
    let grown = resident().saturating_sub(memory);
    assert!(grown < RUNS * 1024, "{grown} bytes");
    assert_eq!(open_descriptors(), descriptors);
    assert_eq!(children(), "", "processes are left");
    assert_eq!(groups_of_this_process(), Vec::<PathBuf>::new(), "cgroups are left");
}

fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("there is procfs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it is told");
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().expect("it is a number");
    kibibytes * 1024
}

fn open_descriptors() -> usize {
    fs::read_dir("/proc/self/fd").expect("there is procfs").count()
}

/// Returns the children of all threads, those that ended and were not reaped too.
fn children() -> String {
    let threads = fs::read_dir("/proc/self/task").expect("there is procfs");
    let of = |thread: fs::DirEntry| {
        fs::read_to_string(thread.path().join("children")).expect("it is told")
    };
    threads.map(|thread| of(thread.expect("it is listed"))).collect()
}

/// Returns the groups in every hierarchy that have the name of a run of this process.
fn groups_of_this_process() -> Vec<PathBuf> {
    let mut found = Vec::new();
    look_for(&format!("wardkit-{}-", std::process::id()), Path::new("/sys/fs/cgroup"), &mut found);
    found
}

fn look_for(start: &str, folder: &Path, found: &mut Vec<PathBuf>) {
    // Groups of others come and go meanwhile.
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
    {
        if entry.file_name().to_string_lossy().starts_with(start) {
            found.push(entry.path());
        }
        look_for(start, &entry.path(), found);
    }
}

const RUNS: u64 = 10_000;
