//! The requests of plugins.

use std::collections::BTreeMap;
use std::error::Error as _;

use http::Method;
use wardkit_plugin::manifest::Method as Asked;
use wardkit_plugin::{Fetch, FetchAnswer, FetchRequest};
use wardkit_retry::Idempotency;

use crate::{Error, HttpClient, HttpClientConfig, HttpRequest, HttpResponse, LongBody};

/// Makes the requests that a [`Broker`](wardkit_plugin::Broker) granted: each once, over a connection of its own to the
/// addresses that the broker judged, and to nothing else. Redirects are answers. The broker's limits of length and time
/// hold in the place of the client's.
///
/// It blocks: it must be called on a thread that runs no asynchronous task, as a plugin's calls are.
///
/// ```
/// use std::sync::Arc;
/// use wardkit_channels::{HttpClientConfig, PluginFetch};
/// use wardkit_plugin::{Broker, Grant};
///
/// let fetch = PluginFetch::new(HttpClientConfig::default())?;
/// let broker = Broker::within("org.example.hello", Grant::default()).with_fetch(Arc::new(fetch));
/// # drop(broker);
/// # Ok::<(), wardkit_channels::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct PluginFetch {
    client: HttpClient,
}

impl PluginFetch {
    /// Creates a client with the authorities, the limits of heads and the time to connect of a configuration.
    ///
    /// # Errors
    ///
    /// As [`HttpClient::new`].
    pub fn new(config: HttpClientConfig) -> Result<Self, Error> {
        Ok(Self { client: HttpClient::new(config)? })
    }

    fn send(&self, asked: &FetchRequest) -> Result<HttpResponse, Error> {
        let most = usize::try_from(asked.most.0).unwrap_or(usize::MAX);
        let body = asked.body.clone().into();
        let mut request = HttpRequest::new(
            method(asked.method),
            asked.to.url().as_str(),
            body,
            Idempotency::Unsafe,
        )
        .once()
        .with_max_body(most, LongBody::Refused);
        for (name, value) in &asked.headers {
            request = request.with_secret_header(name, value)?;
        }
        // A runtime for one request: the plugin's thread drives it, and nothing outlives the call.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|source| Error::Connect {
            host: asked.to.url().host_header().to_owned(),
            source,
        })?;
        let answer = runtime.block_on(self.client.send_to(&request, &asked.to, asked.deadline));
        // Reading the authorities may be under way on a thread of the runtime's, and nobody waits for it.
        runtime.shutdown_background();
        answer
    }
}

impl Fetch for PluginFetch {
    fn fetch(&self, request: &FetchRequest) -> Result<FetchAnswer, String> {
        let answer = self.send(request).map_err(|error| told(&error))?;
        let mut headers: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in &answer.headers {
            // What is no text cannot be handed on as text.
            let Ok(value) = value.to_str() else { continue };
            let all = headers.entry(name.as_str().to_owned()).or_default();
            if !all.is_empty() {
                all.push_str(", ");
            }
            all.push_str(value);
        }
        let mut told = FetchAnswer::default();
        (told.status, told.headers, told.body) = (answer.status, headers, answer.into_body());
        Ok(told)
    }
}

/// The chain of causes; none of them shows path, headers or bodies.
fn told(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn method(asked: Asked) -> Method {
    match asked {
        Asked::Head => Method::HEAD,
        Asked::Post => Method::POST,
        Asked::Put => Method::PUT,
        Asked::Patch => Method::PATCH,
        Asked::Delete => Method::DELETE,
        // What reads alone is what a method that is not known yet may do.
        _ => Method::GET,
    }
}
