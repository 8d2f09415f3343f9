//! `auditctl explain`.

use std::fmt::Write as _;
use std::process::ExitCode;

use wardkit_audit::Check;
use wardkit_cli::{Common, Format, Report};

use super::{could_not_run, engines, print};
use crate::cli::Explain;

/// Tells what a check looks for and what to do, or lists them all.
pub(in crate::commands) fn explain(common: &Common, wanted: &Explain) -> Result<ExitCode, Report> {
    let mut checks = engines::catalogue()?;
    checks.extend(wardkit_audit::Audit::catalogue());
    checks.sort_by(|a, b| a.id.cmp(&b.id));
    let text = match (&wanted.id, common.format) {
        (None, Format::Json) => json(&checks)?,
        (None, Format::Text) => checks.iter().fold(String::new(), |mut list, check| {
            // Writing to a String cannot fail.
            let _ = writeln!(list, "{:<8}  {:<28}  {}", check.severity, check.id, check.title);
            list
        }),
        (Some(id), format) => {
            let Some(check) = checks.iter().find(|check| check.id == id.as_str()) else {
                return Err(could_not_run(format!("no check has the name {id:?}"))
                    .with_hint("auditctl explain lists them"));
            };
            match format {
                Format::Json => json(check)?,
                Format::Text => page(check),
            }
        }
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn json(value: &impl serde::Serialize) -> Result<String, Report> {
    Ok(serde_json::to_string_pretty(value).map_err(could_not_run)? + "\n")
}

fn page(check: &Check) -> String {
    let cwe = check.cwe.iter().map(|number| format!("CWE-{number}"));
    let references: Vec<String> = cwe.chain(check.owasp.iter().map(ToString::to_string)).collect();
    format!(
        "{}\n{}\n\n{}, {}, effort {}, engine {}\n{}\n\n{}\n\nExpected: {}\n\nDo: {}\n",
        check.id,
        check.title,
        check.severity,
        check.kind.as_str(),
        check.effort.as_str(),
        check.engine,
        references.join(", "),
        check.description,
        check.expected,
        check.recommendation,
    )
}
