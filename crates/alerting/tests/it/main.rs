//! The public API of wardkit-alerting, a module an area.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

mod ack;
#[cfg(feature = "schedules")]
mod calendar;
mod engine;
mod outbox;
mod outbox_model;
mod outbox_props;
mod rules;
#[cfg(feature = "schedules")]
mod schedule;
#[cfg(feature = "schedules")]
mod schedule_hours;
#[cfg(feature = "service")]
mod service;
mod support;
