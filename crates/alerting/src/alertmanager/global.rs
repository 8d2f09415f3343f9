//! What holds for all receivers unless they say otherwise.

use std::time::Duration;

use super::http;
use super::section::Section;
use crate::receiver::SecretSource;

/// The section `global`.
pub(super) struct Global {
    pub(super) resolve_timeout: Duration,
    pub(super) smtp: Smtp,
    pub(super) slack_api_url: SecretOrFile,
    pub(super) opsgenie_api_key: SecretOrFile,
    pub(super) opsgenie_api_url: String,
    pub(super) pagerduty_url: String,
    pub(super) telegram_api_url: String,
    pub(super) http: http::Http,
}

#[derive(Default)]
pub(super) struct Smtp {
    pub(super) from: String,
    pub(super) hello: String,
    pub(super) smarthost: String,
    pub(super) username: String,
    pub(super) password: SecretOrFile,
    pub(super) secret: bool,
    pub(super) identity: String,
    pub(super) require_tls: Option<bool>,
}

/// A secret that stands there itself, or in a file.
#[derive(Clone, Default)]
pub(super) enum SecretOrFile {
    #[default]
    None,
    Inline(String),
    File(String),
}

impl SecretOrFile {
    /// Reads `key` or `key_file`; both is one too many.
    pub(super) fn read(section: &mut Section<'_>, key: &str) -> Self {
        let file_key = format!("{key}_file");
        let inline = section.text(key);
        match (inline, section.text_at(&file_key)) {
            (Some(_), Some((at, _))) => {
                section.error(at, &file_key, format!("excludes {key}"));
                Self::None
            }
            (Some(value), None) => Self::Inline(value.to_owned()),
            (None, Some((_, file))) => Self::File(file.to_owned()),
            (None, None) => Self::None,
        }
    }

    pub(super) const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    pub(super) fn source(&self, base: Option<&std::path::Path>) -> SecretSource {
        match self {
            Self::None => SecretSource::None,
            Self::Inline(value) => SecretSource::of(value.clone()),
            Self::File(file) => {
                SecretSource::At(format!("file:{}", super::beside(base, file).display()))
            }
        }
    }
}

impl Global {
    pub(super) fn read(section: Option<Section<'_>>) -> Self {
        let mut global = Self {
            resolve_timeout: Duration::from_mins(5),
            smtp: Smtp::default(),
            slack_api_url: SecretOrFile::None,
            opsgenie_api_key: SecretOrFile::None,
            opsgenie_api_url: String::new(),
            pagerduty_url: String::new(),
            telegram_api_url: String::new(),
            http: http::Http::default(),
        };
        let Some(mut section) = section else { return global };
        let own = |text: Option<&str>| text.unwrap_or_default().to_owned();
        if let Some(timeout) = section.duration("resolve_timeout") {
            global.resolve_timeout = timeout;
        }
        global.smtp = Smtp {
            from: own(section.text("smtp_from")),
            hello: own(section.text("smtp_hello")),
            smarthost: own(section.text("smtp_smarthost")),
            username: own(section.text("smtp_auth_username")),
            password: SecretOrFile::read(&mut section, "smtp_auth_password"),
            secret: section.text("smtp_auth_secret").is_some(),
            identity: own(section.text("smtp_auth_identity")),
            require_tls: section.flag("smtp_require_tls"),
        };
        global.slack_api_url = SecretOrFile::read(&mut section, "slack_api_url");
        global.opsgenie_api_key = SecretOrFile::read(&mut section, "opsgenie_api_key");
        global.opsgenie_api_url = url(&mut section, "opsgenie_api_url");
        global.pagerduty_url = url(&mut section, "pagerduty_url");
        global.telegram_api_url = url(&mut section, "telegram_api_url");
        if let Some(http) = section.section("http_config") {
            global.http = http::Http::read(http);
        }
        // Of receivers that are refused where they are named.
        for key in ["wechat_api_url", "victorops_api_url", "webex_api_url"] {
            url(&mut section, key);
        }
        for key in ["wechat_api_secret", "wechat_api_corp_id"] {
            section.text(key);
        }
        SecretOrFile::read(&mut section, "victorops_api_key");
        section.finish();
        global
    }
}

/// A URL of the web; empty when there is none.
pub(super) fn url(section: &mut Section<'_>, key: &str) -> String {
    let Some((at, text)) = section.text_at(key) else { return String::new() };
    if let Err(reason) = check_url(text) {
        section.error(at, key, reason);
    }
    text.to_owned()
}

pub(super) fn check_url(text: &str) -> Result<(), &'static str> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err("must be a URL of http or https");
    };
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return Err("must be a URL of http or https");
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    if host.is_empty() {
        return Err("must be a URL with a host");
    }
    if text.chars().any(|char| char.is_control() || char == ' ') {
        return Err("must be a URL without blanks");
    }
    Ok(())
}
