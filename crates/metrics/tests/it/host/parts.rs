//! What each part makes of its files.

use wardkit_metrics::host::HostPart;

use super::tree::{Tree, assert_series, collect, only};

#[track_caller]
fn check(part: HostPart, files: &[(&str, &str)], expected: &[(&str, f64)]) {
    let tree = Tree::with_proc(files);
    assert_series(&collect(&mut tree.only(&[part])), expected);
}

#[test]
fn processors_are_told_by_mode() {
    check(
        HostPart::Cpu,
        &[(
            "stat",
            "cpu  100 0 0 0 0 0 0 0 0 0\ncpu3 100 200 300 400 500 600 700 800 900 1000\nintr 7 1 2\nctxt 8\n\
             btime 1700000000\nprocesses 9\nprocs_running 2\nprocs_blocked 1\nsoftirq 1 2\n",
        )],
        &[
            ("node_boot_time_seconds", 1_700_000_000.0),
            ("node_context_switches_total", 8.0),
            ("node_cpu_guest_seconds_total{cpu=\"3\",mode=\"nice\"}", 10.0),
            ("node_cpu_guest_seconds_total{cpu=\"3\",mode=\"user\"}", 9.0),
            ("node_cpu_seconds_total{cpu=\"3\",mode=\"idle\"}", 4.0),
            ("node_cpu_seconds_total{cpu=\"3\",mode=\"iowait\"}", 5.0),
            ("node_cpu_seconds_total{cpu=\"3\",mode=\"irq\"}", 6.0),
            ("node_cpu_seconds_total{cpu=\"3\",mode=\"nice\"}", 2.0),
            ("node_cpu_seconds_total{cpu=\"3\",mode=\"softirq\"}", 7.0),
            ("node_cpu_seconds_total{cpu=\"3\",mode=\"steal\"}", 8.0),
            ("node_cpu_seconds_total{cpu=\"3\",mode=\"system\"}", 3.0),
            ("node_cpu_seconds_total{cpu=\"3\",mode=\"user\"}", 1.0),
            ("node_forks_total", 9.0),
            ("node_intr_total", 7.0),
            ("node_procs_blocked", 1.0),
            ("node_procs_running", 2.0),
        ],
    );
}

#[test]
fn a_small_step_back_of_idle_time_is_not_told() {
    let tree = Tree::new();
    let mut host = tree.only(&[HostPart::Cpu]);
    let idle = "node_cpu_seconds_total{cpu=\"0\",mode=\"idle\"}";
    for (ticks, expected) in [(10_000, 100.0), (9_990, 100.0), (10_010, 100.1), (5, 0.05)] {
        tree.write("proc/stat", format!("cpu 0 0 0 {ticks}\ncpu0 0 0 0 {ticks}\n"));
        assert_eq!(collect(&mut host)[idle].to_bits(), f64::to_bits(expected), "{ticks}");
    }
}

#[test]
fn a_processor_that_is_taken_out_is_not_told() {
    let tree = Tree::with_proc(&[("stat", "cpu 2\ncpu0 1\ncpu1 1\n")]);
    let mut host = tree.only(&[HostPart::Cpu]);
    assert_eq!(collect(&mut host).len(), 20);
    tree.write("proc/stat", "cpu 1\ncpu1 1\n");
    let found = collect(&mut host);
    assert_eq!(found.len(), 10);
    assert!(found.keys().all(|series| series.contains("cpu=\"1\"")));
    assert_eq!(host.snapshot().cpus, 1);
}

#[test]
fn the_share_of_busy_processors_is_that_of_the_time_between_two_collections() {
    let tree = Tree::with_proc(&[("stat", "cpu 100 0 0 100 0 0 0 0\ncpu0 0\n")]);
    let mut host = tree.only(&[HostPart::Cpu]);
    collect(&mut host);
    assert_eq!(host.snapshot().cpu_busy, None);
    tree.write("proc/stat", "cpu 120 0 0 160 10 0 0 10\ncpu0 0\n");
    collect(&mut host);
    assert_eq!(host.snapshot().cpu_busy, Some(0.3));
    assert_eq!(host.snapshot().cpu_stolen, Some(0.1));
}

