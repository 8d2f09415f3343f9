//! The host, in made-up trees and as it is.
#![expect(clippy::float_cmp, reason = "what is made up is told as it is, to the bit")]

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
