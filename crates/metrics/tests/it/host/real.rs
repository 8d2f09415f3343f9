//! The host that the tests run on.

use wardkit_metrics::host::{Host, HostConfig, HostPart, HostPaths, ProcessGroup};

use super::tree::{everything, success};

#[test]
fn this_host_is_measured() {
    let mut config = HostConfig::default();
    let command = std::fs::read_to_string("/proc/self/comm").unwrap().trim_end().to_owned();
    config.processes = vec![ProcessGroup::by_command("us", command)];
    let mut host = Host::new(HostPaths::default(), config).unwrap();
    everything(&mut host);
    let all = everything(&mut host);
    for part in
        [HostPart::Cpu, HostPart::Meminfo, HostPart::Vmstat, HostPart::Loadavg, HostPart::Processes]
    {
        assert_eq!(success(&all, part), 1.0, "{part:?}: {:?}", host.take_changes());
    }
    assert!(all["node_memory_MemTotal_bytes"] > 1e6);
    assert!(all["process_group_processes{group=\"us\"}"] >= 1.0);
    assert!(all["process_group_resident_memory_bytes{group=\"us\"}"] > 1e5);
    assert!(all["process_group_open_fds{group=\"us\"}"] >= 3.0);
    assert!(
        all["process_group_oldest_start_time_seconds{group=\"us\"}"]
            >= all["node_boot_time_seconds"]
    );
    assert!(host.snapshot().cpus >= 1);
    assert!(host.snapshot().processes.iter().all(|found| found.pid > 0));
}

#[test]
fn processes_that_come_and_go_are_no_failure() {
    let mut spawning = std::process::Command::new("sh")
        .args(["-c", "while :; do for i in 1 2 3 4 5; do /bin/true & done; wait; done"])
        .spawn()
        .unwrap();
    let mut config = HostConfig::default();
    config.processes = vec![ProcessGroup::by_command("shells", "sh")];
    let mut host = Host::new(HostPaths::default(), config).unwrap();
    let mut spent = 0.0;
    for _ in 0..50 {
        let all = everything(&mut host);
        assert_eq!(success(&all, HostPart::Processes), 1.0);
        let now = all["process_group_cpu_seconds_total{group=\"shells\",mode=\"user\"}"];
        assert!(now >= spent, "{now} {spent}");
        spent = now;
    }
    spawning.kill().unwrap();
    spawning.wait().unwrap();
    assert!(host.take_changes().iter().all(|change| change.part != HostPart::Processes));
}
