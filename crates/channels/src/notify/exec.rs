//! A program of this machine.

use std::io;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};
use tokio::time::timeout;
use wardkit_alerting::receiver::{ChannelConfig, ExecConfig};
use wardkit_alerting::{BoxFuture, Capabilities, Channel, Delivery, Outcome};

use super::NotifyOptions;
use super::payload::Payload;

pub(super) fn build(
    exec: &ExecConfig,
    config: &ChannelConfig,
    options: &NotifyOptions,
) -> Box<dyn Channel> {
    let mut capabilities = Capabilities::default();
    capabilities.parallel = config.parallel.unwrap_or(2);
    capabilities.timeout = config.timeout;
    Box::new(Exec {
        command: exec.command.clone(),
        capabilities,
        external_url: options.external_url.clone(),
    })
}

struct Exec {
    command: Vec<String>,
    capabilities: Capabilities,
    external_url: String,
}

impl Exec {
    async fn run(&self, delivery: &Delivery) -> Outcome {
        let payload = Payload::of(&delivery.notification, &self.external_url, 0);
        let input = serde_json::to_vec(&payload).unwrap_or_default();
        let mut group = match self.start(delivery) {
            Ok(group) => group,
            Err(error) => return not_started(&error),
        };
        let running = async {
            if let Some(mut stdin) = group.child.stdin.take() {
                // A program that does not want to know may close its input.
                let _ = stdin.write_all(&input).await;
            }
            group.child.wait().await
        };
        let limit = self.capabilities.timeout;
        match timeout(limit, running).await {
            Ok(Ok(status)) => {
                group.is_over = true;
                judge(status.code())
            }
            Ok(Err(error)) => retry(format!("its end was not seen: {}", error.kind())),
            Err(_) => retry(format!("it took longer than {limit:?} and was killed")),
        }
    }

    fn start(&self, delivery: &Delivery) -> io::Result<Group> {
        let Some((program, arguments)) = self.command.split_first() else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let notification = &delivery.notification;
        let child = Command::new(program)
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("WARDKIT_KEY", notification.key.as_str())
            .env("WARDKIT_ATTEMPT", delivery.attempt.to_string())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        Ok(Group { child, is_over: false })
    }
}

impl Channel for Exec {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn send<'a>(&'a self, delivery: &'a Delivery) -> BoxFuture<'a, Outcome> {
        Box::pin(self.run(delivery))
    }
}

/// A program with all that it started: what runs when the attempt is given up is killed with it.
struct Group {
    child: Child,
    is_over: bool,
}

impl Drop for Group {
    fn drop(&mut self) {
        // Only while the program was not waited for: until then its number is nobody else's.
        let pid = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(pid) = pid.filter(|_| !self.is_over) {
            // It may have ended by itself just now.
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }
}

fn judge(code: Option<i32>) -> Outcome {
    match code {
        Some(0) => Outcome::Sent { receipt: None },
        // What sysexits.h has for a wrong call, wrong data and a wrong configuration.
        Some(code @ (64 | 65 | 78)) => {
            Outcome::Permanent { reason: format!("it ended with exit code {code}") }
        }
        Some(code) => retry(format!("it ended with exit code {code}")),
        None => retry("it was ended by a signal".to_owned()),
    }
}

fn not_started(error: &io::Error) -> Outcome {
    let reason = format!("it was not started: {}", error.kind());
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidInput => {
            Outcome::Permanent { reason }
        }
        _ => retry(reason),
    }
}

const fn retry(reason: String) -> Outcome {
    Outcome::Retry { after: None, reason }
}
