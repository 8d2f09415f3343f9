//! The one HTTP client of everything that goes out: pushes of metrics, webhooks, health checks. With the feature
//! `notify`, the channels that carry alerts to people.
//!
//! ```
//! use wardkit_channels::{HttpClient, HttpClientConfig, HttpRequest, endpoint_policy};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
//! # let url = &format!("http://{}/healthz", listener.local_addr()?);
//! # std::thread::spawn(move || {
//! #     use std::io::{Read, Write};
//! #     let mut stream = listener.accept().unwrap().0;
//! #     stream.read(&mut [0; 1024]).unwrap();
//! #     stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwell").unwrap();
//! # });
//! // The operator wrote this URL, so it may be one of this machine; no other may.
//! let mut config = HttpClientConfig::default();
//! config.policy = endpoint_policy([url.as_str()])?;
//! let client = HttpClient::new(config)?;
//!
//! let answer = client.send(&HttpRequest::get(url)).await?;
//! assert_eq!((answer.status(), answer.text()), (200, Some("well")));
//! # Ok(())
//! # }
//! ```
//!
//! # Main types
//!
//! | type | what it is |
//! |---|---|
//! | [`HttpClient`], [`HttpClientConfig`] | the client; what it may reach and what an answer may cost |
//! | [`endpoint_policy`] | a policy that allows the hosts and ports of a configuration's URLs |
//! | [`HttpRequest`], [`LongBody`] | what is sent; what becomes of an answer that is too long |
//! | [`HttpResponse`] | status, headers and body, whole |
//! | [`Error`], [`Phase`] | why there was no answer, without anybody's secrets |
//!
//! # What it holds to
//!
//! - Every URL and every address is judged by a [`UrlPolicy`](wardkit_validation::UrlPolicy), and connections are made
//!   to the addresses that were judged. Redirects are answers unless a request follows them, and then judged anew.
//! - Connecting, head and body have deadlines; head, body and what comes before the head have limits.
//! - What must not happen twice is sent again only when it provably was not sent.
//! - It starts no task: a request drives its own connection, and a dropped future closes it. Names are resolved and
//!   authorities read on tokio's blocking threads, eight names at a time.
//!
//! # What it does not do
//!
//! No HTTP/2, no proxies, no compression, no cookies, no streaming. The system's authorities are
//! found as OpenSSL finds them, which includes the variables `SSL_CERT_FILE` and `SSL_CERT_DIR`.
//!
//! # Features
//!
//! - `notify`: the module `notify`, which builds the channels of `wardkit-alerting`.
//! - `plugins`: `PluginFetch`, which makes the requests that the broker of `wardkit-plugin` granted.
#![forbid(unsafe_code)]

mod allowance;
mod authorities;
mod client;
mod config;
mod connection;
mod dial;
mod error;
#[cfg(feature = "notify")]
pub mod notify;
#[cfg(feature = "plugins")]
mod plugins;
mod pool;
mod request;
mod response;

pub use client::HttpClient;
pub use config::{HttpClientConfig, Violation, endpoint_policy};
pub use error::{Error, Phase};
#[cfg(feature = "plugins")]
pub use plugins::PluginFetch;
pub use request::{HttpRequest, LongBody};
pub use response::HttpResponse;
