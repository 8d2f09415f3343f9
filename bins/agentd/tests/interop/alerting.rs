//! A real Prometheus and a real amtool, to which agentd is an Alertmanager.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};

use serde_json::{Value, json};

use super::curl;
use super::support::{Daemon, PATIENCE, dir, until_some};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

#[test]
fn prometheus_sends_its_alerts_and_a_webhook_gets_them() {
    let dir = dir();
    let hook = Hook::start();
    let daemon = start(dir.path(), &hook);
    let rules = dir.path().join("rules.yml");
    let text = "groups:\n- name: g\n  interval: 1s\n  rules:\n  - alert: Watchdog\n    expr: vector(1)\n    \
                labels: {severity: critical}\n    annotations: {summary: 'value {{ $value }}'}\n";
    fs::write(&rules, text).unwrap();
    let prometheus = Prometheus::start(dir.path(), daemon.address());
    let told = hook.told.recv_timeout(PATIENCE * 2).unwrap();
    assert_eq!(told.body["version"], "4");
    assert_eq!(told.body["receiver"], "pager");
    assert_eq!(told.body["groupKey"], "{}/{severity=\"critical\"}:{alertname=\"Watchdog\"}");
    let alert = &told.body["alerts"][0];
    assert_eq!(alert["annotations"]["summary"], "value 1");
    assert_eq!(alert["labels"]["from"], "prometheus");
    assert!(alert["generatorURL"].as_str().unwrap().contains("/graph?g0.expr="), "{alert}");
    assert!(!told.key.is_empty());
    let discovered = until_some(|| {
        let answer = curl(&[&format!("http://{}/api/v1/alertmanagers", prometheus.address)]);
        let answer: Value = serde_json::from_slice(&answer.stdout).ok()?;
        answer["data"]["activeAlertmanagers"][0]["url"].as_str().map(str::to_owned)
    });
    assert_eq!(discovered, format!("http://{}/api/v2/alerts", daemon.address()));
}

#[test]
fn amtool_asks_and_commands_agentd() {
    let dir = dir();
    let hook = Hook::start();
    let daemon = start(dir.path(), &hook);
    let amtool = |args: &[&str]| amtool(dir.path(), daemon.address(), args);
    let said = |output: Output| {
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    said(amtool(&[
        "alert",
        "add",
        "Down",
        "host=a",
        "severity=warning",
        "--annotation=summary=gone",
    ]));
    said(amtool(&["alert", "add", "Up", "host=b"]));
    let found = said(amtool(&["alert", "query", "--output=json", "host=a"]));
    let found: Value = serde_json::from_str(&found).unwrap();
    assert_eq!(
        found[0]["labels"],
        json!({"alertname": "Down", "host": "a", "severity": "warning"})
    );
    assert_eq!(found[0]["status"]["state"], "active");
    assert_eq!(found.as_array().unwrap().len(), 1);

    let id = said(amtool(&[
        "silence",
        "add",
        "host=a",
        "--author=test",
        "--comment=test",
        "--duration=1h",
    ]));
    let shown = said(amtool(&["silence", "query"]));
    assert!(shown.contains(id.trim()) && shown.contains("host=\"a\""), "{shown}");
    let silenced = said(amtool(&["alert", "query", "--silenced", "--output=json"]));
    let silenced: Value = serde_json::from_str(&silenced).unwrap();
    assert_eq!(silenced[0]["status"]["silencedBy"], json!([id.trim()]));
    let active = said(amtool(&["alert", "query", "--output=json"]));
    assert_eq!(serde_json::from_str::<Value>(&active).unwrap().as_array().unwrap().len(), 1);
    said(amtool(&["silence", "expire", id.trim()]));
    let shown = said(amtool(&["silence", "query"]));
    assert!(!shown.contains(id.trim()), "{shown}");

    let config = said(amtool(&["config", "show"]));
    assert!(config.contains("receiver: pager"), "{config}");
    for (labels, receiver) in [("severity=critical", "pager"), ("severity=warning", "team")] {
        assert_eq!(said(amtool(&["config", "routes", "test", labels])).trim(), receiver);
    }
    assert!(said(amtool(&["config", "routes", "show"])).contains("receiver: team"));

    let unknown = amtool(&["silence", "expire", "00000000-0000-4000-8000-000000000000"]);
    assert!(!unknown.status.success(), "{unknown:?}");
}

#[test]
fn a_kill_in_the_middle_of_delivery_loses_nothing() {
    let dir = dir();
    let hook = Hook::start();
    let daemon = start(dir.path(), &hook);
    let address = daemon.address();
    let alerts: Vec<_> = (0..300)
        .map(
            |n| json!({"labels": {"alertname": format!("A{n}")}, "endsAt": "2120-01-01T00:00:00Z"}),
        )
        .collect();
    let body = dir.path().join("alerts.json");
    fs::write(&body, Value::from(alerts).to_string()).unwrap();
    let posted = curl(&[
        "--fail",
        "--header",
        "Content-Type: application/json",
        "--header",
        &format!("Authorization: Bearer {TOKEN}"),
        "--data-binary",
        &format!("@{}", body.display()),
        &format!("http://{address}/api/v2/alerts"),
    ]);
    assert!(posted.status.success(), "{posted:?}");
    let mut told = Vec::new();
    for _ in 0..50 {
        told.push(hook.told.recv_timeout(PATIENCE).unwrap());
    }
    daemon.signal("KILL");
    assert_eq!(daemon.ended(), None);
    let _daemon = restart(dir.path());
    let mut keys: BTreeMap<String, String> = BTreeMap::new();
    let mut note = |one: &Told| {
        let name = one.body["alerts"][0]["labels"]["alertname"].as_str().unwrap().to_owned();
        let key = keys.entry(name).or_insert_with(|| one.key.clone());
        // What is told twice is told by the same key.
        assert_eq!(*key, one.key);
        keys.len()
    };
    for one in &told {
        note(one);
    }
    let mut count = 0;
    while count < 300 {
        let one = hook.told.recv_timeout(PATIENCE).unwrap();
        count = note(&one);
        told.push(one);
    }
    assert!(told.len() - 300 <= 64, "{} told twice", told.len() - 300);
}

/// Starts agentd by a configuration of Alertmanager's and a token.
fn start(dir: &Path, hook: &Hook) -> Daemon {
    let url = format!("http://{}/", hook.address);
    let text = format!(
        "route:\n  receiver: team\n  group_by: [alertname]\n  group_wait: 0s\n  routes:\n  - receiver: pager\n    \
         matchers: ['severity=\"critical\"']\nreceivers:\n- name: team\n  webhook_configs: [{{url: '{url}'}}]\n\
         - name: pager\n  webhook_configs: [{{url: '{url}'}}]\n"
    );
    fs::write(dir.join("alertmanager.yml"), text).unwrap();
    let token = dir.join("token");
    fs::write(&token, TOKEN).unwrap();
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).unwrap();
    let text = format!(
        "[listen]\ntoken-file = \"{}\"\n[alerting]\nconfig = \"alertmanager.yml\"\ndefault-rules = false\n",
        token.display()
    );
    fs::write(dir.join("agentd.toml"), text).unwrap();
    restart(dir)
}

