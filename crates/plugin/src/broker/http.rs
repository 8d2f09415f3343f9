//! Requests to other hosts: judged, resolved once, and made to the addresses that were judged.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use wardkit_core::Secret;
use wardkit_sandbox::{Refused, Size};
use wardkit_validation::{Accept as _, Pinned};

use super::{Broker, invalid, malformed};
use crate::manifest::Method;

/// Makes one request. It connects to the addresses of [`FetchRequest::to`] and to nothing else, follows no redirect, and
/// asks neither the environment nor a resolver; TLS checks the URL's host. The broker calls it on the thread of the call.
pub trait Fetch: Send + Sync {
    /// Makes the request, within the time and the length that it names.
    ///
    /// # Errors
    ///
    /// Why there is no answer, without anything of the request's headers.
    fn fetch(&self, request: &FetchRequest) -> Result<FetchAnswer, String>;
}

/// One request that was granted.
#[derive(Debug)]
#[non_exhaustive]
pub struct FetchRequest {
    /// The URL and the addresses that it was judged by.
    pub to: Pinned,
    /// The method.
    pub method: Method,
    /// The headers. Values may be secrets.
    pub headers: Vec<(String, Secret<String>)>,
    /// The body.
    pub body: Vec<u8>,
    /// The longest answer.
    pub most: Size,
    /// How long it may take in all.
    pub deadline: Duration,
}

/// The answer to it.
#[derive(Clone, Debug, Default)]
pub struct FetchAnswer {
    /// The status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    #[serde(default = "get")]
    method: Method,
    url: String,
    #[serde(default)]
    headers: BTreeMap<String, Header>,
    #[serde(default)]
    body: String,
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Header {
    Text(String),
    Secret {
        secret: String,
        #[serde(default)]
        prefix: String,
    },
}

pub(super) fn answer(
    broker: &Broker,
    request: &[u8],
    deadline: Duration,
) -> Result<Value, Refused> {
    let request: Request = serde_json::from_slice(request).map_err(|error| malformed(&error))?;
    let url = broker.policy.accept(&request.url).map_err(invalid)?;
    let most = broker.grant.http.allows(request.method, &url).ok_or(Refused::NotGranted)?;
    if request.body.len() as u64 > most.0 {
        return Err(Refused::Quota(format!("a request has {most} at most")));
    }
    let fetch =
        broker.fetch.as_ref().ok_or_else(|| Refused::Failed("there is no client".into()))?;
    let mut headers = Vec::new();
    for (name, value) in request.headers {
        headers.push(header(broker, &name, value)?);
    }
    let to = url.pin(&broker.policy, &*broker.resolver).map_err(invalid)?;
    let body = request.body.into_bytes();
    let request = FetchRequest { to, method: request.method, headers, body, most, deadline };
    let answer = fetch.fetch(&request).map_err(Refused::Failed)?;
    if answer.body.len() as u64 > most.0 {
        return Err(Refused::Quota(format!("an answer has {most} at most")));
    }
    let body = String::from_utf8(answer.body)
        .map_err(|_| Refused::Failed("the answer is no text".into()))?;
    Ok(json!({"status": answer.status, "headers": answer.headers, "body": body}))
}

fn header(broker: &Broker, name: &str, value: Header) -> Result<(String, Secret<String>), Refused> {
    let name = name.to_ascii_lowercase();
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if name.is_empty() || name.len() > 64 || !name.bytes().all(is_token) {
        return Err(invalid("a header has no name"));
    }
    if HOSTS_OWN.contains(&name.as_str()) {
        return Err(invalid(format!("the host sets {name}")));
    }
    let value = match value {
        Header::Text(text) => text,
        Header::Secret { secret, prefix } => {
            let value = broker.secrets.get(&secret).ok_or(Refused::NotGranted)?;
            prefix + value.expose()
        }
    };
    if value.bytes().any(|b| b < b' ' || b == 0x7f) {
        return Err(invalid("the value of a header has control characters"));
    }
    Ok((name, Secret::new(value)))
}

const fn get() -> Method {
    Method::Get
}

/// Headers that say where a request goes, where it ends, or who is behind it.
const HOSTS_OWN: [&str; 10] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "upgrade",
    "te",
    "trailer",
    "expect",
    "proxy-authorization",
    "forwarded",
];
