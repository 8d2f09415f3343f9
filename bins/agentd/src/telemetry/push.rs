//! Pushing metrics in OpenTelemetry's protocol.

use std::collections::BTreeMap;

use wardkit_channels::{HttpClient, HttpClientConfig, HttpRequest, endpoint_policy};
use wardkit_cli::host_name;
use wardkit_core::{Secret, Timestamp};
use wardkit_metrics::otlp::{Origin, encode};
use wardkit_retry::Idempotency;

use super::Moment;
use crate::config::OtlpConfig;
use crate::regular_file::read_trusted;

type Error = Box<dyn std::error::Error + Send + Sync>;

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
                return Err(format!("the collector answered {}", answer.status()).into());
            }
        }
        Ok(())
    }
}

/// Reads what `env:NAME` or `file:PATH` refers to.
fn secret(place: &str) -> Result<Secret<String>, String> {
    if let Some(name) = place.strip_prefix("env:") {
        return std::env::var(name).map(Secret::new).map_err(|error| error.to_string());
    }
    let path = place.strip_prefix("file:").unwrap_or(place);
    let bytes = read_trusted(path.as_ref()).map_err(|error| format!("{path}: {error}"))?;
    let text = String::from_utf8(bytes).map_err(|_| format!("{path}: not a text"))?;
    Ok(Secret::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}
