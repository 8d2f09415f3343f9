//! The public API of wardkit-sqlite, a module an area.
