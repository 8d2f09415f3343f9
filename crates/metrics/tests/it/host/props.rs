//! Whatever is in the files, collections end, and no series comes twice.

use proptest::prelude::*;
use wardkit_metrics::host::{HostConfig, ProcessGroup};

use super::tree::{Tree, everything};

const FILES: [&str; 22] = [
    "proc/stat",
    "proc/meminfo",
    "proc/vmstat",
    "proc/loadavg",
    "proc/diskstats",
    "proc/net/dev",
    "proc/net/netstat",
    "proc/net/snmp",
    "proc/net/snmp6",
    "proc/net/sockstat",
    "proc/net/sockstat6",
    "proc/net/stat/nf_conntrack",
    "proc/pressure/cpu",
    "proc/sys/fs/file-nr",
    "proc/sys/net/netfilter/nf_conntrack_count",
    "proc/17/stat",
    "proc/17/io",
    "sys/fs/cgroup/cgroup.controllers",
    "sys/fs/cgroup/cpu.stat",
    "sys/fs/cgroup/io.stat",
    "sys/fs/cgroup/cgroup.procs",
    "run/bot.pid",
];

/// Bytes that look like procfs' often enough to get past the first word.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        Just(b"cpu0".to_vec()),
        Just(b"cpu".to_vec()),
        Just(b"TcpExt: SyncookiesSent\nTcpExt:".to_vec()),
        Just(b"some avg10=1 total=".to_vec()),
        Just(b"(".to_vec()),
        Just(b")".to_vec()),
        Just(b"TCP:".to_vec()),
        Just(b"eth0:".to_vec()),
        Just(b"pgfault".to_vec()),
        Just(b"18446744073709551615".to_vec()),
        proptest::collection::vec(any::<u8>(), 0..6),
        any::<u16>().prop_map(|number| number.to_string().into_bytes()),
    ];
    let separator = prop_oneof![Just(b' '), Just(b'\n'), Just(b'\t')];
    proptest::collection::vec((word, separator), 0..40).prop_map(|words| {
        words
            .into_iter()
            .flat_map(|(mut word, separator)| {
                word.push(separator);
                word
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_survived(texts in proptest::collection::vec(text(), FILES.len())) {
        let tree = Tree::new();
        let mut config = HostConfig::default();
        config.processes =
            vec![ProcessGroup::by_pid_file("a", tree.path("run/bot.pid")), ProcessGroup::by_cgroup("b", "/")];
        let mut host = tree.host(config);
        for shift in 0..2 {
            for (at, file) in FILES.iter().enumerate() {
                tree.write(file, &texts[(at + shift) % texts.len()]);
            }
            for (series, value) in everything(&mut host) {
                prop_assert!(value.is_finite(), "{series} {value}");
            }
            tree.wait(1);
        }
    }
}
