//! The host's collectors beside `node_exporter` and sysinfo.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System};
use wardkit_metrics::host::{Host, HostConfig, HostPart, HostPaths};
use wardkit_metrics::{Collector as _, Exposition, Samples};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Measures both and returns the section of the page. Without `node_exporter` on the machine it says so.
///
/// # Errors
///
/// When a program or the host cannot be asked.
pub fn section(rounds: usize) -> Result<String> {
    let mut text = String::new();
    if Command::new(PEER).arg("--version").output().is_ok() {
        text.push_str(SCRAPE_HEAD);
        for (what, collectors) in
            [("without processes", &COLLECTORS[1..]), ("all", &COLLECTORS[..])]
        {
            scrape_rows(what, collectors, rounds, &mut text)?;
        }
        text.push_str(SCRAPE);
    } else {
        text.push_str("Not measured in this run: there is no `prometheus-node-exporter`.\n");
    }
    text.push_str("\n| subject | processes | CPU a pass, median µs | ratio |\n|---|--:|--:|--:|\n");
    process_rows(rounds, &mut text)?;
    text.push_str(PROCESSES);
    Ok(text)
}

fn scrape_rows(what: &str, collectors: &[&str], rounds: usize, text: &mut String) -> Result<()> {
    let (whole, empty) = (Peer::start(collectors)?, Peer::start(&["uname"])?);
    let mut config = HostConfig::default();
    config.without.push(HostPart::Cgroup);
    if !collectors.contains(&"processes") {
        config.without.push(HostPart::Processes);
    }
    let mut host = Host::new(HostPaths::default(), config)?;
    let (mut samples, mut page) = (Samples::new(), String::new());
    let mut theirs = 0;
    let mut ours = Duration::ZERO;
    let (mut whole_before, mut empty_before) = (Duration::ZERO, Duration::ZERO);
    for round in 0..WARM_UP + rounds {
        if round == WARM_UP {
            ours = Duration::ZERO;
            (whole_before, empty_before) = (whole.cpu()?, empty.cpu()?);
        }
        let before = cpu();
        samples.clear();
        host.collect(&mut samples)?;
        page.clear();
        Exposition::Text.write([&samples], &mut page, |_| {});
        ours += cpu().saturating_sub(before);
        theirs = whole.scrape()?;
        empty.scrape()?;
    }
    let mean = |sum: Duration| {
        sum.as_secs_f64() * 1e6 / f64::from(u32::try_from(rounds).unwrap_or(1).max(1))
    };
    let ours = mean(ours);
    let whole = mean(whole.cpu()?.saturating_sub(whole_before));
    let empty = mean(empty.cpu()?.saturating_sub(empty_before));
    writeln!(
        text,
        "| wardkit-metrics | {what} | {} | {ours:.0} | {:.2} |",
        samples.len(),
        ours / whole
    )?;
    writeln!(text, "| node_exporter | the same | {theirs} | {whole:.0} | 1 |")?;
    writeln!(text, "| node_exporter | `uname` alone | - | {empty:.0} | {:.2} |", empty / whole)?;
    Ok(())
}

fn process_rows(rounds: usize, text: &mut String) -> Result<()> {
    let mut config = HostConfig::default();
    config.without = OTHERS.to_vec();
    let mut host = Host::new(HostPaths::default(), config)?;
    let mut samples = Samples::new();
    let mut system = System::new()?;
    let kind = ProcessRefreshKind::nothing().with_cpu().with_memory();
    let mut times: [Vec<Duration>; 3] = Default::default();
    for _ in 0..rounds {
        let start = cpu();
        samples.clear();
        host.collect(&mut samples)?;
        let ours = cpu();
        system.refresh_processes_specifics(ProcessesToUpdate::All, true, kind.without_tasks());
        let without_tasks = cpu();
        system.refresh_processes_specifics(ProcessesToUpdate::All, true, kind);
        let end = cpu();
        for (times, (from, to)) in
            times.iter_mut().zip([(start, ours), (ours, without_tasks), (without_tasks, end)])
        {
            times.push(to.saturating_sub(from));
        }
    }
    let count =
        system.processes().values().filter(|process| process.thread_kind().is_none()).count();
    let [ours, without_tasks, with_tasks] = times.map(|mut times| {
        times.sort_unstable();
        times.get(times.len() / 2).copied().unwrap_or_default().as_secs_f64() * 1e6
    });
    writeln!(text, "| wardkit-metrics | {count} | {ours:.0} | {:.2} |", ours / without_tasks)?;
    writeln!(text, "| sysinfo, `without_tasks` | {count} | {without_tasks:.0} | 1 |")?;
    writeln!(
        text,
        "| sysinfo, with tasks | {count} | {with_tasks:.0} | {:.2} |",
        with_tasks / without_tasks
    )?;
    Ok(())
}

