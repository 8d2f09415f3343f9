//! `auditctl integrity explain`.

use std::path::Path;
use std::process::ExitCode;

use wardkit_cli::{Format, Report};
use wardkit_integrity::{Algorithm, EntryKind, Take, inspect};

use super::{Kept, absolute, refused, report, rules};
use crate::commands::print;

/// Says which rule decides about a path.
pub(super) fn explain(kept: &Kept, path: &Path, policy: Option<&Path>) -> Result<ExitCode, Report> {
    let has_baseline =
        policy.is_none() && !kept.baselines.generations().map_err(refused)?.is_empty();
    let baseline = has_baseline.then(|| kept.baselines.newest().map_err(refused)).transpose()?;
    let loaded = rules::load(kept, policy, baseline.as_ref())?;
    let path = absolute(path);
    let found = inspect(&path, Algorithm::default(), Take::Metadata, None);
    let kind = found.map_or(EntryKind::File, |entry| entry.kind);
    let explanation = loaded.policy.explain(&path, kind);
    print(&match kept.format {
        Format::Text => format!("{explanation}\n"),
        Format::Json => report::line(&serde_json::json!(explanation))?,
    })?;
    Ok(ExitCode::SUCCESS)
}
