//! `node_exporter` on the same host at the same moment: its names, types, labels and values are ours.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use wardkit_metrics::host::{Host, HostConfig, HostPaths};
use wardkit_metrics::{Collector as _, Exposition, Kind, Registry, Samples};

/// Those of its collectors that we have too.
const COLLECTORS: [&str; 14] = [
    "conntrack",
    "cpu",
    "diskstats",
    "filefd",
    "filesystem",
    "loadavg",
    "meminfo",
    "netdev",
    "netstat",
    "pressure",
    "processes",
    "sockstat",
    "stat",
    "uname",
];

/// Its families that we leave out: what is not read from procfs, and what says nothing of the host.
const LEFT_OUT: [&str; 9] = [
    "node_disk_info",
    "node_disk_filesystem_info",
    "node_exporter_build_info",
    "node_network_receive_nohandler_total",
    "node_processes_max_threads",
    "node_processes_threads_state",
    "node_cpu_info",
    "node_softirqs_functions_total",
    "node_filesystem_mount_info",
];

struct Peer {
    child: Child,
    address: String,
}

impl Peer {
    fn start() -> Self {
        let defaults = HostConfig::default();
        let points: Vec<_> =
            defaults.exclude_mount_points.iter().map(|path| path.to_str().unwrap()).collect();
        let mut child = Command::new("prometheus-node-exporter")
            .args(["--web.listen-address=127.0.0.1:0", "--collector.disable-defaults"])
            .args(COLLECTORS.iter().chain(&["vmstat"]).map(|name| format!("--collector.{name}")))
            // Debian's own choices are narrower than its.
            .arg(format!(
                "--collector.filesystem.mount-points-exclude=^({})($|/)",
                points.join("|")
            ))
            .arg("--collector.netdev.device-exclude=^$")
            .stderr(Stdio::piped())
            .spawn()
            .expect("prometheus-node-exporter is installed");
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = lines
            .find_map(|line| {
                let line = line.unwrap();
                let (_, address) = line.split_once("address=127.0.0.1:")?;
                Some(format!("127.0.0.1:{}", address.split_whitespace().next()?))
            })
            .expect("it says where it listens");
        // What it says later is read, so that it is never held up.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address }
    }

    fn scrape(&self) -> Scrape {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(" 200 "), "{head}");
        let mut scrape = Scrape::default();
        for line in body.lines() {
            if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').unwrap();
                scrape.kinds.insert(name.to_owned(), kind.to_owned());
            } else if !line.starts_with('#') {
                let (series, value) = line.rsplit_once(' ').unwrap();
                scrape.values.insert(series.to_owned(), value.parse().unwrap());
            }
        }
        // Its own process and its handlers.
        scrape.kinds.retain(|name, _| name.starts_with("node_"));
        scrape.values.retain(|series, _| series.starts_with("node_"));
        scrape
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[derive(Debug, Default)]
struct Scrape {
    kinds: BTreeMap<String, String>,
    values: BTreeMap<String, f64>,
}

fn ours(host: &mut Host) -> Scrape {
    let mut samples = Samples::new();
    host.collect(&mut samples).unwrap();
    let mut scrape = Scrape::default();
    for family in samples.families().filter(|family| family.name().starts_with("node_")) {
        let kind = match family.kind() {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            _ => "untyped",
        };
        scrape.kinds.insert(family.name().to_owned(), kind.to_owned());
        scrape.values.extend(family.samples().map(|found| (found.series.to_owned(), found.value)));
    }
    scrape
}

fn name(series: &str) -> &str {
    series.split('{').next().unwrap()
}

/// Tells whether a series may come and go between two looks, or is about the collectors themselves.
fn is_fleeting(series: &str) -> bool {
    ["node_scrape_collector", "node_processes_state"].iter().any(|start| series.starts_with(start))
}

#[test]
fn every_family_is_one_of_its_with_the_same_labels_and_values() {
    let peer = Peer::start();
    let mut host = Host::new(HostPaths::default(), HostConfig::default()).unwrap();
    ours(&mut host);
    peer.scrape();
    let before = ours(&mut host);
    let theirs = peer.scrape();
    let after = ours(&mut host);

    for (name, kind) in &before.kinds {
        assert_eq!(theirs.kinds.get(name), Some(kind), "the type of {name}");
    }
    let missing: BTreeSet<&str> = theirs
        .kinds
        .keys()
        .filter(|name| !before.kinds.contains_key(*name))
        .map(String::as_str)
        .collect();
    let unexpected: Vec<_> = missing.iter().filter(|name| !LEFT_OUT.contains(name)).collect();
    assert!(unexpected.is_empty(), "{unexpected:?}");

    let keys = |scrape: &Scrape| -> BTreeSet<String> {
        let is_ours =
            |series: &&String| before.kinds.contains_key(name(series)) && !is_fleeting(series);
        scrape.values.keys().filter(is_ours).cloned().collect()
    };
    assert_eq!(keys(&before), keys(&theirs));
    assert!(keys(&before).len() > 100, "{before:?}");

    let mut wrong = Vec::new();
    for series in keys(&before) {
        let (low, high) = (before.values[&series], after.values[&series]);
        let value = theirs.values[&series];
        let slack = slack(name(&series), value);
        if value < low.min(high) - slack || value > low.max(high) + slack {
            wrong.push((series, low, value, high));
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// How far a value may be from what we saw just before and just after.
fn slack(name: &str, value: f64) -> f64 {
    if name.starts_with("node_memory") || name.starts_with("node_filesystem") {
        return 0.02 * value + f64::from(256 << 20);
    }
    let is_exact = name.ends_with("_limit")
        || ["node_boot_time_seconds", "node_filefd_maximum", "node_uname_info"].contains(&name);
    if is_exact {
        return 0.0;
    }
    if name.ends_with("_total") || name.starts_with("node_vmstat") {
        // Between two looks they only grow, but for idle time, of which the kernel takes a few ticks back.
        return 0.05;
    }
    // Sockets, open files, tasks: they come and go with each look.
    0.1 * value + 64.0
}

#[test]
fn promtool_remarks_only_on_names_that_are_its() {
    let peer = Peer::start();
    let theirs = peer.scrape();
    let mut host = Host::new(HostPaths::default(), HostConfig::default()).unwrap();
    let mut samples = Samples::new();
    host.collect(&mut samples).unwrap();
    let mut page = String::new();
    Registry::new("x").unwrap().write(Exposition::Text, &[&samples], &mut page);
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    promtool.stdin.take().unwrap().write_all(page.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    for remark in said.lines() {
        let (name, what) = remark.split_once(' ').unwrap();
        assert_eq!(
            what, "metric names should be written in 'snake_case' not 'camelCase'",
            "{name}"
        );
        assert!(theirs.kinds.contains_key(name), "{name}");
    }
}