#[test]
fn memory_has_the_names_of_its_file() {
    check(
        HostPart::Meminfo,
        &[(
            "meminfo",
            "MemTotal:       2 kB\nMemAvailable: 1 kB\nActive(anon):   3 kB\nHugePages_Total:  4\nbad name: 1 kB\n\
             Big: 18446744073709551615 kB\nNone: kB\n",
        )],
        &[
            ("node_memory_Active_anon_bytes", 3072.0),
            ("node_memory_Big_bytes", 18_446_744_073_709_551_615.0),
            ("node_memory_HugePages_Total", 4.0),
            ("node_memory_MemAvailable_bytes", 1024.0),
            ("node_memory_MemTotal_bytes", 2048.0),
        ],
    );
}

#[test]
fn of_vmstat_only_what_is_asked_for_is_told() {
    check(
        HostPart::Vmstat,
        &[(
            "vmstat",
            "nr_free_pages 1\npgpgin 2\npswpout 3\npgfault 4\npgmajfault 5\npgsteal_kswapd 6\noom_kill 7\npgfree 8\n\
             pgfault_x 9\n",
        )],
        &[
            ("node_vmstat_oom_kill", 7.0),
            ("node_vmstat_pgfault", 4.0),
            ("node_vmstat_pgfault_x", 9.0),
            ("node_vmstat_pgmajfault", 5.0),
            ("node_vmstat_pgpgin", 2.0),
            ("node_vmstat_pswpout", 3.0),
        ],
    );
}

#[test]
fn small_files_are_read() {
    let files = [
        ("loadavg", "0.50 1.25 2.00 3/212 4711\n"),
        ("sys/fs/file-nr", "883\t0\t2466177\n"),
        ("sys/kernel/threads-max", "5000\n"),
        ("sys/net/netfilter/nf_conntrack_count", "12\n"),
        ("sys/net/netfilter/nf_conntrack_max", "262144\n"),
        (
            "net/stat/nf_conntrack",
            "entries found drop\n0000000c 0000000a 1\n0000000c 00000001 zz\n",
        ),
    ];
    let tree = Tree::with_proc(&files);
    let mut host = tree.only(&[HostPart::Loadavg, HostPart::Filefd, HostPart::Conntrack]);
    assert_series(
        &collect(&mut host),
        &[
            ("node_filefd_allocated", 883.0),
            ("node_filefd_maximum", 2_466_177.0),
            ("node_load1", 0.5),
            ("node_load15", 2.0),
            ("node_load5", 1.25),
            ("node_nf_conntrack_entries", 12.0),
            ("node_nf_conntrack_entries_limit", 262_144.0),
            ("node_nf_conntrack_stat_drop", 1.0),
            ("node_nf_conntrack_stat_found", 11.0),
        ],
    );
    let facts = host.snapshot();
    assert_eq!((facts.threads, facts.threads_limit), (Some(212), Some(5000)));
    assert_eq!((facts.connections, facts.connections_limit), (Some(12), Some(262_144)));
}

#[test]
fn pressure_is_told_in_seconds() {
    let tree = Tree::with_proc(&[
        ("pressure/cpu", "some avg10=12.50 avg60=1.00 avg300=0.00 total=2500000\n"),
        (
            "pressure/memory",
            "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\nfull avg10=0.00 total=0\n",
        ),
        (
            "pressure/io",
            "some avg10=250.00 avg60=0 total=4000000\nfull avg10=5.00 avg60=0 total=3000000\n",
        ),
    ]);
    let mut host = tree.only(&[HostPart::Pressure]);
    assert_series(
        &collect(&mut host),
        &[
            ("node_pressure_cpu_waiting_seconds_total", 2.5),
            ("node_pressure_io_stalled_seconds_total", 3.0),
            ("node_pressure_io_waiting_seconds_total", 4.0),
            ("node_pressure_memory_stalled_seconds_total", 0.0),
            ("node_pressure_memory_waiting_seconds_total", 0.000_001),
        ],
    );
    let cpu = host.snapshot().cpu_pressure.unwrap();
    assert_eq!((cpu.some_avg10, cpu.some_avg60), (0.125, 0.01));
    // No share is above one.
    assert_eq!(host.snapshot().io_pressure.unwrap().some_avg10, 1.0);
}

