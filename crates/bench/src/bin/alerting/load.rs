//! Ten thousand alerts in a hundred posts, until a receiver was told of all of them.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use wardkit_core::{Clock as _, SystemClock};

use crate::peer::{Peer, Site};
use crate::{Result, Sink};

pub(crate) const ALERTS: usize = 10_000;
const POST: usize = 100;

/// What makes a group.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Grouping {
    /// Each alert is a group: ten thousand requests.
    Each,
    /// A hundred groups of a hundred.
    Hundred,
}

impl Grouping {
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Each => "...",
            Self::Hundred => "cluster",
        }
    }

    pub(crate) const fn says(self) -> &'static str {
        match self {
            Self::Each => "each a group",
            Self::Hundred => "in a hundred groups",
        }
    }
}

/// What one run took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) accepted_s: f64,
    pub(crate) slowest_post_ms: f64,
    pub(crate) accept_cpu_s: f64,
    pub(crate) told_s: f64,
    pub(crate) cpu_s: f64,
    pub(crate) requests: f64,
    pub(crate) before_mb: f64,
    pub(crate) peak_mb: f64,
    pub(crate) list_s: f64,
}

pub(crate) async fn run(peer: &Peer, grouping: Grouping) -> Result<Run> {
    let sink = Sink::start().await?;
    let site = Site::new(grouping, sink.address)?;
    let running = peer.start(&site).await?;
    let before_mb = running.memory_mb("VmRSS")?;
    let before_cpu = running.cpu_s()?;
    let started = SystemClock.uptime();
    let mut posts = post_all(site.address, 0).await?;
    let accepted = SystemClock.uptime().saturating_sub(started);
    let accept_cpu_s = running.cpu_s()? - before_cpu;
    let told_s = match timeout(LONGEST, sink.told(ALERTS)).await {
        Ok(told) => {
            told?;
            SystemClock.uptime().saturating_sub(started).as_secs_f64()
        }
        // Some wait for the group's interval.
        Err(_) => f64::INFINITY,
    };
    let (cpu_s, peak_mb) = (running.cpu_s()? - before_cpu, running.memory_mb("VmHWM")?);
    let listed = SystemClock.uptime();
    let list = Connection::open(site.address).await?.get("/api/v2/alerts").await?;
    if !list.starts_with("HTTP/1.1 200") {
        return Err(format!("the list was refused: {list:.200}").into());
    }
    posts.sort();
    Ok(Run {
        accepted_s: accepted.as_secs_f64(),
        slowest_post_ms: posts[posts.len() * 99 / 100].as_secs_f64() * 1e3,
        accept_cpu_s,
        told_s,
        cpu_s,
        requests: f64::from(u32::try_from(sink.seen().requests)?),
        before_mb,
        peak_mb,
        list_s: SystemClock.uptime().saturating_sub(listed).as_secs_f64(),
    })
}

/// Posts as many again while a program tells of the first ten thousand, each of which is a group. Returns how long the
/// slowest hundredth of those posts took, in milliseconds.
pub(crate) async fn busy(peer: &Peer) -> Result<f64> {
    let sink = Sink::start().await?;
    let site = Site::new(Grouping::Each, sink.address)?;
    let _running = peer.start(&site).await?;
    post_all(site.address, 0).await?;
    timeout(LONGEST, sink.told(1)).await??;
    let mut posts = post_all(site.address, ALERTS).await?;
    posts.sort();
    Ok(posts[posts.len() * 99 / 100].as_secs_f64() * 1e3)
}

/// Posts ten thousand alerts, those from number `from` on, on one connection and returns how long each post took.
pub(crate) async fn post_all(address: SocketAddr, from: usize) -> Result<Vec<Duration>> {
    let mut connection = Connection::open(address).await?;
    let mut times = Vec::new();
    for first in (from..from + ALERTS).step_by(POST) {
        let body = body(first..first + POST);
        let before = SystemClock.uptime();
        let answer = connection.post("/api/v2/alerts", &body).await?;
        times.push(SystemClock.uptime().saturating_sub(before));
        if !answer.starts_with("HTTP/1.1 200") {
            return Err(format!("a post was refused: {answer:.300}").into());
        }
    }
    Ok(times)
}

fn body(alerts: std::ops::Range<usize>) -> String {
    let mut body = String::from("[");
    for number in alerts {
        let comma = if body.len() == 1 { "" } else { "," };
        let _ = write!(
            body,
            r#"{comma}{{"labels":{{"alertname":"Down","instance":"host-{number}","cluster":"c{}","severity":"critical","job":"node"}},"annotations":{{"summary":"host-{number} does not answer","description":"It has not answered for five minutes."}},"generatorURL":"http://prometheus.example/graph"}}"#,
            number % 100
        );
    }
    body.push(']');
    body
}

/// A connection that is kept, as Prometheus keeps its own.
pub(crate) struct Connection {
    stream: TcpStream,
    address: SocketAddr,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, address })
    }

    pub(crate) async fn get(&mut self, path: &str) -> Result<String> {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address)).await
    }

    async fn post(&mut self, path: &str, body: &str) -> Result<String> {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        self.ask(&request).await
    }

    /// Sends a request and reads its answer whole, by its length or chunk by chunk.
    async fn ask(&mut self, request: &str) -> Result<String> {
        self.stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        let mut piece = vec![0; 1 << 16];
        loop {
            let length = self.stream.read(&mut piece).await?;
            if length == 0 {
                return Err("the connection was closed".into());
            }
            answer.extend_from_slice(&piece[..length]);
            let Some(head_end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
                continue;
            };
            let head = String::from_utf8_lossy(&answer[..head_end]).to_ascii_lowercase();
            let body = &answer[head_end + 4..];
            let whole = if let Some(length) = value_of(&head, "content-length: ") {
                body.len() >= length.parse::<usize>()?
            } else {
                body.ends_with(b"0\r\n\r\n")
            };
            if whole {
                return Ok(String::from_utf8_lossy(&answer).into_owned());
            }
        }
    }
}

fn value_of<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.split("\r\n").find_map(|line| line.strip_prefix(name)).map(str::trim)
}

/// Beyond it, the rest waits for the next interval of the group.
const LONGEST: Duration = Duration::from_mins(1);
