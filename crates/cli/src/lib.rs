//! What wardkit's programs share at the terminal: how they report an error, what their exit codes mean, which
//! options they have in common, and where their data directory is.
//!
//! ```
//! use wardkit_cli::{Format, Kind, Report};
//!
//! let cause = std::io::Error::other("connection refused");
//! let report = Report::new(Kind::CouldNotRun, cause).with_hint("start it with: agentd run");
//! assert_eq!(report.render(Format::Text), "error: connection refused\nhint: start it with: agentd run\n");
//! assert_eq!(report.exit_code(), 2);
//! ```
//!
//! # What it does not do
//!
//! It reads neither the environment nor the command line, and never exits: the programs do.

mod answer;
mod data_dir;
mod escape;
mod host;
mod options;
mod report;
mod small_file;

pub use answer::answer;
pub use data_dir::{NoDataDir, default_data_dir};
pub use escape::{escaped, escaped_json};
pub use host::host_name;
pub use options::{Common, Format};
pub use report::{Kind, Report};
pub use small_file::{read_small, read_small_text};
