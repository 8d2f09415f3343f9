//! Backups on schedule, copies of them elsewhere, and drills that prove that they can be restored.

mod drill;
mod job;
mod kept;
mod memory;
mod place;
mod plan;
mod prune;
mod replicas;
mod shown;
mod told;
mod work;

use job::Progress;
use prune::{Pruned, Unpruned};
use replicas::Copies;

pub(crate) use kept::Kept;
pub(crate) use plan::{Plan, Work};
pub(crate) use shown::Shown;
pub(crate) use told::Overdue;
pub(crate) use work::{Error, Job};

/// What tells agentd's snapshots from those of others.
const TAG: &str = "agentd";
