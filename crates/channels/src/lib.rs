//! The one HTTP client of everything that goes out.
#![forbid(unsafe_code)]

mod authorities;
mod client;
mod config;
mod connection;
mod dial;
mod error;
mod pool;
mod request;
mod response;

pub use client::HttpClient;
pub use config::{HttpClientConfig, Violation, endpoint_policy};
pub use error::{Error, Phase};
pub use request::{HttpRequest, LongBody};
pub use response::HttpResponse;
