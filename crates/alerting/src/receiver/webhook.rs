//! A request to a program of the operator's own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::violations::Found;
use super::{SecretSource, Text};

/// A request to a program of yours: JSON as Alertmanager sends it, version 4.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct WebhookConfig {
    /// Where the request goes. One of this machine is allowed; a redirect is not followed.
    pub url: String,
    /// Where the request goes, for a URL that is itself a secret, as `env:NAME` or `file:/path`. Instead of `url`.
    pub secret_url: SecretSource,
    /// The key that signs the body (HMAC-SHA256 in the header `X-Wardkit-Signature`), as `env:NAME` or `file:/path`.
    pub signing_key: SecretSource,
    /// The token that is sent as `Authorization: Bearer`, as `env:NAME` or `file:/path`.
    pub bearer_token: SecretSource,
    /// The user of basic authentication.
    pub username: String,
    /// Its password, as `env:NAME` or `file:/path`.
    pub password: SecretSource,
    /// More header fields.
    pub headers: BTreeMap<String, String>,
    /// A body of your own instead of Alertmanager's JSON, as a template.
    pub body: Text,
    /// What the body is, when it is your own.
    pub content_type: String,
    /// The most alerts in one request; 0 is all of them.
    pub max_alerts: usize,
}

impl WebhookConfig {
    pub(super) fn secrets_mut(&mut self) -> Vec<(&'static str, &mut SecretSource)> {
        vec![
            ("secret-url", &mut self.secret_url),
            ("signing-key", &mut self.signing_key),
            ("bearer-token", &mut self.bearer_token),
            ("password", &mut self.password),
        ]
    }

    pub(super) fn violations(&self, found: &mut Found) {
        let urls = usize::from(!self.url.is_empty()) + usize::from(self.secret_url.is_some());
        found.check("url", urls == 1, "exactly one of `url` and `secret-url` is needed");
        let bearer = self.bearer_token.is_some();
        found.check("bearer-token", !bearer || self.username.is_empty(), "excludes `username`");
        let basic = !self.username.is_empty() || self.password.is_none();
        found.check("password", basic, "needs `username`");
    }
}
