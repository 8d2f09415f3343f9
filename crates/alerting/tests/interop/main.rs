//! What is read here is read as the programs of Prometheus read it: promtool, amtool and a real
//! Alertmanager are asked the same. What others are to read, they read as it was meant.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

mod alertmanager;
mod calendar;
mod rules;
