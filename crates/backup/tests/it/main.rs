//! The public interface, as a program uses it.

mod chunker;
mod stores;
