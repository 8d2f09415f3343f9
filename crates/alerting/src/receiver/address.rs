//! Channels as one line: the addresses that Apprise and shoutrrr have made common.

mod parts;
#[cfg(test)]
mod tests;

use super::{
    AlertmanagerConfig, ChannelConfig, ChannelKind, DiscordConfig, EmailConfig, EmailTls,
    FileConfig, MatrixConfig, NtfyConfig, OpsgenieConfig, PagerDutyConfig, PushoverConfig,
    SecretSource, SlackConfig, SmsConfig, SmsVendor, SyslogConfig, SyslogTransport, TelegramConfig,
    WebhookConfig,
};
use parts::Parts;

impl ChannelConfig {
    /// Reads a channel from an address.
    ///
    /// | address | channel |
    /// |---|---|
    /// | `json://host/path`, `jsons://user:password@host/path` | webhook, by HTTP or HTTPS |
    /// | `mailto://user:password@host:587?from=a@b&to=c@d,e@f`, `mailtos://…` | e-mail, by STARTTLS or TLS at once |
    /// | `slack://A/B/C` | Slack, by a webhook |
    /// | `discord://ID/TOKEN` | Discord |
    /// | `tgram://TOKEN/CHAT` | Telegram |
    /// | `ntfy://topic`, `ntfy://host/topic`, `ntfys://TOKEN@host/topic` | ntfy: its own server, or another one |
    /// | `matrixs://TOKEN@host/!room:host` | Matrix |
    /// | `pagerduty://KEY` | PagerDuty |
    /// | `opsgenie://KEY` | Opsgenie |
    /// | `pover://USER@TOKEN` | Pushover |
    /// | `twilio://ACCOUNT:TOKEN@+49301/+49302`, `vonage://…` | a text message |
    /// | `alertmanager://host:9093`, `alertmanagers://…` | another Alertmanager |
    /// | `syslog://`, `syslog://host:514` | the log of this machine, or of another one by UDP |
    /// | `file:///path` | a line in a file |
    ///
    /// Characters that have a meaning in an address are written as `%40` and the like. An address holds its secrets:
    /// keep it where secrets are kept.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidAddress`] when it is none of these. It does not show the address.
    pub fn from_address(address: &str) -> Result<Self, InvalidAddress> {
        let parts = Parts::read(address)?;
        let is_empty = match parts.scheme.as_str() {
            "syslog" => false,
            "file" => parts.path.is_empty(),
            _ => parts.host.is_empty(),
        };
        if is_empty {
            return Err(InvalidAddress::new("says nothing behind its kind"));
        }
        let config = Self::new(kind(&parts)?);
        match config.violations().first() {
            None => Ok(config),
            Some(violation) => Err(InvalidAddress::new(violation.to_string())),
        }
    }
}

/// Why an address is none of a channel.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("address of a channel: {reason}")]
pub struct InvalidAddress {
    /// What is wrong, without the address.
    pub reason: String,
}

impl InvalidAddress {
    fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}

