//! A daemon to serve, a running listener, and a client that sends exactly the bytes it is told to.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use wardkit_api::alerts::{AckStep, AckView, Call, Command, ReceiverName, Refused};
use wardkit_api::{
    Answer, BoxFuture, Caller, Daemon, EndpointCall, HttpConfig, HttpServer, IngestRefused, Number,
    OpenIncident, PartStatus, PluginLine, PluginRefused, Question, QuestionRefused, ReloadRefused,
    Reloaded, SeriesAnswer, SeriesPoints, ServiceLine, Status, WriteRefused, WriteToken,
};
use wardkit_core::{Event, Health, Labels, Severity, Timestamp};

/// No test waits longer than this for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A daemon whose answers a test sets.
pub(crate) struct TestDaemon {
    pub(crate) health: Mutex<Vec<(String, Health)>>,
    pub(crate) status: Mutex<Status>,
    pub(crate) metrics: Mutex<String>,
    pub(crate) panics: bool,
    pub(crate) reload: Mutex<Result<Reloaded, ReloadRefused>>,
    /// A reload adds a permit to the first and takes one of the second, when there are any.
    pub(crate) reload_gate: Option<(Arc<Semaphore>, Arc<Semaphore>)>,
    /// The bodies that were brought, and the questions that were asked.
    pub(crate) seen: Seen,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) bodies: Arc<Mutex<Vec<Vec<u8>>>>,
    pub(crate) questions: Arc<Mutex<Vec<Question>>>,
    pub(crate) refused: Arc<Mutex<Vec<WriteRefused>>>,
    pub(crate) calls: Arc<Mutex<Vec<Call>>>,
}

impl Default for TestDaemon {
    fn default() -> Self {
        Self {
            health: Mutex::new(vec![("http".to_owned(), Health::Up)]),
            status: Mutex::new(status()),
            metrics: Mutex::new(
                "# HELP agentd_events_total Events.\n# TYPE agentd_events_total counter\nagentd_events_total 3\n"
                    .to_owned(),
            ),
            panics: false,
            reload: Mutex::new(Ok(Reloaded { changed: vec!["http".to_owned()] })),
            reload_gate: None,
            seen: Seen::default(),
        }
    }
}

impl Daemon for TestDaemon {
    fn health(&self) -> Vec<(String, Health)> {
        assert!(!self.panics, "asked to");
        self.health.lock().unwrap().clone()
    }

    fn status(&self) -> Status {
        assert!(!self.panics, "asked to");
        self.status.lock().unwrap().clone()
    }

    fn write_metrics(&self, out: &mut String) {
        out.push_str(&self.metrics.lock().unwrap());
    }

    fn write_open_metrics(&self, out: &mut String) -> bool {
        out.push_str("# TYPE agentd_events counter\nagentd_events_total 3\n# EOF\n");
        true
    }

