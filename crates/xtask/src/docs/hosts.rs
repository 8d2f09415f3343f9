//! A made-up host that has everything of which there are metrics.

/// The files by their paths.
pub(super) const FILES: &[(&str, &str)] = &[
    (
        "proc/stat",
        "cpu  1 1 1 1 1 1 1 1 1 1\ncpu0 1 1 1 1 1 1 1 1 1 1\nintr 1 1\nctxt 1\nbtime 1700000000\nprocesses 1\n\
         procs_running 1\nprocs_blocked 0\nsoftirq 1 1\n",
    ),
    ("proc/meminfo", "MemTotal: 2 kB\nMemFree: 1 kB\nMemAvailable: 1 kB\n"),
    (
        "proc/vmstat",
        "pgpgin 1\npgpgout 1\npswpin 1\npswpout 1\npgfault 1\npgmajfault 1\noom_kill 0\n",
    ),
    ("proc/loadavg", "0.50 1.25 2.00 3/212 4711\n"),
    ("proc/sys/fs/file-nr", "883\t0\t2466177\n"),
    ("proc/sys/kernel/threads-max", "5000\n"),
    ("proc/sys/kernel/pid_max", "5000\n"),
    ("proc/sys/net/netfilter/nf_conntrack_count", "12\n"),
    ("proc/sys/net/netfilter/nf_conntrack_max", "262144\n"),
    (
        "proc/net/stat/nf_conntrack",
        "entries found invalid ignore insert insert_failed drop early_drop search_restart\n1 1 1 1 1 1 1 1 1\n",
    ),
    ("proc/pressure/cpu", PRESSURE),
    ("proc/pressure/memory", PRESSURE),
    ("proc/pressure/io", PRESSURE),
    ("proc/diskstats", "8 0 sda 1 2 3 4000 5 6 7 8000 9 10000 11000 1 1 1 1 1 1\n"),
    (
        "proc/net/dev",
        "Inter-|   Receive\n face |bytes\n  eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n",
    ),
    (
        "proc/net/netstat",
        "TcpExt: ListenDrops TCPTimeouts\nTcpExt: 1 1\nIpExt: InOctets OutOctets\nIpExt: 1 1\n",
    ),
    (
        "proc/net/snmp",
        "Ip: Forwarding\nIp: 1\nIcmp: InMsgs InErrors OutMsgs\nIcmp: 1 1 1\n\
         Tcp: ActiveOpens PassiveOpens CurrEstab InSegs OutSegs RetransSegs InErrs OutRsts\nTcp: 1 1 1 1 1 1 1 1\n\
         Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors\nUdp: 1 1 1 1 1 1\n",
    ),
    (
        "proc/net/sockstat",
        "sockets: used 21\nTCP: inuse 1 orphan 0 tw 0 alloc 1 mem 3\nUDP: inuse 1 mem 1\n",
    ),
    ("proc/net/sockstat6", "TCP6: inuse 1\nUDP6: inuse 1\n"),
    ("proc/1/mounts", "/dev/sda1 / ext4 rw 0 0\n"),
    ("proc/1/mountinfo", "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n"),
    ("proc/self/mounts", "/dev/sda1 / ext4 rw 0 0\n"),
    ("proc/self/mountinfo", "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n"),
    ("proc/7/stat", "7 (bot) S 1 7 7 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 100 4096 1 0 0 0\n"),
    ("proc/7/statm", "4096 1 0 0 0 1 0\n"),
    ("proc/7/io", "read_bytes: 1\nwrite_bytes: 1\n"),
    ("proc/7/fd/0", ""),
    ("sys/fs/cgroup/cgroup.controllers", "cpu io memory pids\n"),
    ("sys/fs/cgroup/cpu.stat", "usage_usec 1\nnr_periods 1\nnr_throttled 1\nthrottled_usec 1\n"),
    ("sys/fs/cgroup/cpu.max", "150000 100000\n"),
    ("sys/fs/cgroup/memory.current", "4096\n"),
    ("sys/fs/cgroup/memory.max", "8192\n"),
    ("sys/fs/cgroup/memory.events", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n"),
    ("sys/fs/cgroup/pids.current", "7\n"),
    ("sys/fs/cgroup/pids.max", "100\n"),
    ("sys/fs/cgroup/io.stat", "8:0 rbytes=1 wbytes=1\n"),
    ("sys/fs/cgroup/cpu.pressure", PRESSURE),
    ("sys/fs/cgroup/memory.pressure", PRESSURE),
    ("sys/fs/cgroup/io.pressure", PRESSURE),
];

const PRESSURE: &str = "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1\n";
