//! Servers that do what a test tells them.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use wardkit_channels::{HttpClient, HttpClientConfig, endpoint_policy};
use wardkit_retry::RetryPolicy;

pub(crate) struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Serves each connection by the function, which is told the connection's number from 0.
    pub(crate) fn of(serve: impl Fn(&mut Peer, usize) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            connections: Arc::default(),
            heard: Arc::default(),
        };
        let (connections, heard) = (Arc::clone(&server.connections), Arc::clone(&server.heard));
        let serve = Arc::new(serve);
        thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                let number = connections.fetch_add(1, Ordering::SeqCst);
                let (serve, heard) = (Arc::clone(&serve), Arc::clone(&heard));
                thread::spawn(move || {
                    serve(&mut Peer { stream, last: String::new(), heard }, number);
                });
            }
        });
        server
    }

    /// Answers every request of every connection with the same bytes.
    pub(crate) fn always(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::of(move |peer, _| while peer.hear() && peer.say(&answer) {})
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// Returns the configuration of a client that reaches this server and tries once.
    pub(crate) fn config(&self) -> HttpClientConfig {
        let mut config = HttpClientConfig::default();
        config.policy = endpoint_policy([self.url("/").as_str()]).unwrap();
        config.retry = RetryPolicy::never();
        config
    }

    pub(crate) fn client(&self) -> HttpClient {
        HttpClient::new(self.config()).unwrap()
    }
}

pub(crate) struct Peer {
    stream: TcpStream,
    last: String,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Peer {
    /// Reads one request, and returns whether there was one.
    pub(crate) fn hear(&mut self) -> bool {
        let mut request = Vec::new();
        let mut byte = [0];
        while !request.ends_with(b"\r\n\r\n") {
            match self.stream.read(&mut byte) {
                Ok(1) => request.push(byte[0]),
                _ => return false,
            }
        }
        let head = request.len();
        request.resize(head + length(&request), 0);
        if self.stream.read_exact(&mut request[head..]).is_err() {
            return false;
        }
        self.last = String::from_utf8(request).unwrap();
        self.heard.lock().unwrap().push(self.last.clone());
        true
    }

    /// Returns what the request that was heard last asked for.
    pub(crate) fn last_target(&self) -> String {
        self.last.split(' ').nth(1).unwrap().to_owned()
    }

    /// Returns whether the other side still takes it.
    pub(crate) fn say(&mut self, answer: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(answer.as_ref()).is_ok()
    }

    /// Waits until the other side has closed the connection.
    pub(crate) fn wait_for_end(&mut self) {
        let mut rest = [0; 1024];
        while self.stream.read(&mut rest).is_ok_and(|count| count > 0) {}
    }
}

/// How long the body is that follows a head.
fn length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head);
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    length.map_or(0, |length| length.parse().unwrap())
}

/// A plain answer.
pub(crate) fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

pub(crate) fn status(line: &str, headers: &str) -> String {
    format!("HTTP/1.1 {line}\r\nContent-Length: 0\r\n{headers}\r\n")
}

/// Long enough to be reached on any machine, short enough to be waited for.
pub(crate) const SHORT: Duration = Duration::from_millis(200);

/// Returns an error with its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let cause = error.source().map(|cause| format!(": {}", chain(cause))).unwrap_or_default();
    format!("{error}{cause}")
}