/// A running `node_exporter`, ended when dropped.
struct Peer {
    child: Child,
    address: String,
}

impl Peer {
    fn start(collectors: &[&str]) -> Result<Self> {
        let mut child = Command::new(PEER)
            .args(["--web.listen-address=127.0.0.1:0", "--web.disable-exporter-metrics"])
            .args(["--collector.disable-defaults", "--collector.netdev.device-exclude=^$"])
            .args(collectors.iter().map(|name| format!("--collector.{name}")))
            .stderr(Stdio::piped())
            .spawn()?;
        let said = child.stderr.take().ok_or("its messages are piped")?;
        let mut lines = BufReader::new(said).lines().map_while(std::io::Result::ok);
        let port = lines.find_map(|line| {
            let (_, port) = line.split_once("address=127.0.0.1:")?;
            Some(port.split_whitespace().next()?.to_owned())
        });
        // What it says later is read, so that it is never held up.
        std::thread::spawn(move || lines.for_each(drop));
        let peer = Self { child, address: format!("127.0.0.1:{}", port.unwrap_or_default()) };
        peer.scrape()?;
        Ok(peer)
    }

    /// Scrapes it and returns how many samples it gave.
    fn scrape(&self) -> Result<usize> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer.lines().filter(|line| line.starts_with("node_")).count())
    }

    /// What it has used, to a hundredth of a second.
    fn cpu(&self) -> Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let (_, rest) = stat.rsplit_once(')').ok_or("no name in it")?;
        let ticks = rest.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
        let ticks = ticks.sum::<std::result::Result<u64, _>>()?;
        Ok(Duration::from_millis(10) * u32::try_from(ticks)?)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It is gone already, or there is nothing more to do about it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What this process has used, all its threads together.
fn cpu() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
}

const PEER: &str = "prometheus-node-exporter";

/// Those of its collectors that we have too; processes first.
const COLLECTORS: [&str; 15] = [
    "processes",
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
    "sockstat",
    "stat",
    "uname",
    "vmstat",
];

/// All but the processes.
const OTHERS: [HostPart; 14] = [
    HostPart::Cpu,
    HostPart::Meminfo,
    HostPart::Vmstat,
    HostPart::Loadavg,
    HostPart::Filefd,
    HostPart::Uname,
    HostPart::Pressure,
    HostPart::Conntrack,
    HostPart::Diskstats,
    HostPart::Filesystem,
    HostPart::Netdev,
    HostPart::Netstat,
    HostPart::Sockstat,
    HostPart::Cgroup,
];

const WARM_UP: usize = 5;

const SCRAPE_HEAD: &str =
    "| subject | collectors | samples | CPU a scrape, µs | ratio |\n|---|---|--:|--:|--:|\n";

const SCRAPE: &str = "
The goal is a fifth of `node_exporter`'s. Both are scraped in turn; ours is the CPU time of collecting and of writing
the text, without HTTP; its is that of its process, HTTP included, which is why it is shown with `uname` alone too.
";

const PROCESSES: &str = "
The goal is a third of sysinfo's without tasks. All read the name, CPU time and memory of every process, in turn.
";
