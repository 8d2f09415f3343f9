//! A line in the system's log, by RFC 5424.

use std::io;

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpStream, UdpSocket, UnixDatagram};
use tokio::time::timeout;
use wardkit_alerting::receiver::{ChannelConfig, SyslogConfig, SyslogFacility, SyslogTransport};
use wardkit_alerting::{BoxFuture, Capabilities, Channel, Delivery, Outcome, Urgency};
use wardkit_core::Timestamp;

use super::markup::{Limit, Markup, one_line};
use super::template::Template;
use super::words::{SUMMARIES, Told, first};
use super::{Built, NotifyOptions};

pub(super) fn build(
    syslog: &SyslogConfig,
    config: &ChannelConfig,
    options: &NotifyOptions,
) -> Built {
    let mut capabilities = Capabilities::default();
    capabilities.timeout = config.timeout;
    let or = |value: &str, usual: &str| {
        if value.is_empty() { usual.to_owned() } else { value.to_owned() }
    };
    Ok(Box::new(Syslog {
        transport: syslog.transport,
        address: or(&syslog.address, "/dev/log"),
        facility: facility(syslog.facility),
        app: or(&syslog.app, "wardkit"),
        hostname: or(&syslog.hostname, "-"),
        text: Template::of("text", &syslog.text, Markup::Plain)?,
        capabilities,
        external_url: options.external_url.clone(),
    }))
}

struct Syslog {
    transport: SyslogTransport,
    address: String,
    facility: u8,
    app: String,
    hostname: String,
    text: Template,
    capabilities: Capabilities,
    external_url: String,
}

impl Syslog {
    async fn carry(&self, delivery: &Delivery) -> Outcome {
        let told = Told { delivery, external_url: &self.external_url };
        let line = self.line(told);
        let limit = self.capabilities.timeout;
        let reason = match timeout(limit, self.write(&line)).await {
            Ok(Ok(())) => return Outcome::Sent { receipt: None },
            Ok(Err(error)) => format!("{}: {error}", self.address),
            Err(_) => format!("{} took longer than {limit:?}", self.address),
        };
        Outcome::Retry { after: None, reason }
    }

    async fn write(&self, line: &str) -> io::Result<()> {
        match self.transport {
            SyslogTransport::Udp => {
                let targets: Vec<_> = tokio::net::lookup_host(&self.address).await?.collect();
                let target = targets.first().ok_or(io::ErrorKind::AddrNotAvailable)?;
                let any = if target.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
                let socket = UdpSocket::bind(any).await?;
                socket.send_to(line.as_bytes(), target).await.map(drop)
            }
            SyslogTransport::Tcp => {
                let mut stream = TcpStream::connect(&self.address).await?;
                // RFC 6587 counts the bytes, so that a line may hold anything.
                stream.write_all(format!("{} {line}", line.len()).as_bytes()).await?;
                stream.shutdown().await
            }
            _ => {
                let socket = UnixDatagram::unbound()?;
                socket.connect(&self.address)?;
                socket.send(line.as_bytes()).await.map(drop)
            }
        }
    }

    fn line(&self, told: Told<'_>) -> String {
        let notification = told.notification();
        let severity = match (told.is_resolved(), notification.urgency) {
            (true, _) | (false, Urgency::Info) => 6,
            (false, Urgency::Warning) => 4,
            (false, Urgency::Critical) => 2,
        };
        let most = match self.transport {
            SyslogTransport::Udp => DATAGRAM,
            _ => LINE,
        };
        let text = self.text.text(told, most, |limit| {
            let annotations = notification.common_annotations();
            let summary = first(&annotations, &SUMMARIES).map(|text| format!(": {text}"));
            let text = format!("{}{}", told.title(), summary.unwrap_or_default());
            limit.cut(&text).into_owned()
        });
        format!(
            "<{}>1 {} {} {} - {} [{ELEMENT} key=\"{}\" incident=\"{}\" receiver=\"{}\"] \u{feff}{}",
            self.facility * 8 + severity,
            // No more than microseconds, says RFC 5424.
            Timestamp::from_unix_nanos(notification.at.as_unix_nanos() / 1000 * 1000),
            self.hostname,
            self.app,
            if told.is_resolved() { "resolved" } else { "firing" },
            quoted(notification.key.as_str()),
            quoted(&notification.incident),
            quoted(&notification.receiver),
            one_line(&text),
        )
    }
}

impl Channel for Syslog {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn send<'a>(&'a self, delivery: &'a Delivery) -> BoxFuture<'a, Outcome> {
        Box::pin(self.carry(delivery))
    }
}

/// Escapes what would end a value, and keeps it on the line.
fn quoted(value: &str) -> String {
    let value = VALUE.cut(value);
    one_line(&value).replace('\\', "\\\\").replace('"', "\\\"").replace(']', "\\]")
}

const fn facility(facility: SyslogFacility) -> u8 {
    match facility {
        SyslogFacility::User => 1,
        SyslogFacility::Local0 => 16,
        SyslogFacility::Local1 => 17,
        SyslogFacility::Local2 => 18,
        SyslogFacility::Local3 => 19,
        SyslogFacility::Local4 => 20,
        SyslogFacility::Local5 => 21,
        SyslogFacility::Local6 => 22,
        SyslogFacility::Local7 => 23,
        _ => 3,
    }
}

/// The name of our structured data, under the number that RFC 5612 keeps for documentation: we have none of our own.
const ELEMENT: &str = "wardkit@32473";
/// Every receiver takes 480 bytes and should take 2048.
const DATAGRAM: Limit = Limit::bytes(1200);
const LINE: Limit = Limit::bytes(4096);
const VALUE: Limit = Limit::bytes(200);
