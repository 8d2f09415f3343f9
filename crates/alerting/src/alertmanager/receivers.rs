//! Who can be told: webhooks and mail; the others have their own files.

use super::global::{SecretOrFile, check_url};
use super::http::{Http, tls_config};
use super::section::Section;
use super::{Context, beside, chat, pager};
use crate::receiver::{
    ChannelConfig, ChannelKind, EmailConfig, EmailTls, ReceiverConfig, SecretSource, WebhookConfig,
};

type Read = fn(&mut Section<'_>, &Context<'_>) -> ChannelKind;

/// In the order in which Alertmanager numbers the channels of a receiver.
const KINDS: [(&str, Read); 8] = [
    ("webhook_configs", webhook),
    ("email_configs", email),
    ("pagerduty_configs", pager::pagerduty),
    ("opsgenie_configs", pager::opsgenie),
    ("slack_configs", chat::slack),
    ("pushover_configs", pager::pushover),
    ("telegram_configs", chat::telegram),
    ("discord_configs", chat::discord),
];

const UNSUPPORTED: [&str; 4] =
    ["victorops_configs", "wechat_configs", "sns_configs", "webex_configs"];

pub(super) fn read(root: &mut Section<'_>, context: &Context<'_>) -> Vec<ReceiverConfig> {
    let mut receivers: Vec<ReceiverConfig> = Vec::new();
    let mut names = std::collections::BTreeSet::new();
    for mut section in root.sections("receivers") {
        let name = section.text("name").unwrap_or_default();
        if name.is_empty() {
            section.error(section.at(), "name", "is missing");
        }
        if !names.insert(name.to_owned()) {
            section.error(section.at(), "name", format!("{name:?} is there twice"));
        }
        let mut receiver = ReceiverConfig::named(name);
        for (key, read) in KINDS {
            for mut channel in section.sections(key) {
                let send_resolved = channel.flag("send_resolved");
                let mut config = ChannelConfig::new(read(&mut channel, context));
                config.send_resolved = send_resolved;
                for violation in config.violations() {
                    channel.error(channel.at(), "", violation.to_string());
                }
                receiver.channels.push(config);
                channel.finish();
            }
        }
        section.unsupported(&UNSUPPORTED, "this kind of receiver is not supported");
        section.unsupported(
            &["msteams_configs", "msteamsv2_configs", "jira_configs", "rocketchat_configs"],
            "this kind of receiver is of a later Alertmanager",
        );
        section.finish();
        receivers.push(receiver);
    }
    receivers
}

/// A URL that may hold a secret, as all of a webhook's may: `key` or `key_file`.
pub(super) fn secret_url(
    section: &mut Section<'_>,
    context: &Context<'_>,
    key: &str,
    usual: &SecretOrFile,
) -> SecretSource {
    let at = section.node(key).map_or_else(|| section.at(), |node| node.at);
    let own = SecretOrFile::read(section, key);
    let url = if own.is_none() { usual } else { &own };
    if let SecretOrFile::Inline(text) = url
        && let Err(reason) = check_url(text)
    {
        section.error(at, key, reason);
    }
    if url.is_none() {
        section.error(section.at(), key, "is missing");
    }
    url.source(context.base)
}

/// A secret that must be there.
pub(super) fn secret(section: &mut Section<'_>, context: &Context<'_>, key: &str) -> SecretSource {
    let secret = SecretOrFile::read(section, key);
    if secret.is_none() {
        section.error(section.at(), key, "is missing");
    }
    secret.source(context.base)
}

fn webhook(section: &mut Section<'_>, context: &Context<'_>) -> ChannelKind {
    let http = Http::of(section, &context.global.http);
    let max_alerts = section.number::<u64>("max_alerts").unwrap_or_default();
    let config = WebhookConfig {
        secret_url: secret_url(section, context, "url", &SecretOrFile::None),
        bearer_token: http.token.source(context.base),
        username: http.username,
        password: http.password.source(context.base),
        max_alerts: usize::try_from(max_alerts).unwrap_or(usize::MAX),
        ..WebhookConfig::default()
    };
    config.into()
}

