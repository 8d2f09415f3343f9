//! Who is measured: started with the same configuration, each in a directory of its own.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use crate::Result;
use crate::load::{Connection, Grouping};

pub(crate) enum Peer {
    Alertmanager,
    Agentd(PathBuf),
}

impl Peer {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Alertmanager => "Alertmanager",
            Self::Agentd(_) => "agentd",
        }
    }

    /// Starts the program on a site, anew or once more, and waits until it answers.
    pub(crate) async fn start(&self, site: &Site) -> Result<Running> {
        let dir = site.dir.path();
        let mut command = match self {
            Self::Alertmanager => {
                let mut command = Command::new("prometheus-alertmanager");
                command
                    .arg(flag("--config.file=", &dir.join("alertmanager.yml")))
                    .arg(flag("--storage.path=", &dir.join("data")))
                    .arg(format!("--web.listen-address={}", site.address))
                    .arg("--cluster.listen-address=");
                command
            }
            Self::Agentd(program) => {
                let mut command = Command::new(program);
                command.arg("run").arg("--config").arg(dir.join("agentd.toml"));
                command.arg("--data-dir").arg(dir.join("data"));
                command
            }
        };
        let log = fs::OpenOptions::new().create(true).append(true).open(dir.join("log"))?;
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()?;
        let running = Running { child };
        let answers = async {
            while !is_ready(site.address).await {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(Duration::from_secs(20), answers)
            .await
            .map_err(|_| format!("{} does not answer: {}", self.name(), site.log()))?;
        Ok(running)
    }
}

/// Whether it takes alerts: its listener may be there before.
async fn is_ready(address: SocketAddr) -> bool {
    let Ok(mut connection) = Connection::open(address).await else { return false };
    let answer = connection.get("/api/v2/status").await;
    answer.is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

fn flag(name: &str, path: &Path) -> String {
    format!("{name}{}", path.display())
}

/// The directory of a program, which outlives its runs.
pub(crate) struct Site {
    dir: TempDir,
    pub(crate) address: SocketAddr,
}

impl Site {
    /// Prepares a directory with the configuration of either program: it tells `sink` of everything.
    pub(crate) fn new(grouping: Grouping, sink: SocketAddr) -> Result<Self> {
        let dir = TempDir::new()?;
        fs::write(dir.path().join("alertmanager.yml"), alertmanager(grouping, sink))?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let native = format!(
            "[listen]\naddress = \"127.0.0.1:{port}\"\ndanger-open-writes = true\n\
             [metrics]\nenabled = false\n[history]\nenabled = false\n[detect]\nenabled = false\n\
             [alerting]\nconfig = \"alertmanager.yml\"\nrules = []\n"
        );
        fs::write(dir.path().join("agentd.toml"), native)?;
        Ok(Self { dir, address: SocketAddr::from(([127, 0, 0, 1], port)) })
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }
}

/// A running program; it is killed when it is dropped.
pub(crate) struct Running {
    child: Child,
}

impl Running {
    /// The time on a processor, of threads that ended as well, in seconds.
    pub(crate) fn cpu_s(&self) -> Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let (_, fields) = stat.rsplit_once(')').ok_or("no name")?;
        let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u32>);
        Ok(f64::from(ticks.sum::<std::result::Result<u32, _>>()?) / 100.0)
    }

    /// A value of the process's status, in megabytes: `VmRSS`, or `VmHWM` for the most so far.
    pub(crate) fn memory_mb(&self, name: &str) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with(name)).ok_or("no such line")?;
        let kib: u32 = line.split_whitespace().nth(1).ok_or("no value")?.parse()?;
        Ok(f64::from(kib) * 1024.0 / 1e6)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // SIGKILL, which is also what the test of crashes wants; one that ended by itself is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn alertmanager_version() -> Result<String> {
    let output = Command::new("prometheus-alertmanager").arg("--version").output()?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    Ok(text.split(" (").next().unwrap_or_default().to_owned())
}

fn alertmanager(grouping: Grouping, sink: SocketAddr) -> String {
    format!(
        "route:\n  receiver: hook\n  group_by: ['{}']\n  group_wait: 1s\n  group_interval: 5m\n  repeat_interval: 4h\n\
         receivers:\n- name: hook\n  webhook_configs:\n  - url: http://{sink}/\n    send_resolved: true\n",
        grouping.label()
    )
}
