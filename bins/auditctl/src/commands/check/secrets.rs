//! The engine for secrets, as the command line wants it.

use std::path::Path;

use wardkit_audit::Profile;
use wardkit_audit_secrets::{Rules, SecretsEngine};
use wardkit_cli::{Report, escaped};
use wardkit_core::Clock;

use super::history::GitHistory;
use super::{could_not_run, named};

/// What else it looks at.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted<'a> {
    /// A file of rules.
    pub rules: Option<&'a Path>,
    /// A folder whose history is looked at.
    pub history: Option<&'a Path>,
    /// The commit after which that begins.
    pub since: Option<&'a str>,
}

pub(super) fn engine(
    wanted: &Wanted<'_>,
    profile: Profile,
    clock: &dyn Clock,
) -> Result<SecretsEngine, Report> {
    let mut engine = SecretsEngine::new().at(clock.now());
    if profile == Profile::Full {
        engine = engine.thorough();
    }
    if let Some(file) = wanted.rules {
        let text = wardkit_cli::read_small_text(file).map_err(|error| named(file, &error))?;
        let rules = Rules::parse(&text).map_err(|error| {
            could_not_run(error).with_hint(format!("in {}", escaped(&file.display().to_string())))
        })?;
        engine = engine.with_rules(rules);
    }
    if let Some(folder) = wanted.history {
        engine = engine.with_history(GitHistory::new(folder, wanted.since)?);
    }
    Ok(engine)
}
