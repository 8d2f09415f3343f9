//! Types that keep a text inside its slot, whatever it contains.

mod untrusted;

pub use untrusted::{Accept, Untrusted};
