//! Counts what a program does, measures the host it runs on, keeps what was measured, and shows all of it to Prometheus
//! and OpenTelemetry.
//!
//! ```
//! use wardkit_metrics::{Exposition, Registry, ServerMetrics};
//!
//! let registry = Registry::new("shop_bot")?;
//! let orders = registry.counter("orders_total", "Orders by how they ended.", ["outcome"])?;
//! orders.with(["paid"]).add(1);
//!
//! // The usual four of a server, counted by whoever answers its requests.
//! let server = ServerMetrics::new(&registry)?;
//! server.answered("GET", "/orders/{id}", 200, std::time::Duration::from_millis(3));
//!
//! let mut page = String::new();
//! registry.write(Exposition::OpenMetrics, &[], &mut page);
//! assert!(page.contains("shop_bot_orders_total{outcome=\"paid\"} 1\n"));
//! assert!(page.contains("shop_bot_server_request_duration_seconds_bucket"));
//! # Ok::<(), wardkit_metrics::Error>(())
//! ```
//!
//! # Main types
//!
//! | type | what it is |
//! |---|---|
//! | [`Registry`], [`Limits`] | where everything that is measured comes together, and how much of it |
//! | [`Labelled`], [`Counter`], [`Gauge`], [`Histogram`] | what the program's own code counts with |
//! | [`Exposition`] | Prometheus' text format and OpenMetrics, and who gets which |
//! | [`Samples`], [`Collector`] | the samples of one moment, and what fills them |
//! | [`ProcessCollector`], [`ServerMetrics`] | what every process and every server tells of itself |
//! | [`ingest`], [`business`] | what other programs expose, and what is read from log lines and JSON |
//!
//! # Features
//!
//! `otel` gathers OpenTelemetry's instruments too, `otlp` encodes pushes, `host` measures the host and its processes
//! (`sysinfo`: also where there is no procfs), `history` keeps what was measured, `serde` and `schema` read
//! configurations. None is on by default.
//!
//! # What it does not do
//!
//! It opens no socket, starts no thread, reads no clock and installs nothing global. A series, once made by an instrument,
//! stays: what comes and goes is for a [`Collector`].

#![forbid(unsafe_code)]

pub mod business;
#[cfg(feature = "serde")]
mod duration;
mod error;
mod exposition;
#[cfg(feature = "history")]
pub mod history;
#[cfg(feature = "host")]
pub mod host;
pub mod ingest;
mod instrument;
#[cfg(feature = "otel")]
pub mod otel;
#[cfg(feature = "otlp")]
pub mod otlp;
mod process;
mod registry;
mod samples;
mod series;
mod server;
mod violation;

pub use error::Error;
pub use exposition::Exposition;
pub use instrument::{Counter, Gauge, Histogram, Instrument, Labelled};
pub use process::ProcessCollector;
pub use registry::{Limits, Registry};
pub use samples::{Collector, Family, FamilyView, Kind, SampleView, Samples};
pub use server::{ActiveConnection, ServerMetrics};
pub use violation::Violation;
