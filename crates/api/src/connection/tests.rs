use tokio::io::{DuplexStream, duplex};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use wardkit_core::Health;

use super::*;
use crate::guard::Guard;
use crate::routes::Door;
use crate::server::http1;
use crate::site::RequestLimits;
use crate::{BoxFuture, Daemon, ReloadRefused, Reloaded, Status};

/// A daemon with a megabyte of metrics.
struct Talkative;

impl Daemon for Talkative {
    fn health(&self) -> Vec<(String, Health)> {
        Vec::new()
    }

    fn status(&self) -> Status {
        panic!("asked for its status")
    }

    fn write_metrics(&self, out: &mut String) {
        out.push_str(&"# sixteen bytes\n".repeat(1 << 16));
    }

    fn reload(&self) -> BoxFuture<'_, Result<Reloaded, ReloadRefused>> {
        Box::pin(std::future::pending())
    }
}

struct Served {
    client: DuplexStream,
    signal: oneshot::Sender<Signal>,
    phase: Arc<PhaseCell>,
    task: JoinHandle<()>,
}

const DEADLINE: Duration = Duration::from_secs(10);
const GET: &[u8] = b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";
const HALF_A_HEAD: &[u8] = b"GET /metrics HTT";
const HALF_A_BODY: &[u8] = b"GET /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12";

/// Serves a client that has sent `bytes`, until there is nothing to do but to wait for it.
async fn served(bytes: &[u8], phase: Phase) -> Served {
    let (mut client, stream) = duplex(4096);
    let link = Link {
        phase: Arc::new(PhaseCell::new(0)),
        ticks: Arc::new(Ticks::default()),
        welcome: true,
        caller: None,
    };
    link.ticks.set(7);
    let cell = Arc::clone(&link.phase);
    let limits = RequestLimits {
        max_uri: 100,
        max_body: 100,
        max_ingest: 100,
        max_alerts: 100,
        deadline: DEADLINE,
    };
    let site =
        Site::new(Door::Http, Arc::new(Talkative), "p".to_owned(), None, limits, Guard::Connected);
    let (signal, told) = oneshot::channel();
    let task = tokio::spawn(async move {
        serve(stream, Arc::new(link), Arc::new(site), &http1(100, 8192), told).await;
    });
    client.write_all(bytes).await.unwrap();
    reached(&cell, phase).await;
    Served { client, signal, phase: cell, task }
}

