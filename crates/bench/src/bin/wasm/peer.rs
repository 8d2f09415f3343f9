//! extism, in a process of Python that answers with times.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use super::Result;

pub(crate) struct Peer {
    pub(crate) version: String,
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    pub(crate) fn start(module: &Path) -> Result<Self> {
        let mut child = Command::new("python3")
            .args(["-c", include_str!("peer.py")])
            .arg(module)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let orders = child.stdin.take().ok_or("it has no input")?;
        let answers = BufReader::new(child.stdout.take().ok_or("it has no output")?);
        let mut peer = Self { version: String::new(), child, orders, answers };
        peer.version = peer.line()?;
        Ok(peer)
    }

    /// Does one thing so many times.
    pub(crate) fn measure(&mut self, what: &str, times: usize) -> Result<Vec<Duration>> {
        writeln!(self.orders, "{what} {times}")?;
        let nanos: Vec<u64> = serde_json::from_str(&self.line()?)?;
        Ok(nanos.into_iter().map(Duration::from_nanos).collect())
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        if line.is_empty() {
            return Err("the peer has ended; is the Python package `extism` there?".into());
        }
        Ok(line.trim().into())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It ends with its input; should it not, nobody is helped by an error here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