fn kind(parts: &Parts) -> Result<ChannelKind, InvalidAddress> {
    Ok(match parts.scheme.as_str() {
        "json" | "jsons" => webhook(parts).into(),
        "mailto" | "mailtos" => email(parts)?.into(),
        "slack" => {
            let [a, b, c] = parts.three("slack://A/B/C")?;
            let url = format!("https://hooks.slack.com/services/{a}/{b}/{c}");
            SlackConfig { webhook_url: SecretSource::of(url), ..SlackConfig::default() }.into()
        }
        "discord" => {
            let [id, token] = parts.two("discord://ID/TOKEN")?;
            let url = format!("https://discord.com/api/webhooks/{id}/{token}");
            DiscordConfig { webhook_url: SecretSource::of(url), ..DiscordConfig::default() }.into()
        }
        "tgram" | "telegram" => {
            // A token has a colon, which makes its second half look like a port.
            let [token, chat] = parts.two("tgram://TOKEN/CHAT")?;
            let token = SecretSource::of(token);
            TelegramConfig { token, chat, ..TelegramConfig::default() }.into()
        }
        "ntfy" | "ntfys" => ntfy(parts)?.into(),
        "matrix" | "matrixs" => {
            let config = MatrixConfig {
                homeserver: parts.web("matrixs"),
                room: parts.path.join("/"),
                token: parts.user_secret(),
                ..MatrixConfig::default()
            };
            config.into()
        }
        "pagerduty" => {
            // Apprise has a second key behind, of an interface that needs none here.
            let key = if parts.user.is_empty() { &parts.authority } else { &parts.user };
            let routing_key = SecretSource::of(key.as_str());
            PagerDutyConfig { routing_key, ..PagerDutyConfig::default() }.into()
        }
        "opsgenie" => {
            let api_key = SecretSource::of(parts.authority.as_str());
            OpsgenieConfig { api_key, ..OpsgenieConfig::default() }.into()
        }
        "pover" | "pushover" => {
            let config = PushoverConfig {
                user: parts.user_secret(),
                token: SecretSource::of(parts.authority.as_str()),
                ..PushoverConfig::default()
            };
            config.into()
        }
        "twilio" => sms(parts, SmsVendor::Twilio)?.into(),
        "vonage" | "nexmo" => sms(parts, SmsVendor::Vonage)?.into(),
        "alertmanager" | "alertmanagers" => {
            let config = AlertmanagerConfig {
                url: parts.web("alertmanagers"),
                username: parts.user.clone(),
                password: parts.password_secret(),
                ..AlertmanagerConfig::default()
            };
            config.into()
        }
        "syslog" => syslog(parts).into(),
        "file" => FileConfig { path: format!("/{}", parts.path.join("/")).into() }.into(),
        _ => return Err(InvalidAddress::new("there is no such kind of channel")),
    })
}

fn webhook(parts: &Parts) -> WebhookConfig {
    WebhookConfig {
        secret_url: SecretSource::of(parts.web("jsons") + "/" + &parts.raw_path),
        username: parts.user.clone(),
        password: parts.password_secret(),
        ..WebhookConfig::default()
    }
}

fn email(parts: &Parts) -> Result<EmailConfig, InvalidAddress> {
    let to = parts.query("to").ok_or_else(|| InvalidAddress::new("`to` is missing"))?;
    // Who signs in sends it, unless somebody else is named.
    let own = if parts.user.contains('@') {
        parts.user.clone()
    } else {
        format!("{}@{}", parts.user, parts.host)
    };
    Ok(EmailConfig {
        to: to.split(',').map(|to| to.trim().to_owned()).collect(),
        from: parts.query("from").unwrap_or(own),
        host: parts.host.clone(),
        port: parts.port.unwrap_or_default(),
        tls: if parts.scheme == "mailtos" { EmailTls::Implicit } else { EmailTls::Starttls },
        username: if parts.password.is_some() { parts.user.clone() } else { String::new() },
        password: parts.password_secret(),
        ..EmailConfig::default()
    })
}

fn ntfy(parts: &Parts) -> Result<NtfyConfig, InvalidAddress> {
    let mut config = NtfyConfig { token: parts.user_secret(), ..NtfyConfig::default() };
    match parts.path.as_slice() {
        [] => config.topic.clone_from(&parts.authority),
        [topic] => {
            config.topic.clone_from(topic);
            config.url = parts.web("ntfys");
        }
        _ => return Err(InvalidAddress::new("must be ntfy://topic or ntfy://host/topic")),
    }
    Ok(config)
}

fn sms(parts: &Parts, vendor: SmsVendor) -> Result<SmsConfig, InvalidAddress> {
    let [from, to] = parts.two("twilio://ACCOUNT:TOKEN@FROM/TO")?;
    let account = parts.user.clone();
    let secret = parts.password_secret();
    Ok(SmsConfig { vendor, account, secret, from, to, ..SmsConfig::default() })
}

fn syslog(parts: &Parts) -> SyslogConfig {
    if parts.host.is_empty() {
        return SyslogConfig::default();
    }
    SyslogConfig {
        transport: SyslogTransport::Udp,
        address: format!("{}:{}", parts.host, parts.port.unwrap_or(514)),
        ..SyslogConfig::default()
    }
}
