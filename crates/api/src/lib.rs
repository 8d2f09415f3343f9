//! The listener, the control socket and its client.

mod config;
mod control;
mod daemon;
mod error;
mod server;

pub use config::{HttpConfig, Violation};
pub use control::{ControlClient, ControlServer};
pub use daemon::{BoxFuture, Daemon, PartStatus, ReloadRefused, Reloaded, Status};
pub use error::Error;
pub use server::HttpServer;
