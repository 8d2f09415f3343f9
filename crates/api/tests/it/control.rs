use std::fs;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use wardkit_api::{
    ControlClient, ControlServer, Error, Number, Question, ReloadRefused, Reloaded, SeriesAnswer,
};

use crate::support::{PATIENCE, Reply, TestDaemon, status};

struct Control {
    path: PathBuf,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Control {
    fn start(path: &Path, daemon: TestDaemon) -> Self {
        let server = ControlServer::bind(path).unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(server.serve(Arc::new(daemon), async {
            let _ = stopped.await;
        }));
        Self { path: path.to_owned(), stop, task }
    }

    fn client(&self) -> ControlClient {
        ControlClient::new(&self.path).with_deadline(PATIENCE)
    }

    async fn send(&self, request: &str) -> Reply {
        let mut stream = UnixStream::connect(&self.path).await.unwrap();
        stream
            .write_all(format!("{request}\r\nConnection: close\r\n\r\n").as_bytes())
            .await
            .unwrap();
        let mut text = String::new();
        timeout(PATIENCE, stream.read_to_string(&mut text)).await.unwrap().unwrap();
        Reply::parse(&text)
    }

    async fn stop(self) {
        self.stop.send(()).unwrap();
        timeout(PATIENCE, self.task).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn the_client_gets_the_status_that_the_daemon_gave() {
    let directory = tempfile::tempdir().unwrap();
    let control = Control::start(&directory.path().join("control.sock"), TestDaemon::default());
    assert_eq!(control.client().status().await.unwrap(), status());
    control.stop().await;
}

#[tokio::test]
async fn the_client_learns_what_a_reload_changed() {
    let directory = tempfile::tempdir().unwrap();
    let control = Control::start(&directory.path().join("control.sock"), TestDaemon::default());
    let reloaded = control.client().reload().await.unwrap();
    assert_eq!(reloaded, Reloaded { changed: vec!["http".to_owned()] });
}

#[tokio::test]
async fn the_client_learns_why_a_reload_was_refused() {
    let directory = tempfile::tempdir().unwrap();
    let errors = vec!["agentd.toml:3: unknown key `htp`".to_owned(), "second".to_owned()];
    let refused = ReloadRefused { errors };
    let daemon = TestDaemon { reload: Mutex::new(Err(refused.clone())), ..TestDaemon::default() };
    let control = Control::start(&directory.path().join("control.sock"), daemon);
    let error = control.client().reload().await.unwrap_err();
    assert!(!error.is_transient());
    assert!(matches!(error, Error::Refused(ref got) if *got == refused), "{error:?}");
    assert_eq!(refused.to_string(), "agentd.toml:3: unknown key `htp`\nsecond");
}

#[tokio::test]
async fn a_panicking_reload_is_an_answer_and_the_socket_lives_on() {
    let directory = tempfile::tempdir().unwrap();
    let daemon = TestDaemon { panics: true, ..TestDaemon::default() };
    let control = Control::start(&directory.path().join("control.sock"), daemon);
    for _ in 0..2 {
        let error = control.client().reload().await.unwrap_err();
        assert!(matches!(error, Error::Answer { status: 500, .. }), "{error:?}");
        assert!(error.is_transient());
    }
    let error = control.client().status().await.unwrap_err();
    assert!(matches!(error, Error::Answer { status: 500, .. }), "{error:?}");
}

#[tokio::test]
async fn the_socket_speaks_plain_http_with_its_own_routes() {
    let directory = tempfile::tempdir().unwrap();
    let control = Control::start(&directory.path().join("control.sock"), TestDaemon::default());
    for (request, status) in [
        ("GET /v1/status HTTP/1.1\r\nHost: localhost", 200),
        ("GET /v1/status HTTP/1.1\r\nHost: whatever", 200),
        ("POST /v1/reload HTTP/1.1\r\nHost: localhost", 200),
        ("POST /v1/reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0", 200),
        ("GET /v1/reload HTTP/1.1\r\nHost: localhost", 405),
        ("POST /v1/status HTTP/1.1\r\nHost: localhost", 405),
        ("GET /healthz HTTP/1.1\r\nHost: localhost", 404),
        ("nonsense", 400),
    ] {
        let reply = control.send(request).await;
        assert_eq!(reply.status, status, "{request}");
        assert_eq!(reply.field("cache-control"), Some("no-store"));
    }
}

#[tokio::test]
async fn the_socket_is_closed_to_other_users_and_gone_after_the_stop() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("control.sock");
    let control = Control::start(&path, TestDaemon::default());
    let meta = fs::symlink_metadata(&path).unwrap();
    assert!(meta.file_type().is_socket());
    assert_eq!(meta.permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    let client = control.client();
    control.stop().await;
    assert!(!path.exists());
    assert!(matches!(client.status().await, Err(Error::NotRunning { .. })));
}

#[tokio::test]
async fn the_socket_of_a_dead_daemon_is_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("control.sock");
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let client = ControlClient::new(&path);
    assert!(matches!(client.status().await, Err(Error::NotRunning { .. })));
    // One that died between the making of its socket and the move to its place.
    drop(UnixListener::bind(directory.path().join("control.sock.new")).unwrap());
    let control = Control::start(&path, TestDaemon::default());
    assert_eq!(control.client().status().await.unwrap().pid, 4242);
}

#[tokio::test]
async fn a_path_longer_than_a_socket_address_works_at_both_ends() {
    for length in (85..125).chain([255]) {
        let directory = tempfile::tempdir().unwrap();
        let rest = usize::max(length, directory.path().as_os_str().len() + 20);
        let deep =
            directory.path().join("d".repeat(rest - directory.path().as_os_str().len() - 14));
        fs::create_dir(&deep).unwrap();
        let path = deep.join("control.sock");
        let control = Control::start(&path, TestDaemon::default());
        assert_eq!(control.client().status().await.unwrap().pid, 4242, "{}", path.display());
        control.stop().await;
        assert!(!path.exists());
    }
}

#[tokio::test]
async fn without_a_daemon_the_client_says_so() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("file"), "").unwrap();
    for path in ["control.sock", "missing/control.sock", "file/control.sock"] {
        let path = directory.path().join(path);
        let error = ControlClient::new(&path).status().await.unwrap_err();
        assert!(matches!(&error, Error::NotRunning { path: named } if *named == path), "{error:?}");
        assert_eq!(error.to_string(), format!("no daemon listens on {}", path.display()));
    }
}

