//! Runs agentd and speaks to it.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// Long enough for a loaded machine; a test that waits this long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A private directory for one test.
pub(crate) fn dir() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
    dir
}

/// agentd with an environment of its own.
pub(crate) fn agentd(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agentd"));
    command.args(args).env_clear().stdin(Stdio::null());
    command
}

/// Runs agentd until it ends.
pub(crate) fn run(args: &[&str]) -> Ended {
    Ended::from(agentd(args).output().unwrap())
}

/// How a run of agentd ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// A running agentd, killed when dropped.
pub(crate) struct Daemon {
    pub child: Child,
    pub greeting: Value,
    pub data_dir: PathBuf,
    log: Receiver<String>,
}

impl Daemon {
    /// Starts agentd on a free port and waits until it is ready.
    pub(crate) fn start(data_dir: &Path, args: &[&str]) -> Self {
        Self::spawn(agentd(&[]), data_dir, &[args, &["--listen", "127.0.0.1:0"]].concat())
    }

    /// Starts agentd by a command of one's own, which has no arguments yet.
    pub(crate) fn spawn(mut command: Command, data_dir: &Path, args: &[&str]) -> Self {
        command.args(["--data-dir", data_dir.to_str().unwrap(), "--format", "json"]);
        command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (tell, log) = mpsc::channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            stderr.lines().map_while(Result::ok).try_for_each(|line| tell.send(line))
        });
        let mut greeting = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut greeting).unwrap();
        let greeting = serde_json::from_str(&greeting).unwrap_or_else(|_| {
            panic!("agentd did not start: {:?}", log.try_iter().collect::<Vec<_>>());
        });
        Self { child, greeting, data_dir: data_dir.to_owned(), log }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.greeting["listen"].as_str().unwrap().parse().unwrap()
    }

    /// Asks for a path as a browser on this machine does.
    pub(crate) fn request(&self, path: &str) -> Answer {
        self.request_as(path, &self.address().to_string())
    }

    pub(crate) fn request_as(&self, path: &str, host: &str) -> Answer {
        request(
            self.address(),
            &format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
        )
    }

    /// Runs another agentd command for this data directory.
    pub(crate) fn command(&self, args: &[&str]) -> Ended {
        let mut all = args.to_vec();
        all.extend(["--data-dir", self.data_dir.to_str().unwrap()]);
        run(&all)
    }

    pub(crate) fn status(&self) -> Value {
        let ended = self.command(&["status", "--format", "json"]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        serde_json::from_str(&ended.stdout).unwrap()
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent =
            Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// Waits for a log line that contains all of `words`.
    pub(crate) fn logged(&self, words: &[&str]) -> String {
        loop {
            let line = self
                .log
                .recv_timeout(PATIENCE)
                .unwrap_or_else(|_| panic!("no line with {words:?}"));
            if words.iter().all(|word| line.contains(word)) {
                return line;
            }
        }
    }

    /// Waits until agentd has ended by itself, and returns what it still logged.
    pub(crate) fn log_to_the_end(&self) -> String {
        self.log.iter().collect::<Vec<_>>().join("\n")
    }

    /// Waits until agentd has ended by itself.
    pub(crate) fn ended(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks again until there is an answer; who needs more than a minute for it has failed.
pub(crate) fn until_some<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    for _ in 0..600 {
        if let Some(answer) = ask() {
            return answer;
        }
        std::thread::park_timeout(Duration::from_millis(100));
    }
    panic!("no answer within a minute");
}

/// An HTTP answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub body: String,
}

/// Sends raw bytes and reads until the server closes.
pub(crate) fn request(address: SocketAddr, raw: &str) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(raw.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, body: body.to_owned() }
}
