//! The public API of wardkit-logs, a module an area.