    fn ingest(&self, body: Vec<u8>) -> BoxFuture<'_, Result<(), IngestRefused>> {
        assert!(!self.panics, "asked to");
        Box::pin(async move {
            if body.starts_with(b"bad") {
                return Err(IngestRefused::Malformed(vec!["line 1: no value".to_owned()]));
            }
            self.seen.bodies.lock().unwrap().push(body);
            Ok(())
        })
    }

    fn answer(&self, question: Question) -> BoxFuture<'_, Result<Answer, QuestionRefused>> {
        Box::pin(async move {
            if question == (Question::At { series: "bad{".to_owned(), at: None }) {
                return Err(QuestionRefused::Bad("a brace is open".to_owned()));
            }
            self.seen.questions.lock().unwrap().push(question);
            let points = [1.5, f64::NAN, f64::INFINITY].map(|value| (7.0, Number(value)));
            let series = SeriesPoints { series: "up".to_owned(), points: points.to_vec() };
            Ok(Answer::new(&SeriesAnswer { series: vec![series], truncated: false }))
        })
    }

    fn alerts(&self, _: Option<Caller>, call: Call) -> BoxFuture<'_, Result<Answer, Refused>> {
        Box::pin(async move {
            self.seen.calls.lock().unwrap().push(call.clone());
            match call {
                Call::Silence(id) => Err(Refused::NotFound(format!("silence {id} not found"))),
                Call::Alerts(query) if !query.filter.is_empty() => {
                    Err(Refused::Bad("bad matcher format: {bad".to_owned()))
                }
                Call::Groups(_) => Err(Refused::Unavailable("the disk is full".to_owned())),
                Call::Receivers => Ok(Answer::new(&[ReceiverName { name: "team".to_owned() }])),
                Call::Command(Command::Incidents {}) => Ok(Answer::new(&["one"])),
                _ => Ok(Answer::done()),
            }
        })
    }

    fn acknowledge(&self, token: String, step: AckStep) -> BoxFuture<'_, Result<AckView, Refused>> {
        Box::pin(async move {
            if token != "good" {
                return Err(Refused::NotFound("this link is not <ours>".to_owned()));
            }
            let mut view = AckView::of("incident-7");
            view.labels = Labels::from_pairs([("alertname", "<Down>")]).unwrap();
            view.taken_by = (step == AckStep::Acknowledge).then(|| "link".to_owned());
            Ok(view)
        })
    }

    fn call_plugin(
        &self,
        by: Option<Caller>,
        id: String,
        input: Vec<u8>,
    ) -> BoxFuture<'_, Result<Answer, PluginRefused>> {
        let who = if by.is_some() { "known" } else { "unknown" };
        let why = || "because".to_owned();
        let answer = match (id.as_str(), &input[..]) {
            ("org.example.hello", b"\"bad\"") => Err(PluginRefused::BadInput(why())),
            ("org.example.hello", input) => Ok(Answer::new(&(who, input.len()))),
            ("revoked", _) => Err(PluginRefused::Inactive(why())),
            ("often", _) => Err(PluginRefused::TooOften(why())),
            ("trap", _) => Err(PluginRefused::Failed(why())),
            ("busy", _) => Err(PluginRefused::Unavailable(why())),
            _ => Err(PluginRefused::NotFound(why())),
        };
        Box::pin(std::future::ready(answer))
    }

    fn opens_endpoint(&self, _: &str, path: &str) -> bool {
        path == "open"
    }

    fn call_endpoint(
        &self,
        by: Option<Caller>,
        call: EndpointCall,
    ) -> BoxFuture<'_, Result<Answer, PluginRefused>> {
        let answer = match call.path.as_str() {
            "closed" => Err(PluginRefused::NoToken("because".to_owned())),
            "other" => Err(PluginRefused::Method("GET, PUT".to_owned())),
            "nothing" => Err(PluginRefused::NotFound("because".to_owned())),
            _ => Ok(Answer::new(&(
                by.is_some(),
                call.is_trusted,
                format!("{} {} {} {:?}", call.method, call.id, call.path, call.query),
                call.body.len(),
            ))),
        };
        Box::pin(std::future::ready(answer))
    }

    fn write_refused(&self, why: WriteRefused) {
        self.seen.refused.lock().unwrap().push(why);
    }

    fn reload(&self) -> BoxFuture<'_, Result<Reloaded, ReloadRefused>> {
        assert!(!self.panics, "asked to");
        Box::pin(async {
            if let Some((reached, go_on)) = &self.reload_gate {
                reached.add_permits(1);
                go_on.acquire().await.unwrap().forget();
            }
            self.reload.lock().unwrap().clone()
        })
    }
}

pub(crate) fn status() -> Status {
    let at = Timestamp::from_unix_seconds(1_700_000_000);
    Status {
        version: "0.1.0".to_owned(),
        pid: 4242,
        started_at: at,
        uptime_seconds: 90_061,
        data_dir: "/var/lib/agentd".to_owned(),
        trail: None,
        config_file: Some("/etc/agentd.toml".to_owned()),
        listen: Some(SocketAddr::from(([127, 0, 0, 1], 9180))),
        health: Health::degraded("disk: 93 % full"),
        parts: vec![
            PartStatus { name: "http".to_owned(), health: Health::Up, restarts: 0, since: at },
            PartStatus {
                name: "disk".to_owned(),
                health: Health::degraded("93 % full"),
                restarts: 2,
                since: at,
            },
        ],
        plugins: vec![PluginLine {
            id: "org.example.hello".to_owned(),
            version: "0.1.0".to_owned(),
            state: "quarantined".to_owned(),
            why: "5 faults <one> after the other".to_owned(),
            is_amiss: true,
            calls: 7,
            errors: 5,
        }],
        services: vec![ServiceLine {
            name: "bot<1>".to_owned(),
            state: "crash_loop".to_owned(),
            is_amiss: true,
            pid: None,
            since: Timestamp::UNIX_EPOCH,
            restarts: 5,
        }],
        incidents: vec![OpenIncident {
            id: "i-7".to_owned(),
            state: "triggered".to_owned(),
            labels: Labels::from_pairs([("alertname", "DiskFull")]).unwrap(),
            alerts: 2,
            since: at,
            by: String::new(),
        }],
        events: vec![
            Event::new(at, "service.restarted", Severity::Warning, "supervise")
                .with_subject("shop-bot")
                .with_message("It stopped answering.")
                .with_detail("attempt", 3_u64),
        ],
    }
}

