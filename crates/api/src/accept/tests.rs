use std::sync::Mutex as StdMutex;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Mutex, oneshot};
use tokio::task::JoinHandle;
use wardkit_core::Health;

use super::*;
use crate::guard::Guard;
use crate::routes::Door;
use crate::server::http1;
use crate::site::RequestLimits;
use crate::{BoxFuture, Daemon, ReloadRefused, Reloaded, Status};

struct Nobody;

impl Daemon for Nobody {
    fn health(&self) -> Vec<(String, Health)> {
        Vec::new()
    }

    fn status(&self) -> Status {
        panic!("asked for its status")
    }

    fn write_metrics(&self, _: &mut String) {}

    fn reload(&self) -> BoxFuture<'_, Result<Reloaded, ReloadRefused>> {
        Box::pin(async { Ok(Reloaded::default()) })
    }
}

type Incident = io::Result<Arrival<DuplexStream>>;

/// A listener to which happens what the test wants, and which notes when it was asked.
struct Script {
    incidents: Mutex<UnboundedReceiver<Incident>>,
    asked: Arc<StdMutex<Vec<Instant>>>,
}

impl Accept for Script {
    type Stream = DuplexStream;

    async fn accept(&self) -> Incident {
        let incident = self.incidents.lock().await.recv().await;
        self.asked.lock().unwrap().push(Instant::now());
        match incident {
            Some(incident) => incident,
            None => std::future::pending().await,
        }
    }
}

struct Served {
    incidents: UnboundedSender<Incident>,
    asked: Arc<StdMutex<Vec<Instant>>>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

fn serving(connections: usize) -> Served {
    let (incidents, script) = unbounded_channel();
    let asked = Arc::default();
    let script = Script { incidents: Mutex::new(script), asked: Arc::clone(&asked) };
    let second = Duration::from_secs(1);
    let limits = RequestLimits {
        max_uri: 100,
        max_body: 100,
        max_ingest: 100,
        max_alerts: 100,
        deadline: second,
    };
    let site =
        Site::new(Door::Http, Arc::new(Nobody), "p".to_owned(), None, limits, Guard::Connected);
    let limits = Limits {
        connections,
        connections_per_peer: 2,
        head: second,
        idle: second,
        request: second,
    };
    let settings = Settings { limits, drain: second, http: http1(100, 8192) };
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(async move {
        let stopped = async {
            let _ = stopped.await;
        };
        serve(script, Arc::new(site), settings, stopped).await;
    });
    Served { incidents, asked, stop, task }
}

impl Served {
    fn connect(&self, from: &str) -> DuplexStream {
        let (client, stream) = duplex(8192);
        let from = Some(from.parse().unwrap());
        assert!(
            self.incidents.send(Ok(Arrival { stream, from, welcome: true, caller: None })).is_ok()
        );
        client
    }

    fn fail(&self, kind: io::ErrorKind) {
        assert!(self.incidents.send(Err(kind.into())).is_ok());
    }

    async fn stop(self) {
        self.stop.send(()).unwrap();
        self.task.await.unwrap();
    }
}

async fn ask(client: &mut DuplexStream, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    client.write_all(request.as_bytes()).await.unwrap();
    rest(client).await
}

async fn rest(client: &mut DuplexStream) -> String {
    let mut text = String::new();
    client.read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test(start_paused = true)]
async fn a_failing_listener_is_left_alone_for_a_moment_and_then_serves_on() {
    let served = serving(10);
    for _ in 0..3 {
        served.fail(io::ErrorKind::OutOfMemory);
    }
    served.fail(io::ErrorKind::ConnectionAborted);
    let mut client = served.connect("127.0.0.1");
    let metrics = ask(&mut client, "/metrics").await;
    assert!(metrics.contains("\np_server_accept_errors_total 4\n"), "{metrics}");
    let pauses: Vec<_> =
        served.asked.lock().unwrap().windows(2).map(|pair| pair[1] - pair[0]).collect();
    // The client that was gone before it was accepted costs no pause.
    assert!(pauses[..3].iter().all(|pause| *pause >= ACCEPT_BACKOFF), "{pauses:?}");
    assert!(pauses[3] < ACCEPT_BACKOFF, "{pauses:?}");
    served.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_listener_out_of_descriptors_gives_an_idle_one_away() {
    let served = serving(10);
    let mut idle = served.connect("127.0.0.1");
    served.fail(io::ErrorKind::Other);
    assert_eq!(rest(&mut idle).await, "");
    let metrics = ask(&mut served.connect("127.0.0.1"), "/metrics").await;
    assert!(metrics.contains("\np_server_connections_displaced_total 1\n"), "{metrics}");
    served.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_peer_beyond_its_share_is_told_so_and_others_are_served() {
    let served = serving(10);
    let _own = [served.connect("192.0.2.1"), served.connect("192.0.2.1")];
    let refused = rest(&mut served.connect("192.0.2.1")).await;
    assert!(refused.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{refused}");
    assert!(refused.contains("\r\nretry-after: 1\r\n"), "{refused}");
    let metrics = ask(&mut served.connect("192.0.2.2"), "/metrics").await;
    assert!(
        metrics.contains("\np_server_connections_refused_total{limit=\"peer\"} 1\n"),
        "{metrics}"
    );
    assert!(metrics.contains("\np_server_active_connections 3\n"), "{metrics}");
    served.stop().await;
}
