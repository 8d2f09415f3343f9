//! The public API of wardkit-logs, a module an area.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

mod bench_of_files;
mod faults;
mod patterns;
#[cfg(target_os = "linux")]
mod pipes;
mod props;
mod resume;
mod rotation;
mod storms;
mod writer;