/// A configuration on a free port.
pub(crate) fn config() -> HttpConfig {
    let mut config = HttpConfig::default();
    config.listen.set_port(0);
    config
}

/// A listener that serves until it is stopped or dropped.
pub(crate) struct Server {
    pub(crate) addr: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(config: HttpConfig) -> Self {
        Self::start_with(config, TestDaemon::default()).await
    }

    pub(crate) async fn start_with(config: HttpConfig, daemon: TestDaemon) -> Self {
        Self::start_guarded(config, daemon, None).await
    }

    pub(crate) async fn start_guarded(
        config: HttpConfig,
        daemon: TestDaemon,
        token: Option<WriteToken>,
    ) -> Self {
        let server = HttpServer::bind(config).await.unwrap().with_program_name("agentd");
        let server = server.with_write_token(token);
        let addr = server.local_addr();
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(server.serve(Arc::new(daemon), async {
            let _ = stopped.await;
        }));
        Self { addr, stop, task }
    }

    pub(crate) async fn connect(&self) -> Client {
        Client(TcpStream::connect(self.addr).await.unwrap())
    }

    /// Sends one request on a connection of its own.
    pub(crate) async fn request(&self, head: &str) -> Reply {
        let mut client = self.connect().await;
        client.send(&format!("{head}\r\nHost: localhost\r\nConnection: close\r\n\r\n")).await;
        client.reply().await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.request(&format!("GET {path} HTTP/1.1")).await
    }

    /// Returns the value of one of the listener's own metrics.
    pub(crate) async fn metric(&self, series: &str) -> u64 {
        let metrics = self.get("/metrics").await.body;
        let line = metrics.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.unwrap_or("0").parse().unwrap()
    }

    /// Tells the listener to stop and leaves it draining.
    pub(crate) fn stop(self) -> JoinHandle<()> {
        self.stop.send(()).unwrap();
        self.task
    }
}

/// A client that sends exactly the bytes it is told to.
pub(crate) struct Client(pub(crate) TcpStream);

impl Client {
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        timeout(PATIENCE, self.0.write_all(bytes.as_ref())).await.unwrap().unwrap();
    }

    /// Reads one response and leaves the connection open.
    pub(crate) async fn reply(&mut self) -> Reply {
        let mut text = Vec::new();
        let head_end = loop {
            if let Some(end) = text.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end + 4;
            }
            self.read_more(&mut text).await;
        };
        let head = String::from_utf8(text[..head_end].to_vec()).unwrap();
        let mut reply = Reply::parse(&head);
        let length: usize = reply.field("content-length").unwrap_or("0").parse().unwrap();
        while text.len() < head_end + length {
            self.read_more(&mut text).await;
        }
        reply.body = String::from_utf8(text[head_end..head_end + length].to_vec()).unwrap();
        assert_eq!(text.len(), head_end + length, "more than one response");
        reply
    }

    /// Reads until the server closes; a reset counts as that.
    pub(crate) async fn rest(&mut self) -> String {
        let mut text = Vec::new();
        let _ = timeout(PATIENCE, self.0.read_to_end(&mut text)).await.expect("never closed");
        String::from_utf8_lossy(&text).into_owned()
    }

    async fn read_more(&mut self, text: &mut Vec<u8>) {
        let read = timeout(PATIENCE, self.0.read_buf(text)).await.expect("no answer").unwrap();
        assert_ne!(read, 0, "closed after {:?}", String::from_utf8_lossy(text));
    }
}

/// A response.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")).expect(text);
        let field = |line: &str| {
            let (name, value) = line.split_once(": ").expect(line);
            (name.to_lowercase(), value.to_owned())
        };
        Self {
            status: status[..3].parse().unwrap(),
            fields: lines.map(field).collect(),
            body: body.to_owned(),
        }
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// Returns the stable code of a problem, after checking that it is a whole one.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.field("content-type"), Some("application/problem+json"));
        let problem: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(problem["status"], self.status);
        assert_eq!(problem["request_id"].as_str(), self.field("x-request-id"));
        problem["code"].as_str().unwrap().to_owned()
    }
}
