//! The public API of wardkit-detect, a module an area.

mod bottleneck;
