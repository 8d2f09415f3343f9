//! Tests of the program as its user runs it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

mod alert_support;
mod alerting;
mod alerting_faults;
mod audit;
mod backup;
mod cleanup;
mod config;
mod daemon;
mod dashboards;
mod instance;
mod integrity;
mod metrics;
mod on_call;
mod outgoing;
mod plugins;
mod reload;
mod services;
mod services_config;
mod support;
mod trail;
mod unit;
