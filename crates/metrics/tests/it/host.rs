//! The host, in made-up trees and as it is.

mod cgroups;
mod config;
mod failures;
#[cfg(feature = "sysinfo")]
mod oracle;
mod parts;
mod processes;
mod props;
mod real;
mod tree;
