//! `auditctl status`.

use std::process::ExitCode;

use wardkit_api::Status;
use wardkit_cli::{Common, Format, Report};

use super::{ask, print};

/// Ends with 1 when the daemon does not do its work.
pub(super) fn status(common: &Common) -> Result<ExitCode, Report> {
    let status: Status = ask(common, async |client| client.status().await)?;
    print(&match common.format {
        Format::Text => status.to_string(),
        Format::Json => format!("{:#}\n", serde_json::json!(status)),
    })?;
    Ok(ExitCode::from(u8::from(!status.health.is_ready())))
}
