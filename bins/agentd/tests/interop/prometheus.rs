//! A real Prometheus beside the daemon.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use serde_json::Value;

use super::curl;
use super::support::{Daemon, dir, until_some};

#[test]
fn promtool_finds_nothing_to_lint_but_the_names_of_node_exporter() {
    let dir = dir();
    let daemon = Daemon::start(dir.path(), &[]);
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    promtool.stdin.take().unwrap().write_all(daemon.request("/metrics").body.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said =
        String::from_utf8(output.stderr).unwrap() + &String::from_utf8(output.stdout).unwrap();
    // The names of node_exporter are what they are: dashboards know them.
    let is_known = |line: &&str| {
        line.starts_with("node_")
            && line.ends_with("should be written in 'snake_case' not 'camelCase'")
    };
    let said: Vec<_> = said.lines().filter(|line| !is_known(line)).collect();
    assert_eq!(said, [""; 0]);
}

#[test]
fn what_prometheus_stores_is_what_the_daemon_shows() {
    let dir = dir();
    let daemon = Daemon::start(&dir.path().join("data"), &[]);
    let prometheus = Prometheus::start(dir.path(), &[daemon.address()]);
    let (shown, stored) = until_some(|| {
        let before = series(&daemon.request("/metrics").body);
        let scraped = prometheus.scraped()?;
        until_some(|| prometheus.scraped().filter(|now| *now > scraped));
        let stored: BTreeMap<_, _> =
            prometheus.query(r#"{job="bots"}"#)?.iter().map(stored_series).collect();
        let mut shown = series(&daemon.request("/metrics").body);
        // What moved meanwhile was not the same for both, nor is what counts who asks.
        shown.retain(|labels, value| before.get(labels) == Some(value));
        shown.retain(|labels, _| !ASKING.iter().any(|part| labels["__name__"].starts_with(part)));
        shown.keys().all(|name| stored.contains_key(name)).then_some((shown, stored))
    });
    assert!(shown.len() > 20, "{shown:?}");
    for (name, value) in &shown {
        assert_eq!(stored[name], *value, "{name:?}");
    }
    let parts: Vec<_> = shown
        .keys()
        .filter(|labels| labels.get("__name__").is_some_and(|name| name == "agentd_part_up"))
        .map(|labels| labels["part"].as_str())
        .collect();
    assert!(["control", "http", "reload", "trail"].iter().all(|part| parts.contains(part)));
}

#[test]
fn bots_with_the_sdks_of_opentelemetry_are_scraped_beside_it() {
    let dir = dir();
    let daemon = Daemon::start(&dir.path().join("data"), &[]);
    let (python, node) = (Bot::start("python3", "bot.py"), Bot::start("node", "bot.cjs"));
    let targets = [daemon.address(), python.address, node.address];
    let prometheus = Prometheus::start(dir.path(), &targets);
    let counts = until_some(|| {
        let found = prometheus.query("bot_messages_total")?;
        (found.len() == 4).then_some(found)
    });
    let count = |bot: &Bot, kind: &str| {
        let is_it = |labels: &Labels| {
            labels["instance"] == bot.address.to_string() && labels["kind"] == kind
        };
        let mut all = counts.iter().map(whole_series);
        all.find(|(labels, _)| is_it(labels)).map(|(_, value)| value).unwrap()
    };
    let (text, voice) = ("text", "voice");
    assert_eq!([count(&python, text), count(&python, voice)], ["3", "4"]);
    assert_eq!([count(&node, text), count(&node, voice)], ["5", "6"]);
    let up = until_some(|| prometheus.query("up == 1").filter(|up| up.len() == targets.len()));
    assert_eq!(up.len(), 3);
}

/// A Prometheus, killed when dropped.
struct Prometheus {
    child: Child,
    address: SocketAddr,
}

impl Prometheus {
    fn start(dir: &Path, targets: &[SocketAddr]) -> Self {
        let config = dir.join("prometheus.yml");
        let targets: Vec<_> = targets.iter().map(|target| format!("'{target}'")).collect();
        let text = format!(
            "global: {{scrape_interval: 1s}}\nscrape_configs:\n  - job_name: bots\n    static_configs: [{{targets: [{}]}}]\n",
            targets.join(", ")
        );
        fs::write(&config, text).unwrap();
        // A port that was free a moment ago: Prometheus does not tell which one it took.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", dir.join("tsdb").display()))
            .arg(format!("--web.listen-address={address}"))
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, address }
    }

    /// Returns what an expression finds now; none while Prometheus does not answer.
    fn query(&self, expression: &str) -> Option<Vec<Value>> {
        let query = format!("query={expression}");
        let url = format!("http://{}/api/v1/query", self.address);
        let answer = curl(&["--get", "--data-urlencode", &query, &url]);
        let answer: Value = serde_json::from_slice(&answer.stdout).ok()?;
        answer["data"]["result"].as_array().cloned()
    }

    /// Returns when the daemon was scraped last.
    fn scraped(&self) -> Option<f64> {
        let found = self.query(r#"timestamp(up{job="bots"})"#)?;
        found.first()?["value"][1].as_str()?.parse().ok()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program in another language, which ends with its standard input.
struct Bot {
    child: Child,
    stdin: Option<ChildStdin>,
    address: SocketAddr,
}

impl Bot {
    fn start(program: &str, script: &str) -> Self {
        let peers = Path::new(env!("CARGO_TARGET_TMPDIR")).join("peers");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop").join(script);
        let mut command = Command::new(program);
        command.env("PYTHONPATH", peers.join("python"));
        command.env("NODE_PATH", peers.join("node/node_modules"));
        command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
        let address = format!("127.0.0.1:{}", port.trim()).parse().unwrap();
        Self { stdin: child.stdin.take(), child, address }
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        drop(self.stdin.take());
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where the names of the metrics begin that each scrape changes.
pub(crate) const ASKING: [&str; 3] = ["agentd_http_", "agentd_server_", "process_"];

pub(crate) type Labels = BTreeMap<String, String>;

/// Reads the text format: the labels of each series, the name among them, and its value.
pub(crate) fn series(text: &str) -> BTreeMap<Labels, String> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let (name, rest) = series.split_once('{').unwrap_or((series, ""));
            let pairs = rest.trim_end_matches('}').split("\",").filter(|pair| !pair.is_empty());
            let mut labels: Labels = pairs
                .map(|pair| pair.trim_end_matches('"').split_once("=\"").unwrap())
                .map(|(label, value)| (label.to_owned(), unescaped(value)))
                .filter(|(_, value)| !value.is_empty())
                .collect();
            labels.insert("__name__".to_owned(), name.to_owned());
            (labels, number(value))
        })
        .collect()
}

/// Returns a series as Prometheus gives it back, without the labels that it added.
fn stored_series(found: &Value) -> (Labels, String) {
    let (mut labels, value) = whole_series(found);
    labels.remove("job");
    labels.remove("instance");
    (labels, value)
}

fn whole_series(found: &Value) -> (Labels, String) {
    let labels = serde_json::from_value(found["metric"].clone()).unwrap();
    (labels, number(found["value"][1].as_str().unwrap()))
}

/// Writes a number one way.
fn number(text: &str) -> String {
    text.parse::<f64>().unwrap().to_string()
}

fn unescaped(value: &str) -> String {
    value.replace("\\n", "\n").replace("\\\"", "\"").replace("\\\\", "\\")
}
