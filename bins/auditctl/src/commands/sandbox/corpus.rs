//! `auditctl sandbox selftest`.

use std::fmt::Write as _;
use std::process::ExitCode;

use serde_json::json;
use wardkit_cli::{Common, Format, Report, escaped};
use wardkit_sandbox::Native;
use wardkit_sandbox::selftest::{self, Tried};

use super::{could_not_run, print};

/// Tries every door of the escape corpus on this host.
pub(super) fn selftest(common: &Common) -> Result<ExitCode, Report> {
    let own = std::env::current_exe().map_err(could_not_run)?;
    let (native, verb) = (Native::new(), ["sandbox".into(), "door".into()]);
    let tried: Vec<Tried> = selftest::doors()
        .into_iter()
        .map(|door| selftest::knock(&native, &own, &verb, door))
        .collect::<Result<_, _>>()
        .map_err(could_not_run)?;
    let open = tried.iter().filter(|one| one.is_open).count();
    print(&match common.format {
        Format::Text => text(&tried, open),
        Format::Json => format!("{}\n", json!({ "open": open, "doors": tried })),
    })?;
    Ok(if open == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn text(tried: &[Tried], open: usize) -> String {
    let mut text = String::new();
    for one in tried {
        let state = if one.is_open { "OPEN" } else { "closed" };
        let _ = writeln!(text, "{state:<8}{:<36}{}", one.door, escaped(&one.how));
    }
    let _ = writeln!(text, "{open} of {} doors are open", tried.len());
    text
}
