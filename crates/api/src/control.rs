//! The control socket, through which local users command the daemon, and its client.

mod client;
mod server;
mod socket;

pub use client::ControlClient;
pub use server::ControlServer;

/// The name of the control socket in the daemon's data directory.
pub const CONTROL_SOCKET: &str = "control.sock";
