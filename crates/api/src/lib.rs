//! The listener, the control socket and its client.

mod accept;
mod admission;
mod body;
mod config;
mod connection;
mod control;
mod daemon;
mod error;
mod hosts;
mod metrics;
mod page;
mod phase;
mod problem;
mod reply;
mod routes;
mod server;
mod service;
mod site;
mod status_text;

pub use config::{HttpConfig, Violation};
pub use control::{CONTROL_SOCKET, ControlClient, ControlServer};
pub use daemon::{BoxFuture, Daemon, PartStatus, ReloadRefused, Reloaded, Status};
pub use error::Error;
pub use server::HttpServer;
