//! The public API of wardkit-logs, a module an area.

mod bench_of_files;
mod faults;
mod patterns;
mod props;
mod resume;
mod rotation;
