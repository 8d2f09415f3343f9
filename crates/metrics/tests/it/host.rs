//! The host, in made-up trees and as it is.

mod cgroups;
mod config;
mod failures;
mod parts;
mod processes;
mod props;
mod real;
mod tree;