#[test]
fn disks_are_told_without_their_partitions() {
    let tree = Tree::with_proc(&[(
        "diskstats",
        "   8       0 sda 1 2 3 4000 5 6 7 8000 9 10000 11000\n   8       1 sda1 1 1 1 1 1 1 1 1 1 1 1\n   \
         7 0 loop0 1 1 1 1 1 1 1 1 1 1 1\n 8 2 short 1 2 3\n",
    )]);
    let mut host = tree.only(&[HostPart::Diskstats]);
    assert_series(
        &collect(&mut host),
        &[
            ("node_disk_io_now{device=\"sda\"}", 9.0),
            ("node_disk_io_time_seconds_total{device=\"sda\"}", 10.0),
            ("node_disk_io_time_weighted_seconds_total{device=\"sda\"}", 11.0),
            ("node_disk_read_bytes_total{device=\"sda\"}", 1536.0),
            ("node_disk_read_time_seconds_total{device=\"sda\"}", 4.0),
            ("node_disk_reads_completed_total{device=\"sda\"}", 1.0),
            ("node_disk_reads_merged_total{device=\"sda\"}", 2.0),
            ("node_disk_write_time_seconds_total{device=\"sda\"}", 8.0),
            ("node_disk_writes_completed_total{device=\"sda\"}", 5.0),
            ("node_disk_writes_merged_total{device=\"sda\"}", 6.0),
            ("node_disk_written_bytes_total{device=\"sda\"}", 3584.0),
        ],
    );
    assert_eq!(host.snapshot().disks[0].busy, None);
    tree.wait(10);
    tree.write("proc/diskstats", "8 0 sda 1 2 3 4 5 6 7 8 9 17500 31000\n");
    collect(&mut host);
    let disk = &host.snapshot().disks[0];
    assert_eq!((disk.device.as_str(), disk.busy, disk.queue), ("sda", Some(0.75), Some(2.0)));
}

#[test]
fn network_devices_are_told_as_they_are_named() {
    let head = "Inter-|   Receive\n face |bytes\n";
    let row = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16";
    let tree =
        Tree::with_proc(&[("net/dev", &format!("{head}  eth0: {row}\na:b:{row}\nveth1: {row}\n"))]);
    tree.write("sys/class/net/eth0/speed", "1000\n");
    tree.write("sys/class/net/a:b/speed", "-1\n");
    let mut config = only(&[HostPart::Netdev]);
    config.exclude_network_devices = vec!["veth*".to_owned()];
    let mut host = tree.host(config);
    let found = collect(&mut host);
    assert_eq!(found.len(), 32);
    assert_eq!(found["node_network_receive_bytes_total{device=\"eth0\"}"], 1.0);
    assert_eq!(found["node_network_receive_multicast_total{device=\"a:b\"}"], 8.0);
    assert_eq!(found["node_network_transmit_bytes_total{device=\"eth0\"}"], 9.0);
    assert_eq!(found["node_network_transmit_compressed_total{device=\"eth0\"}"], 16.0);
    tree.wait(2);
    tree.write("proc/net/dev", format!("{head}eth0: 201 12 4 4 0 0 0 0 9 10 11 14 0 0 0 0\n"));
    collect(&mut host);
    let [eth0] = &host.snapshot().networks[..] else { panic!() };
    assert_eq!((eth0.received, eth0.sent), (Some(100.0), Some(0.0)));
    assert_eq!((eth0.packets, eth0.lost), (Some(5.0), Some(1.5)));
    assert_eq!(eth0.capacity, Some(125_000_000.0));
}

