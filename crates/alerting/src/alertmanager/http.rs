//! How requests are made.

use super::global::SecretOrFile;
use super::section::Section;

/// The section `http_config`, as far as there is something in it that a channel can do.
#[derive(Clone, Default)]
pub(super) struct Http {
    pub(super) username: String,
    pub(super) password: SecretOrFile,
    /// What is sent as `Authorization: Bearer`.
    pub(super) token: SecretOrFile,
}

impl Http {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let mut http = Self::default();
        let ways = ["basic_auth", "authorization", "bearer_token", "bearer_token_file"];
        let given: Vec<&str> = ways.into_iter().filter(|key| section.has(key)).collect();
        if let [_, second, ..] = given.as_slice() {
            section.error(section.at(), second, "there is more than one way to sign in");
        }
        if let Some(mut basic) = section.section("basic_auth") {
            basic.text("username").unwrap_or_default().clone_into(&mut http.username);
            http.password = SecretOrFile::read(&mut basic, "password");
            if http.username.is_empty() && !http.password.is_none() {
                basic.error(basic.at(), "username", "is needed with a password");
            }
            basic.finish();
        }
        if let Some(mut authorization) = section.section("authorization") {
            if let Some((at, kind)) = authorization.text_at("type")
                && !kind.trim().eq_ignore_ascii_case("bearer")
            {
                authorization.error(at, "type", "only Bearer is supported");
            }
            http.token = SecretOrFile::read(&mut authorization, "credentials");
            authorization.finish();
        }
        if http.token.is_none() {
            http.token = SecretOrFile::read(&mut section, "bearer_token");
        }
        section.unsupported(&["oauth2"], "OAuth is not supported");
        section.unsupported(
            &["proxy_url", "proxy_connect_header"],
            "a proxy is not supported: requests would go past it",
        );
        // What the channels do in any case, or never do.
        for key in ["follow_redirects", "enable_http2"] {
            section.flag(key);
        }
        if let Some(tls) = section.section("tls_config") {
            tls_config(tls, None);
        }
        section.finish();
        http
    }

    pub(super) fn is_plain(&self) -> bool {
        self.username.is_empty() && self.password.is_none() && self.token.is_none()
    }

    /// The section of a receiver, or that of all of them.
    pub(super) fn of(section: &mut Section<'_>, global: &Self) -> Self {
        match section.section("http_config") {
            Some(http) => Self::read(http),
            None => global.clone(),
        }
    }

    /// Refuses signing in where a channel has its own way.
    pub(super) fn refuse_sign_in(&self, section: &Section<'_>) {
        if !self.is_plain() {
            let reason = "signing in by http_config is supported for webhooks only";
            section.error(section.at(), "http_config", reason);
        }
    }
}

/// Reads `tls_config`; the file of authorities goes to whoever can use it.
pub(super) fn tls_config(mut section: Section<'_>, ca_file: Option<&mut Option<String>>) {
    if section.flag("insecure_skip_verify") == Some(true) {
        let reason = "is refused: what is sent, secrets included, would go to whoever answers";
        section.error(section.at(), "insecure_skip_verify", reason);
    }
    match ca_file {
        Some(ca_file) => *ca_file = section.text("ca_file").map(str::to_owned),
        None => section.unsupported(
            &["ca_file"],
            "is not supported here: add the authority to those of the system",
        ),
    }
    section.unsupported(
        &["cert_file", "key_file", "server_name"],
        "is not supported: no certificate of this side is shown, and the name is that of the URL",
    );
    section.unused(&["min_version", "max_version"]);
    section.finish();
}
