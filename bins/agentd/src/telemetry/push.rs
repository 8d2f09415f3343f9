//! Pushing metrics in OpenTelemetry's protocol.

use std::collections::BTreeMap;
use std::env::VarError;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use wardkit_channels::{HttpClient, HttpClientConfig, HttpRequest, endpoint_policy};
use wardkit_cli::host_name;
use wardkit_core::{Clock as _, Secret, SystemClock, Timestamp};
use wardkit_metrics::otlp::{Origin, encode};
use wardkit_retry::{Idempotency, retry_after};

use super::Moment;
use crate::config::OtlpConfig;
use crate::regular_file::read_trusted;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// A collector that does not take what it was sent.
#[derive(Debug, thiserror::Error)]
#[error("the collector answered {status}")]
pub(crate) struct Refused {
    status: u16,
    /// How long it asks to be left alone.
    pub wait: Option<Duration>,
}

/// Pushes moments to a collector.
pub(crate) struct Pusher {
    client: HttpClient,
    url: String,
    headers: BTreeMap<String, Secret<String>>,
    host: String,
    started: Timestamp,
}

impl Pusher {
    /// Reads what the configuration refers to. Blocks.
    pub(crate) fn new(config: &OtlpConfig, started: Timestamp) -> Result<Self, Error> {
        let mut settings = HttpClientConfig::default();
        settings.policy = endpoint_policy([config.url.as_str()])?;
        settings.user_agent = String::from(concat!("agentd/", env!("CARGO_PKG_VERSION")));
        if !config.ca_file.as_os_str().is_empty() {
            settings.ca_file = Some(config.ca_file.clone());
        }
        let headers = config.headers.iter().map(|(name, place)| {
            let value = secret(place).map_err(|why| format!("otlp.headers.{name}: {why}"))?;
            Ok((name.clone(), value))
        });
        Ok(Self {
            client: HttpClient::new(settings)?,
            url: config.url.clone(),
            headers: headers.collect::<Result<_, Error>>()?,
            host: host_name(),
            started,
        })
    }

    /// Pushes a moment, all of it or an error. Cancel-safe: what was sent until then is there.
    pub(crate) async fn push(&self, moment: &Moment) -> Result<(), Error> {
        let resource = [("service.name", "agentd"), ("host.name", self.host.as_str())];
        let origin =
            Origin { resource: &resource, own: "agentd_", start: self.started, now: moment.at };
        for body in encode([&moment.samples], &origin) {
            // A push that arrives twice sets the same values twice.
            let mut request = HttpRequest::post(&self.url, body, Idempotency::Safe)
                .with_header("content-type", "application/x-protobuf")?;
            for (name, value) in &self.headers {
                request = request.with_secret_header(name, value)?;
            }
            let answer = self.client.send(&request).await?;
            if !(200..300).contains(&answer.status()) {
                let wait = retry_after(|name| answer.header(name), || SystemClock.now());
                return Err(Refused { status: answer.status(), wait }.into());
            }
        }
        Ok(())
    }
}

/// Reads what `env:NAME` or `file:PATH` refers to.
pub(crate) fn secret(place: &str) -> Result<Secret<String>, String> {
    if let Some(name) = place.strip_prefix("env:") {
        // The error's own text shows a value that is no text.
        return std::env::var(name).map(Secret::new).map_err(|error| match error {
            VarError::NotPresent => format!("the variable {name} is not set"),
            VarError::NotUnicode(_) => format!("the variable {name} is not a text"),
        });
    }
    let path = place.strip_prefix("file:").unwrap_or(place);
    let found = fs::metadata(path).map_err(|error| format!("{path}: {error}"))?;
    if found.permissions().mode() & OTHERS != 0 {
        return Err(format!("{path}: open to every user of this machine; chmod o-rwx it"));
    }
    let bytes = read_trusted(path.as_ref()).map_err(|error| format!("{path}: {error}"))?;
    let text = String::from_utf8(bytes).map_err(|_| format!("{path}: not a text"))?;
    Ok(Secret::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

const OTHERS: u32 = 0o007;

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use wardkit_metrics::Samples;

    use super::*;

    #[tokio::test]
    async fn a_collector_that_asks_for_time_is_heard() {
        let sink = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1/metrics", sink.local_addr().unwrap());
        let config = OtlpConfig { url, ..OtlpConfig::default() };
        let serving = std::thread::spawn(move || {
            let (mut stream, _) = sink.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let answer = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 3600\r\n\
                          Content-Length: 0\r\nConnection: close\r\n\r\n";
            stream.write_all(answer.as_bytes()).unwrap();
        });
        let mut samples = Samples::default();
        samples.single(crate::telemetry::gauge("up", "Whether it is up."), 1.0);
        let pusher = Pusher::new(&config, Timestamp::UNIX_EPOCH).unwrap();
        let moment = Moment { at: Timestamp::from_unix_seconds(1), samples };
        let error = pusher.push(&moment).await.unwrap_err();
        assert_eq!(error.to_string(), "the collector answered 429");
        let refused = error.downcast_ref::<Refused>().unwrap();
        assert_eq!(refused.wait, Some(Duration::from_hours(1)));
        serving.join().unwrap();
    }
}
