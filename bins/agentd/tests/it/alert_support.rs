//! A receiver of webhooks that answers as it is told, and what is said to agentd of alerts.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::support::{Answer, Daemon, PATIENCE, request};

/// A receiver of webhooks on a free port.
pub(crate) struct Hook {
    pub(crate) address: SocketAddr,
    told: Receiver<Told>,
    answer: Arc<Mutex<String>>,
}

/// What a webhook was told.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) key: String,
    pub(crate) body: Value,
}

impl Told {
    /// Returns the names of the alerts, with `-` before those that are over.
    pub(crate) fn names(&self) -> Vec<String> {
        let alerts = self.body["alerts"].as_array().unwrap();
        let name = |alert: &Value| {
            let end = if alert["status"] == "resolved" { "-" } else { "" };
            format!("{end}{}", alert["labels"]["alertname"].as_str().unwrap_or_default())
        };
        alerts.iter().map(name).collect()
    }
}

impl Hook {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, told) = mpsc::channel();
        let answer = Arc::new(Mutex::new("200 OK".to_owned()));
        let own = Arc::clone(&answer);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (tell, answer) = (tell.clone(), Arc::clone(&own));
                std::thread::spawn(move || serve(stream, &tell, &answer));
            }
        });
        Self { address, told, answer }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Answers this from now on: `503 Busy`.
    pub(crate) fn answers(&self, status: &str) {
        status.clone_into(&mut self.answer.lock().unwrap());
    }

    pub(crate) fn next(&self) -> Told {
        self.told.recv_timeout(PATIENCE).unwrap()
    }

    /// Waits until these alerts were told of, in whatever order, and returns all that was told until then.
    pub(crate) fn hears(&self, names: &[&str]) -> Vec<Told> {
        self.hears_within(PATIENCE, names)
    }

    /// The same with another patience: after failures there are pauses.
    pub(crate) fn hears_within(&self, patience: Duration, names: &[&str]) -> Vec<Told> {
        let mut missing: BTreeSet<&str> = names.iter().copied().collect();
        let mut all = Vec::new();
        while !missing.is_empty() {
            let told = self.told.recv_timeout(patience);
            let told = told.unwrap_or_else(|_| panic!("not heard of {missing:?}, but {all:?}"));
            missing.retain(|name| !told.names().iter().any(|heard| heard == name));
            all.push(told);
        }
        all
    }

    /// Returns what was told and not looked at yet.
    pub(crate) fn heard(&self) -> Vec<Told> {
        self.told.try_iter().collect()
    }
}

/// Answers the requests of a connection.
fn serve(mut stream: TcpStream, tell: &mpsc::Sender<Told>, answer: &Mutex<String>) -> Option<()> {
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
        let status = answer.lock().unwrap().clone();
        if status.starts_with("200") {
            tell.send(Told { key, body }).ok()?;
        }
        stream
            .write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").as_bytes())
            .ok()?;
    }
}

fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut pairs = head.lines().filter_map(|line| line.split_once(": "));
    pairs.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// A receiver `name` that is this webhook.
pub(crate) fn receiver(name: &str, hook: &Hook) -> String {
    format!(
        "[[alerting.receivers]]\nname = \"{name}\"\n[[alerting.receivers.channels]]\nkind = \"webhook\"\nurl = \"{}\"\n",
        hook.url()
    )
}

/// A configuration in which this webhook is told of every alert at once.
pub(crate) fn everything_to(hook: &Hook) -> String {
    format!("{TO_TEAM}{}", receiver("team", hook))
}

pub(crate) const TO_TEAM: &str = "[alerting]\nreceiver = \"team\"\ngroup-wait = \"0s\"\ndefault-rules = false\nterminals = \"\"\n";

/// Writes a configuration that lets everybody write.
pub(crate) fn config(dir: &Path, text: &str) -> PathBuf {
    let path = dir.join("agentd.toml");
    fs::write(&path, format!("[listen]\ndanger-open-writes = true\n{text}")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

pub(crate) fn start(dir: &Path, text: &str) -> Daemon {
    let path = config(dir, text);
    Daemon::start(&dir.join("data"), &["--config", path.to_str().unwrap()])
}

pub(crate) fn post(daemon: &Daemon, path: &str, body: &str) -> Answer {
    request(daemon.address(), &post_text(daemon.address(), path, body, "Connection: close\r\n"))
}

/// Returns a request that posts `body`.
pub(crate) fn post_text(address: SocketAddr, path: &str, body: &str, fields: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n{fields}\r\n{body}"
    )
}

/// Brings alerts of these names, which last until they are ended, and returns the status.
pub(crate) fn bring(daemon: &Daemon, names: &[&str]) -> u16 {
    post(daemon, "/api/v2/alerts", &alerts(names)).status
}

pub(crate) fn alerts(names: &[&str]) -> String {
    let alert =
        |name: &&str| json!({"labels": {"alertname": name}, "endsAt": "2120-01-01T00:00:00Z"});
    Value::from(names.iter().map(alert).collect::<Vec<_>>()).to_string()
}

/// Returns the names of the alerts that last.
pub(crate) fn lasting(daemon: &Daemon) -> BTreeSet<String> {
    let answer = daemon.request("/api/v2/alerts");
    assert_eq!(answer.status, 200, "{}", answer.body);
    let alerts: Vec<Value> = serde_json::from_str(&answer.body).unwrap();
    alerts.iter().map(|one| one["labels"]["alertname"].as_str().unwrap().to_owned()).collect()
}

/// Gives a command on the control socket, as `auditctl` does.
pub(crate) fn command(daemon: &Daemon, body: &Value) -> Value {
    let body = body.to_string();
    let mut stream = UnixStream::connect(daemon.data_dir.join("control.sock")).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let text = format!(
        "POST /v1/alerts HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(text.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    serde_json::from_str(body).unwrap()
}
