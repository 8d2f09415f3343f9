//! A real Prometheus, filled by its own protocol.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use wardkit_promql::{Labels, Sample};

use crate::answer::Answer;

/// A Prometheus, killed when dropped, and a connection to it.
pub(crate) struct Prometheus {
    child: Child,
    stream: BufReader<TcpStream>,
    address: SocketAddr,
}

impl Prometheus {
    pub(crate) fn start(dir: &Path) -> Self {
        let config = dir.join("prometheus.yml");
        fs::write(&config, "global: {evaluation_interval: 1m}\n").unwrap();
        // A port that was free a moment ago: Prometheus does not tell which one it took.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", dir.join("tsdb").display()))
            .arg(format!("--web.listen-address={address}"))
            .args(["--web.enable-remote-write-receiver", "--storage.tsdb.retention.time=100y"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let ready = Command::new("curl")
            .args(["--silent", "--fail", "--retry", "30", "--retry-delay", "1"])
            .args(["--retry-all-errors", "--retry-connrefused", "--output", "/dev/null"])
            .arg(format!("http://{address}/-/ready"))
            .status()
            .unwrap();
        assert!(ready.success(), "Prometheus is not ready");
        let stream = BufReader::new(TcpStream::connect(address).unwrap());
        Self { child, stream, address }
    }

    /// Stores the series by remote write, which takes the markers of ended series too.
    pub(crate) fn write(&mut self, series: &BTreeMap<Labels, Vec<Sample>>) {
        let mut request = Vec::new();
        for (labels, samples) in series {
            let mut series = Vec::new();
            for (name, value) in labels.iter() {
                let mut label = Vec::new();
                bytes(&mut label, 1, name.as_bytes());
                bytes(&mut label, 2, value.as_bytes());
                bytes(&mut series, 1, &label);
            }
            for sample in samples {
                let mut one = vec![1 << 3 | 1];
                one.extend(sample.value.to_le_bytes());
                one.push(2 << 3);
                varint(&mut one, u64::try_from(sample.at_ms).unwrap());
                bytes(&mut series, 2, &one);
            }
            bytes(&mut request, 1, &series);
            if request.len() > MAX_REQUEST {
                self.send(&request);
                request.clear();
            }
        }
        self.send(&request);
    }

    fn send(&mut self, request: &[u8]) {
        let headers = "Content-Encoding: snappy\r\nContent-Type: application/x-protobuf\r\n\
                       X-Prometheus-Remote-Write-Version: 0.1.0\r\n";
        let (status, body) = self.post("/api/v1/write", headers, &snappy(request));
        assert_eq!(status, 204, "{}", String::from_utf8_lossy(&body));
    }

    /// Returns the processor time that it has used, in seconds.
    pub(crate) fn processor_seconds(&self) -> f64 {
        processor_seconds(&self.child.id().to_string())
    }

    pub(crate) fn instant(&mut self, query: &str, at_ms: i64) -> Answer {
        self.ask("/api/v1/query", &[("query", query), ("time", &seconds(at_ms))])
    }

    pub(crate) fn range(&mut self, query: &str, times: (i64, i64, u64)) -> Answer {
        let (start, end) = (seconds(times.0), seconds(times.1));
        let step = format!("{}ms", times.2);
        let form = [("query", query), ("start", &start), ("end", &end), ("step", &step)];
        self.ask("/api/v1/query_range", &form)
    }

    fn ask(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        let pairs: Vec<_> =
            form.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let headers = "Content-Type: application/x-www-form-urlencoded\r\n";
        let (_, body) = self.post(path, headers, pairs.join("&").as_bytes());
        Answer::of_json(&serde_json::from_slice(&body).unwrap())
    }

    fn post(&mut self, path: &str, headers: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let (address, length) = (self.address, body.len());
        let mut request = format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\n{headers}Content-Length: {length}\r\n\r\n"
        )
        .into_bytes();
        request.extend(body);
        self.stream.get_mut().write_all(&request).unwrap();
        self.response()
    }

    fn response(&mut self) -> (u16, Vec<u8>) {
        let status = self.line().split(' ').nth(1).unwrap().parse().unwrap();
        let (mut length, mut is_chunked) = (0, false);
        loop {
            let line = self.line().to_ascii_lowercase();
            match line.split_once(": ") {
                None => break,
                Some(("content-length", value)) => length = value.parse().unwrap(),
                Some(("transfer-encoding", _)) => is_chunked = true,
                Some(_) => {}
            }
        }
        if !is_chunked {
            return (status, self.bytes(length));
        }
        let mut body = Vec::new();
        loop {
            let size = usize::from_str_radix(&self.line(), 16).unwrap();
            body.extend(self.bytes(size));
            self.line();
            if size == 0 {
                return (status, body);
            }
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes).unwrap();
        bytes
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the processor time that a process has used, in seconds.
pub(crate) fn processor_seconds(process: &str) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // The name of the program may have spaces; the times are the twelfth and thirteenth after it.
    let fields: Vec<_> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: f64 = fields[11..13].iter().map(|ticks| ticks.parse::<f64>().unwrap()).sum();
    ticks / 100.0
}

/// How many bytes go into one request.
const MAX_REQUEST: usize = 4 << 20;

fn seconds(at_ms: i64) -> String {
    format!("{}.{:03}", at_ms / 1000, at_ms % 1000)
}

fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        write!(out, "%{byte:02x}").unwrap();
    }
    out
}

/// Writes a field of protobuf that has a length.
fn bytes(out: &mut Vec<u8>, field: u8, content: &[u8]) {
    out.push(field << 3 | 2);
    varint(out, u64::try_from(content.len()).unwrap());
    out.extend(content);
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        out.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap());
}

/// Wraps bytes as Snappy does when it finds nothing to compress.
fn snappy(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    varint(&mut out, u64::try_from(content.len()).unwrap());
    for chunk in content.chunks(60_000) {
        let length = u16::try_from(chunk.len() - 1).unwrap();
        out.push(61 << 2);
        out.extend(length.to_le_bytes());
        out.extend(chunk);
    }
    out
}