#[test]
fn counters_of_protocols_are_those_that_dashboards_use() {
    check(
        HostPart::Netstat,
        &[
            ("net/netstat", "TcpExt: SyncookiesSent Other TCPTimeouts\nTcpExt: 1 2 3\n"),
            (
                "net/snmp",
                "Ip: Forwarding DefaultTTL\nIp: 2 64\nTcp: MaxConn InErrs CurrEstab\nTcp: -1 4 5\n",
            ),
            ("net/snmp6", "Ip6InOctets   \t6\nIcmp6InErrors 7\nUdpLite6InErrors 8\nIp6Other 9\n"),
        ],
        &[
            ("node_netstat_Icmp6_InErrors", 7.0),
            ("node_netstat_Ip6_InOctets", 6.0),
            ("node_netstat_Ip_Forwarding", 2.0),
            ("node_netstat_TcpExt_SyncookiesSent", 1.0),
            ("node_netstat_TcpExt_TCPTimeouts", 3.0),
            ("node_netstat_Tcp_CurrEstab", 5.0),
            ("node_netstat_Tcp_InErrs", 4.0),
            ("node_netstat_UdpLite6_InErrors", 8.0),
        ],
    );
}

#[test]
fn sockets_are_told_with_their_memory_in_bytes() {
    let page = rustix::param::page_size();
    let bytes = f64::from(u32::try_from(page).unwrap()) * 3.0;
    check(
        HostPart::Sockstat,
        &[
            ("net/sockstat", "sockets: used 21\nTCP: inuse 1 orphan 0 mem 3\n"),
            ("net/sockstat6", "TCP6: inuse 2\n"),
        ],
        &[
            ("node_sockstat_TCP6_inuse", 2.0),
            ("node_sockstat_TCP_inuse", 1.0),
            ("node_sockstat_TCP_mem", 3.0),
            ("node_sockstat_TCP_mem_bytes", bytes),
            ("node_sockstat_TCP_orphan", 0.0),
            ("node_sockstat_sockets_used", 21.0),
        ],
    );
}

#[test]
fn the_kernel_names_itself() {
    let tree = Tree::new();
    let found = collect(&mut tree.only(&[HostPart::Uname]));
    let (series, value) = found.first_key_value().unwrap();
    assert!(series.starts_with("node_uname_info{domainname=\""), "{series}");
    assert!(series.contains(",sysname=\"Linux\","), "{series}");
    assert_eq!(*value, 1.0);
}

#[test]
fn file_systems_are_asked_where_the_host_is_seen() {
    let tree = Tree::with_proc(&[(
        "1/mounts",
        "/dev/old / ext4 rw 0 0\n/dev/vda / ext4 ro,relatime 0 0\ntmpfs /run/a\\040b tmpfs rw 0 0\n\
         proc /proc proc rw 0 0\ntmpfs /dev/shm tmpfs rw 0 0\ngone /gone ext4 rw 0 0\n",
    )]);
    std::fs::create_dir_all(tree.path("run/a b")).unwrap();
    let mut host = tree.only(&[HostPart::Filesystem]);
    let found = collect(&mut host);
    let labels = "device=\"/dev/vda\",fstype=\"ext4\",mountpoint=\"/\"";
    let gone = "device=\"gone\",fstype=\"ext4\",mountpoint=\"/gone\"";
    assert_eq!(found[&format!("node_filesystem_readonly{{{labels}}}")], 1.0);
    assert_eq!(found[&format!("node_filesystem_device_error{{{labels}}}")], 0.0);
    assert_eq!(found[&format!("node_filesystem_device_error{{{gone}}}")], 1.0);
    assert!(!found.contains_key(&format!("node_filesystem_size_bytes{{{gone}}}")));
    let size = found[&format!("node_filesystem_size_bytes{{{labels}}}")];
    assert!(size > 0.0 && found[&format!("node_filesystem_avail_bytes{{{labels}}}")] <= size);
    let points: Vec<_> =
        host.snapshot().file_systems.iter().map(|found| found.mount_point.as_str()).collect();
    assert_eq!(points, ["/", "/run/a b"]);
    assert_eq!(found.len(), 7 * 2 + 1);
}
