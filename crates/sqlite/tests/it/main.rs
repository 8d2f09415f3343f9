//! The public API of wardkit-sqlite, a module an area.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

mod alerts;
mod alerts_faults;
mod alerts_kill;
mod history;
mod jobs;
mod plugin_kv;
mod plugins;
mod services;
mod services_faults;