fn email(section: &mut Section<'_>, context: &Context<'_>) -> ChannelKind {
    let smtp = &context.global.smtp;
    let own = |text: Option<&str>, usual: &str| text.unwrap_or(usual).to_owned();
    let smarthost = own(section.plain("smarthost"), &smtp.smarthost);
    let (host, port) = match host_port(&smarthost) {
        Ok(parts) => parts,
        Err(reason) => {
            section.error(section.at(), "smarthost", reason);
            (String::new(), 0)
        }
    };
    let require_tls = section.flag("require_tls").or(smtp.require_tls).unwrap_or(true);
    let mut password = SecretOrFile::read(section, "auth_password");
    if password.is_none() {
        password = smtp.password.clone();
    }
    let mut config = EmailConfig {
        to: addresses(section.plain("to").unwrap_or_default()),
        from: own(section.plain("from"), &smtp.from),
        host,
        port,
        tls: match (port, require_tls) {
            // The port of TLS from the first byte on.
            (465, _) => EmailTls::Implicit,
            (_, true) => EmailTls::Starttls,
            (_, false) => EmailTls::DangerNone,
        },
        ca_file: None,
        username: own(section.plain("auth_username"), &smtp.username),
        password: password.source(context.base),
        hello: own(section.plain("hello"), &smtp.hello),
        html: context.text(section, "html", r#"{{ template "email.default.html" . }}"#),
        text: context.text(section, "text", ""),
        ..EmailConfig::default()
    };
    if section.text("auth_secret").is_some() || smtp.secret {
        let reason = "CRAM-MD5 is not supported: give auth_password";
        section.error(section.at(), "auth_secret", reason);
    }
    let identity = own(section.plain("auth_identity"), &smtp.identity);
    if !identity.is_empty() && identity != config.username {
        section.error(section.at(), "auth_identity", "is not supported: it must be auth_username");
    }
    headers(section, context, &mut config);
    if let Some(tls) = section.section("tls_config") {
        let mut ca_file = None;
        tls_config(tls, Some(&mut ca_file));
        config.ca_file = ca_file.map(|file| beside(context.base, &file));
    }
    config.into()
}

fn headers(section: &mut Section<'_>, context: &Context<'_>, config: &mut EmailConfig) {
    let mut seen = std::collections::BTreeSet::new();
    let mut subject = r#"{{ template "email.default.subject" . }}"#;
    for (name, node, value) in section.map("headers") {
        let lower = name.to_ascii_lowercase();
        if let Err(error) = context.templates.check(value) {
            section.error(node.at, "headers", error.to_string());
        }
        if !seen.insert(lower.clone()) {
            section.error(node.at, "headers", format!("duplicate header {name:?}"));
        }
        match lower.as_str() {
            "subject" => subject = value,
            "to" | "from" => section.warn(node.at, "headers", "addresses are not replaced here"),
            _ => {
                config.headers.insert(name.to_owned(), context.go(value));
            }
        }
    }
    config.subject = context.go(subject);
}

/// `host:port`, the port by number.
fn host_port(text: &str) -> Result<(String, u16), &'static str> {
    if text.is_empty() {
        return Err("is missing, here and in global.smtp_smarthost");
    }
    let (host, port) = text.rsplit_once(':').ok_or("must be host:port")?;
    let host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(inner) => inner,
        None if host.contains(':') => return Err("must be host:port"),
        None => host,
    };
    match port {
        "smtp" => Ok((host.to_owned(), 25)),
        "submission" => Ok((host.to_owned(), 587)),
        "" => Err("must be host:port, and the port cannot be empty"),
        port => port
            .parse()
            .map(|port| (host.to_owned(), port))
            .map_err(|_| "must be host:port with the port as a number"),
    }
}

/// Addresses with commas between them; those in quotes do not count.
fn addresses(text: &str) -> Vec<String> {
    let mut quoted = false;
    let parts = text.split(|char: char| {
        quoted ^= char == '"';
        char == ',' && !quoted
    });
    parts.map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}
