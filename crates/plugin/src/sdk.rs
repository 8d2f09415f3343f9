//! What an author of plugins works with: projects that run at once, tests, and pages.

mod docs;
mod project;
mod proposal;
mod testing;

pub use docs::{DocsFormat, pages};
pub use project::{Language, NotAProject, Project, Template, ToolChain};
pub use proposal::{Proposal, Unused};
pub use testing::{Case, CaseEnded, TestReport, test};
