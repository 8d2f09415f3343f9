//! A closed loop over keep-alive connections on loopback: this crate's listener against a hello-world axum, with the
//! clients in this process too. What is measured is the CPU time of the process, which other processes disturb far
//! less than the wall clock; only ratios mean something.
#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nothing to report")]

use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rustix::time::{ClockId, clock_gettime};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use wardkit_api::{BoxFuture, Daemon, HttpConfig, HttpServer, ReloadRefused, Reloaded, Status};
use wardkit_core::{Health, Timestamp};

struct Quiet;

impl Daemon for Quiet {
    fn health(&self) -> Vec<(String, Health)> {
        vec![("http".to_owned(), Health::Up)]
    }

    fn status(&self) -> Status {
        Status {
            version: String::new(),
            pid: 0,
            started_at: Timestamp::UNIX_EPOCH,
            uptime_seconds: 0,
            data_dir: String::new(),
            trail: None,
            config_file: None,
            listen: None,
            health: Health::Up,
            parts: Vec::new(),
            incidents: Vec::new(),
            services: Vec::new(),
            plugins: Vec::new(),
            events: Vec::new(),
        }
    }

    fn write_metrics(&self, _: &mut String) {}

    fn reload(&self) -> BoxFuture<'_, Result<Reloaded, ReloadRefused>> {
        Box::pin(async { Ok(Reloaded::default()) })
    }
}

async fn hello_axum() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let app = Router::new().route("/healthz", get(async || "ok\n"));
    tokio::spawn(async { axum::serve(listener, app).await });
    addr
}

async fn wardkit() -> SocketAddr {
    let mut config = HttpConfig::default();
    config.listen.set_port(0);
    let server = HttpServer::bind(config).await.unwrap();
    let addr = server.local_addr();
    tokio::spawn(server.serve(Arc::new(Quiet), pending()));
    addr
}

/// A keep-alive connection that asks for one thing again and again.
struct Client {
    stream: TcpStream,
    request: String,
    buffer: Vec<u8>,
}

impl Client {
    async fn connect(addr: SocketAddr, path: &str) -> Self {
        let stream = TcpStream::connect(addr).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {addr}\r\n\r\n");
        Self { stream, request, buffer: vec![0; 16 * 1024] }
    }

    async fn ask(&mut self) {
        self.stream.write_all(self.request.as_bytes()).await.unwrap();
        let mut read = 0;
        while !is_whole(&self.buffer[..read]) {
            match self.stream.read(&mut self.buffer[read..]).await.unwrap() {
                0 => panic!("closed"),
                more => read += more,
            }
        }
    }
}

fn is_whole(response: &[u8]) -> bool {
    let Some(head) = response.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
        return false;
    };
    assert!(response.starts_with(b"HTTP/1.1 200"), "refused");
    let text = std::str::from_utf8(&response[..head]).unwrap();
    let length = text.split("content-length: ").nth(1).unwrap().lines().next().unwrap();
    response.len() >= head + 4 + length.parse::<usize>().unwrap()
}

/// Sends `requests` requests over the clients' connections and returns the CPU time that they took.
async fn closed_loop(clients: &mut Vec<Client>, requests: u64) -> Duration {
    let share = requests.div_ceil(clients.len() as u64);
    let before = cpu_time();
    let mut running = JoinSet::new();
    for mut client in clients.drain(..) {
        running.spawn(async move {
            for _ in 0..share {
                client.ask().await;
            }
            client
        });
    }
    while let Some(client) = running.join_next().await {
        clients.push(client.unwrap());
    }
    cpu_time().saturating_sub(before)
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs().try_into().unwrap())
}

fn gate(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let (hello, ours) = runtime.block_on(async { (hello_axum().await, wardkit().await) });
    let mut group = criterion.benchmark_group("gate");
    group.throughput(Throughput::Elements(REQUESTS));
    for (id, addr, path) in [
        ("hello_axum", hello, "/healthz"),
        ("healthz", ours, "/healthz"),
        ("readyz", ours, "/readyz"),
        ("metrics", ours, "/metrics"),
    ] {
        let connect = async {
            let mut clients = Vec::new();
            for _ in 0..CONNECTIONS {
                clients.push(Client::connect(addr, path).await);
            }
            clients
        };
        let mut clients = runtime.block_on(connect);
        group.bench_function(id, |bencher| {
            bencher.iter_custom(|rounds| {
                runtime.block_on(closed_loop(&mut clients, rounds * REQUESTS))
            });
        });
    }
    group.finish();
}

/// Connections at a time.
const CONNECTIONS: usize = 64;
/// Requests that one iteration stands for, so that starting the tasks does not count.
const REQUESTS: u64 = 6400;

criterion_group!(benches, gate);
criterion_main!(benches);
