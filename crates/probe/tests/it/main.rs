//! The public API of wardkit-probe, a module an area.
