//! Control groups of both versions.

use wardkit_metrics::host::HostPart;

use super::tree::{Tree, assert_series, collect, only};

#[test]
fn version_two_is_read() {
    let tree = Tree::new();
    for (file, text) in [
        ("cgroup.controllers", "cpu memory\n"),
        (
            "a/b.service/cpu.stat",
            "usage_usec 2500000\nuser_usec 1\nnr_periods 10\nnr_throttled 3\nthrottled_usec 500000\n",
        ),
        ("a/b.service/cpu.max", "150000 100000\n"),
        ("a/b.service/memory.current", "4096\n"),
        ("a/b.service/memory.max", "max\n"),
        ("a/b.service/memory.events", "low 0\nhigh 1\nmax 2\noom 3\noom_kill 4\n"),
        ("a/b.service/pids.current", "7\n"),
        ("a/b.service/pids.max", "100\n"),
        ("a/b.service/io.stat", "253:0 rbytes=1 wbytes=2 rios=3\n8:0 rbytes=10 wbytes=20\n"),
        ("a/b.service/memory.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1500000\n"),
    ] {
        tree.write(&format!("sys/fs/cgroup/{file}"), text);
    }
    let mut config = only(&[HostPart::Cgroup]);
    config.cgroups = vec!["/a/b.service".to_owned(), "/gone".to_owned()];
    let mut host = tree.host(config);
    assert_series(
        &collect(&mut host),
        &[
            ("cgroup_cpu_limit_cores{cgroup=\"/a/b.service\"}", 1.5),
            ("cgroup_cpu_periods_total{cgroup=\"/a/b.service\"}", 10.0),
            ("cgroup_cpu_seconds_total{cgroup=\"/a/b.service\"}", 2.5),
            ("cgroup_cpu_throttled_periods_total{cgroup=\"/a/b.service\"}", 3.0),
            ("cgroup_cpu_throttled_seconds_total{cgroup=\"/a/b.service\"}", 0.5),
            ("cgroup_exists{cgroup=\"/a/b.service\"}", 1.0),
            ("cgroup_exists{cgroup=\"/gone\"}", 0.0),
            ("cgroup_io_read_bytes_total{cgroup=\"/a/b.service\"}", 11.0),
            ("cgroup_io_written_bytes_total{cgroup=\"/a/b.service\"}", 22.0),
            ("cgroup_memory_limit_hits_total{cgroup=\"/a/b.service\"}", 2.0),
            ("cgroup_memory_oom_kills_total{cgroup=\"/a/b.service\"}", 4.0),
            ("cgroup_memory_usage_bytes{cgroup=\"/a/b.service\"}", 4096.0),
            ("cgroup_pressure_memory_waiting_seconds_total{cgroup=\"/a/b.service\"}", 1.5),
            ("cgroup_tasks_limit{cgroup=\"/a/b.service\"}", 100.0),
            ("cgroup_tasks{cgroup=\"/a/b.service\"}", 7.0),
        ],
    );
    tree.wait(10);
    tree.write(
        "sys/fs/cgroup/a/b.service/cpu.stat",
        "usage_usec 2500000\nthrottled_usec 3500000\n",
    );
    collect(&mut host);
    let found = &host.snapshot().cgroups[0];
    assert_eq!((found.throttled, found.memory, found.memory_limit), (Some(0.3), Some(4096), None));
    assert_eq!((found.tasks, found.tasks_limit, found.oom_kills), (Some(7), Some(100), Some(4)));
}

#[test]
fn version_one_is_read() {
    let tree = Tree::new();
    for (file, text) in [
        ("cpu/a/cpu.stat", "nr_periods 10\nnr_throttled 3\nthrottled_time 500000000\n"),
        ("cpu/a/cpu.cfs_quota_us", "50000\n"),
        ("cpu/a/cpu.cfs_period_us", "100000\n"),
        ("cpuacct/a/cpuacct.usage", "2500000000\n"),
        ("memory/a/memory.usage_in_bytes", "4096\n"),
        ("memory/a/memory.limit_in_bytes", "9223372036854771712\n"),
        ("memory/a/memory.failcnt", "2\n"),
        ("memory/a/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n"),
        ("pids/a/pids.current", "7\n"),
        ("pids/a/pids.max", "max\n"),
        (
            "blkio/a/blkio.throttle.io_service_bytes_recursive",
            "253:0 Read 1\n253:0 Write 2\n253:0 Total 3\nTotal 3\n",
        ),
        // Without controllers; version 1 has the rest.
        ("unified/cgroup.controllers", ""),
        ("unified/a/cpu.stat", "usage_usec 9\n"),
    ] {
        tree.write(&format!("sys/fs/cgroup/{file}"), text);
    }
    let mut config = only(&[HostPart::Cgroup]);
    config.cgroups = vec!["/a".to_owned()];
    assert_series(
        &collect(&mut tree.host(config)),
        &[
            ("cgroup_cpu_limit_cores{cgroup=\"/a\"}", 0.5),
            ("cgroup_cpu_periods_total{cgroup=\"/a\"}", 10.0),
            ("cgroup_cpu_seconds_total{cgroup=\"/a\"}", 2.5),
            ("cgroup_cpu_throttled_periods_total{cgroup=\"/a\"}", 3.0),
            ("cgroup_cpu_throttled_seconds_total{cgroup=\"/a\"}", 0.5),
            ("cgroup_exists{cgroup=\"/a\"}", 1.0),
            ("cgroup_io_read_bytes_total{cgroup=\"/a\"}", 1.0),
            ("cgroup_io_written_bytes_total{cgroup=\"/a\"}", 2.0),
            ("cgroup_memory_limit_hits_total{cgroup=\"/a\"}", 2.0),
            ("cgroup_memory_oom_kills_total{cgroup=\"/a\"}", 4.0),
            ("cgroup_memory_usage_bytes{cgroup=\"/a\"}", 4096.0),
            ("cgroup_tasks{cgroup=\"/a\"}", 7.0),
        ],
    );
}

#[test]
fn no_quota_is_no_limit() {
    for quota in ["-1\n", "", "0 0\n"] {
        let tree = Tree::new();
        tree.write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", quota);
        tree.write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "0\n");
        let found = collect(&mut tree.only(&[HostPart::Cgroup]));
        assert!(!found.contains_key("cgroup_cpu_limit_cores{cgroup=\"/\"}"), "{quota:?}");
    }
}
