//! A server that answers as S3 does, in memory, two objects to a page, and fails as planned.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// How a request fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// 503, and nothing happens.
    Busy,
    /// 403, and nothing happens.
    Denied,
    /// Nothing happens, and the answer breaks off.
    Torn,
    /// Nothing happens, and there is no answer until the client goes.
    Silent,
    /// Nothing happens, and the connection ends.
    Hangup,
    /// It happens, and the connection ends.
    AnswerLost,
    /// An answer that is something else.
    Nonsense,
}

/// What was asked.
#[derive(Clone)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

pub(super) struct FakeS3 {
    address: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    objects: BTreeMap<String, Vec<u8>>,
    uploads: BTreeMap<String, BTreeMap<u32, Vec<u8>>>,
    hidden: BTreeSet<String>,
    requests: Vec<Request>,
    plan: VecDeque<Option<Fault>>,
    list_twice: bool,
}

type Answer = (u16, String, Vec<u8>);

impl FakeS3 {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("bound"));
        let state = Arc::new(Mutex::new(State::default()));
        let served = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let state = Arc::clone(&served);
                thread::spawn(move || serve(stream, &state));
            }
        });
        Self { address, state }
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// How the next requests fail.
    pub(super) fn plan(&self, faults: impl IntoIterator<Item = Option<Fault>>) {
        self.state.lock().unwrap().plan = faults.into_iter().collect();
    }

    pub(super) fn list_twice(&self, twice: bool) {
        self.state.lock().unwrap().list_twice = twice;
    }

    /// Lists do not show this object.
    pub(super) fn hide(&self, name: &str) {
        self.state.lock().unwrap().hidden.insert(name.to_owned());
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.state.lock().unwrap().requests.clone()
    }

    pub(super) fn open_uploads(&self) -> usize {
        self.state.lock().unwrap().uploads.len()
    }
}

/// Answers one request.
fn serve(mut stream: TcpStream, state: &Mutex<State>) {
    let Some(request) = read(&stream) else { return };
    let (fault, answer) = {
        let mut state = state.lock().unwrap();
        state.requests.push(request.clone());
        let fault = state.plan.pop_front().flatten();
        let happens = matches!(fault, None | Some(Fault::AnswerLost));
        (fault, if happens { state.answer(&request) } else { error(503, "SlowDown") })
    };
    let (status, headers, body) = match fault {
        Some(Fault::Hangup | Fault::AnswerLost) => return,
        // It ends when the client closes its end.
        Some(Fault::Silent) => return drop(stream.read(&mut [0])),
        Some(Fault::Denied) => error(403, "AccessDenied"),
        Some(Fault::Nonsense) => (200, String::new(), b"<html><p>welcome".to_vec()),
        Some(Fault::Torn) => (200, "content-length: 99\r\n".to_owned(), b"<Error>".to_vec()),
        Some(Fault::Busy) | None => answer,
    };
    let length = if headers.contains("content-length") {
        String::new()
    } else {
        format!("content-length: {}\r\n", body.len())
    };
    let head = format!("HTTP/1.1 {status} x\r\nconnection: close\r\n{headers}{length}\r\n");
    // The client may have gone.
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(if request.method == "HEAD" { b"" } else { &body });
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").map_or(0, |text| text.parse().expect("a length"));
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { method, target, headers, body })
}

fn error(status: u16, code: &str) -> Answer {
    (status, String::new(), format!("<Error><Code>{code}</Code></Error>").into_bytes())
}

fn done(xml: String) -> Answer {
    (200, String::new(), xml.into_bytes())
}

impl State {
    fn answer(&mut self, request: &Request) -> Answer {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let query: BTreeMap<&str, &str> =
            query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        let name = path.strip_prefix("/bucket").expect("the bucket").trim_start_matches('/');
        let upload = query.get("uploadId").map(|id| (*id).to_owned());
        match (request.method.as_str(), upload) {
            ("GET", _) if query.contains_key("list-type") => self.list(&query),
            ("GET" | "HEAD", _) => self.read(name, request),
            ("POST", None) => {
                self.uploads.insert(format!("u{name}"), BTreeMap::new());
                done(format!("<R><UploadId>u{name}</UploadId></R>"))
            }
            ("PUT", Some(id)) => {
                let part = query["partNumber"].parse().expect("a number");
                let parts = self.uploads.get_mut(&id.replace("%2F", "/")).expect("begun");
                parts.insert(part, request.body.clone());
                (200, "etag: \"e\"\r\n".to_owned(), Vec::new())
            }
            ("DELETE", Some(id)) => {
                self.uploads.remove(&id.replace("%2F", "/"));
                (204, String::new(), Vec::new())
            }
            ("POST", Some(_)) | ("PUT", None) if self.objects.contains_key(name) => {
                assert_eq!(request.headers["if-none-match"], "*");
                error(412, "PreconditionFailed")
            }
            ("POST", Some(id)) => {
                let parts = self.uploads.remove(&id.replace("%2F", "/")).expect("begun");
                let parts: Vec<Vec<u8>> = parts.into_values().collect();
                self.objects.insert(name.to_owned(), parts.concat());
                done("<R><ETag>e</ETag></R>".to_owned())
            }
            ("PUT", None) => {
                self.objects.insert(name.to_owned(), request.body.clone());
                (200, String::new(), Vec::new())
            }
            ("DELETE", None) => {
                self.objects.remove(name);
                (204, String::new(), Vec::new())
            }
            (method, _) => panic!("{method}"),
        }
    }

    fn read(&self, name: &str, request: &Request) -> Answer {
        let Some(body) = self.objects.get(name) else { return error(404, "NoSuchKey") };
        if request.method == "HEAD" {
            return (200, format!("content-length: {}\r\n", body.len()), Vec::new());
        }
        let Some(range) = request.headers.get("range") else {
            return (200, String::new(), body.clone());
        };
        let (start, end) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
        let (start, end): (usize, usize) = (start.parse().unwrap(), end.parse().unwrap());
        if start >= body.len() {
            return error(416, "InvalidRange");
        }
        let end = (end + 1).min(body.len());
        let header = format!("content-range: bytes {start}-{}/{}\r\n", end - 1, body.len());
        (206, header, body[start..end].to_vec())
    }

    fn list(&self, query: &BTreeMap<&str, &str>) -> Answer {
        let prefix = query["prefix"].replace("%2F", "/");
        let after = query.get("continuation-token").map(|after| after.replace("%2F", "/"));
        let mut all = self
            .objects
            .iter()
            .filter(|(name, _)| name.starts_with(&prefix) && !self.hidden.contains(*name))
            .filter(|(name, _)| after.as_ref().is_none_or(|after| *name > after))
            .peekable();
        let (mut xml, mut last) = (String::new(), None);
        for (name, body) in all.by_ref().take(2) {
            let object =
                format!("<Contents><Key>{name}</Key><Size>{}</Size></Contents>", body.len());
            xml += &object.repeat(if self.list_twice { 2 } else { 1 });
            last = Some(name);
        }
        let is_cut = all.peek().is_some();
        let token = last.filter(|_| is_cut).map_or(String::new(), |last| {
            format!("<NextContinuationToken>{last}</NextContinuationToken>")
        });
        done(format!(
            "<ListBucketResult><IsTruncated>{is_cut}</IsTruncated>{token}{xml}</ListBucketResult>"
        ))
    }
}
