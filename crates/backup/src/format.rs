//! The bytes of a repository in the format of restic, versions 1 and 2: no input, no output, no clock.

mod id;

pub use id::{Id, ParseIdError};
