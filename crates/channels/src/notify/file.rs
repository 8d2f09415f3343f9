//! A line of JSON at the end of a file.

use std::fs::{File as StdFile, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::json;
use wardkit_alerting::receiver::{ChannelConfig, FileConfig};
use wardkit_alerting::{BoxFuture, Capabilities, Channel, Delivery, Outcome};

use super::NotifyOptions;
use super::payload::Payload;

pub(super) fn build(
    file: &FileConfig,
    config: &ChannelConfig,
    options: &NotifyOptions,
) -> Box<dyn Channel> {
    let mut capabilities = Capabilities::default();
    capabilities.timeout = config.timeout;
    Box::new(File {
        path: file.path.clone(),
        capabilities,
        external_url: options.external_url.clone(),
    })
}

struct File {
    path: PathBuf,
    capabilities: Capabilities,
    external_url: String,
}

impl File {
    async fn append(&self, delivery: &Delivery) -> Outcome {
        let notification = &delivery.notification;
        let line = json!({
            "at": notification.at.to_string(),
            "key": notification.key,
            "incident": notification.incident,
            "notification": Payload::of(notification, &self.external_url, 0),
        });
        let line = format!("{line}\n");
        let path = self.path.clone();
        let written = tokio::task::spawn_blocking(move || append(&path, line.as_bytes())).await;
        match written.unwrap_or_else(|error| Err(io::Error::other(error))) {
            Ok(()) => Outcome::Sent { receipt: None },
            // A full disk is emptied, a missing directory is made: there is nothing that never passes.
            Err(error) => {
                Outcome::Retry { after: None, reason: format!("{}: {error}", self.path.display()) }
            }
        }
    }
}

impl Channel for File {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn send<'a>(&'a self, delivery: &'a Delivery) -> BoxFuture<'a, Outcome> {
        Box::pin(self.append(delivery))
    }
}

/// Opens the file anew for every line, so that whoever moves it away finds nothing more in it.
fn append(path: &Path, line: &[u8]) -> io::Result<()> {
    let is_new = !path.exists();
    let mut file =
        OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    // A line that was cut off by a full disk or a crash stays alone.
    if !ends_whole(&mut file)? {
        file.write_all(b"\n")?;
    }
    file.write_all(line)?;
    file.sync_data()?;
    if is_new && let Some(directory) = path.parent() {
        StdFile::open(directory)?.sync_all()?;
    }
    Ok(())
}

fn ends_whole(file: &mut StdFile) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}
