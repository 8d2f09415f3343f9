//! The parts of the daemon: each file constructs one, starts it in the supervised set, and translates.

pub(crate) mod alerting;
pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod business;
pub(crate) mod cleanup;
pub(crate) mod control;
pub(crate) mod detect;
pub(crate) mod heartbeat;
pub(crate) mod history;
pub(crate) mod http;
pub(crate) mod integrity;
pub(crate) mod logs;
pub(crate) mod metrics;
pub(crate) mod otlp;
pub(crate) mod plugins;
pub(crate) mod probe;
pub(crate) mod reload;
pub(crate) mod supervise;
pub(crate) mod telegram;
pub(crate) mod thrift;
pub(crate) mod trail;
pub(crate) mod watchdog;
