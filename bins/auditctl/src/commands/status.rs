//! `auditctl status`.

use std::process::ExitCode;

use wardkit_api::{CONTROL_SOCKET, ControlClient};
use wardkit_cli::{Common, Format, Report};

use super::{could_not_run, print};

/// Ends with 1 when the daemon does not do its work.
pub(super) fn status(common: &Common) -> Result<ExitCode, Report> {
    let data_dir = common.data_dir(|name| std::env::var_os(name))?;
    let client = ControlClient::new(data_dir.join(CONTROL_SOCKET));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(could_not_run)?;
    let status = runtime.block_on(client.status()).map_err(|error| {
        let hint = error.hint();
        could_not_run(error).with_hints(hint)
    })?;
    print(&match common.format {
        Format::Text => status.to_string(),
        Format::Json => format!("{:#}\n", serde_json::json!(status)),
    })?;
    Ok(ExitCode::from(u8::from(!status.health.is_ready())))
}
