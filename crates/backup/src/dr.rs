//! Proof that backups can be restored: what was read when a backup was made, and drills that restore it and look.
//!
//! | type | what it is |
//! |---|---|
//! | [`Witness`], [`Manifest`] | hashes of the contents as they were read, beside the repository |
//! | [`Drill`], [`Probe`] | a restore into a place of its own, and what is asked of the result |
//! | [`DrillReport`], [`SignedReport`] | what a drill found, in one canonical form, signed, each naming the one before |
//! | [`Runbook`] | what is done when a host is gone; a drill is its rehearsal, and [`Recovery`] its performance |
//! | [`Rolling`] | which packs are read next, so that all are read within some days |

mod drill;
mod error;
mod manifest;
mod perform;
mod probe;
mod report;
mod rolling;
mod runbook;
mod witness;

pub use drill::{Drill, Recovery};
pub use error::DrillError;
pub use manifest::{Manifest, ManifestError, Sum};
#[cfg(feature = "sqlite")]
pub use probe::Database;
pub use probe::{Canary, Format, Parses, Probe, RestoredTree, StartCommand, Verdict};
pub use report::{Checked, DrillReport, SignedReport};
pub use rolling::{Rolling, Share};
pub use runbook::{Action, Runbook, RunbookError, Step, StepMode, StepReport};
pub use witness::Witness;
