//! The page about metrics: what the host's collectors make of a made-up host, and what a running agentd shows of itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

use wardkit_metrics::host::{Host, HostConfig, HostPaths, ProcessGroup};
use wardkit_metrics::{Collector as _, Exposition, Registry, Samples};

use super::hosts::FILES;
use crate::{Error, Result};

/// Writes the page; `agentd` is the program.
pub(super) fn page(agentd: &Path) -> Result<String> {
    let mut page = String::from(HEAD);
    let host = of_the_host()?;
    section(&mut page, "The host", HOST, &host);
    let own: BTreeMap<_, _> = of_agentd(agentd)?
        .into_iter()
        .filter(|(name, _)| !HOSTS.iter().any(|prefix| name.starts_with(prefix)))
        .collect();
    section(&mut page, "agentd itself", AGENTD, &own);
    Ok(page)
}

/// What is told of a metric.
#[derive(Default)]
struct Metric {
    kind: String,
    help: String,
    labels: BTreeSet<String>,
}

fn section(page: &mut String, title: &str, about: &str, metrics: &BTreeMap<String, Metric>) {
    // Writing to a String cannot fail.
    let _ = write!(
        page,
        "\n## {title}\n\n{about}\n\n| metric | type | labels | what it tells |\n|---|---|---|---|\n"
    );
    for (name, Metric { kind, help, labels }) in metrics {
        let labels: Vec<_> = labels.iter().map(|label| format!("`{label}`")).collect();
        let _ = writeln!(
            page,
            "| `{name}` | {kind} | {} | {} |",
            labels.join(" "),
            help.replace('|', "\\|")
        );
    }
}

/// Measures a host that has everything.
fn of_the_host() -> Result<BTreeMap<String, Metric>> {
    let root = tempfile::tempdir().map_err(Error::file("a folder for a made-up host"))?;
    for (path, text) in FILES {
        let path = root.path().join(path);
        let dir = path.parent().unwrap_or(root.path());
        fs::create_dir_all(dir).map_err(Error::file(dir))?;
        fs::write(&path, text).map_err(Error::file(&path))?;
    }
    let mut config = HostConfig::default();
    config.processes = vec![ProcessGroup::by_command("bot", "bot")];
    let told = |error: wardkit_metrics::Error| Error::found(format!("the made-up host: {error}"));
    let mut host = Host::new(HostPaths::below(root.path()), config).map_err(told)?;
    let mut samples = Samples::new();
    host.collect(&mut samples).map_err(told)?;
    let mut text = String::new();
    let registry = Registry::new("reference").map_err(told)?;
    registry.write(Exposition::Text, &[&samples], &mut text);
    let mut found = read(&text);
    found.retain(|name, _| !name.starts_with("reference_"));
    Ok(found)
}

/// Starts agentd with a check, asks it once, and ends it.
fn of_agentd(agentd: &Path) -> Result<BTreeMap<String, Metric>> {
    let dir = tempfile::tempdir().map_err(Error::file("a folder for agentd"))?;
    let config = dir.path().join("agentd.toml");
    fs::write(&config, CONFIG).map_err(Error::file(&config))?;
    let start = |source| Error::Start { program: agentd.display().to_string(), source };
    let mut child = Command::new(agentd)
        .args(["--listen", "127.0.0.1:0", "--format", "json", "--config"])
        .arg(&config)
        .arg("--data-dir")
        .arg(dir.path().join("data"))
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(start)?;
    let mut greeting = String::new();
    let stdout = child.stdout.take().expect("stdout was piped above");
    let shown = BufReader::new(stdout).read_line(&mut greeting).and_then(|_| settled(&greeting));
    // Killed, it would be started again by the guardian of its services. It may have ended already.
    let mut stop = Command::new(agentd);
    stop.args(["stop", "--data-dir"]).arg(dir.path().join("data")).env_clear();
    let _ = stop.output();
    let _ = child.kill();
    let _ = child.wait();
    shown.map(|text| read(&text)).map_err(start)
}

