//! The listener and the control socket as their clients see them.

mod admission;
mod config;
mod control;
mod drain;
mod hosts;
mod limits;
mod props;
mod routes;
mod support;
mod wire;
