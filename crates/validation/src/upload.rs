//! Files that users send: what they are, and what they hide.

mod ends;
mod kind;
mod problem;
mod rules;
mod scan;
mod sniff;
mod zip;

pub use kind::FileKind;
pub use problem::UploadProblem;
pub use rules::{UploadReport, UploadRules};
