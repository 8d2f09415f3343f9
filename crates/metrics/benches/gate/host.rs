//! The host's collectors beside reading the same files, and nothing more.

use std::fs::File;
use std::hint::black_box;
use std::os::unix::fs::FileExt as _;

use criterion::Criterion;
use wardkit_metrics::host::{Host, HostConfig, HostPart, HostPaths};
use wardkit_metrics::{Collector as _, Samples};

/// The files of the parts that are measured below; the last is absent where IPv6 is turned off.
const FILES: [&str; 8] = [
    "/proc/stat",
    "/proc/meminfo",
    "/proc/vmstat",
    "/proc/loadavg",
    "/proc/net/dev",
    "/proc/net/netstat",
    "/proc/net/snmp",
    "/proc/net/snmp6",
];

/// Those whose files are not among them.
const OTHERS: [HostPart; 9] = [
    HostPart::Filefd,
    HostPart::Uname,
    HostPart::Pressure,
    HostPart::Conntrack,
    HostPart::Diskstats,
    HostPart::Filesystem,
    HostPart::Sockstat,
    HostPart::Cgroup,
    HostPart::Processes,
];

pub(crate) fn host(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gate");
    let files: Vec<File> = FILES.iter().filter_map(|path| File::open(path).ok()).collect();
    let mut buffer = vec![0; 64 * 1024];
    group.bench_function("read_host_files", |b| {
        b.iter(|| {
            for file in &files {
                let mut at = 0;
                while let Ok(read @ 1..) = file.read_at(&mut buffer, at) {
                    at += read as u64;
                    black_box(&buffer);
                }
            }
        });
    });
    let mut config = HostConfig::default();
    config.without = OTHERS.to_vec();
    let mut host = Host::new(HostPaths::default(), config).expect("the defaults are sound");
    let mut samples = Samples::new();
    group.bench_function("collect_host", |b| {
        b.iter(|| {
            samples.clear();
            host.collect(&mut samples)
        });
    });
    group.finish();
}
