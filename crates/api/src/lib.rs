//! The doors of a daemon: an HTTP listener for health, readiness, metrics and a status page, a unix socket for local
//! commands, and the client of that socket.
//!
//! The program implements [`Daemon`]; [`HttpServer`] and [`ControlServer`] serve it until they are told to stop.
//!
//! ```
//! # use std::sync::Arc;
//! use wardkit_api::{
//!     BoxFuture, ControlClient, ControlServer, Daemon, ReloadRefused, Reloaded, Status,
//! };
//! use wardkit_core::{Health, Timestamp};
//!
//! struct Bot;
//!
//! impl Daemon for Bot {
//!     fn health(&self) -> Vec<(String, Health)> {
//!         vec![("chat".to_owned(), Health::Up)]
//!     }
//!
//!     fn status(&self) -> Status {
//!         Status {
//!             version: "1.0.0".to_owned(),
//!             pid: std::process::id(),
//!             started_at: Timestamp::UNIX_EPOCH,
//!             uptime_seconds: 0,
//!             data_dir: "/var/lib/bot".to_owned(),
//!             trail: None,
//!             config_file: None,
//!             listen: None,
//!             health: Health::merge(self.health()),
//!             parts: Vec::new(),
//!             incidents: Vec::new(),
//!             services: Vec::new(),
//!             plugins: Vec::new(),
//!             events: Vec::new(),
//!         }
//!     }
//!
//!     fn write_metrics(&self, out: &mut String) {
//!         out.push_str("# TYPE bot_messages_total counter\nbot_messages_total 7\n");
//!     }
//!
//!     fn reload(&self) -> BoxFuture<'_, Result<Reloaded, ReloadRefused>> {
//!         Box::pin(async { Ok(Reloaded { changed: vec!["chat".to_owned()] }) })
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("control.sock");
//! let server = ControlServer::bind(&path)?;
//! let client = ControlClient::new(&path);
//! tokio::select! {
//!     () = server.serve(Arc::new(Bot), std::future::pending()) => {}
//!     reloaded = client.reload() => assert_eq!(reloaded?.changed, ["chat"]),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Main types
//!
//! | type | what it is |
//! |---|---|
//! | [`HttpServer`], [`HttpConfig`] | `/healthz`, `/readyz`, `/metrics`, questions, calls of plugins and the page at `/`, on loopback |
//! | [`WriteToken`] | what a request must carry to bring metrics to `/api/v1/ingest` |
//! | [`ControlServer`] | `/v1/status`, `/v1/reload`, `/v1/services`, `/v1/plugins/ID/call` and more, for the daemon's own user and root |
//! | [`ControlClient`] | calls the control socket, with a deadline on everything |
//! | [`Daemon`], [`Status`], [`Question`], [`Answer`] | what the program gives |
//! | [`alerts`] | Alertmanager's API v2, acknowledging links and the commands about alerts |
//! | [`services`] | the commands about services that the program keeps up |
//! | [`PluginLine`], [`PluginRefused`] | what is shown of plugins; why one was not called |
//! | [`Error`] | one error for all of them; knows whether trying again makes sense |
//!
//! # What a client can cost
//!
//! Every connection has a place, and the places are counted. When they are all taken, a new connection takes that of
//! the client that has kept the listener waiting longest, so neither half-sent requests, nor idle connections, nor
//! answers that are not taken shut others out. Head, body,
//! target, time between two requests and time for one are limited; whoever is beyond a limit is told so as problem
//! details (RFC 9457) with a stable `code` and a request id. A handler's panic is a 500. All deadlines of a listener
//! are watched by one task, which sleeps while nobody is connected.
//!
//! # What it does not do
//!
//! No TLS, hence no address beyond loopback; no users beyond those of the operating system; no HTTP/2; no uploads but metrics and alerts.
//!
//! # Features
//!
//! - `schema`: `JsonSchema` for [`HttpConfig`].

pub mod alerts;
pub mod services;

mod accept;
mod admission;
mod body;
mod config;
mod connection;
mod control;
mod daemon;
mod error;
mod format;
mod guard;
mod held;
mod hosts;
mod metrics;
mod page;
mod params;
mod phase;
mod plugins;
mod problem;
mod question;
mod reply;
mod routes;
mod server;
mod service;
mod site;
mod status_text;

pub use config::{HttpConfig, Violation};
pub use control::{CONTROL_SOCKET, ControlClient, ControlServer};
pub use daemon::{
    Asked, BoxFuture, Caller, Daemon, IngestRefused, OpenIncident, PartStatus, ReloadRefused,
    Reloaded, ServiceLine, Status,
};
pub use error::Error;
pub use guard::{WriteRefused, WriteToken};
pub use plugins::{EndpointCall, PluginLine, PluginRefused};
pub use question::{
    Answer, Number, ProcessUse, Question, QuestionRefused, Range, SeriesAnswer, SeriesPoints, Told,
    TopAnswer,
};
pub use server::HttpServer;