fn restart(dir: &Path) -> Daemon {
    let config = dir.join("agentd.toml");
    Daemon::start(&dir.join("data"), &["--config", config.to_str().unwrap()])
}

fn amtool(dir: &Path, address: SocketAddr, args: &[&str]) -> Output {
    let http = dir.join("http.yml");
    fs::write(&http, format!("authorization: {{credentials: {TOKEN}}}\n")).unwrap();
    Command::new("amtool")
        .arg(format!("--alertmanager.url=http://{address}"))
        .arg(format!("--http.config.file={}", http.display()))
        .args(args)
        .output()
        .unwrap()
}

/// A Prometheus that sends its alerts to an address, killed when dropped.
struct Prometheus {
    child: Child,
    address: SocketAddr,
}

impl Prometheus {
    fn start(dir: &Path, alertmanager: SocketAddr) -> Self {
        let config = dir.join("prometheus.yml");
        let text = format!(
            "global: {{external_labels: {{from: prometheus}}}}\nrule_files: [rules.yml]\nalerting:\n  alertmanagers:\n  \
             - authorization: {{credentials: {TOKEN}}}\n    static_configs: [{{targets: ['{alertmanager}']}}]\n"
        );
        fs::write(&config, text).unwrap();
        // A port that was free a moment ago: Prometheus does not tell which one it took.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", dir.join("tsdb").display()))
            .arg(format!("--web.listen-address={address}"))
            // What it sent before it knew where to is sent again after this.
            .arg("--rules.alert.resend-delay=2s")
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, address }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A receiver of webhooks, which takes everything.
struct Hook {
    address: SocketAddr,
    told: Receiver<Told>,
}

/// What a webhook was told.
struct Told {
    key: String,
    body: Value,
}

impl Hook {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let tell = tell.clone();
                std::thread::spawn(move || serve(stream, &tell));
            }
        });
        Self { address, told }
    }
}

/// Answers the requests of a connection.
fn serve(mut stream: std::net::TcpStream, tell: &mpsc::Sender<Told>) -> Option<()> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        let read = stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&buffer[..read]);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
        let length: usize = field(&head, "content-length")?.parse().ok()?;
        let whole = end + 4 + length;
        if bytes.len() < whole {
            continue;
        }
        let key = field(&head, "idempotency-key").unwrap_or_default().to_owned();
        let body = serde_json::from_slice(&bytes[end + 4..whole]).ok()?;
        bytes.drain(..whole);
        tell.send(Told { key, body }).ok()?;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").ok()?;
    }
}

fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut pairs = head.lines().filter_map(|line| line.split_once(": "));
    pairs.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}
