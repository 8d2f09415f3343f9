//! Files that are missing, broken or hostile stop nothing else.

use wardkit_core::{Severity, Timestamp};
use wardkit_metrics::Error;
use wardkit_metrics::host::HostPart;

use super::tree::{Tree, everything, make_pipe, success};

#[test]
fn a_part_that_fails_leaves_the_others_and_is_told_once() {
    let tree = Tree::with_proc(&[("stat", "cpu 1\ncpu0 1\n"), ("loadavg", "0 0 0 1/1 1\n")]);
    let mut host = tree.only(&[HostPart::Cpu, HostPart::Loadavg]);
    everything(&mut host);
    assert!(host.take_changes().is_empty());

    tree.write("proc/stat", "nothing\n");
    for _ in 0..3 {
        let all = everything(&mut host);
        assert_eq!(success(&all, HostPart::Cpu), 0.0);
        assert_eq!(success(&all, HostPart::Loadavg), 1.0);
        assert_eq!(all["node_load1"], 0.0);
    }
    let [change] = &host.take_changes()[..] else { panic!() };
    assert_eq!(change.part, HostPart::Cpu);
    assert!(matches!(&change.error, Some(Error::Malformed { what: "line `cpu`", .. })));
    let event = change.event(Timestamp::UNIX_EPOCH);
    assert_eq!(
        (event.kind.as_str(), event.severity),
        ("metrics.collector.failed", Severity::Warning)
    );
    assert_eq!(event.message, format!("{} has no line `cpu`", tree.path("proc/stat").display()));

    tree.write("proc/stat", "cpu 1\ncpu0 1\n");
    assert_eq!(success(&everything(&mut host), HostPart::Cpu), 1.0);
    let [change] = &host.take_changes()[..] else { panic!() };
    assert!(change.error.is_none());
    assert_eq!(change.event(Timestamp::UNIX_EPOCH).kind.as_str(), "metrics.collector.recovered");
}

#[test]
fn what_a_kernel_does_not_have_is_no_news_until_it_had_it() {
    let tree = Tree::new();
    let mut host = tree.only(&[HostPart::Pressure]);
    let pressure = "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";
    assert_eq!(success(&everything(&mut host), HostPart::Pressure), 0.0);
    assert!(host.take_changes().is_empty());
    for resource in ["cpu", "memory", "io"] {
        tree.write(&format!("proc/pressure/{resource}"), pressure);
    }
    assert_eq!(success(&everything(&mut host), HostPart::Pressure), 1.0);
    assert!(host.take_changes().is_empty());
    tree.write("proc/pressure/io", "");
    everything(&mut host);
    assert_eq!(host.take_changes().len(), 1);
}

#[test]
fn a_file_that_comes_back_is_read_anew() {
    let tree = Tree::with_proc(&[("loadavg", "1 1 1 1/1 1\n")]);
    let mut host = tree.only(&[HostPart::Loadavg]);
    assert_eq!(everything(&mut host)["node_load1"], 1.0);
    tree.write("proc/loadavg", "2 2 2 1/1 1\n");
    assert_eq!(everything(&mut host)["node_load1"], 2.0);
}

#[test]
fn a_file_without_end_is_given_up() {
    let tree = Tree::new();
    std::fs::create_dir_all(tree.path("proc")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", tree.path("proc/loadavg")).unwrap();
    let mut host = tree.only(&[HostPart::Loadavg]);
    assert_eq!(success(&everything(&mut host), HostPart::Loadavg), 0.0);
    let [change] = &host.take_changes()[..] else { panic!() };
    assert!(matches!(change.error, Some(Error::TooLong { .. })));
}

#[test]
fn a_pipe_in_a_files_place_holds_nothing_up() {
    let tree = Tree::new();
    make_pipe(&tree.path("proc/loadavg"));
    let mut host = tree.only(&[HostPart::Loadavg]);
    assert_eq!(success(&everything(&mut host), HostPart::Loadavg), 0.0);
}

#[test]
fn what_a_file_says_twice_is_told_once() {
    let columns = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16";
    let tree = Tree::with_proc(&[
        ("stat", "cpu 1\ncpu0 1\ncpu0 2\nctxt 1\nctxt 2\n"),
        ("meminfo", "MemFree: 1 kB\nMemFree: 2 kB\n"),
        ("vmstat", "pgpgin 1\npgpgin 2\n"),
        ("diskstats", "8 0 sda 1 2 3 4 5 6 7 8 9 10 11\n8 0 sda 1 2 3 4 5 6 7 8 9 10 11\n"),
        ("net/dev", &format!("-\n-\nlo: {columns}\nlo: {columns}\n")),
        (
            "net/netstat",
            "TcpExt: TCPTimeouts TCPTimeouts\nTcpExt: 1 2\nTcpExt: TCPTimeouts\nTcpExt: 3\n",
        ),
        ("net/snmp", ""),
        ("net/sockstat", "TCP: inuse 1 inuse 2\nTCP: inuse 3\n"),
    ]);
    // It asserts that no series comes twice.
    let all = everything(&mut tree.host(wardkit_metrics::host::HostConfig::default()));
    assert_eq!(all["node_memory_MemFree_bytes"], 1024.0);
    assert_eq!(all["node_vmstat_pgpgin"], 1.0);
    assert_eq!(all["node_netstat_TcpExt_TCPTimeouts"], 1.0);
    assert_eq!(all["node_sockstat_TCP_inuse"], 1.0);
    assert_eq!(all["node_disk_io_now{device=\"sda\"}"], 9.0);
}

#[test]
fn changes_that_nobody_takes_do_not_pile_up() {
    let tree = Tree::new();
    let mut host = tree.only(&[HostPart::Loadavg]);
    for round in 0..1000 {
        tree.write("proc/loadavg", if round % 2 == 0 { "bad" } else { "1 1 1 1/1 1" });
        everything(&mut host);
    }
    let changes = host.take_changes();
    assert_eq!(changes.len(), 64);
    assert!(changes.last().unwrap().error.is_none());
}

#[test]
fn an_empty_tree_gives_nothing_but_what_is_said_of_collectors() {
    let tree = Tree::new();
    let mut host = tree.host(wardkit_metrics::host::HostConfig::default());
    let all = everything(&mut host);
    assert_eq!(success(&all, HostPart::Uname), 1.0);
    for part in [HostPart::Cpu, HostPart::Filesystem, HostPart::Netstat, HostPart::Meminfo] {
        assert_eq!(success(&all, part), 0.0, "{part:?}");
    }
}
