//! Drills and what belongs to them.

mod manifest;
mod probes;
mod report;
mod rolling;
