//! What an author of plugins works with: projects that run at once, tests, and pages.

mod docs;
mod project;
mod testing;

pub use docs::{DocsFormat, pages};
pub use project::{Language, NotAProject, Project, Template, ToolChain};
pub use testing::{Case, CaseEnded, TestReport, minimal, test};
