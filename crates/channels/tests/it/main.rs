//! The public API of wardkit-channels, a module an area.
