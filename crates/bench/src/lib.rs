//! wardkit side by side with its peers.
//!
//! `cargo run --release --bin retry` measures the retry crates in alternating rounds and writes the report;
//! `cargo bench` runs the same cases under criterion.

pub mod cases;
pub mod detection;
pub mod foresight;
pub mod host_scrape;
pub mod outage;
pub mod recorded;
pub mod report;
pub mod rounds;
pub mod tree;
