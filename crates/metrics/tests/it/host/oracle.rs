//! sysinfo, which reads the host in its own way, sees what we see.

use std::collections::BTreeMap;

use sysinfo::{ProcessesToUpdate, System};
use wardkit_metrics::host::{Host, HostConfig, HostPaths, ProcessGroup, SystemHost};
use wardkit_metrics::{Collector, Samples};

use super::tree::everything;

fn collect(host: &mut dyn Collector) -> BTreeMap<String, f64> {
    let mut samples = Samples::new();
    host.collect(&mut samples).unwrap();
    let all = samples.families().flat_map(|family| family.samples().collect::<Vec<_>>());
    all.map(|sample| (sample.series.to_owned(), sample.value)).collect()
}

#[test]
fn what_both_tell_is_the_same() {
    let mut ours = Host::new(HostPaths::default(), HostConfig::default()).unwrap();
    let mut oracle = SystemHost::new(HostConfig::default()).unwrap();
    let before = collect(&mut ours);
    let theirs = collect(&mut oracle);
    let after = collect(&mut ours);
    let mut compared = 0;
    for (series, value) in &theirs {
        // sysinfo has file systems and devices of its own choice.
        let (Some(low), Some(high)) = (before.get(series), after.get(series)) else {
            assert!(series.contains("{device="), "{series}");
            continue;
        };
        let slack = match series.as_str() {
            total if total.contains("Total_bytes") || total.contains("_size_bytes") => 0.0,
            bytes if bytes.ends_with("_bytes") || bytes.contains("_avail_bytes") => {
                0.02 * value + f64::from(256 << 20)
            }
            // It subtracts the uptime from the time.
            "node_boot_time_seconds" => 2.0,
            count if count.contains("_total{") => 0.0,
            _ => 0.1 * value + 16.0,
        };
        let (low, high) = (low.min(*high) - slack, low.max(*high) + slack);
        assert!((low..=high).contains(value), "{series}: {value} is not between {low} and {high}");
        compared += 1;
    }
    assert!(compared >= 10, "{theirs:?}");
}

#[test]
fn a_process_is_seen_alike() {
    let pid = std::process::id();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("us.pid");
    std::fs::write(&file, pid.to_string()).unwrap();
    let mut config = HostConfig::default();
    config.processes = vec![ProcessGroup::by_pid_file("us", file)];
    let mut ours = Host::new(HostPaths::default(), config).unwrap();
    let mut oracle = System::new().unwrap();
    oracle.refresh_processes(ProcessesToUpdate::Some(&[sysinfo::Pid::from_u32(pid)]), true);
    let theirs = oracle.process(sysinfo::Pid::from_u32(pid)).unwrap();
    let found = everything(&mut ours);
    let ours = |name: &str| found[&format!("process_group_{name}{{group=\"us\"}}")];
    let near =
        |one: f64, other: f64, slack: f64| assert!((one - other).abs() <= slack, "{one} {other}");
    near(
        ours("resident_memory_bytes"),
        f64::from(u32::try_from(theirs.memory()).unwrap()),
        64.0 * f64::from(1 << 20),
    );
    near(
        ours("oldest_start_time_seconds"),
        f64::from(u32::try_from(theirs.start_time()).unwrap()),
        2.0,
    );
    assert!(ours("processes") >= 1.0);
}