/// Asks until the check has run and a service has ended, once at least: what was asked is counted then, too.
fn settled(greeting: &str) -> std::io::Result<String> {
    scrape(greeting)?;
    for _ in 0..MOST_SCRAPES {
        let text = scrape(greeting)?;
        if SHOWN.iter().all(|sample| text.contains(sample)) {
            return Ok(text);
        }
    }
    Err(std::io::Error::other("the check or a service does not run"))
}

/// Asks for the metrics at the address in the greeting.
fn scrape(greeting: &str) -> std::io::Result<String> {
    let greeting: serde_json::Value = serde_json::from_str(greeting)?;
    let url = greeting["url"].as_str().unwrap_or_default();
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

/// Reads names, kinds, meanings and labels out of the text format.
fn read(text: &str) -> BTreeMap<String, Metric> {
    let mut found: BTreeMap<String, Metric> = BTreeMap::new();
    let mut name = String::new();
    for line in text.lines() {
        if let Some((family, help)) =
            line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' '))
        {
            help.clone_into(&mut found.entry(family.to_owned()).or_default().help);
        } else if let Some((family, kind)) =
            line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' '))
        {
            family.clone_into(&mut name);
            kind.clone_into(&mut found.entry(family.to_owned()).or_default().kind);
        } else if let Some(metric) = found.get_mut(&name)
            && line.starts_with(&name)
            && let Some((_, labels)) = line.split_once('{')
        {
            let names =
                labels.split("=\"").filter_map(|piece| piece.rsplit(['{', ',', '"']).next());
            let is_name = |label: &&str| {
                label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            };
            let names = names.filter(|label| !label.is_empty() && *label != "le").filter(is_name);
            // Behind the last value comes the sample's own.
            let known = labels.matches("=\"").count();
            metric.labels.extend(names.take(known).map(str::to_owned));
        }
    }
    found
}

/// Where the names of the host's metrics begin.
const HOSTS: [&str; 3] = ["node_", "cgroup_", "process_group_"];

/// Without rules: what they find depends on the host.
const CONFIG: &str = "\
alerting.default-rules = false

[[probe.check]]
name = \"reference\"
interval = \"1s\"
fall = 1
target.unix = { path = \"/nonexistent\" }

[[service]]
name = \"lasting\"
command = [\"/bin/sleep\", \"600\"]

[[service]]
name = \"ending\"
command = [\"/bin/false\"]
restart = \"never\"

[[service]]
name = \"held\"
command = [\"/bin/sleep\", \"600\"]
sandbox = \"default\"

[audit]
enabled = true
root = \"/etc\"

[[cleanup.rule]]
path = \"/nonexistent\"
keep = 1

[[plugins.run]]
plugin = \"org.example.reference\"
every = \"1s\"
";

/// What is there once the check has run and the services have been started.
const SHOWN: [&str; 6] = [
    "agentd_audit_checks{",
    "agentd_probe_up{",
    "agentd_service_denied_syscalls_total{",
    "agentd_service_uptime_seconds{",
    "agentd_service_exits_total{",
    "plugin_errors_total{",
];

/// Far more than are made in the second until the check runs.
const MOST_SCRAPES: usize = 100_000;

const HEAD: &str = "# Metrics\n\nWhat `/metrics` of agentd shows. Names of series that a bot brings are its own: \
see [bot-metrics.md](../operator/bot-metrics.md).\n";

const HOST: &str = "Names and labels are those of node_exporter where it has them, so that its dashboards and rules \
work. Of `node_memory_*` there is one for each line of `/proc/meminfo`; of `node_vmstat_*` and `node_netstat_*` what \
the kernel has of node_exporter's selection. What a host does not have is not shown.";

const AGENTD: &str = "`process_*` is the process of agentd. Metrics of file watching (`agentd_integrity_*`) are shown \
while something is watched, those of services (`agentd_service_*`) and plugins (`plugin_*`) where there are any, `ALERTS` and `ALERTS_FOR_STATE` with an alert's labels while a rule finds something.";
