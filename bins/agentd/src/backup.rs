//! Backups on schedule, and drills that prove that they can be restored.

mod drill;
mod job;
mod kept;
mod plan;
mod shown;
mod told;

pub(crate) use drill::hold as hold_drill;
pub(crate) use job::{Progress, run as run_backup};
pub(crate) use kept::Kept;
pub(crate) use plan::{Plan, Work};
pub(crate) use shown::Shown;
pub(crate) use told::{Overdue, tell_backup, tell_drill};
