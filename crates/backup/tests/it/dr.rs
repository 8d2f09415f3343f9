//! Drills and what belongs to them.

mod drill;
mod manifest;
mod probes;
mod report;
mod rolling;
mod runbook;
