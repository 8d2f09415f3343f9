//! Where agentd keeps its data.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

/// Returns the data directory that is used when none is given: `wardkit` below `$XDG_STATE_HOME`, else below
/// `$HOME/.local/state`. `var` looks a variable up.
///
/// Empty and relative values count as absent, as the XDG base directory specification asks.
///
/// # Errors
///
/// Returns [`NoDataDir`] when neither variable names an absolute path.
pub fn default_data_dir(var: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, NoDataDir> {
    let absolute = |name| var(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")));
    Ok(state.ok_or(NoDataDir)?.join("wardkit"))
}

/// Neither variable names an absolute path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoDataDir;

impl fmt::Display for NoDataDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no data directory: neither XDG_STATE_HOME nor HOME is an absolute path")
    }
}

impl std::error::Error for NoDataDir {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_home_comes_before_home_and_must_be_absolute() {
        let rows = [
            (Some("/s"), Some("/h"), Ok("/s/wardkit")),
            (None, Some("/h"), Ok("/h/.local/state/wardkit")),
            (Some(""), Some("/h"), Ok("/h/.local/state/wardkit")),
            (Some("rel"), Some("/h"), Ok("/h/.local/state/wardkit")),
            (None, None, Err(NoDataDir)),
            (Some("rel"), Some(""), Err(NoDataDir)),
        ];
        for (state, home, expected) in rows {
            let var = |name: &str| if name == "HOME" { home } else { state }.map(OsString::from);
            assert_eq!(default_data_dir(var), expected.map(PathBuf::from), "{state:?} {home:?}");
        }
    }
}
