//! Tests of the public interface.

mod event;
mod health;
mod props;
mod text;
mod time;
mod wire;