/// Lets the connection's task run until it is in a phase.
async fn reached(cell: &PhaseCell, phase: Phase) {
    for _ in 0..1000 {
        if cell.phase() == phase {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("still {:?} instead of {phase:?}", cell.phase());
}

impl Served {
    /// Tells the connection and reads all that still comes.
    async fn told(mut self, signal: Signal) -> String {
        self.signal.send(signal).unwrap();
        let mut text = String::new();
        self.client.read_to_string(&mut text).await.unwrap();
        drop(self.client);
        self.task.await.unwrap();
        text
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_its_answer_in_the_pipe_is_not_waited_for_long() {
    for (signal, patience) in [
        (Signal::RequestOverdue, Duration::ZERO),
        (Signal::Leave, LINGER),
        (Signal::HeadOverdue, LINGER),
        (Signal::Stop, DEADLINE),
    ] {
        let served = served(GET, Phase::Sending).await;
        let told_at = Instant::now();
        served.signal.send(signal).unwrap();
        served.task.await.unwrap();
        let waited = told_at.elapsed();
        assert!(
            waited >= patience && waited < patience + Duration::from_millis(10),
            "{signal:?}: {waited:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_under_way_is_finished_before_the_connection_leaves() {
    for signal in [Signal::Leave, Signal::HeadOverdue, Signal::Stop] {
        let text = served(GET, Phase::Sending).await.told(signal).await;
        assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{signal:?}");
        assert!(text.ends_with("# sixteen bytes\n") && text.len() > 1 << 20, "{signal:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_has_not_asked_yet_is_told_as_much_as_is_useful() {
    for (bytes, phase, signal, answer) in [
        (&b""[..], Phase::Fresh, Signal::Leave, ""),
        (b"", Phase::Fresh, Signal::HeadOverdue, ""),
        (b"", Phase::Fresh, Signal::Stop, ""),
        (HALF_A_HEAD, Phase::Head, Signal::Leave, ""),
        (HALF_A_HEAD, Phase::Head, Signal::Stop, ""),
        (HALF_A_HEAD, Phase::Head, Signal::HeadOverdue, "HTTP/1.1 408 Request Timeout\r\n"),
        (HALF_A_BODY, Phase::Body, Signal::Leave, ""),
        (HALF_A_BODY, Phase::Body, Signal::Stop, "HTTP/1.1 408 Request Timeout\r\n"),
    ] {
        let text = served(bytes, phase).await.told(signal).await;
        assert!(text.starts_with(answer), "{phase:?} {signal:?}: {text}");
        assert_eq!(text.is_empty(), answer.is_empty(), "{phase:?} {signal:?}: {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_has_only_connected_is_answered_when_the_listener_stops() {
    for bytes in [GET, HALF_A_BODY] {
        let Served { mut client, signal, task, .. } = served(b"", Phase::Fresh).await;
        signal.send(Signal::Stop).unwrap();
        tokio::time::advance(LINGER / 2).await;
        client.write_all(bytes).await.unwrap();
        if bytes == HALF_A_BODY {
            tokio::time::advance(LINGER).await;
            client.write_all(b"345").await.unwrap();
        }
        let mut text = String::new();
        client.read_to_string(&mut text).await.unwrap();
        assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
        drop(client);
        task.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_goes_through_its_phases_and_back_to_idle() {
    let mut served = served(HALF_A_BODY, Phase::Body).await;
    served.client.write_all(b"345").await.unwrap();
    let mut start = [0; 12];
    served.client.read_exact(&mut start).await.unwrap();
    assert_eq!((&start, served.phase.phase()), (b"HTTP/1.1 200", Phase::Sending));
    let mut rest = Vec::new();
    while !rest.ends_with(b"# sixteen bytes\n") || rest.len() < 1 << 20 {
        served.client.read_buf(&mut rest).await.unwrap();
    }
    reached(&served.phase, Phase::Idle).await;
    served.client.write_all(HALF_A_HEAD).await.unwrap();
    reached(&served.phase, Phase::Head).await;
}

#[tokio::test(start_paused = true)]
async fn the_time_for_a_head_runs_from_the_connections_start_and_that_of_a_request_from_its_head() {
    assert_eq!(served(HALF_A_HEAD, Phase::Head).await.phase.load(), (Phase::Head, 0));
    assert_eq!(served(HALF_A_BODY, Phase::Body).await.phase.load(), (Phase::Body, 7));
    assert_eq!(served(GET, Phase::Sending).await.phase.load(), (Phase::Sending, 7));
}

#[tokio::test(start_paused = true)]
async fn a_listener_that_is_gone_takes_its_connections_along() {
    let served = served(HALF_A_HEAD, Phase::Head).await;
    drop(served.signal);
    served.task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_refused_client_may_finish_sending_and_learns_why() {
    let (mut client, stream) = duplex(64);
    let closing = tokio::spawn(async move { close(stream, b"why").await });
    client.write_all(&[b'a'; 10_000]).await.unwrap();
    let mut why = String::new();
    client.read_to_string(&mut why).await.unwrap();
    assert_eq!(why, "why");
    drop(client);
    closing.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_refused_client_that_never_ends_is_left() {
    let (client, stream) = duplex(64);
    let started = Instant::now();
    close(stream, b"why").await;
    assert!(started.elapsed() >= LINGER && started.elapsed() < LINGER * 2);
    drop(client);
    let (mut client, stream) = duplex(64);
    let closing = tokio::spawn(async move { close(stream, b"").await });
    let endless = client.write_all(&vec![b'a'; MOST_DISCARDED * 2]).await;
    assert_eq!(endless.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    closing.await.unwrap();
}