#[tokio::test]
async fn a_daemon_that_does_not_answer_is_given_up() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("control.sock");
    let _listener = UnixListener::bind(&path).unwrap();
    let deadline = Duration::from_millis(50);
    let error = ControlClient::new(&path).with_deadline(deadline).status().await.unwrap_err();
    assert!(matches!(error, Error::Timeout { after } if after == deadline), "{error:?}");
}

#[tokio::test]
async fn an_answer_that_is_no_daemons_is_an_error() {
    for answer in [
        "",
        "garbage\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n",
    ] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("control.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let impostor = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
        };
        let client = ControlClient::new(&path).with_deadline(PATIENCE);
        let (result, ()) = tokio::join!(client.status(), impostor);
        let error = result.unwrap_err();
        assert!(matches!(error, Error::Protocol { .. }), "{answer}: {error:?}");
    }
}

#[tokio::test]
async fn a_reload_under_way_is_finished_when_the_socket_stops() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("control.sock");
    let gate = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let (reached, go_on) = gate.clone();
    let daemon = TestDaemon { reload_gate: Some(gate), ..TestDaemon::default() };
    let control = Control::start(&path, daemon);
    let client = control.client();
    let reload = tokio::spawn(async move { client.reload().await });
    timeout(PATIENCE, reached.acquire()).await.unwrap().unwrap().forget();
    control.stop.send(()).unwrap();
    let removed = async {
        while path.exists() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, removed).await.expect("the socket is still there");
    go_on.add_permits(1);
    assert_eq!(reload.await.unwrap().unwrap().changed, ["http"]);
    timeout(PATIENCE, control.task).await.unwrap().unwrap();
}

#[tokio::test]
async fn when_all_are_being_answered_the_next_is_told_to_come_back() {
    const PLACES: u32 = 64;
    let directory = tempfile::tempdir().unwrap();
    let gate = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let (reached, go_on) = gate.clone();
    let daemon = TestDaemon { reload_gate: Some(gate), ..TestDaemon::default() };
    let control = Control::start(&directory.path().join("control.sock"), daemon);
    let reloads: Vec<_> = (0..PLACES)
        .map(|_| {
            let client = control.client();
            tokio::spawn(async move { client.reload().await })
        })
        .collect();
    let _all = timeout(PATIENCE, reached.acquire_many(PLACES)).await.unwrap().unwrap();

    let mut stream = UnixStream::connect(&control.path).await.unwrap();
    let mut text = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut text)).await.unwrap().unwrap();
    let reply = Reply::parse(&text);
    assert_eq!((reply.status, reply.problem().as_str()), (503, "overloaded"));
    assert_eq!((reply.field("retry-after"), reply.field("connection")), (Some("1"), Some("close")));

    go_on.add_permits(64);
    for reload in reloads {
        assert_eq!(reload.await.unwrap().unwrap().changed, ["http"]);
    }
}

#[tokio::test]
async fn metrics_are_brought_and_asked_for_through_the_socket_without_a_token() {
    let directory = tempfile::tempdir().unwrap();
    let daemon = TestDaemon::default();
    let seen = daemon.seen.clone();
    let control = Control::start(&directory.path().join("control.sock"), daemon);
    let head =
        "POST /api/v1/ingest HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nConnection: close";
    let mut stream = UnixStream::connect(&control.path).await.unwrap();
    stream.write_all(format!("{head}\r\n\r\nup 1\n").as_bytes()).await.unwrap();
    let mut text = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut text)).await.unwrap().unwrap();
    assert_eq!(Reply::parse(&text).status, 204);
    assert_eq!(*seen.bodies.lock().unwrap(), [b"up 1\n"]);

    let question = Question::Forecast { series: "a{b=\"c d\"}".to_owned(), limit: Some(1.5) };
    let answer: SeriesAnswer = control.client().ask(&question).await.unwrap();
    assert_eq!(answer.series[0].points[0], (7.0, Number(1.5)));
    assert!(answer.series[0].points[1].1.0.is_nan());
    assert_eq!(*seen.questions.lock().unwrap(), [question]);
    let refused = Question::At { series: "bad{".to_owned(), at: None };
    let error = control.client().ask::<SeriesAnswer>(&refused).await.unwrap_err();
    assert_eq!(error.to_string(), "the daemon answered 400: a brace is open");
    control.stop().await;
}
