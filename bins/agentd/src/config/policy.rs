//! The policy that the configuration names.

use std::path::Path;

use wardkit_integrity::Policy;

use super::load::{read, short};
use super::{BadConfig, Problem};

/// Reads and checks a policy; returns it with its text.
///
/// # Errors
///
/// Returns all that is wrong with it.
pub(crate) fn policy(file: &Path) -> Result<(Policy, String), BadConfig> {
    let bad = |problems| BadConfig { file: file.to_owned(), problems };
    let text = read(file).map_err(|error| {
        let reason = format!("cannot be read as the policy that `integrity.policy` names: {error}");
        bad(vec![Problem { line: None, key: String::new(), reason }])
    })?;
    let policy = Policy::parse(&text).map_err(|error| {
        let problem = |one: &wardkit_integrity::PolicyProblem| Problem {
            line: Some(one.line),
            key: short(&one.key),
            reason: short(&one.reason),
        };
        bad(error.problems().iter().map(problem).collect())
    })?;
    Ok((policy, text))
}
