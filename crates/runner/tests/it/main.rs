//! Real services, guardians and masters.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

mod by_schedule;
mod deaths;
#[cfg(feature = "systemd")]
#[expect(dead_code, reason = "a bus is for the interop tests")]
mod fake_systemd;
mod lives;
mod managed;
mod notify;
mod output;
mod probes;
mod resources;
mod scene;
#[cfg(feature = "systemd")]
mod units;
mod watched;
mod without_cgroups;
